/* Public documents and memcached: one of our own on a socket of its own; without it the last test. */
#include "http_worker.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/cache.h"
#include "core/clock.h"
#include "json/json.h"

static unsigned ran;
static int64_t  fresh_until_s;

static enum err_code
show(struct req *r, struct resp *out, struct err *e)
{
    json_object *doc;

    ran++;
    if (slice_eq(req_param(r, "a"), SL("none")))
        return FAIL(e, NOT_FOUND, "none");
    if (slice_eq(req_param(r, "a"), SL("broken")))
        return FAIL(e, STORE_DOWN, "broken");
    doc = json_object_new_object();
    json_put_number(doc, "n", ran);
    json_put_text(doc, "q", req_arg(r, "q"));
    out->fresh_until_s = fresh_until_s;
    return reply_json(out, 200, doc);
}

static enum err_code
show_page(struct req *r, struct resp *out, struct err *e)
{
    json_object *model = json_object_new_object();
    (void)e, (void)r;

    json_put_number(model, "text", ++ran);
    return reply_page(out, 200, "plain", model);
}

static const struct route rows[] = {
    { HTTP_GET, "/d/:a", show, .pool = READ, .who = ANYONE, .csrf = SAFE, .reply = JSON, .cors = true, .cached = true },
    { HTTP_GET, "/p/:a", show_page, .pool = READ, .who = ANYONE, .csrf = SAFE, .reply = HTML, .cached = true },
};

static char  socket_path[64];
static pid_t memcached;

static void
start_memcached(void)
{
    snprintf(socket_path, sizeof socket_path, "/tmp/obi-http-%d.sock", (int)getpid());
    memcached = fork();
    if (memcached == 0) {
        execlp("memcached", "memcached", "-s", socket_path, "-m", "8", "-u", "nobody", "-t", "1", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500 && access(socket_path, F_OK) != 0; i++)
        usleep(10000);
}

static int
make(void **state)
{
    struct worker *w = worker_new(rows, COUNT_OF(rows));
    struct conf   *conf = ARENA_NEW(w->life, struct conf);

    start_memcached();
    *conf = *w->app.conf;
    conf->cache_servers.items = ARENA_NEW(w->life, struct slice);
    conf->cache_servers.items[0] = arena_printf(w->life, "unix:%s", socket_path);
    conf->cache_servers.count = 1;
    w->app.conf = conf;
    w->app.cache = cache_new(conf);
    *state = w;
    return 0;
}

static int
end(void **state)
{
    struct worker *w = *state;

    kill(memcached, SIGKILL);
    waitpid(memcached, NULL, 0);
    unlink(socket_path);
    cache_free(w->app.cache);
    worker_free(w);
    return 0;
}

static char *
keep(struct worker *w, struct slice answer)
{
    return arena_str(w->life, answer);
}

static void
the_second_answer_is_the_first_again(void **state)
{
    struct worker *w = *state;
    char          *first = keep(w, get(w, "/d/1")), *second;
    unsigned       before = ran;

    assert_has(slice_str(first), "ETag: \"");
    assert_has(slice_str(first), "Cache-Control: no-cache\r\n");
    assert_has(slice_str(first), "Access-Control-Allow-Origin: *\r\n");
    second = keep(w, get(w, "/d/1"));
    assert_int_equal(ran, before);
    assert_string_equal(first, second);
    second = keep(w, ask(w, "HEAD", "/d/1", "", SL("")));
    assert_true(slice_ends(slice_str(second), SL("\r\n\r\n")));
}

static void
a_client_that_knows_it_gets_304(void **state)
{
    struct worker *w = *state;
    struct slice   first = get(w, "/d/2"), etag, rest;
    char          *headers;
    size_t         at;

    assert_true(slice_find(first, SL("ETag: "), &at));
    rest = slice_from(first, at + 6);
    slice_next(&rest, '\r', &etag);
    headers = keep(w, arena_printf(w->arena, "HTTP_IF_NONE_MATCH=\"x\", W/%.*s\n", SLICE_FMT(etag)));
    first = ask(w, "GET", "/d/2", headers, SL(""));
    assert_has(first, "Status: 304 Not Modified\r\n");
    assert_has(first, "ETag: \"");
    assert_lacks(first, "Content-Length");
    assert_has(ask(w, "GET", "/d/2", "HTTP_IF_NONE_MATCH=\"x\"\n", SL("")), "Status: 200 ");
}

static void
what_a_writer_deleted_is_built_again(void **state)
{
    struct worker *w = *state;
    struct slice   key;
    unsigned       before;

    get(w, "/d/3");
    before = ran;
    key = cache_key(w->life, "-", SL("/d/3"));
    assert_true(cache_delete(w->app.cache, &key, 1));
    get(w, "/d/3");
    assert_int_equal(ran, before + 1);
}

static void
the_query_neither_misses_nor_shows(void **state)
{
    struct worker *w = *state;
    unsigned       before;

    assert_lacks(get(w, "/d/4?q=poison&utm_source=x"), "poison");
    before = ran;
    assert_lacks(get(w, "/d/4"), "poison");
    get(w, "/d/4?anything");
    assert_int_equal(ran, before);
    assert_has(get(w, "/d/4?callback=f&q=own"), "own"); /* goes to the handler, and is not kept */
    assert_lacks(get(w, "/d/4"), "own");
}

static void
another_spelling_is_not_kept(void **state)
{
    static const char *const paths[] = { "/d/%35", "/d/05", "/d/05.json", "/d/5%2E", "/d/5%20" };
    struct worker           *w = *state;

    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        unsigned before = ran;

        get(w, paths[i]);
        get(w, paths[i]);
        assert_int_equal(ran, before + 2);
    }
}

static void
that_there_is_none_is_kept_too(void **state)
{
    struct worker *w = *state;
    char          *first = keep(w, get(w, "/d/none"));
    unsigned       before = ran;
    struct slice   key = cache_key(w->life, "-", SL("/d/none"));

    assert_has(slice_str(first), "Status: 404 ");
    assert_lacks(slice_str(first), "ETag");
    assert_string_equal(first, keep(w, get(w, "/d/none")));
    assert_int_equal(ran, before);
    assert_true(cache_delete(w->app.cache, &key, 1));
    get(w, "/d/none");
    assert_int_equal(ran, before + 1);
}

static void
other_failures_are_not_kept(void **state)
{
    struct worker *w = *state;
    unsigned       before = ran;

    assert_has(get(w, "/d/broken"), "Status: 503 ");
    assert_has(get(w, "/d/broken"), "Status: 503 ");
    assert_int_equal(ran, before + 2);
}

static void
what_is_over_is_not_kept(void **state)
{
    struct worker *w = *state;
    unsigned       before = ran;

    fresh_until_s = clock_now_s() - 1;
    get(w, "/d/6");
    get(w, "/d/6");
    fresh_until_s = 0;
    assert_int_equal(ran, before + 2);
}

static void
one_whom_the_lease_is_not_given_answers_and_keeps_nothing(void **state)
{
    struct worker     *w = *state;
    struct slice       key = cache_key(w->life, "-", SL("/d/7"));
    struct cache_lease other;
    unsigned           before = ran;
    int64_t            began_ms = clock_monotonic_ms();

    assert_int_equal(cache_lease(w->app.cache, key, &other), LEASE_YOURS);
    for (int i = 0; i < 4; i++)
        assert_has(get(w, "/d/7"), "Status: 200 ");
    assert_int_equal(ran, before + 4);
    assert_in_range(clock_monotonic_ms() - began_ms, 200, 399); /* only the first waited for it */
}

static void
a_reader_waits_for_the_one_who_builds(void **state)
{
    struct worker *w = *state;
    struct slice   key = cache_key(w->life, "-", SL("/d/9")), document;
    char          *first = keep(w, get(w, "/d/9"));
    unsigned       before = ran;
    pid_t          builder;

    usleep(1000 * 1000); /* since the test before, in which nobody came back */
    assert_int_equal(cache_get(w->app.cache, w->life, key, &document), CACHE_HIT);
    assert_true(cache_delete(w->app.cache, &key, 1));
    builder = fork();
    if (builder == 0) {
        struct cache      *c = cache_new(w->app.conf);
        struct cache_lease lease;

        while (cache_lease(c, key, &lease) != LEASE_YOURS)
            usleep(1000);
        usleep(50 * 1000);
        cache_store(c, key, lease, document, 60);
        _exit(0);
    }
    while (cache_get(w->app.cache, w->life, key, &document) == CACHE_MISS)
        usleep(1000);
    assert_string_equal(arena_str(w->life, get(w, "/d/9")), first);
    assert_int_equal(ran, before);
    waitpid(builder, NULL, 0);
}

static void
nobody_waits_for_what_will_not_be_kept(void **state)
{
    struct worker *w = *state;
    int64_t        began_ms;

    fresh_until_s = clock_now_s() - 1;
    assert_has(get(w, "/d/10"), "Status: 200 ");
    began_ms = clock_monotonic_ms();
    for (int i = 0; i < 3; i++)
        assert_has(get(w, "/d/10"), "Status: 200 ");
    fresh_until_s = 0;
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 199);
}

static void
what_is_no_document_is_not_shown(void **state)
{
    static const char  old[] = "HTTP/1.1 200 OK\r\nX-OBI-Release: old\r\nETag: \"x\"\r\n\r\nold";
    struct worker     *w = *state;
    struct slice       key = cache_key(w->life, "-", SL("/d/8"));
    struct cache_lease lease;

    assert_int_equal(cache_lease(w->app.cache, key, &lease), LEASE_YOURS);
    assert_true(cache_store(w->app.cache, key, lease, slice_str(old), 60));
    assert_has(get(w, "/d/8"), "\"n\":");
}

static void
pages_are_kept_by_language_and_without_a_cookie(void **state)
{
    struct worker *w = *state;
    unsigned       before;

    assert_has(get(w, "/p/1"), "en ");
    before = ran;
    assert_lacks(ask(w, "GET", "/p/1", "HTTP_COOKIE=obi_8080_visitor=x\n", SL("")), "Set-Cookie");
    assert_int_equal(ran, before);
}

static void
without_memcached_everything_is_answered(void **state)
{
    struct worker *w = *state;
    unsigned       before = ran;

    kill(memcached, SIGKILL);
    waitpid(memcached, NULL, 0);
    assert_has(get(w, "/d/1"), "Status: 200 ");
    assert_has(get(w, "/d/1"), "ETag: ");
    assert_int_equal(ran, before + 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_answer_is_the_first_again),
        cmocka_unit_test(a_client_that_knows_it_gets_304),
        cmocka_unit_test(what_a_writer_deleted_is_built_again),
        cmocka_unit_test(the_query_neither_misses_nor_shows),
        cmocka_unit_test(another_spelling_is_not_kept),
        cmocka_unit_test(that_there_is_none_is_kept_too),
        cmocka_unit_test(other_failures_are_not_kept),
        cmocka_unit_test(what_is_over_is_not_kept),
        cmocka_unit_test(one_whom_the_lease_is_not_given_answers_and_keeps_nothing),
        cmocka_unit_test(a_reader_waits_for_the_one_who_builds),
        cmocka_unit_test(nobody_waits_for_what_will_not_be_kept),
        cmocka_unit_test(what_is_no_document_is_not_shown),
        cmocka_unit_test(pages_are_kept_by_language_and_without_a_cookie),
        cmocka_unit_test(without_memcached_everything_is_answered),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make, end);
}

/* Fetching from a peer that answers, and from peers that would rather not end. */
#include "peer.h"

#include <unistd.h>

static char last_request[4096];

static void
serve_endless_body(int fd)
{
    char block[4096];

    memset(block, 'x', sizeof block);
    peer_say(fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (server_say(fd, block, sizeof block))
        ;
}

static void
serve_endless_headers(int fd)
{
    peer_say(fd, "HTTP/1.1 200 OK\r\n");
    while (peer_say(fd, "X-More: 0123456789012345678901234567890123456789\r\n"))
        ;
}

static void
serve_endless_continues(int fd)
{
    while (peer_say(fd, "HTTP/1.1 100 Continue\r\n\r\n"))
        ;
}

/* A byte every 100 ms, for ever: no single wait is long. */
static void
serve_drip(int fd)
{
    peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (peer_say(fd, "x"))
        usleep(100000);
}

static void
serve_silence(int fd)
{
    char c;

    while (recv(fd, &c, 1, 0) > 0)
        ;
}

/* 10 MB of zeros in 10 kB: `gzip` is a Debian essential package. */
static void
serve_bomb(int fd, const char *coding)
{
    FILE  *zip = popen("head -c 10000000 /dev/zero | gzip -9", "r");
    char   block[20000], header[200];
    size_t n = fread(block, 1, sizeof block, zip);

    assert_true(n > 1000 && n < sizeof block);
    pclose(zip);
    snprintf(header, sizeof header,
             "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", coding, n);
    peer_say(fd, header);
    server_say(fd, block, n);
}

static void
serve_small_gzip(int fd)
{
    FILE  *zip = popen("printf '{\"a\":1}' | gzip -9", "r");
    char   block[200];
    size_t n = fread(block, 1, sizeof block, zip);

    pclose(zip);
    peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    server_say(fd, block, n);
}

static void
serve_redirect(int fd, const char *path)
{
    char answer[300];
    int  left = atoi(path);

    snprintf(
        answer, sizeof answer,
        left > 0
            ? "HTTP/1.1 302 Found\r\nLocation: /redirect/%d\r\nContent-Length: 9\r\n\r\nelsewhere"
            : "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\narrived",
        left - 1);
    peer_say(fd, answer);
}

static const struct {
    const char *path, *answer;
} fixed[] = {
    { "/ok", "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
             "Set-Cookie: a=b\r\nContent-Length: 7\r\n\r\n{\"a\":1}" },
    { "/gone", "HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone" },
    { "/empty", "HTTP/1.1 204 No Content\r\n\r\n" },
    { "/declared", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx" },
    { "/brotli", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nx" },
    { "/zstd", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, zstd\r\n\r\nx" },
    { "/cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx" },
    { "/old", "no header at all" },
    { "/ftp", "HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/x\r\n\r\n" },
    { "/file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n" },
    { "/gopher", "HTTP/1.1 302 Found\r\nLocation: gopher://127.0.0.1:25/_x\r\n\r\n" },
    { "/login", "HTTP/1.1 302 Found\r\nLocation: //user:secret@127.0.0.1/x\r\n\r\n" },
    { "/nowhere", "HTTP/1.1 302 Found\r\nLocation: http://\r\n\r\n" },
    { "/choices", "HTTP/1.1 300 Multiple\r\nLocation: /ok\r\nContent-Length: 4\r\n\r\nmany" },
    { "/early", "HTTP/1.1 103 Early Hints\r\nLocation: /gone\r\n\r\n"
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
    { "/loop", "HTTP/1.1 301 Moved\r\nLocation: /loop\r\n\r\n" },
};

/* The body of a request, behind its head. */
static void
hear_body(int fd)
{
    const char *length = strcasestr(last_request, "\r\nContent-Length: ");
    size_t      n = strlen(last_request), left = length == NULL ? 0 : (size_t)atoi(length + 18);

    while (left-- > 0 && n + 1 < sizeof last_request && recv(fd, last_request + n, 1, 0) == 1)
        last_request[++n] = '\0';
}

static void
serve(struct server *s, int fd)
{
    char path[1024];
    (void)s;

    while (peer_hear(fd, last_request, sizeof last_request, path, sizeof path)) {
        hear_body(fd);
        if (strcmp(path, "/endless") == 0)
            serve_endless_body(fd);
        else if (strcmp(path, "/headers") == 0)
            serve_endless_headers(fd);
        else if (strcmp(path, "/continues") == 0)
            serve_endless_continues(fd);
        else if (strcmp(path, "/drip") == 0)
            serve_drip(fd);
        else if (strcmp(path, "/silence") == 0)
            serve_silence(fd);
        else if (strcmp(path, "/bomb") == 0)
            serve_bomb(fd, "gzip");
        else if (strcmp(path, "/gzip") == 0)
            serve_small_gzip(fd);
        else if (strncmp(path, "/redirect/", 10) == 0)
            serve_redirect(fd, path + 10);
        for (size_t i = 0; i < COUNT_OF(fixed); i++)
            if (strcmp(path, fixed[i].path) == 0)
                peer_say(fd, fixed[i].answer);
        if (strncmp(path, "/redirect/", 10) != 0 && strcmp(path, "/ok") != 0)
            return;
    }
}

static int
begin(void **state)
{
    struct peer_test *t = malloc(sizeof *t);

    peer_begin(t, serve);
    peer_ready(t, 1);
    *state = t;
    return 0;
}

static int
end(void **state)
{
    peer_end(*state);
    free(*state);
    return 0;
}

static void
a_document_comes_with_its_status_type_and_time(void **state)
{
    struct peer_test *t = *state;

    assert_int_equal(peer_get(t, "/ok"), ERR_NONE);
    assert_int_equal(t->got.status, 200);
    assert_slice_equal(t->got.body, SL("{\"a\":1}"));
    assert_slice_equal(t->got.content_type, SL("application/json; charset=utf-8"));
    assert_slice_equal(t->got.final_url, t->got.url);
    assert_in_range(t->got.at_s, clock_now_s() - 5, clock_now_s());
}

static void
every_status_is_an_answer(void **state)
{
    struct peer_test *t = *state;

    assert_int_equal(peer_get(t, "/gone"), ERR_NONE);
    assert_int_equal(t->got.status, 410);
    assert_slice_equal(t->got.body, SL("gone"));
    assert_int_equal(peer_get(t, "/empty"), ERR_NONE);
    assert_int_equal(t->got.status, 204);
    assert_int_equal(t->got.body.n, 0);
    assert_int_equal(peer_get(t, "/choices"), ERR_NONE);
    assert_int_equal(t->got.status, 300);
    assert_int_equal(peer_get(t, "/early"), ERR_NONE);
    assert_slice_equal(t->got.body, SL("ok"));
}

static void
compressed_text_is_undone(void **state)
{
    struct peer_test *t = *state;

    assert_int_equal(peer_get(t, "/gzip"), ERR_NONE);
    assert_slice_equal(t->got.body, SL("{\"a\":1}"));
}

static void
a_request_says_who_asks_and_nothing_else(void **state)
{
    struct peer_test     *t = *state;
    const struct fetcher *f = net_fetcher(t->net, t->a, NET_SIGNED_IN);
    struct slice          url = arena_printf(t->a, "http://127.0.0.1:%d/ok#here", t->server.port);

    for (int i = 0; i < 2; i++) /* the first answer sets a cookie */
        assert_int_equal(f->get(f->self, t->a, url, 100, &t->got, &t->err), ERR_NONE);
    assert_non_null(strstr(last_request, "GET /ok HTTP/1.1\r\n"));
    assert_non_null(strstr(last_request, "\r\nUser-Agent: OBI (+https://obi.example.org)\r\n"));
    assert_null(strcasestr(last_request, "cookie"));
    assert_null(strcasestr(last_request, "authorization"));
    assert_null(strcasestr(last_request, "referer"));
    assert_int_equal(t->server.connections, 1); /* kept within a fetcher */
}

static enum err_code
send_to(struct peer_test *t, const char *path, struct slice form, struct slice authorization)
{
    const struct fetcher *f = net_fetcher(t->net, t->a, NET_SIGNED_IN);
    struct net_call       call = {
              .url = arena_printf(t->a, "http://127.0.0.1:%d%s", t->server.port, path),
              .form = form,
              .authorization = { authorization },
    };
    enum err_code rc = net_send(f, t->a, &call, 100, &t->got, &t->err);
    struct slice  url = arena_printf(t->a, "http://127.0.0.1:%d/early", t->server.port);
    char          sent[sizeof last_request];

    /* What it carried is not in what the same fetcher asks next. */
    memcpy(sent, last_request, sizeof sent);
    (void)f->get(f->self, t->a, url, 100, &(struct fetched){ 0 }, &(struct err){ 0 });
    assert_non_null(strstr(last_request, "GET /early HTTP/1.1\r\n"));
    assert_null(strcasestr(last_request, "authorization"));
    memcpy(last_request, sent, sizeof sent);
    return rc;
}

static void
a_call_carries_its_form_and_its_authorization(void **state)
{
    struct peer_test *t = *state;

    assert_int_equal(send_to(t, "/gone", SL("a=1&b=2"), SL("Basic eDp5")), ERR_NONE);
    assert_int_equal(t->got.status, 410);
    assert_non_null(strstr(last_request, "POST /gone HTTP/1.1\r\n"));
    assert_non_null(strstr(last_request, "\r\nAuthorization: Basic eDp5\r\n"));
    assert_non_null(strstr(last_request, "\r\nAccept: application/json\r\n"));
    assert_non_null(
        strstr(last_request, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(last_request, "\r\n\r\na=1&b=2"));
    assert_int_equal(send_to(t, "/gone", SLICE_NONE, SL("")), ERR_NONE);
    assert_non_null(strstr(last_request, "GET /gone HTTP/1.1\r\n"));
    assert_null(strcasestr(last_request, "authorization"));
}

static void
a_call_follows_no_redirect(void **state)
{
    struct peer_test *t = *state;

    assert_int_equal(send_to(t, "/loop", SL("secret=1"), SL("Basic eDp5")), ERR_FETCH_REDIRECTS);
    assert_int_equal(send_to(t, "/redirect/1", SLICE_NONE, SL("Bearer x")), ERR_FETCH_REDIRECTS);
}

static void
three_redirects_are_followed_and_a_fourth_is_not(void **state)
{
    struct peer_test *t = *state;

    assert_int_equal(peer_get(t, "/redirect/3"), ERR_NONE);
    assert_slice_equal(t->got.body, SL("arrived"));
    assert_true(slice_ends(t->got.final_url, SL("/redirect/0")));
    assert_true(slice_ends(t->got.url, SL("/redirect/3")));
    assert_int_equal(peer_get(t, "/redirect/4"), ERR_FETCH_REDIRECTS);
    assert_int_equal(peer_get(t, "/loop"), ERR_FETCH_REDIRECTS);
    assert_true(slice_ends(slice_str(t->err.url), SL("/loop")));
}

static void
a_redirect_leads_to_the_web_only(void **state)
{
    static const char *const paths[] = { "/ftp", "/file", "/gopher", "/login", "/nowhere" };
    struct peer_test        *t = *state;

    for (size_t i = 0; i < COUNT_OF(paths); i++)
        assert_int_equal(peer_get(t, paths[i]), ERR_FETCH_URL);
}

static void
what_is_no_web_address_is_not_fetched(void **state)
{
    static const char *const urls[] = { "",
                                        "/relative",
                                        "ftp://example.org/",
                                        "file:///etc/passwd",
                                        "http://",
                                        "http://user@example.org/",
                                        "http://user:secret@example.org/",
                                        "http://example.org/a b",
                                        "http://example.org/\r\nX: y",
                                        "http://example.org:99999/",
                                        "javascript:alert(1)" };
    struct peer_test        *t = *state;

    for (size_t i = 0; i < COUNT_OF(urls); i++)
        if (peer_get_as(t, NET_SIGNED_IN, slice_str(urls[i]), 100) != ERR_FETCH_URL)
            fail_msg("'%s': %s", urls[i], err_name(t->err.code));
}

static void
an_endless_body_ends_at_the_limit(void **state)
{
    struct peer_test *t = *state;
    int64_t           begun = clock_monotonic_ms();

    assert_int_equal(peer_get(t, "/endless"), ERR_FETCH_TOO_LARGE);
    assert_int_equal(peer_get(t, "/declared"), ERR_FETCH_TOO_LARGE);
    assert_int_equal(peer_get(t, "/headers"), ERR_FETCH_TOO_LARGE);
    assert_int_equal(peer_get(t, "/continues"), ERR_FETCH_TOO_LARGE);
    assert_true(clock_monotonic_ms() - begun < 1400);
}

static void
the_limit_holds_after_decompression(void **state)
{
    struct peer_test *t = *state;

    assert_int_equal(peer_get(t, "/bomb"), ERR_FETCH_TOO_LARGE);
    assert_null(t->got.body.p);
}

static void
a_body_of_exactly_the_limit_is_taken(void **state)
{
    struct peer_test *t = *state;
    struct slice      url = arena_printf(t->a, "http://127.0.0.1:%d/ok", t->server.port);

    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, url, 7), ERR_NONE);
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, url, 6), ERR_FETCH_TOO_LARGE);
}

static void
codings_that_were_not_asked_for_are_refused(void **state)
{
    struct peer_test *t = *state;

    assert_int_equal(peer_get(t, "/brotli"), ERR_FETCH_ANSWER);
    assert_int_equal(peer_get(t, "/zstd"), ERR_FETCH_ANSWER);
}

static void
a_broken_answer_is_said_to_be_one(void **state)
{
    struct peer_test *t = *state;

    assert_int_equal(peer_get(t, "/cut"), ERR_FETCH_ANSWER);
    assert_int_equal(peer_get(t, "/old"), ERR_FETCH_ANSWER);
    assert_int_equal(peer_get(t, "/unknown"), ERR_FETCH_ANSWER); /* it hangs up */
}

static void
a_slow_drip_ends_with_the_time(void **state)
{
    struct peer_test *t = *state;
    int64_t           begun = clock_monotonic_ms();

    assert_int_equal(peer_get(t, "/drip"), ERR_FETCH_TIMEOUT);
    assert_in_range(clock_monotonic_ms() - begun, 1400, 2500);
    assert_in_range(net_took_us(t->net), 1400000, 2500000);
}

static void
one_deadline_holds_over_all_fetches_of_a_request(void **state)
{
    struct peer_test     *t = *state;
    const struct fetcher *f = net_fetcher(t->net, t->a, NET_SIGNED_IN);
    struct slice          url = arena_printf(t->a, "http://127.0.0.1:%d/silence", t->server.port);
    int64_t               begun = clock_monotonic_ms();

    for (int i = 0; i < 5; i++)
        assert_int_equal(f->get(f->self, t->a, url, 100, &t->got, &t->err), ERR_FETCH_TIMEOUT);
    assert_in_range(clock_monotonic_ms() - begun, 2900, 3800);
    assert_int_equal(t->server.connections, 2); /* the third was not begun */
}

struct turns {
    struct slice  asked[4];
    size_t        count;
    enum err_code answer;
};

/* Longer than a fetch may take. */
static enum err_code
take_turn(void *self, struct slice url, struct err *e)
{
    struct turns *t = self;

    t->asked[t->count++] = url;
    usleep(2000000);
    return t->answer == ERR_NONE ? ERR_NONE : FAIL(e, TOO_MANY, "not now");
}

static void
a_redirect_waits_for_its_turn_and_that_is_none_of_its_time(void **state)
{
    struct peer_test      *t = *state;
    struct turns           turns = { .answer = ERR_NONE };
    const struct net_turns asks = { take_turn, &turns };
    const struct fetcher  *f = net_fetcher_in_turn(t->net, t->a, NET_SIGNED_IN, &asks);
    struct slice url = arena_printf(t->a, "http://127.0.0.1:%d/redirect/2", t->server.port);

    assert_int_equal(f->get(f->self, t->a, url, 100, &t->got, &t->err), ERR_NONE);
    assert_slice_equal(t->got.body, SL("arrived"));
    assert_in_range(t->got.took_ms, 0, 1000);
    assert_in_range(net_took_us(t->net), 0, 1000000);
    assert_int_equal(turns.count, 2);
    assert_true(slice_ends(turns.asked[0], SL("/redirect/1")));
    assert_true(slice_ends(turns.asked[1], SL("/redirect/0")));
    /* The deadline of all fetches was moved too. */
    assert_int_equal(f->get(f->self, t->a, t->got.final_url, 100, &t->got, &t->err), ERR_NONE);
    turns.answer = ERR_TOO_MANY;
    assert_int_equal(f->get(f->self, t->a, url, 100, &t->got, &t->err), ERR_TOO_MANY);
    assert_int_equal(turns.count, 3);
    assert_non_null(strstr(last_request, "GET /redirect/2 ")); /* the next was not asked */
}

static void
a_closed_port_cannot_be_reached(void **state)
{
    struct peer_test *t = *state;
    struct slice      url = arena_printf(t->a, "http://127.0.0.1:%d/ok", t->server.port);

    server_stop(&t->server);
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, url, 100), ERR_FETCH_CONNECT);
    server_start(&t->server, "127.0.0.1", serve);
}

static void
the_environment_has_no_say(void **state)
{
    struct peer_test *t = *state;
    char              proxy[100];

    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", t->server.port);
    setenv("http_proxy", proxy, 1);
    setenv("https_proxy", proxy, 1);
    setenv("ALL_PROXY", proxy, 1);
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, SL("http://10.9.8.7/"), 100), ERR_FETCH_REFUSED);
    assert_int_equal(t->server.connections, 0);
    assert_int_equal(peer_get(t, "/ok"), ERR_NONE);
    assert_non_null(strstr(last_request, "GET /ok HTTP/1.1\r\n")); /* not a proxy's absolute form */
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_document_comes_with_its_status_type_and_time),
        CASE(every_status_is_an_answer),
        CASE(compressed_text_is_undone),
        CASE(a_request_says_who_asks_and_nothing_else),
        CASE(a_call_carries_its_form_and_its_authorization),
        CASE(a_call_follows_no_redirect),
        CASE(three_redirects_are_followed_and_a_fourth_is_not),
        CASE(a_redirect_leads_to_the_web_only),
        CASE(what_is_no_web_address_is_not_fetched),
        CASE(an_endless_body_ends_at_the_limit),
        CASE(the_limit_holds_after_decompression),
        CASE(a_body_of_exactly_the_limit_is_taken),
        CASE(codings_that_were_not_asked_for_are_refused),
        CASE(a_broken_answer_is_said_to_be_one),
        CASE(a_slow_drip_ends_with_the_time),
        CASE(one_deadline_holds_over_all_fetches_of_a_request),
        CASE(a_redirect_waits_for_its_turn_and_that_is_none_of_its_time),
        CASE(a_closed_port_cannot_be_reached),
        CASE(the_environment_has_no_say),
    };

    return RUN_TAP(tests);
}

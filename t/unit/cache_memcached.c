/* Against a real memcached, which is killed, stopped and started again. */
#include "memcached.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "cache/cache.h"
#include "core/clock.h"
#include "core/limits.h"

enum { TIMEOUT_MS = 50 };

struct fixture {
    struct arena *a;
    struct conf   conf;
    struct cache *cache, *other; /* two workers */
    char          dir[64], path[96];
    pid_t         pid;
};

static void
start(struct fixture *f)
{
    f->pid = memcached_start(f->path);
}

static void
end(struct fixture *f)
{
    memcached_end(f->pid);
}

static int
begin(void **state)
{
    static struct slice servers[1];
    struct fixture     *f = calloc(1, sizeof *f);

    f->a = arena_new();
    snprintf(f->dir, sizeof f->dir, "/tmp/obi-cache-XXXXXX");
    if (mkdtemp(f->dir) == NULL || chmod(f->dir, 0777) != 0)
        return -1;
    snprintf(f->path, sizeof f->path, "%s/memcached.sock", f->dir);
    servers[0] = arena_printf(f->a, "unix:%s", f->path);
    f->conf.cache_servers = (struct conf_list){ servers, 1 };
    f->conf.cache_timeout_ms = TIMEOUT_MS;
    f->conf.cache_ttl_s = 60;
    start(f);
    f->cache = cache_new(&f->conf);
    f->other = cache_new(&f->conf);
    *state = f;
    return 0;
}

static int
finish(void **state)
{
    struct fixture *f = *state;

    end(f);
    unlink(f->path);
    rmdir(f->dir);
    cache_free(f->cache);
    cache_free(f->other);
    arena_free(f->a);
    free(f);
    return 0;
}

/* A key of this test's own. */
static struct slice
a_key(struct fixture *f, const char *name)
{
    return cache_key(f->a, "-", arena_printf(f->a, "/%s", name));
}

static void
fill(struct fixture *f, struct slice key, struct slice document)
{
    struct cache_lease lease;

    assert_int_equal(cache_lease(f->cache, key, &lease), LEASE_YOURS);
    assert_true(cache_store(f->cache, key, lease, document, 60));
}

static void
a_key_names_release_variant_and_path(void **state)
{
    struct fixture *f = *state;
    char            longest[300];

    memset(longest, 'x', sizeof longest);
    assert_slice_equal(cache_key(f->a, "-", SL("/displayer/1/groups")),
                       SL("d:" CACHE_RELEASE ":-:/displayer/1/groups"));
    assert_int_equal(cache_key(f->a, "-", SL("/a b")).n, 0);
    assert_int_equal(cache_key(f->a, "-", SL("/a\r\nflush_all")).n, 0);
    assert_int_equal(cache_key(f->a, "-", (struct slice){ longest, sizeof longest }).n, 0);
}

static void
what_is_stored_over_a_lease_is_found(void **state)
{
    struct fixture    *f = *state;
    struct slice       key = a_key(f, "stored"), got;
    struct cache_lease lease;

    assert_int_equal(cache_get(f->cache, f->a, key, &got), CACHE_MISS);
    assert_int_equal(cache_lease(f->cache, key, &lease), LEASE_YOURS);
    assert_int_equal(cache_get(f->cache, f->a, key, &got), CACHE_LEASED); /* a lease is no document */
    assert_int_equal(cache_lease(f->other, key, &(struct cache_lease){ 0 }), LEASE_TAKEN);
    assert_true(cache_store(f->cache, key, lease, SL("a document\0with a NUL"), 60));
    assert_int_equal(cache_get(f->other, f->a, key, &got), CACHE_HIT);
    assert_slice_equal(got, SL("a document\0with a NUL"));
    assert_int_equal(cache_lease(f->other, key, &lease), LEASE_TAKEN);
}

static void
what_somebody_took_is_theirs_until_it_is_deleted(void **state)
{
    struct fixture *f = *state;
    struct slice    key = SL("place:1:0");

    assert_true(cache_take(f->cache, key, 60));
    assert_false(cache_take(f->other, key, 60));
    assert_true(cache_delete(f->cache, &key, 1));
    assert_true(cache_take(f->other, key, 60));
    assert_true(cache_take(NULL, key, 60));
}

static void
so_many_may_have_a_place_at_once(void **state)
{
    struct fixture *f = *state;
    struct slice    first, second, third;

    assert_true(cache_take_place(f->cache, f->a, SL("desk"), 2, 60, &first));
    assert_true(cache_take_place(f->other, f->a, SL("desk"), 2, 60, &second));
    assert_false(slice_eq(first, second));
    assert_false(cache_take_place(f->other, f->a, SL("desk"), 2, 60, &third));
    assert_true(cache_delete(f->cache, &first, 1));
    assert_true(cache_take_place(f->other, f->a, SL("desk"), 2, 60, &third));
    assert_slice_equal(third, first);
}

static void
what_is_put_is_found_over_what_was_there(void **state)
{
    struct fixture *f = *state;
    struct slice    key = SL("said:one"), got;

    assert_int_equal(cache_get(f->cache, f->a, key, &got), CACHE_MISS);
    cache_put(f->cache, key, SL("first"), 3600);
    cache_put(f->other, key, SL("second"), 3600);
    assert_int_equal(cache_get(f->cache, f->a, key, &got), CACHE_HIT);
    assert_slice_equal(got, SL("second"));
    assert_true(cache_delete(f->cache, &key, 1));
    cache_put(NULL, key, SL("nowhere"), 3600);
}

static void
a_deleted_lease_cannot_be_stored_over(void **state)
{
    struct fixture    *f = *state;
    struct slice       key = a_key(f, "deleted"), got;
    struct cache_lease old, new;

    assert_int_equal(cache_lease(f->cache, key, &old), LEASE_YOURS);
    assert_true(cache_delete(f->other, &key, 1)); /* a write comes between */
    assert_false(cache_store(f->cache, key, old, SL("old"), 60));
    assert_int_equal(cache_get(f->cache, f->a, key, &got), CACHE_MISS);
    assert_int_equal(cache_lease(f->other, key, &new), LEASE_YOURS);
    assert_false(cache_store(f->cache, key, old, SL("old"), 60));
    assert_true(cache_store(f->other, key, new, SL("new"), 60));
    assert_false(cache_store(f->cache, key, old, SL("old"), 60));
    assert_int_equal(cache_get(f->cache, f->a, key, &got), CACHE_HIT);
    assert_slice_equal(got, SL("new"));
}

static void
a_document_that_is_too_large_or_over_is_not_stored(void **state)
{
    struct fixture    *f = *state;
    struct slice       key = a_key(f, "large"), huge = { calloc(5, MIB), 5 * MIB }, got;
    struct cache_lease lease;
    const struct {
        struct slice document;
        int64_t      ttl_s;
    } unkept[] = { { huge, 60 }, { SL("over"), 0 }, { SL("over"), -5 } };

    for (size_t i = 0; i < COUNT_OF(unkept); i++) {
        assert_int_equal(cache_lease(f->cache, key, &lease), LEASE_YOURS);
        assert_false(cache_store(f->cache, key, lease, unkept[i].document, unkept[i].ttl_s));
        assert_int_equal(cache_get(f->other, f->a, key, &got), CACHE_UNKEPT); /* nobody waits for it */
        assert_int_equal(cache_lease(f->other, key, &lease), LEASE_TAKEN);
        assert_true(cache_delete(f->cache, &key, 1));
    }
    free((void *)(uintptr_t)huge.p);
}

static void
a_lease_nobody_fills_runs_out(void **state)
{
    struct fixture    *f = *state;
    struct slice       key = a_key(f, "left");
    struct cache_lease lease;
    int64_t            began_ms = clock_monotonic_ms();

    assert_int_equal(cache_lease(f->cache, key, &lease), LEASE_YOURS);
    while (cache_lease(f->other, key, &(struct cache_lease){ 0 }) == LEASE_TAKEN) {
        assert_in_range(clock_monotonic_ms() - began_ms, 0, 6000);
        usleep(50 * 1000);
    }
    assert_in_range(clock_monotonic_ms() - began_ms, 1500, 6000);
    assert_false(cache_store(f->cache, key, lease, SL("too late"), 60));
}

static void
without_a_server_in_the_configuration_nothing_is_found_or_kept(void **state)
{
    struct fixture    *f = *state;
    struct conf        none = f->conf;
    struct slice       key = a_key(f, "none"), got;
    struct cache_lease lease;

    none.cache_servers.count = 0;
    assert_null(cache_new(&none));
    assert_int_equal(cache_get(NULL, f->a, key, &got), CACHE_MISS);
    assert_int_equal(cache_lease(NULL, key, &lease), LEASE_NONE);
    assert_true(cache_delete(NULL, &key, 1));
    cache_free(NULL);
}

static void
a_server_that_is_killed_is_gone_with_what_it_held_and_comes_back(void **state)
{
    struct fixture *f = *state;
    struct slice    key = a_key(f, "killed"), got;
    int64_t         began_ms;

    fill(f, key, SL("before"));
    end(f);
    began_ms = clock_monotonic_ms();
    assert_int_equal(cache_get(f->cache, f->a, key, &got), CACHE_AWAY);
    for (int i = 0; i < 20; i++)
        assert_true(cache_delete(i % 2 ? f->cache : f->other, &key, 1));
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 4 * TIMEOUT_MS);
    start(f);
    assert_true(cache_delete(f->cache, &key, 1)); /* at once: a write must be sure of it */
    for (int tries = 0; cache_get(f->cache, f->a, key, &got) != CACHE_MISS; tries++) {
        assert_true(tries < 40);
        usleep(100 * 1000);
    }
    fill(f, key, SL("after"));
}

static void
a_restart_is_not_noticed(void **state)
{
    struct fixture *f = *state;
    struct slice    key = a_key(f, "restart"), got;

    for (int tries = 0; cache_get(f->cache, f->a, key, &got) == CACHE_AWAY ||
                        cache_get(f->other, f->a, key, &got) == CACHE_AWAY;
         tries++) {
        assert_true(tries < 40); /* the pause that the test before left */
        usleep(100 * 1000);
    }

    assert_true(cache_delete(f->cache, &key, 1));
    fill(f, key, SL("before"));
    end(f);
    start(f);
    fill(f, key, SL("after"));
    assert_int_equal(cache_get(f->other, f->a, key, &got), CACHE_HIT);
    assert_true(cache_delete(f->cache, &key, 1));
    assert_true(cache_delete(f->other, &key, 1));
    assert_int_equal(cache_get(f->other, f->a, key, &got), CACHE_MISS);
}

static void
a_server_that_hangs_costs_its_timeout_once_a_second_and_confirms_nothing(void **state)
{
    struct fixture *f = *state;
    struct slice    key = a_key(f, "stopped"), got;
    int64_t         began_ms;

    for (int tries = 0; cache_get(f->cache, f->a, key, &got) == CACHE_AWAY; tries++) {
        assert_true(tries < 40);
        usleep(100 * 1000);
    }
    fill(f, key, SL("before"));
    memcached_freeze(f->pid);
    began_ms = clock_monotonic_ms();
    for (int i = 0; i < 100; i++)
        assert_int_equal(cache_get(f->cache, f->a, key, &got), CACHE_AWAY);
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 6 * TIMEOUT_MS);
    began_ms = clock_monotonic_ms();
    assert_false(cache_delete(f->cache, &key, 1));
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 6 * TIMEOUT_MS);
    kill(f->pid, SIGCONT);
    for (int tries = 0; !cache_delete(f->cache, &key, 1); tries++)
        assert_true(tries < 5);
    for (int tries = 0; cache_get(f->cache, f->a, key, &got) != CACHE_MISS; tries++) {
        assert_true(tries < 40);
        usleep(100 * 1000);
    }
}

/* A delete that timed out may be answered late: that answer must not be taken for another's. */
static void
late_answers_are_not_taken_for_others(void **state)
{
    struct fixture *f = *state;
    struct slice    one = a_key(f, "one"), two = a_key(f, "two"), got;

    for (int round = 0; round < 3; round++) {
        assert_true(cache_delete(f->cache, &one, 1) && cache_delete(f->cache, &two, 1));
        fill(f, one, SL("ONE"));
        fill(f, two, SL("TWO"));
        memcached_freeze(f->pid);
        assert_int_equal(cache_get(f->cache, f->a, one, &got), CACHE_AWAY);
        kill(f->pid, SIGCONT);
        usleep(20 * 1000);
        for (int tries = 0; cache_get(f->cache, f->a, two, &got) != CACHE_HIT; tries++) {
            assert_true(tries < 40);
            usleep(100 * 1000);
        }
        assert_slice_equal(got, SL("TWO"));
        assert_int_equal(cache_get(f->cache, f->a, one, &got), CACHE_HIT);
        assert_slice_equal(got, SL("ONE"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_names_release_variant_and_path),
        cmocka_unit_test(what_is_stored_over_a_lease_is_found),
        cmocka_unit_test(what_somebody_took_is_theirs_until_it_is_deleted),
        cmocka_unit_test(so_many_may_have_a_place_at_once),
        cmocka_unit_test(what_is_put_is_found_over_what_was_there),
        cmocka_unit_test(a_deleted_lease_cannot_be_stored_over),
        cmocka_unit_test(a_document_that_is_too_large_or_over_is_not_stored),
        cmocka_unit_test(a_lease_nobody_fills_runs_out),
        cmocka_unit_test(without_a_server_in_the_configuration_nothing_is_found_or_kept),
        cmocka_unit_test(a_server_that_is_killed_is_gone_with_what_it_held_and_comes_back),
        cmocka_unit_test(a_restart_is_not_noticed),
        cmocka_unit_test(a_server_that_hangs_costs_its_timeout_once_a_second_and_confirms_nothing),
        cmocka_unit_test(late_answers_are_not_taken_for_others),
    };

    return (cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests(tests, begin, finish));
}

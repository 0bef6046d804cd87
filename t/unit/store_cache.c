/* Writes and the cache: what becomes old is gone before the write is acknowledged. */
#include "store_badges.h"

#include <sys/stat.h>

#include "cache/cache.h"
#include "memcached.h"

static struct slice
socket_path(struct fixture *f)
{
    return arena_printf(f->a, "%s/memcached.sock", test_dir);
}

static pid_t         memcached;
static struct cache *cache; /* as a worker that serves documents has it */

/* Puts a document under a path, as it would stand there for readers. */
static void
publish(struct fixture *f, struct slice path)
{
    for (size_t v = 0; v < cache_variant_count; v++) {
        struct slice       key = cache_key(f->a, cache_variants[v], path);
        struct cache_lease lease;

        assert_true(cache_delete(cache, &key, 1));
        assert_int_equal(cache_lease(cache, key, &lease), LEASE_YOURS);
        assert_true(cache_store(cache, key, lease, path, 60));
    }
}

/* Whether it is gone in every variant (1), in none (0). */
static int
is_gone(struct fixture *f, struct slice path)
{
    size_t       gone = 0;
    struct slice got;

    for (size_t v = 0; v < cache_variant_count; v++)
        gone +=
            cache_get(cache, f->a, cache_key(f->a, cache_variants[v], path), &got) == CACHE_MISS;
    assert_true(gone == 0 || gone == cache_variant_count);
    return gone > 0;
}

enum { GROUPS = 1, GROUP = 2, COLLECTION = 4, BADGE = 8, OF_COLLECTION = 7, EVERYTHING = 15 };

struct document {
    int          of; /* one of these */
    struct slice path;
};

/* A person with a public collection that holds a badge with a page of its own, and the paths of all that. */
struct learner {
    struct user     user;
    uint64_t        badge, collection;
    struct slice    badge_path, collection_path;
    struct document documents[10];
    size_t          count;
};

static void
add_document(struct learner *l, int of, struct slice path)
{
    l->documents[l->count++] = (struct document){ of, path };
}

static struct learner
a_learner(struct fixture *f, const char *name)
{
    struct learner    l = { .user = a_user(f, name) };
    struct collection c;
    uint64_t          id = l.user.id;

    l.badge = add_badge(f, l.user, 1);
    OK(store_badge_set_visibility(f->db, id, l.badge, VISIBILITY_PUBLIC, &l.badge_path, &f->e));
    l.badge_path = arena_copy(f->a, l.badge_path);
    OK(store_collection_add(f->db, id, SL("C"), SL(""), VISIBILITY_PUBLIC, &l.collection, &f->e));
    OK(store_collection_put_badge(f->db, id, l.collection, l.badge, &f->e));
    OK(store_collection_get(f->db, id, l.collection, &c, &f->e));
    l.collection_path = arena_copy(f->a, c.path);
    for (int json = 0; json < 2; json++) {
        const char *end = json ? ".json" : "";

        add_document(&l, GROUPS,
                     arena_printf(f->a, "/displayer/%llu/groups%s", (unsigned long long)id, end));
        add_document(&l, GROUP,
                     arena_printf(f->a, "/displayer/%llu/group/%llu%s", (unsigned long long)id,
                                  (unsigned long long)l.collection, end));
        add_document(
            &l, COLLECTION,
            arena_printf(f->a, "/share/collection/%.*s%s", SLICE_FMT(l.collection_path), end));
        add_document(&l, BADGE,
                     arena_printf(f->a, "/share/badge/%.*s%s", SLICE_FMT(l.badge_path), end));
    }
    add_document(&l, COLLECTION,
                 arena_printf(f->a, "/embed/collection/%.*s", SLICE_FMT(l.collection_path)));
    add_document(&l, BADGE, arena_printf(f->a, "/embed/badge/%.*s", SLICE_FMT(l.badge_path)));
    return l;
}

/* After the write, those documents and no others are gone. */
static void
assert_gone(struct fixture *f, const struct learner *l, int which)
{
    for (size_t i = 0; i < l->count; i++)
        if (is_gone(f, l->documents[i].path) != ((which & l->documents[i].of) != 0))
            fail_msg("%.*s %s", SLICE_FMT(l->documents[i].path),
                     is_gone(f, l->documents[i].path) ? "is gone" : "is still there");
}

static void
publish_all(struct fixture *f, const struct learner *l)
{
    for (size_t i = 0; i < l->count; i++)
        publish(f, l->documents[i].path);
}

static void
each_write_removes_what_it_makes_old(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "writer"), other = a_learner(f, "bystander");
    uint64_t        id = l.user.id, second, made;
    struct slice    path;

    publish_all(f, &other);
    publish_all(f, &l);
    second = add_badge(f, l.user, 2); /* in nothing public yet */
    assert_gone(f, &l, 0);
    OK(store_collection_put_badge(f->db, id, l.collection, second, &f->e));
    assert_gone(f, &l, OF_COLLECTION);
    publish_all(f, &l);
    OK(store_collection_move_badge(f->db, id, l.collection, second, -1, &f->e));
    assert_gone(f, &l, OF_COLLECTION);
    publish_all(f, &l);
    OK(store_collection_drop_badge(f->db, id, l.collection, second, &f->e));
    assert_gone(f, &l, OF_COLLECTION);
    publish_all(f, &l);
    OK(store_collection_change(f->db, id, l.collection, SL("New"), SL(""), VISIBILITY_PUBLIC,
                               SLICE_NONE, &f->e));
    assert_gone(f, &l, OF_COLLECTION);
    publish_all(f, &l);
    OK(store_collection_add(f->db, id, SL("D"), SL(""), VISIBILITY_PUBLIC, &made, &f->e));
    assert_gone(f, &l, GROUPS);
    publish_all(f, &l);
    OK(store_badge_set_visibility(f->db, id, l.badge, VISIBILITY_PRIVATE, &path, &f->e));
    assert_gone(f, &l, EVERYTHING);
    publish_all(f, &l);
    OK(store_badge_remove(f->db, id, l.badge, &f->e));
    assert_gone(f, &l, EVERYTHING);
    publish_all(f, &l);
    OK(store_collection_remove(f->db, id, l.collection, &f->e));
    assert_gone(f, &l, OF_COLLECTION);
    assert_gone(f, &other, 0);
}

static void
a_collection_that_moves_is_gone_at_both_addresses(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "mover");

    publish_all(f, &l);
    publish(f, SL("/share/collection/new-address"));
    OK(store_collection_change(f->db, l.user.id, l.collection, SL("C"), SL(""), VISIBILITY_PUBLIC,
                               SL("new-address"), &f->e));
    assert_gone(f, &l, OF_COLLECTION);
    assert_true(is_gone(f, SL("/share/collection/new-address")));
}

static void
a_person_who_leaves_takes_all_documents_along(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "gone");

    publish_all(f, &l);
    OK(store_user_remove(f->db, l.user.id, &f->e));
    assert_gone(f, &l, EVERYTHING);
}

static void
nothing_is_removed_for_a_write_that_did_not_happen(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "undone");

    next_request(f, SLICE_NONE, true);
    publish_all(f, &l);
    {
        SCOPED(tx_done) struct tx tx = { 0 };

        OK(tx_begin(f->db, &tx, &f->e));
        OK(store_collection_remove(f->db, l.user.id, l.collection, &f->e));
        assert_gone(f, &l, 0); /* nor before the commit: readers would fill in the old again */
    }
    assert_gone(f, &l, 0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 0);
}

static void
the_purge_row_goes_when_the_cache_has_confirmed(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "confirmed");

    next_request(f, SLICE_NONE, true);
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 0);
    OK(store_collection_remove(f->db, l.user.id, l.collection, &f->e));
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 1);
    next_request(f, SLICE_NONE, true);
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 0);
}

/* A worker that is killed between its commit and the deletion. */
static void
what_a_killed_worker_left_is_swept(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "killed");
    size_t          done, left;

    next_request(f, SLICE_NONE, true);
    publish_all(f, &l);
    server_sql("primary",
               arena_printf(f->a, "INSERT INTO cache_purge VALUES (1, '%.*s\\n%.*s\\n', 0)",
                            SLICE_FMT(l.documents[0].path), SLICE_FMT(l.documents[3].path))
                   .p);
    OK(store_purge_sweep(f->db, &done, &left, &f->e));
    assert_int_equal(done, 1);
    assert_int_equal(left, 0);
    assert_true(is_gone(f, l.documents[0].path) && is_gone(f, l.documents[3].path));
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 0);
}

static void
a_writer_whose_clock_is_ahead_is_swept_like_others(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "ahead");
    char            file[128];
    size_t          done, left;
    FILE           *offset;

    next_request(f, SLICE_NONE, true);
    snprintf(file, sizeof file, "%s/clock", test_dir);
    offset = fopen(file, "w");
    fputs("3600\n", offset);
    fclose(offset);
    setenv("OBI_CLOCK_FILE", file, 1);
    OK(store_collection_remove(f->db, l.user.id, l.collection, &f->e));
    unsetenv("OBI_CLOCK_FILE");
    usleep(1100 * 1000); /* the row goes when the request ends, or when it is swept */
    OK(store_purge_sweep(f->db, &done, &left, &f->e));
    assert_int_equal(done, 1);
}

/* Its learner asks again, and there is nothing left to change. */
static void
who_asks_again_is_answered_when_what_a_killed_worker_left_is_gone(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "again"), other = a_learner(f, "elsewhere");
    struct slice    left = SL("/images/badge/left.png"), others = SL("/images/badge/others.png");
    size_t          done, still;

    next_request(f, SLICE_NONE, true);
    publish(f, left);
    publish(f, others);
    server_sql("primary", arena_printf(f->a,
                                       "INSERT INTO cache_purge VALUES (1, '%.*s\n%.*s\n', 0),"
                                       " (2, '%.*s\n%.*s\n', 0)",
                                       SLICE_FMT(left), SLICE_FMT(l.documents[0].path),
                                       SLICE_FMT(others), SLICE_FMT(other.documents[0].path))
                              .p);
    OK(store_collection_drop_badge(f->db, l.user.id, l.collection, 1, &f->e));
    assert_true(is_gone(f, left));
    assert_false(is_gone(f, others));
    next_request(f, SLICE_NONE, true);
    OK(store_purge_sweep(f->db, &done, &still, &f->e));
    assert_int_equal(done, 2);
}

static void
with_a_killed_memcached_writes_are_as_fast_as_ever(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "nocache");
    int64_t         began_ms;

    memcached_end(memcached);
    began_ms = clock_monotonic_ms();
    OK(store_collection_change(f->db, l.user.id, l.collection, SL("N"), SL(""), VISIBILITY_PRIVATE,
                               SLICE_NONE, &f->e));
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 500);
    memcached = memcached_start(socket_path(f).p);
    began_ms = clock_monotonic_ms();
    OK(store_collection_change(f->db, l.user.id, l.collection, SL("N"), SL(""), VISIBILITY_PUBLIC,
                               SLICE_NONE, &f->e));
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 500);
    next_request(f, SLICE_NONE, true);
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 0);
}

static void
a_write_waits_for_a_memcached_that_hangs_until_what_it_holds_is_over(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "hung");
    int64_t         began_ms, took_ms;
    size_t          done, left;

    usleep(1100 * 1000); /* the reader's pause after the restart */
    next_request(f, SLICE_NONE, true);
    publish_all(f, &l);
    memcached_freeze(memcached);
    began_ms = clock_monotonic_ms();
    OK(store_collection_remove(f->db, l.user.id, l.collection, &f->e));
    took_ms = clock_monotonic_ms() - began_ms;
    assert_in_range(took_ms, 4000, 6000); /* cache.ttl of 1 s, and a lease's 3 s */
    next_request(f, SLICE_NONE, true);
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 1);
    OK(store_purge_sweep(f->db, &done, &left, &f->e));
    assert_int_equal(left, 1);
    kill(memcached, SIGCONT);
    OK(store_purge_sweep(f->db, &done, &left, &f->e));
    assert_int_equal(done, 1);
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 0);
    assert_gone(f, &l, OF_COLLECTION | BADGE); /* the badge's page ran out by itself */
}

static void
a_write_goes_on_as_soon_as_memcached_answers_again(void **state)
{
    struct fixture *f = *state;
    struct learner  l = a_learner(f, "resumed");
    int64_t         began_ms;
    pid_t           waker;

    next_request(f, SLICE_NONE, true);
    memcached_freeze(memcached);
    if ((waker = fork()) == 0) {
        usleep(700 * 1000);
        kill(memcached, SIGCONT);
        _exit(0);
    }
    began_ms = clock_monotonic_ms();
    OK(store_collection_remove(f->db, l.user.id, l.collection, &f->e));
    assert_in_range(clock_monotonic_ms() - began_ms, 500, 1500);
    waitpid(waker, NULL, 0);
    next_request(f, SLICE_NONE, true);
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 0);
}

static int
begin(void **state)
{
    struct fixture *f;

    if (fixture_begin(state, "") != 0)
        return -1;
    f = *state;
    arena_empty(f->request);
    store_free(f->store);
    chmod(test_dir, 0777);
    memcached = memcached_start(socket_path(f).p);
    f->conf = test_conf(f->a, arena_printf(f->a, "cache.server = unix:%.*s\ncache.ttl = 1\n",
                                           SLICE_FMT(socket_path(f)))
                                  .p);
    f->store = store_new(f->conf);
    f->db = db_lease(f->store, f->request, SLICE_NONE, true);
    cache = cache_new(f->conf);
    return 0;
}

static int
finish(void **state)
{
    int rc = fixture_end(state);

    cache_free(cache);
    memcached_end(memcached);
    return rc;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_write_removes_what_it_makes_old),
        cmocka_unit_test(a_collection_that_moves_is_gone_at_both_addresses),
        cmocka_unit_test(a_person_who_leaves_takes_all_documents_along),
        cmocka_unit_test(nothing_is_removed_for_a_write_that_did_not_happen),
        cmocka_unit_test(the_purge_row_goes_when_the_cache_has_confirmed),
        cmocka_unit_test(what_a_killed_worker_left_is_swept),
        cmocka_unit_test(a_writer_whose_clock_is_ahead_is_swept_like_others),
        cmocka_unit_test(who_asks_again_is_answered_when_what_a_killed_worker_left_is_gone),
        cmocka_unit_test(with_a_killed_memcached_writes_are_as_fast_as_ever),
        cmocka_unit_test(a_write_waits_for_a_memcached_that_hangs_until_what_it_holds_is_over),
        cmocka_unit_test(a_write_goes_on_as_soon_as_memcached_answers_again),
    };

    return (cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests(tests, begin, finish));
}

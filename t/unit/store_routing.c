/* Which server answers, and what happens when one does not. */
#include "store_badges.h"

#include "../../src/store/store_int.h"

/* Until the replica has all that the primary has, and the store has looked at it again. */
static void
let_replica_catch_up(struct fixture *f)
{
    (void)f;
    server_do("sync");
    usleep(1100 * 1000);
}

/* The servers' own words: who answers a plain read. */
static bool
reads_from_replica(struct fixture *f)
{
    struct user user = a_user(f, "marker"), seen;
    bool        from_replica;

    next_request(f, SLICE_NONE, true);
    OK(store_user_by_id(f->db, user.id, &seen, &f->e));
    /* Only the replica's row is changed, by hand. */
    server_sql("replica",
               "SET SESSION sql_log_bin = 0; UPDATE user u JOIN user_email e ON e.user_id ="
               " u.id SET u.created_at_s = 1 WHERE e.email_key = 'marker@example.org'");
    OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
    from_replica = seen.created_at_s == 1;
    return from_replica;
}

static void
plain_reads_go_to_the_replica(void **state)
{
    struct fixture *f = *state;

    a_user(f, "marker");
    let_replica_catch_up(f);
    assert_true(reads_from_replica(f));
    assert_false(db_degraded(f->db));
}

static void
a_writer_reads_what_they_wrote_although_the_replica_is_behind(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    struct slice    position;

    server_do("delay %d", 3);
    next_request(f, SLICE_NONE, false);
    user = a_user(f, "behind");
    OK(store_user_by_id(f->db, user.id, &seen, &f->e)); /* in the same request */
    position = db_position(f->db);
    assert_true(position.n > 0);
    OK(store_user_by_id(reader(f, position), user.id, &seen, &f->e)); /* in the next one */
    assert_false(db_degraded(f->db));
    assert_int_equal(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e), ERR_NOT_FOUND);
    server_do("delay %d", 0);
}

static void
a_position_that_is_none_costs_nothing(void **state)
{
    struct fixture          *f = *state;
    struct user              user, seen;
    static const char *const bad[] = { "", "'; DROP TABLE user", "0-1-1,0-1-2", "\xFF" };

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "badcookie");
    let_replica_catch_up(f);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        OK(store_user_by_id(reader(f, slice_str(bad[i])), user.id, &seen, &f->e));
}

static void
a_position_of_the_future_is_not_waited_for_long(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    int64_t         began_ms;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "future");
    began_ms = clock_monotonic_ms();
    OK(store_user_by_id(reader(f, SL("0-1-999999999")), user.id, &seen, &f->e));
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 700);
    began_ms = clock_monotonic_ms();
    OK(store_user_by_id(reader(f, SL("0-1-999999999")), user.id, &seen, &f->e));
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 100);
    usleep(1100 * 1000); /* the store's own pause */
}

static void
a_document_is_never_older_than_its_writer_knows(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "fresh");
    let_replica_catch_up(f);
    server_do("delay %d", 3);
    next_request(f, SLICE_NONE, true);
    OK(store_user_set_findable(f->db, user.id, false, &f->e));
    next_request(f, SLICE_NONE, false);
    OK(db_read_fresh(f->db, user.id, &f->e));
    OK(store_user_by_id(f->db, user.id, &seen, &f->e));
    assert_false(seen.findable);
    assert_false(db_degraded(f->db));
    assert_int_equal(db_read_fresh(reader(f, SLICE_NONE), 17, &f->e), ERR_NOT_FOUND);
    server_do("delay %d", 0);
    let_replica_catch_up(f);
    assert_true(reads_from_replica(f));
}

static void
what_became_private_is_not_found_although_the_replica_still_has_it(void **state)
{
    struct fixture      *f = *state;
    struct user          user;
    uint64_t             id, collection, found;
    struct badge_full    full;
    struct badge_picture picture;
    struct collection    c;
    struct slice         path, collection_path, hash;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "hider");
    id = add_badge(f, user, 1);
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_PUBLIC, &path, &f->e));
    path = arena_copy(f->a, path);
    OK(store_collection_add(f->db, user.id, SL("C"), SL(""), VISIBILITY_PUBLIC, &collection,
                            &f->e));
    OK(store_collection_put_badge(f->db, user.id, collection, id, &f->e));
    OK(store_collection_get(f->db, user.id, collection, &c, &f->e));
    collection_path = arena_copy(f->a, c.path);
    let_replica_catch_up(f);
    OK(store_badge_by_path(reader(f, SLICE_NONE), path, &full, &f->e));
    hash = arena_copy(f->a, full.row.picture_hash);
    OK(store_badge_picture(reader(f, SLICE_NONE), 0, hash, &picture, &f->e));
    assert_slice_equal(picture.source, SL("\x89PNG not really"));
    server_do("delay %d", 3);
    next_request(f, SLICE_NONE, true);
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_PRIVATE, &path, &f->e));
    path = arena_copy(f->a, path);
    OK(store_collection_remove(f->db, user.id, collection, &f->e));
    assert_int_equal(store_badge_by_path(reader(f, SLICE_NONE), path, &full, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_collection_by_path(reader(f, SLICE_NONE), collection_path, &c, &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_badge_picture(reader(f, SLICE_NONE), 0, hash, &picture, &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_user_find_public(reader(f, SLICE_NONE), user.email, &found, &f->e),
                     ERR_NOT_FOUND);
    OK(store_collection_get(reader(f, SLICE_NONE), user.id, collection, &c, &f->e)); /* it has */
    /* A new picture is there before the replica has it. */
    next_request(f, SLICE_NONE, true);
    {
        struct badge_new badge = new_badge(f, user, 2);

        badge.picture = SL("a picture of a moment ago");
        OK(store_badge_add(f->db, user.id, &badge, &id, &f->e));
    }
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_PUBLIC, &path, &f->e));
    OK(store_badge_get(f->db, user.id, id, &full, &f->e));
    hash = arena_copy(f->a, full.row.picture_hash);
    OK(store_badge_picture(reader(f, SLICE_NONE), 0, hash, &picture, &f->e));
    assert_slice_equal(picture.source, SL("a picture of a moment ago"));
    server_do("delay %d", 0);
}

static void
a_replica_too_far_behind_serves_no_reads(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    bool            seen_it = false;

    next_request(f, SLICE_NONE, true);
    server_do("delay %d", 30);
    user = a_user(f, "lagging");
    for (int tries = 0; tries < 150 && !seen_it; tries++) { /* lag grows by the second */
        usleep(100 * 1000);
        seen_it = store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e) == ERR_NONE;
    }
    assert_true(seen_it);
    server_do("delay %d", 0);
    let_replica_catch_up(f);
}

static void
without_its_replica_the_primary_serves(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;

    next_request(f, SLICE_NONE, false);
    user = a_user(f, "noreplica");
    let_replica_catch_up(f);
    OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
    server_do("kill replica");
    OK(store_user_by_id(f->db, user.id, &seen, &f->e)); /* in the request that was under way */
    for (int i = 0; i < 3; i++)
        OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
    assert_false(db_degraded(f->db));
    server_do("start replica");
    let_replica_catch_up(f);
}

static void
a_replica_that_hangs_costs_its_timeout_once_in_a_while(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    int64_t         began_ms, slow = 0;

    next_request(f, SLICE_NONE, false);
    user = a_user(f, "hanging");
    let_replica_catch_up(f);
    OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
    server_do("freeze replica");
    for (int i = 0; i < 5; i++) {
        began_ms = clock_monotonic_ms();
        OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
        slow += clock_monotonic_ms() - began_ms > 200;
    }
    server_do("thaw replica");
    assert_in_range(slow, 0, 2);
    let_replica_catch_up(f);
}

static void
without_its_primary_reads_go_on_and_writes_are_refused(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    struct session  session;
    struct slice    position;

    next_request(f, SLICE_NONE, false);
    user = a_user(f, "noprimary");
    OK(store_session_add(f->db, user.id, SL("noprimary"), SL(""), &f->e));
    OK(store_user_set_findable(f->db, user.id, false, &f->e));
    position = arena_copy(f->a, db_position(f->db));
    let_replica_catch_up(f);
    server_do("kill primary");
    OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
    OK(store_user_by_id(reader(f, position), user.id, &seen, &f->e));
    OK(store_session_find(reader(f, SLICE_NONE), SL("noprimary"), &session, &seen, &f->e));
    assert_true(db_degraded(f->db));
    OK(db_read_fresh(reader(f, SLICE_NONE), user.id, &f->e));
    assert_true(db_degraded(f->db));
    OK(store_user_by_id(f->db, user.id, &seen, &f->e));
    assert_int_equal(store_user_set_findable(f->db, user.id, true, &f->e), ERR_STORE_DOWN);
    next_request(f, SLICE_NONE, false);
    OK(db_ping(f->db, &f->e));
    server_do("start primary");
    next_request(f, SLICE_NONE, false);
    OK(store_user_set_findable(f->db, user.id, true, &f->e));
    assert_false(db_degraded(f->db));
    let_replica_catch_up(f);
}

static void
a_primary_that_hangs_costs_its_timeouts_once_in_a_while_and_reads_go_on(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    struct session  session;
    int64_t         began_ms;
    int             slow = 0;

    next_request(f, SLICE_NONE, false);
    user = a_user(f, "hungprimary");
    OK(store_session_add(f->db, user.id, SL("hungprimary"), SL(""), &f->e));
    let_replica_catch_up(f);
    server_do("freeze primary");
    for (int i = 0; i < 6; i++) {
        began_ms = clock_monotonic_ms();
        OK(store_session_find(reader(f, SLICE_NONE), SL("hungprimary"), &session, &seen, &f->e));
        assert_true(db_degraded(f->db));
        slow += clock_monotonic_ms() - began_ms > 500;
    }
    assert_int_equal(store_user_set_findable(f->db, user.id, false, &f->e), ERR_STORE_DOWN);
    server_do("thaw primary");
    assert_in_range(slow, 1, 2);
    for (int tries = 0; tries < 100; tries++) { /* it is asked again by itself */
        next_request(f, SLICE_NONE, false);
        if (store_user_set_findable(f->db, user.id, false, &f->e) == ERR_NONE)
            return;
        usleep(100 * 1000);
    }
    fail_msg("the primary is not used again");
}

static void
with_no_server_at_all_everything_is_down_and_comes_back(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;

    next_request(f, SLICE_NONE, false);
    user = a_user(f, "nothing");
    server_do("kill primary");
    server_do("kill replica");
    assert_int_equal(store_user_by_id(f->db, user.id, &seen, &f->e), ERR_STORE_DOWN);
    assert_int_equal(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e),
                     ERR_STORE_DOWN);
    assert_int_equal(db_ping(f->db, &f->e), ERR_STORE_DOWN);
    server_do("start primary");
    OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
    server_do("start replica");
    let_replica_catch_up(f);
}

static void
a_restart_in_between_fails_no_request(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;

    next_request(f, SLICE_NONE, false);
    user = a_user(f, "restart");
    for (int i = 0; i < 3; i++) {
        OK(store_user_by_id(f->db, user.id, &seen, &f->e));
        server_do(i == 1 ? "kill primary" : "stop primary");
        server_do("start primary");
        next_request(f, SLICE_NONE, i == 2);
        OK(store_user_set_findable(f->db, user.id, i % 2 == 0, &f->e));
        OK(store_user_by_id(f->db, user.id, &seen, &f->e));
        assert_int_equal(seen.findable, i % 2 == 0);
    }
    server_do("stop replica");
    server_do("start replica");
    let_replica_catch_up(f);
    OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
}

static void
a_restart_under_a_read_is_not_seen(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "under");
    server_do("stop primary");
    server_do("start primary");
    OK(store_user_by_id(f->db, user.id, &seen, &f->e)); /* the same lease, its connection gone */
}

static void
what_a_transaction_did_goes_when_it_is_not_committed(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    uint64_t        version;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "rollback");
    OK(store_user_by_id(f->db, user.id, &seen, &f->e));
    version = seen.version;
    {
        SCOPED(tx_done) struct tx tx = { 0 };

        OK(tx_begin(f->db, &tx, &f->e));
        OK(store_user_set_findable(f->db, user.id, false, &f->e));
        OK(store_user_by_id(f->db, user.id, &seen, &f->e));
        assert_false(seen.findable);
    }
    OK(store_user_by_id(f->db, user.id, &seen, &f->e));
    assert_true(seen.findable);
    assert_int_equal(seen.version, version);
}

static void
an_inner_failure_takes_the_outer_transaction_with_it(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "inner");
    {
        SCOPED(tx_done) struct tx tx = { 0 };

        OK(tx_begin(f->db, &tx, &f->e));
        OK(store_user_set_findable(f->db, user.id, false, &f->e));
        assert_int_equal(store_badge_remove(f->db, user.id, 5, &f->e), ERR_NOT_FOUND);
        assert_int_not_equal(tx_commit(&tx, &f->e), ERR_NONE);
    }
    OK(store_user_by_id(f->db, user.id, &seen, &f->e));
    assert_true(seen.findable);
}

static void
a_primary_lost_inside_a_transaction_undoes_it(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "lost");
    {
        SCOPED(tx_done) struct tx tx = { 0 };

        OK(tx_begin(f->db, &tx, &f->e));
        OK(store_user_set_findable(f->db, user.id, false, &f->e));
        server_do("kill primary");
        server_do("start primary");
        assert_int_equal(store_user_set_findable(f->db, user.id, false, &f->e), ERR_STORE_DOWN);
        assert_int_equal(tx_commit(&tx, &f->e), ERR_STORE_DOWN);
    }
    OK(store_user_by_id(f->db, user.id, &seen, &f->e));
    assert_true(seen.findable);
}

struct cut {
    int kills, runs;
};

static enum err_code
hide_while_the_primary_is_killed(struct db *db, uint64_t user, void *args, struct err *e)
{
    struct cut *cut = args;

    if (cut->runs++ < cut->kills) {
        server_do("kill primary");
        server_do("start primary");
    }
    return store_user_set_findable(db, user, false, e);
}

static void
a_write_that_loses_the_primary_before_its_commit_is_tried_again_once(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    struct cut      once = { .kills = 1 }, twice = { .kills = 2 };

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "cut");
    assert_int_equal(tx_run(f->db, user.id, hide_while_the_primary_is_killed, &twice, &f->e),
                     ERR_STORE_DOWN);
    assert_int_equal(twice.runs, 2);
    OK(store_user_by_id(f->db, user.id, &seen, &f->e));
    assert_true(seen.findable);
    OK(tx_run(f->db, user.id, hide_while_the_primary_is_killed, &once, &f->e));
    assert_int_equal(once.runs, 2);
    OK(store_user_by_id(f->db, user.id, &seen, &f->e));
    assert_false(seen.findable);
}

static void
a_primary_made_read_only_refuses_writes_and_serves_reads(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;

    next_request(f, SLICE_NONE, false);
    user = a_user(f, "readonly");
    server_do("sync"); /* a read that finds no primary takes what a replica has */
    server_sql("primary", "SET GLOBAL read_only = 1");
    assert_int_equal(store_user_set_findable(f->db, user.id, false, &f->e), ERR_STORE_DOWN);
    OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
    server_sql("primary", "SET GLOBAL read_only = 0");
    OK(store_user_set_findable(f->db, user.id, false, &f->e));
}

static void
a_store_begins_without_any_server(void **state)
{
    struct fixture    *f = *state;
    const struct conf *conf = test_conf(f->a, "");
    struct conf        nowhere = *conf;
    struct arena      *a = arena_new();
    struct store      *s;

    nowhere.db_primary = SL("unix:/nowhere/at/all");
    s = store_new(&nowhere);
    assert_int_equal(db_ping(db_lease(s, a, SLICE_NONE, false), &f->e), ERR_STORE_DOWN);
    arena_free(a);
    store_free(s);
}

static int
begin(void **state)
{
    int rc = fixture_begin(state, "");

    if (rc == 0) /* the folder's name is known only now */
        fixture_conf(*state,
                     "db.replica = unix:%s/replica.sock\ndb.connect_timeout = 300\n"
                     "db.query_timeout = 1000\ndb.replica_lag_max = 2\n",
                     test_dir);
    return rc;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_reads_go_to_the_replica),
        cmocka_unit_test(a_writer_reads_what_they_wrote_although_the_replica_is_behind),
        cmocka_unit_test(a_position_that_is_none_costs_nothing),
        cmocka_unit_test(a_position_of_the_future_is_not_waited_for_long),
        cmocka_unit_test(a_document_is_never_older_than_its_writer_knows),
        cmocka_unit_test(what_became_private_is_not_found_although_the_replica_still_has_it),
        cmocka_unit_test(a_replica_too_far_behind_serves_no_reads),
        cmocka_unit_test(without_its_replica_the_primary_serves),
        cmocka_unit_test(a_replica_that_hangs_costs_its_timeout_once_in_a_while),
        cmocka_unit_test(without_its_primary_reads_go_on_and_writes_are_refused),
        cmocka_unit_test(a_primary_that_hangs_costs_its_timeouts_once_in_a_while_and_reads_go_on),
        cmocka_unit_test(with_no_server_at_all_everything_is_down_and_comes_back),
        cmocka_unit_test(a_restart_in_between_fails_no_request),
        cmocka_unit_test(a_restart_under_a_read_is_not_seen),
        cmocka_unit_test(what_a_transaction_did_goes_when_it_is_not_committed),
        cmocka_unit_test(an_inner_failure_takes_the_outer_transaction_with_it),
        cmocka_unit_test(a_primary_lost_inside_a_transaction_undoes_it),
        cmocka_unit_test(a_write_that_loses_the_primary_before_its_commit_is_tried_again_once),
        cmocka_unit_test(a_primary_made_read_only_refuses_writes_and_serves_reads),
        cmocka_unit_test(a_store_begins_without_any_server),
    };

    return RUN_TAP_WITH(tests, begin);
}

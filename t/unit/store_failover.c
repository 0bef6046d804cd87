/* A primary and two replicas: who serves reads, who takes writes, and what happens when the primary is gone. */
#include "store_badges.h"

#include "store/promote.h"
#include "store/status.h"

enum { PRIMARY, REPLICA, SECOND };

static struct store_status
status(struct fixture *f)
{
    struct store_status st;

    store_status(reader(f, SLICE_NONE), &st);
    return st;
}

/* It comes to that within seconds. */
static void
expect(struct fixture *f, int server, enum store_rotation rotation)
{
    struct store_status st = status(f);

    for (int tries = 0; tries < 200 && st.servers[server].rotation != rotation; tries++) {
        usleep(50 * 1000);
        st = status(f);
    }
    assert_string_equal(store_rotation_names[st.servers[server].rotation],
                        store_rotation_names[rotation]);
}

static void
let_all_catch_up(struct fixture *f)
{
    server_do("sync");
    server_do("sync second");
    expect(f, REPLICA, ROTATION_IN);
    expect(f, SECOND, ROTATION_IN);
}

static enum err_code
write_one(struct fixture *f, uint64_t user, bool findable)
{
    next_request(f, SLICE_NONE, false);
    return store_user_set_findable(f->db, user, findable, &f->e);
}

static void
reads_are_shared_by_weight(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    int             count[3] = { 0 };

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "shared");
    let_all_catch_up(f);
    server_sql("replica", "SET SESSION sql_log_bin = 0; UPDATE user SET created_at_s = 1");
    server_sql("second", "SET SESSION sql_log_bin = 0; UPDATE user SET created_at_s = 2");
    for (int i = 0; i < 40; i++) {
        OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
        assert_in_range(seen.created_at_s, 1, 2);
        count[seen.created_at_s]++;
    }
    assert_int_equal(count[REPLICA], 30); /* weight=3 */
    assert_int_equal(count[SECOND], 10);
}

static void
what_lacks_heartbeats_is_behind_whatever_it_says_of_itself(void **state)
{
    struct fixture     *f = *state;
    struct store_status st;

    next_request(f, SLICE_NONE, true);
    OK(store_heartbeat(f->db, &f->e));
    let_all_catch_up(f);
    server_do("delay %d", 30); /* of which it has not said a second yet */
    server_sql("primary", "UPDATE heartbeat SET at_us = at_us + 5000000");
    server_do("sync second");
    st = status(f);
    assert_int_equal(st.servers[REPLICA].rotation, ROTATION_BEHIND);
    assert_int_equal(st.servers[REPLICA].lag_ms, 5000);
    assert_int_equal(st.servers[SECOND].rotation, ROTATION_IN);
    assert_int_equal(st.servers[SECOND].lag_ms, 0);
    server_do("delay %d", 0);
    let_all_catch_up(f);
}

static void
what_has_the_primarys_position_is_not_behind_however_old_the_heartbeat(void **state)
{
    struct fixture *f = *state;
    struct user     user;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "stopped");
    server_sql("primary", "UPDATE heartbeat SET at_us = at_us - 3600000000");
    let_all_catch_up(f);
    server_sql("replica", "STOP SLAVE");
    assert_int_equal(status(f).servers[REPLICA].rotation, ROTATION_IN);
    assert_int_equal(status(f).servers[REPLICA].lag_ms, 0);
    OK(write_one(f, user.id, false));
    assert_int_equal(status(f).servers[REPLICA].rotation, ROTATION_STOPPED);
    server_sql("replica", "START SLAVE");
    let_all_catch_up(f);
}

static void
heartbeats_are_one_a_second_whoever_writes_them(void **state)
{
    struct fixture *f = *state;
    struct slice    before;

    next_request(f, SLICE_NONE, true);
    OK(store_heartbeat(f->db, &f->e));
    before = arena_copy(f->a, status(f).servers[PRIMARY].position);
    OK(store_heartbeat(f->db, &f->e));
    assert_slice_equal(status(f).servers[PRIMARY].position, before);
    /* Also when the primary's clock was set back. */
    server_sql("primary", "UPDATE heartbeat SET at_us = at_us + 3600000000");
    next_request(f, SLICE_NONE, true);
    OK(store_heartbeat(f->db, &f->e));
    server_must("primary", "(SELECT at_us FROM heartbeat) <="
                           " TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))");
    let_all_catch_up(f);
}

static void
a_replica_that_hangs_is_slow_and_comes_back(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;
    int64_t         began_ms;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "slow");
    let_all_catch_up(f);
    server_do("freeze second");
    assert_int_equal(status(f).servers[SECOND].rotation, ROTATION_SLOW);
    began_ms = clock_monotonic_ms();
    for (int i = 0; i < 20; i++)
        OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 400);
    server_do("thaw second");
    expect(f, SECOND, ROTATION_IN);
}

static void
a_replica_that_is_not_there_is_down_and_comes_back(void **state)
{
    struct fixture *f = *state;

    server_do("stop second");
    assert_int_equal(status(f).servers[SECOND].rotation, ROTATION_DOWN);
    server_do("start second");
    expect(f, SECOND, ROTATION_IN);
}

static void
what_knows_of_another_promotion_is_astray(void **state)
{
    struct fixture *f = *state;

    server_sql("second", "SET SESSION sql_log_bin = 0; UPDATE heartbeat SET term = 0");
    assert_int_equal(status(f).servers[SECOND].rotation, ROTATION_ASTRAY);
    server_sql("second", "SET SESSION sql_log_bin = 0; UPDATE heartbeat SET term = 1");
    assert_int_equal(status(f).servers[SECOND].rotation, ROTATION_IN);
}

static void
a_replica_left_writable_is_no_primary(void **state)
{
    struct fixture     *f = *state;
    struct store_status st;
    struct user         user, seen;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "writable");
    let_all_catch_up(f);
    server_sql("second", "SET GLOBAL read_only = 0");
    server_do("kill primary");
    assert_int_equal(write_one(f, user.id, false), ERR_STORE_DOWN);
    OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
    st = status(f);
    assert_false(st.writable);
    assert_true(st.counted); /* a replica says what waits */
    server_do("start primary");
    OK(write_one(f, user.id, false));
    server_sql("second", "SET GLOBAL read_only = 1");
    let_all_catch_up(f);
}

/* ---- semi-synchronous replication ---------------------------------------------------------------- */

static void
semisync(bool on)
{
    static const char *const replicas[] = { "replica", "second" };
    char                     line[256];

    snprintf(line, sizeof line,
             "SET GLOBAL rpl_semi_sync_master_timeout = 4294967295, GLOBAL"
             " rpl_semi_sync_master_wait_point = 'AFTER_SYNC', GLOBAL rpl_semi_sync_master_enabled"
             " = %d",
             on);
    server_sql("primary", line);
    for (size_t i = 0; i < COUNT_OF(replicas); i++) {
        snprintf(line, sizeof line,
                 "SET GLOBAL rpl_semi_sync_slave_enabled = %d; STOP SLAVE IO_THREAD;"
                 " START SLAVE IO_THREAD",
                 on);
        server_sql(replicas[i], line);
    }
}

static void
expect_writes_again(struct fixture *f, uint64_t user)
{
    enum err_code rc = write_one(f, user, true);

    for (int tries = 0; tries < 200 && rc != ERR_NONE; tries++) {
        usleep(50 * 1000);
        rc = write_one(f, user, true);
    }
    assert_int_equal(rc, ERR_NONE);
}

/* As `obi status` sees it, which never wrote. */
static bool
are_writes_taken(struct fixture *f)
{
    struct arena       *a = arena_new();
    struct store       *another = store_new(f->conf);
    struct store_status st;

    store_status(db_lease(another, a, SLICE_NONE, false), &st);
    arena_free(a);
    store_free(another);
    return st.writable;
}

static void
a_write_nobody_acknowledges_is_refused_in_time_and_the_next_at_once(void **state)
{
    struct fixture     *f = *state;
    struct store_status st;
    struct user         user, seen;
    int64_t             began_ms;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "unacknowledged");
    let_all_catch_up(f);
    semisync(true);
    for (int tries = 0; tries < 100 && status(f).semisync.clients < 2; tries++)
        usleep(50 * 1000);
    st = status(f);
    assert_true(st.semisync.on);
    assert_int_equal(st.semisync.clients, 2);
    OK(write_one(f, user.id, true));
    assert_true(are_writes_taken(f));
    server_do("freeze replica");
    OK(write_one(f, user.id, false)); /* one is enough */
    server_do("freeze second");
    began_ms = clock_monotonic_ms();
    assert_int_equal(write_one(f, user.id, true), ERR_STORE_DOWN);
    assert_in_range(clock_monotonic_ms() - began_ms, 900, 2500);
    (void)write_one(f, user.id, true); /* which finds the replicas hang */
    began_ms = clock_monotonic_ms();
    for (int i = 0; i < 5; i++)
        assert_int_equal(write_one(f, user.id, true), ERR_STORE_DOWN);
    next_request(f, SLICE_NONE, true);
    OK(store_user_by_id(f->db, user.id, &seen, &f->e)); /* the primary's reads go on */
    assert_false(db_degraded(f->db));
    assert_in_range(clock_monotonic_ms() - began_ms, 0, 400);
    for (int tries = 0; tries < 100 && are_writes_taken(f); tries++)
        usleep(50 * 1000);
    assert_false(are_writes_taken(f));
    server_do("thaw replica");
    server_do("thaw second");
    expect_writes_again(f, user.id);
    assert_int_equal(status(f).semisync.waiting, 0);
    assert_true(are_writes_taken(f));
    semisync(false);
    let_all_catch_up(f);
}

/* ---- promotion ----------------------------------------------------------------------------------- */

static void
say(struct slice line, void *self)
{
    (void)self;
    printf("# %.*s\n", SLICE_FMT(line));
}

static enum promote_end
promote(struct fixture *f, struct promote_wish wish)
{
    struct arena    *a = arena_new();
    struct store    *admin = store_new_as_admin(f->conf, SL("root"), SL(""));
    enum promote_end end = store_promote(db_lease(admin, a, SLICE_NONE, true), &wish, say, NULL);

    arena_free(a);
    store_free(admin);
    return end;
}

/* The server that took it. */
static void
assert_written_at(const char *server, const char *email, bool there)
{
    char line[256];

    snprintf(line, sizeof line,
             "%d = (SELECT COUNT(*) FROM user_email WHERE email_key = '%s@example.org')", there,
             email);
    server_must(server, line);
}

/* What was made private since may be in it. */
static void
without_a_primary_nobody_reads_what_was_a_minute_behind(void **state)
{
    struct fixture *f = *state;
    struct user     user, seen;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "outofdate");
    let_all_catch_up(f);
    server_sql("replica", "STOP SLAVE");
    server_sql("primary", "UPDATE heartbeat SET at_us = at_us + 61000000");
    OK(write_one(f, user.id, false));
    server_do("sync second");
    expect(f, SECOND, ROTATION_IN);
    expect(f, REPLICA, ROTATION_STOPPED);
    server_do("kill primary");
    for (int i = 0; i < 4; i++) {
        OK(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e));
        assert_false(seen.findable);
    }
    server_do("kill second");
    assert_int_equal(store_user_by_id(reader(f, SLICE_NONE), user.id, &seen, &f->e),
                     ERR_STORE_DOWN);
    server_do("start primary");
    server_do("start second");
    server_sql("replica", "START SLAVE");
    next_request(f, SLICE_NONE, true);
    OK(store_heartbeat(f->db, &f->e));
    let_all_catch_up(f);
}

static void
nothing_is_promoted_while_a_primary_takes_writes(void **state)
{
    struct fixture *f = *state;
    struct user     user;

    next_request(f, SLICE_NONE, true);
    user = a_user(f, "notyet");
    assert_int_equal(promote(f, (struct promote_wish){ 0 }), PROMOTE_REFUSED);
    OK(write_one(f, user.id, false));
    let_all_catch_up(f);
}

static void
nothing_is_promoted_while_a_replica_is_missing_too(void **state)
{
    struct fixture *f = *state;

    server_do("kill primary");
    server_do("kill second");
    assert_int_equal(promote(f, (struct promote_wish){ 0 }), PROMOTE_REFUSED);
    assert_false(status(f).writable);
    server_do("start primary");
    server_do("start second");
    let_all_catch_up(f);
}

static void
the_one_that_received_most_is_promoted_and_the_workers_find_it(void **state)
{
    struct fixture    *f = *state;
    struct user        user, seen;
    struct slice       position;
    struct store      *other;
    struct arena      *a = arena_new();
    const struct conf *conf = test_conf(f->a, "");
    struct conf        partial = *conf;
    struct slice       second = arena_printf(f->a, "unix:%s/second.sock", test_dir);

    let_all_catch_up(f);
    server_sql("second", "STOP SLAVE IO_THREAD"); /* from here on it lacks something */
    next_request(f, SLICE_NONE, true);
    user = a_user(f, "before");
    server_do("sync");
    server_do("kill primary");
    assert_int_equal(write_one(f, user.id, false), ERR_STORE_DOWN);
    assert_int_equal(promote(f, (struct promote_wish){ 0 }), PROMOTED);
    next_request(f, SLICE_NONE, false);
    OK(store_user_set_findable(f->db, user.id, false, &f->e));
    position = arena_copy(f->a, db_position(f->db));
    assert_true(position.n > 0);
    OK(store_user_by_id(reader(f, position), user.id, &seen, &f->e));
    assert_false(seen.findable);
    assert_false(db_degraded(f->db));
    expect(f, REPLICA, ROTATION_PRIMARY);
    expect(f, SECOND, ROTATION_IN); /* follows it */

    /* The old primary comes back and takes writes: nobody goes there. */
    server_do("start primary");
    expect(f, PRIMARY, ROTATION_ASTRAY);
    next_request(f, SLICE_NONE, false);
    a_user(f, "after");
    assert_written_at("replica", "after", true);
    assert_written_at("primary", "after", false);
    /* Nor does one who begins now, also when it does not know the new primary at all. */
    other = store_new(f->conf);
    OK(store_user_set_findable(db_lease(other, a, SLICE_NONE, false), user.id, true, &f->e));
    arena_empty(a);
    store_free(other);
    partial.db_replicas = (struct conf_list){ &second, 1 };
    other = store_new(&partial);
    assert_int_equal(
        store_user_set_findable(db_lease(other, a, SLICE_NONE, false), user.id, false, &f->e),
        ERR_STORE_DOWN);
    arena_free(a);
    store_free(other);
}

static void
a_primary_that_is_there_hands_over(void **state)
{
    struct fixture     *f = *state;
    struct promote_wish wish = { .server = arena_printf(f->a, "unix:%s/primary.sock", test_dir) };
    struct user         user, seen;
    struct store       *worker = store_new(f->conf);
    struct arena       *a = arena_new();

    server_sql("primary", "SET GLOBAL read_only = 1");
    server_do("follow primary replica");
    expect(f, PRIMARY, ROTATION_IN);
    next_request(f, SLICE_NONE, true);
    user = a_user(f, "handover");
    assert_int_equal(promote(f, wish), PROMOTE_REFUSED);
    wish.hand_over = true;
    OK(db_ping(db_lease(worker, a, SLICE_NONE, true),
               &f->e)); /* looked at the servers just before */
    arena_empty(a);
    assert_int_equal(promote(f, wish), PROMOTED);
    OK(write_one(f, user.id, false));
    OK(store_user_by_id(db_lease(worker, a, SLICE_NONE, true), user.id, &seen, &f->e));
    assert_false(seen.findable); /* who read before does not read the old primary any more */
    arena_free(a);
    store_free(worker);
    assert_written_at("primary", "handover", true);
    expect(f, PRIMARY, ROTATION_PRIMARY);
    server_do("follow replica primary");
    let_all_catch_up(f);
}

static int
begin(void **state)
{
    int rc = fixture_begin(state, "");

    if (rc != 0)
        return rc;
    server_do("add second");
    fixture_conf(*state,
                 "db.replica = unix:%s/replica.sock weight=3\ndb.replica = unix:%s/second.sock\n"
                 "db.connect_timeout = 300\ndb.query_timeout = 1000\ndb.replica_lag_max = 2\n",
                 test_dir, test_dir);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_are_shared_by_weight),
        cmocka_unit_test(what_lacks_heartbeats_is_behind_whatever_it_says_of_itself),
        cmocka_unit_test(what_has_the_primarys_position_is_not_behind_however_old_the_heartbeat),
        cmocka_unit_test(heartbeats_are_one_a_second_whoever_writes_them),
        cmocka_unit_test(a_replica_that_hangs_is_slow_and_comes_back),
        cmocka_unit_test(a_replica_that_is_not_there_is_down_and_comes_back),
        cmocka_unit_test(what_knows_of_another_promotion_is_astray),
        cmocka_unit_test(a_replica_left_writable_is_no_primary),
        cmocka_unit_test(a_write_nobody_acknowledges_is_refused_in_time_and_the_next_at_once),
        cmocka_unit_test(without_a_primary_nobody_reads_what_was_a_minute_behind),
        cmocka_unit_test(nothing_is_promoted_while_a_primary_takes_writes),
        cmocka_unit_test(nothing_is_promoted_while_a_replica_is_missing_too),
        cmocka_unit_test(the_one_that_received_most_is_promoted_and_the_workers_find_it),
        cmocka_unit_test(a_primary_that_is_there_hands_over),
    };

    return RUN_TAP_WITH(tests, begin);
}

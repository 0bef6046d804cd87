/* Where a redirect leads is asked as seldom as where it began. Two issuers on this machine, a virtual clock, a real
 * database. */
#include "store_badges.h"

#include "peer.h"

#include "jobs/recheck.h"
#include "store/recheck.h"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

/* What the test makes them answer, and what they saw. */
static struct {
    struct server from, to;
    int           status; /* of `to` */
    int           leads;  /* the port that `from` leads to */
    atomic_int    from_asked, to_asked;
    int64_t       to_asked_ms;
} peers;

static struct fixture   *f;
static struct rechecker *rechecker;

static void
serve(struct server *s, int fd)
{
    char request[2048], path[256], answer[400];
    bool leads = s == &peers.from;

    while (peer_hear(fd, request, sizeof request, path, sizeof path)) {
        if (leads) {
            peers.from_asked++;
            snprintf(answer, sizeof answer,
                     "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d%s\r\n"
                     "Content-Length: 0\r\n\r\n",
                     peers.leads, path);
        } else {
            peers.to_asked++;
            peers.to_asked_ms = clock_now_ms();
            snprintf(answer, sizeof answer, "HTTP/1.1 %d So\r\nContent-Length: 0\r\n\r\n",
                     peers.status);
        }
        peer_say(fd, answer);
    }
}

static struct slice
url_at(int port, int n)
{
    return arena_printf(f->a, "http://127.0.0.1:%d/a/%d", port, n);
}

static uint64_t
host_at(int port)
{
    return store_host_id(url_at(port, 0));
}

static long
failures_of(int port)
{
    return root_number(arena_printf(f->a,
                                    "SELECT COALESCE(MAX(failures), 0) FROM check_host WHERE id = "
                                    "%llu",
                                    (unsigned long long)host_at(port))
                           .p);
}

/* So many badges, all due, whose issuer answers with a redirect to that port. */
static void
due_badges(int count, int leads)
{
    struct user user = a_user(f, "learner");

    server_sql("primary", "DELETE FROM badge; DELETE FROM check_host; DELETE FROM badge_history");
    next_request(f, SLICE_NONE, true);
    peers.leads = leads;
    peers.status = 404;
    peers.from_asked = peers.to_asked = 0;
    for (int n = 0; n < count; n++) {
        struct badge_new badge = new_badge(f, user, n);
        uint64_t         id;

        badge.hosted_url = url_at(peers.from.port, n);
        badge.checked_at_s = clock_now_s() - 2 * DAY_MS / 1000;
        OK(store_badge_add(f->db, user.id, &badge, &id, &f->e));
    }
    rechecker_free(rechecker);
    OK(rechecker_new(f->conf, NULL, &rechecker, &f->e));
}

static void
take_slot(int port, int64_t apart_ms)
{
    struct host_slot slot;

    OK(store_host_slot(f->db, host_at(port), apart_ms, 0, &slot, &f->e));
}

static void
once(void)
{
    OK(recheck_once(rechecker, &f->e));
}

static void
a_redirect_waits_for_the_turn_of_the_host_it_leads_to(void **state)
{
    int64_t began_ms;
    (void)state;

    due_badges(1, peers.to.port);
    began_ms = clock_now_ms();
    take_slot(peers.to.port, 5000); /* somebody else asks it now */
    once();
    assert_int_equal(peers.to_asked, 1);
    assert_true(peers.to_asked_ms >= began_ms + 5000);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge WHERE status = 'unchecked' AND"
                                 " status_reason = 'not-hosted'"),
                     1);
}

static void
a_host_that_rests_is_not_asked_through_another(void **state)
{
    (void)state;

    due_badges(1, peers.to.port);
    take_slot(peers.to.port, HOUR_MS);
    once();
    assert_int_equal(peers.from_asked, 1);
    assert_int_equal(peers.to_asked, 0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge_history"), 0); /* nothing is known */
    clock_sleep_ms(HOUR_MS - 60000);
    once();
    assert_int_equal(peers.from_asked, 1);
    clock_sleep_ms(120000);
    once();
    assert_int_equal(peers.to_asked, 1);
}

/* The one that leads there is as well as before. */
static void
a_failure_counts_against_the_host_that_failed(void **state)
{
    struct server gone;
    (void)state;

    server_start(&gone, "127.0.0.1", serve);
    server_stop(&gone);
    due_badges(1, gone.port);
    once();
    assert_int_equal(failures_of(gone.port), 1);
    assert_int_equal(failures_of(peers.from.port), 0);
    assert_int_equal(
        root_number("SELECT COUNT(*) FROM badge WHERE status_reason = 'fetch-connect'"), 1);
}

static void
those_who_are_led_to_a_host_that_just_failed_are_told_so(void **state)
{
    (void)state;

    due_badges(3, peers.to.port);
    peers.status = 503;
    once();
    assert_int_equal(peers.from_asked, 3);
    assert_int_equal(peers.to_asked, 1);
    assert_int_equal(failures_of(peers.to.port), 1);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge WHERE status_reason = 'http-503'"), 3);
    peers.status = 404;
    clock_sleep_ms(DAY_MS);
    once();
    assert_int_equal(peers.to_asked, 4);
    assert_int_equal(failures_of(peers.to.port), 0);
}

static int
begin(void **state)
{
    if (fixture_begin(state, "recheck.per_minute = 60000\nfetch.allow_net = 127.0.0.0/8\n") != 0)
        return -1;
    f = *state;
    log_set_level(ERR_LEVEL_ERROR + 1);
    server_start(&peers.from, "127.0.0.1", serve);
    server_start(&peers.to, "127.0.0.1", serve);
    clock_virtual();
    return 0;
}

static int
end(void **state)
{
    rechecker_free(rechecker);
    server_stop(&peers.from);
    server_stop(&peers.to);
    return fixture_end(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redirect_waits_for_the_turn_of_the_host_it_leads_to),
        cmocka_unit_test(a_host_that_rests_is_not_asked_through_another),
        cmocka_unit_test(a_failure_counts_against_the_host_that_failed),
        cmocka_unit_test(those_who_are_led_to_a_host_that_just_failed_are_told_so),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

/* What processes count in one file: together, killed or not, and as Prometheus reads it. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "metrics/metrics.h"

static char          folder[40];
static struct arena *a;

static int
begin(void **state)
{
    (void)state;
    log_set_level(ERR_LEVEL_ERROR);
    a = arena_new();
    strcpy(folder, "/tmp/obi-metrics-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int
end(void **state)
{
    char command[60];
    (void)state;

    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    arena_free(a);
    return 0;
}

/* Another process. */
static pid_t
start(void (*run)(void))
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    run();
    _exit(0);
}

static void
finish(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* As a worker does that is started: the locks of one open file are its own. */
static void
open_counts(void)
{
    metrics_open(arena_printf(a, "%s/counts", folder));
}

static const char *
text(void)
{
    struct sbuf b;

    sbuf_init(&b, a);
    metrics_write(&b);
    return sbuf_slice(&b).p;
}

/* The value of a sample, whose name and labels are the beginning of its line; -1 where there is none. */
static double
value(const char *sample)
{
    const char *line = strstr(text(), arena_printf(a, "\n%s ", sample).p);

    return line == NULL ? -1 : strtod(line + strlen(sample) + 2, NULL);
}

static const struct slice labels = SL("pool=\"read\",method=\"GET\",route=\"/x/:id\"");
#define OF "{pool=\"read\",method=\"GET\",route=\"/x/:id\""

static void
ask_thousand_times(void)
{
    struct metrics_request request = { .status = 200, .took_us = 300, .database_us = 100 };
    unsigned               row;

    open_counts();
    row = metrics_row(labels);
    for (int i = 0; i < 1000; i++)
        metrics_request(row, &request);
}

static void
processes_count_together(void **state)
{
    pid_t one = start(ask_thousand_times), other = start(ask_thousand_times);
    (void)state;

    finish(one);
    finish(other);
    assert_true(value("obi_http_requests_total" OF ",status=\"2xx\"}") == 2000);
    assert_true(value("obi_http_requests_total" OF ",status=\"5xx\"}") == 0);
    assert_true(value("obi_http_request_parts_seconds_total" OF ",part=\"database\"}") == 0.2);
    assert_true(value("obi_http_request_parts_seconds_total" OF ",part=\"fetch\"}") == 0);
}

static void
a_histogram_adds_up(void **state)
{
    static const int64_t took_us[] = { 0, 250, 251, 30 * 1000 * 1000, 30 * 1000 * 1000 + 1 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(took_us); i++)
        metrics_fetch(&(struct metrics_fetch){ BY_RECHECK, ERR_NONE, CAUSE_NONE, 200, took_us[i] });
    assert_true(value("obi_fetch_duration_seconds_bucket{by=\"recheck\",le=\"0.00025\"}") == 2);
    assert_true(value("obi_fetch_duration_seconds_bucket{by=\"recheck\",le=\"0.0005\"}") == 3);
    assert_true(value("obi_fetch_duration_seconds_bucket{by=\"recheck\",le=\"10\"}") == 3);
    assert_true(value("obi_fetch_duration_seconds_bucket{by=\"recheck\",le=\"30\"}") == 4);
    assert_true(value("obi_fetch_duration_seconds_bucket{by=\"recheck\",le=\"+Inf\"}") == 5);
    assert_true(value("obi_fetch_duration_seconds_count{by=\"recheck\"}") == 5);
    assert_true(value("obi_fetch_duration_seconds_sum{by=\"recheck\"}") == 60.000502);
    assert_true(value("obi_fetch_duration_seconds_count{by=\"signed_in\"}") == 0);
}

static void
what_a_fetch_came_to_is_told_apart(void **state)
{
    (void)state;
    metrics_fetch(&(struct metrics_fetch){ BY_ANONYMOUS, ERR_FETCH_TLS, CAUSE_TLS_EXPIRED, 0, 10 });
    metrics_fetch(&(struct metrics_fetch){ BY_ANONYMOUS, ERR_FETCH_DNS, CAUSE_NONE, 0, 10 });
    metrics_fetch(&(struct metrics_fetch){ BY_ANONYMOUS, ERR_NONE, CAUSE_NONE, 404, 10 });
    assert_true(value("obi_fetches_total{by=\"anonymous\",result=\"FETCH_TLS\"}") == 1);
    assert_true(value("obi_fetches_total{by=\"anonymous\",result=\"FETCH_DNS\"}") == 1);
    assert_true(value("obi_fetches_total{by=\"anonymous\",result=\"FETCH_TIMEOUT\"}") == 0);
    assert_true(value("obi_fetches_total{by=\"anonymous\",result=\"4xx\"}") == 1);
    assert_true(value("obi_fetches_total{by=\"anonymous\",result=\"2xx\"}") == 0);
    assert_true(value("obi_fetch_causes_total{cause=\"TLS_EXPIRED\"}") == 1);
    assert_true(value("obi_fetch_causes_total{cause=\"TLS_EARLY\"}") == -1);
}

static void
failures_and_single_values(void **state)
{
    struct metrics_request request = { .status = 503, .failure = ERR_STORE_DOWN, .took_us = 1 };
    (void)state;

    metrics_request(0, &request);
    assert_true(
        value("obi_http_requests_total{pool=\"\",method=\"\",route=\"other\",status=\"5xx\"}") ==
        1);
    assert_true(value("obi_http_failures_total{code=\"STORE_DOWN\"}") == 1);
    metrics_add(METRIC_MAIL_REFUSED);
    metrics_add(METRIC_LIMIT_PUSH);
    assert_true(value("obi_mails_total{result=\"refused\"}") == 1);
    assert_true(value("obi_mails_total{result=\"sent\"}") == 0);
    assert_true(value("obi_limits_reached_total{limit=\"push\"}") == 1);
}

/* ---- workers ------------------------------------------------------------------------------------- */

static int ready[2];

static void
work_until_killed(void)
{
    open_counts();
    metrics_worker(3);
    metrics_busy(true);
    metrics_add(METRIC_MAIL_SENT);
    assert_int_equal(write(ready[1], "", 1), 1);
    for (;;)
        pause();
}

static void
have_workers(unsigned pool, uint64_t all, uint64_t busy)
{
    uint64_t has_all, has_busy;

    metrics_workers(pool, &has_all, &has_busy);
    assert_int_equal(has_all, all);
    assert_int_equal(has_busy, busy);
}

static void
one_that_is_killed_at_work_is_not_busy_any_more(void **state)
{
    pid_t one, other;
    char  byte;
    (void)state;

    assert_int_equal(pipe(ready), 0);
    have_workers(3, 0, 0);
    one = start(work_until_killed);
    other = start(work_until_killed);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    have_workers(3, 2, 2);
    have_workers(2, 0, 0);
    kill(one, SIGKILL);
    waitpid(one, NULL, 0);
    have_workers(3, 1, 1);
    assert_true(value("obi_mails_total{result=\"sent\"}") == 2); /* nothing it counted is lost */
    /* The next one takes its place, and has no request yet; it sees itself too. */
    metrics_worker(3);
    have_workers(3, 2, 1);
    metrics_busy(true);
    have_workers(3, 2, 2);
    metrics_busy(false);
    have_workers(3, 2, 1);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    have_workers(3, 1, 0);
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static void
a_row_is_found_again_and_too_many_share_one(void **state)
{
    unsigned row = metrics_row(SL("pool=\"a\"")), last = 1;
    (void)state;

    assert_int_equal(metrics_row(SL("pool=\"a\"")), row);
    assert_int_not_equal(metrics_row(SL("pool=\"b\"")), row);
    for (int i = 0; i < 300; i++)
        last = metrics_row(arena_printf(a, "pool=\"%d\"", i));
    assert_int_equal(last, 0);
    assert_int_equal(metrics_row(SL("pool=\"a\"")), row);
}

/* ---- as text ------------------------------------------------------------------------------------- */

/* promtool says the same of a whole stack in t/http/metrics.t. */
static void
each_family_stands_once_and_together(void **state)
{
    struct slice rest = slice_str(text()), line, family = SLICE_NONE;
    size_t       families = 0;
    (void)state;

    while (slice_next(&rest, '\n', &line)) {
        if (slice_starts(line, SL("# HELP "))) {
            line = slice_from(line, sizeof "# HELP " - 1);
            slice_next(&line, ' ', &family);
            assert_true(line.n > 0);
            families++;
        } else if (line.n > 0 && !slice_starts(line, SL("#"))) {
            assert_true(slice_starts(line, family));
        }
    }
    /* What is not counted here stands beside it. */
    assert_true(families >= 10 && families <= METRIC_COUNT);
}

/* ---- no file ------------------------------------------------------------------------------------- */

static void
count_without_a_file(void)
{
    metrics_worker(1);
    metrics_busy(true);
    metrics_request(metrics_row(labels), &(struct metrics_request){ .status = 200 });
    metrics_add(METRIC_MAIL_SENT);
    metrics_busy(false);
}

static void
open_other(void)
{
    metrics_open(arena_printf(a, "%s/other", folder));
    if (!metrics_are_shared())
        _exit(1);
}

/* The first test: the process has none yet. */
static void
without_a_file_all_goes_on(void **state)
{
    (void)state;
    metrics_open(SL("/nonexistent/counts"));
    assert_false(metrics_are_shared());
    count_without_a_file();
    have_workers(1, 0, 0);
    assert_non_null(strstr(text(), "\nobi_metrics_shared 0\n"));
    assert_null(strstr(text(), "obi_http"));
    /* Nor does a file that was cut. */
    finish(start(open_other));
    assert_int_equal(system(arena_printf(a, "truncate -s 10 %s/other.*", folder).p), 0);
    metrics_open(arena_printf(a, "%s/other", folder));
    assert_false(metrics_are_shared());
    open_counts();
    assert_true(metrics_are_shared());
    assert_true(value("obi_mails_total{result=\"sent\"}") == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_all_goes_on),
        cmocka_unit_test(processes_count_together),
        cmocka_unit_test(a_histogram_adds_up),
        cmocka_unit_test(what_a_fetch_came_to_is_told_apart),
        cmocka_unit_test(failures_and_single_values),
        cmocka_unit_test(one_that_is_killed_at_work_is_not_busy_any_more),
        cmocka_unit_test(a_row_is_found_again_and_too_many_share_one),
        cmocka_unit_test(each_family_stands_once_and_together),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

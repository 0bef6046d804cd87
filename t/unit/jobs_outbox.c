/* Mails leave the outbox, through outages of the database and of the mail server. */
#include "store_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "core/rand.h"
#include "jobs/jobs.h"

static const char *const person = "ann.secret@example.org";

/* What a test holds beside the servers: the job's configuration, a folder for mails, and what is logged. */
struct jobs_test {
    struct fixture *f;
    struct conf     conf;
    struct jobs    *jobs;
    char            folder[40];
    char            clock[60];
};

static int
begin(void **state)
{
    struct jobs_test *t = calloc(1, sizeof *t);

    if (fixture_begin(state, "") != 0)
        return -1;
    t->f = *state;
    log_set_level(ERR_LEVEL_ERROR + 1); /* but in the process whose log is looked at */
    t->conf = *t->f->conf;
    strcpy(t->folder, "/tmp/obi-jobs-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    snprintf(t->clock, sizeof t->clock, "%s.clock", t->folder);
    setenv("OBI_CLOCK_FILE", t->clock, 1);
    *state = t;
    return 0;
}

static int
end(void **state)
{
    struct jobs_test *t = *state;
    void             *fixture = t->f;
    char              command[100];

    if (t->jobs != NULL)
        jobs_free(t->jobs);
    snprintf(command, sizeof command, "rm -rf %s %s.clock", t->folder, t->folder);
    assert_int_equal(system(command), 0);
    free(t);
    return fixture_end(&fixture);
}

static void
set_clock(struct jobs_test *t, int offset_s)
{
    FILE *file = fopen(t->clock, "w");

    fprintf(file, "%d\n", offset_s);
    fclose(file);
}

static int
count_mails(struct jobs_test *t)
{
    DIR           *dir = opendir(t->folder);
    struct dirent *entry;
    int            count = 0;

    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void
remove_mails(struct jobs_test *t)
{
    char command[100];

    snprintf(command, sizeof command, "rm -f %s/*", t->folder);
    assert_int_equal(system(command), 0);
}

/* An empty outbox and folder, the real time, and a job that writes into the folder. */
static void
start_over(struct jobs_test *t)
{
    struct fixture *f = t->f;

    if (t->jobs != NULL)
        jobs_free(TAKE(t->jobs));
    remove_mails(t);
    set_clock(t, 0);
    server_sql("primary", "DELETE FROM outbox");
    t->conf.mail_url = arena_printf(f->a, "file:%s", t->folder);
    OK(jobs_new(&t->conf, &t->jobs, &f->e));
    next_request(f, SLICE_NONE, true);
}

static void
put_mail(struct jobs_test *t, const char *to)
{
    struct fixture *f = t->f;

    OK(store_outbox_add(f->db, slice_str(to), SL("Sign in"), SL("http://localhost:1/signin/x\n"),
                        &f->e));
}

static size_t
round_of(struct jobs_test *t)
{
    struct fixture *f = t->f;
    size_t          sent = 0;

    OK(jobs_round(t->jobs, &sent, &f->e));
    return sent;
}

static void
a_mail_leaves_once(void **state)
{
    struct jobs_test *t = *state;

    start_over(t);
    put_mail(t, person);
    assert_int_equal(round_of(t), 1);
    assert_int_equal(count_mails(t), 1);
    assert_int_equal(round_of(t), 0);
    set_clock(t, 90000);
    assert_int_equal(round_of(t), 0);
    assert_int_equal(count_mails(t), 1);
}

static void
two_senders_send_one_mail_once(void **state)
{
    struct jobs_test   *t = *state;
    struct fixture     *f = t->f;
    struct outbox_mail *claimed;
    size_t              count;

    start_over(t);
    put_mail(t, person);
    OK(store_outbox_claim(f->db, 10, &claimed, &count, &f->e)); /* the other one */
    assert_int_equal(count, 1);
    assert_int_equal(round_of(t), 0);
    set_clock(t, 61); /* it died */
    assert_int_equal(round_of(t), 1);
}

static void
what_no_address_can_get_is_not_tried_for_ever(void **state)
{
    struct jobs_test *t = *state;

    start_over(t);
    put_mail(t, "ann@example.org>\r\nBcc: all@example.org");
    put_mail(t, person);
    assert_int_equal(round_of(t), 1);
    set_clock(t, 4000);
    assert_int_equal(round_of(t), 0);
    assert_int_equal(count_mails(t), 1);
}

static void
a_mail_waits_while_its_server_is_away(void **state)
{
    struct jobs_test *t = *state;

    start_over(t);
    put_mail(t, person);
    assert_int_equal(rmdir(t->folder), 0);
    assert_int_equal(round_of(t), 0);
    assert_int_equal(mkdir(t->folder, 0700), 0);
    assert_int_equal(round_of(t), 0); /* not before a minute is over */
    set_clock(t, 61);
    assert_int_equal(round_of(t), 1);
    assert_int_equal(count_mails(t), 1);
}

static void
a_mail_that_nobody_takes_for_a_day_is_given_up(void **state)
{
    struct jobs_test *t = *state;
    struct fixture   *f = t->f;

    start_over(t);
    put_mail(t, person);
    jobs_free(TAKE(t->jobs));
    t->conf.mail_url = SL("smtp://127.0.0.1:1"); /* nobody listens there */
    set_clock(t, 86401);
    OK(jobs_new(&t->conf, &t->jobs, &f->e)); /* a job that begins sweeps at once */
    assert_int_equal(round_of(t), 0);
    jobs_free(TAKE(t->jobs));
    t->conf.mail_url = arena_printf(f->a, "file:%s", t->folder);
    OK(jobs_new(&t->conf, &t->jobs, &f->e));
    set_clock(t, 100000);
    assert_int_equal(round_of(t), 0);
    assert_int_equal(count_mails(t), 0);
}

static void
rounds_go_on_through_an_outage_of_the_database(void **state)
{
    struct jobs_test *t = *state;
    size_t            sent = 0;

    start_over(t);
    put_mail(t, person);
    server_do("stop primary");
    assert_int_equal(jobs_round(t->jobs, &sent, &t->f->e), ERR_STORE_DOWN);
    assert_int_equal(jobs_round(t->jobs, &sent, &t->f->e), ERR_STORE_DOWN);
    assert_int_equal(sent, 0);
    server_do("start primary");
    assert_int_equal(round_of(t), 1);
}

static void
what_time_has_ended_is_removed(void **state)
{
    struct jobs_test *t = *state;
    struct fixture   *f = t->f;
    struct user       user;
    struct session   *sessions;
    size_t            count;

    start_over(t);
    OK(store_user_for_email(f->db, SL("bob@example.org"), &user, &f->e));
    OK(store_session_add(f->db, user.id, SL("token"), SL("agent"), &f->e));
    OK(store_rate_take(f->db, METRIC_LIMIT_PUSH, SL("bucket"), 1, 60, &f->e));
    round_of(t);
    OK(store_session_list(f->db, user.id, &sessions, &count, &f->e));
    assert_int_equal(count, 1);
    jobs_free(TAKE(t->jobs));
    set_clock(t, 40000000);
    OK(jobs_new(&t->conf, &t->jobs, &f->e));
    round_of(t);
    server_sql("primary",
               "SELECT IF((SELECT COUNT(*) FROM session) + (SELECT COUNT(*) FROM rate) = 0,"
               " 1, (SELECT 1 UNION SELECT 2))"); /* fails when there is a row */
}

/* Runs the job as a process of its own, its log in a file. */
static pid_t
start_job(struct jobs_test *t, const char *log)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct jobs *jobs;
        struct err   e;
        int          fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        dup2(fd, STDERR_FILENO);
        log_set_level(ERR_LEVEL_INFO);
        if (jobs_new(&t->conf, &jobs, &e) != ERR_NONE)
            _exit(1);
        jobs_run(jobs);
        _exit(0);
    }
    return pid;
}

static int
end_job(pid_t pid, int signal_sent)
{
    int status;

    kill(pid, signal_sent);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void
wait_for_mails(struct jobs_test *t, int count)
{
    for (int i = 0; i < 1000 && count_mails(t) < count; i++)
        usleep(10000);
    assert_int_equal(count_mails(t), count);
}

static void
a_process_sends_until_it_is_told_to_end_and_names_nobody(void **state)
{
    struct jobs_test *t = *state;
    struct fixture   *f = t->f;
    struct slice      log = arena_printf(f->a, "%s.log", t->folder), text;
    size_t            at;
    pid_t             pid;

    start_over(t);
    pid = start_job(t, log.p);
    put_mail(t, person);
    wait_for_mails(t, 1);
    put_mail(t, person);
    kill(pid, SIGUSR2);
    wait_for_mails(t, 2);
    assert_int_equal(end_job(pid, SIGTERM), 0);
    OK(file_read(f->a, log, LIMIT_JSON_BYTES, &text, &f->e));
    unlink(log.p);
    assert_true(slice_find(text, SL("\"event\":\"mail_sent\",\"mail\":"), &at));
    assert_true(slice_find(text, SL("\"event\":\"jobs_end\""), &at));
    assert_false(slice_find(text, SL("ann"), &at));
    assert_false(slice_find(text, SL("signin/"), &at));
}

/* A server that takes the connection and says nothing. */
static void
a_mail_on_its_way_does_not_keep_the_process(void **state)
{
    struct jobs_test  *t = *state;
    struct fixture    *f = t->f;
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct slice       log = arena_printf(f->a, "%s.log", t->folder);
    socklen_t          n = sizeof sin;
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
    int64_t            begun;
    pid_t              pid;

    start_over(t);
    assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &n), 0);
    t->conf.mail_url = arena_printf(f->a, "smtp://127.0.0.1:%d", ntohs(sin.sin_port));
    put_mail(t, person);
    pid = start_job(t, log.p);
    peer = accept(fd, NULL, NULL);
    begun = clock_monotonic_ms();
    assert_int_equal(end_job(pid, SIGUSR1), 0);
    assert_true(clock_monotonic_ms() - begun < 4000);
    close(peer);
    close(fd);
    unlink(log.p);
    jobs_free(TAKE(t->jobs));
    t->conf.mail_url = arena_printf(f->a, "file:%s", t->folder);
    OK(jobs_new(&t->conf, &t->jobs, &f->e));
    set_clock(t, 61);
    assert_int_equal(round_of(t), 1); /* it was not lost */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_leaves_once),
        cmocka_unit_test(two_senders_send_one_mail_once),
        cmocka_unit_test(what_no_address_can_get_is_not_tried_for_ever),
        cmocka_unit_test(a_mail_waits_while_its_server_is_away),
        cmocka_unit_test(a_mail_that_nobody_takes_for_a_day_is_given_up),
        cmocka_unit_test(rounds_go_on_through_an_outage_of_the_database),
        cmocka_unit_test(what_time_has_ended_is_removed),
        cmocka_unit_test(a_process_sends_until_it_is_told_to_end_and_names_nobody),
        cmocka_unit_test(a_mail_on_its_way_does_not_keep_the_process),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

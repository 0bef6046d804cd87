/* Stored badges are verified again: politely, by many at once, and with the right verdict. The issuers are in
 * memory and the time is virtual; the database is real. */
#include "store_badges.h"

#include <signal.h>
#include <sys/mman.h>

#include "core/rand.h"
#include "core/uri.h"
#include "jobs/recheck.h"
#include "store/bulk.h"
#include "store/recheck.h"

enum { DAY_S = 86400, USERS_BADGES = 50, HOSTS_MAX = 1000 };

/* What the processes of a test see of each other. */
struct seen {
    _Atomic int asked[HOSTS_MAX], asked_all;
    _Atomic int at_once, most_at_once; /* of one badge: the first of each host */
    _Atomic int waiting;               /* processes that hang in a fetch */
};

/* The web: host i<N>.example has a class, an issuer, a picture and assertions /a/<user>-<n>. */
struct web {
    int            status[HOSTS_MAX]; /* of the assertions; 0: 200 */
    enum err_code  fails[HOSTS_MAX];
    int64_t        last_ms[HOSTS_MAX], closest_ms; /* between two requests to one host */
    int64_t        took_ms;
    const char    *identity; /* of the recipient instead of the user's */
    const char    *more;     /* members of each assertion */
    struct slice   type;     /* Content-Type */
    int            hangs;    /* host that never answers, or -1 */
    int64_t        slow_ms;  /* what host 0 takes */
    struct seen   *seen;
    struct fetcher fetcher;
};

struct recheck_test {
    struct fixture   *f;
    struct conf       conf;
    struct web        web;
    struct rechecker *r;
    uint64_t          user, badge; /* of a test that has one */
};

#define SVG "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"
#define V2 "\"@context\":\"https://w3id.org/openbadges/v2\","

static struct slice
document(const struct web *w, struct arena *a, int host, struct slice path)
{
    char site[40];

    snprintf(site, sizeof site, "https://i%d.example", host);
    if (slice_eq(path, SL("/picture")))
        return SL(SVG);
    if (slice_eq(path, SL("/issuer")))
        return arena_printf(a,
                            "{" V2 "\"id\":\"%s/issuer\",\"type\":\"Issuer\",\"name\":\"Issuer\","
                            "\"url\":\"%s\",\"email\":\"post@issuer.example\"}",
                            site, site);
    if (slice_eq(path, SL("/class")))
        return arena_printf(
            a,
            "{" V2 "\"id\":\"%s/class\",\"type\":\"BadgeClass\",\"name\":\"Knots\","
            "\"description\":\"Ties\",\"image\":\"%s/picture\",\"criteria\":\"%s/c\","
            "\"issuer\":\"%s/issuer\"}",
            site, site, site, site);
    {
        size_t       dash = 0;
        struct slice user = slice_from(path, 3);

        assert_true(slice_find(user, SL("-"), &dash));
        user = slice_first(user, dash);
        return arena_printf(
            a,
            "{" V2 "\"id\":\"%s%.*s\",\"type\":\"Assertion\",\"badge\":\"%s/class\",\"recipient\":"
            "{\"type\":\"email\",\"hashed\":false,\"identity\":\"%s\"},%s\"verification\":"
            "{\"type\":\"HostedBadge\"},\"issuedOn\":\"2020-01-01T00:00:00Z\"}",
            site, SLICE_FMT(path), site,
            w->identity != NULL ? w->identity
                                : arena_printf(a, "u%.*s@example.org", SLICE_FMT(user)).p,
            w->more);
    }
}

static void
note_time(struct web *w, int host)
{
    int64_t now_ms = clock_now_ms();

    if (w->last_ms[host] != 0 && now_ms - w->last_ms[host] < w->closest_ms)
        w->closest_ms = now_ms - w->last_ms[host];
    w->last_ms[host] = now_ms;
    w->seen->asked[host]++;
    w->seen->asked_all++;
}

static enum err_code
web_get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
        struct err *e)
{
    struct web *w = self;
    struct uri  u;
    int         host, now;
    bool        is_assertion;
    int64_t     took_ms;

    (void)max_bytes;
    assert_true(uri_parse(url, &u));
    host = atoi(arena_str(a, slice_from(u.host, 1)));
    is_assertion = slice_starts(u.path, SL("/a/"));
    note_time(w, host);
    now = is_assertion ? ++w->seen->at_once : 0;
    if (now > w->seen->most_at_once)
        w->seen->most_at_once = now;
    if (w->hangs == host) {
        w->seen->waiting++;
        for (;;)
            pause();
    }
    took_ms = host == 0 && w->slow_ms > 0 ? w->slow_ms : w->took_ms;
    clock_sleep_ms(took_ms);
    if (is_assertion)
        w->seen->at_once--;
    if (w->fails[host] != ERR_NONE) {
        err_fail(e, w->fails[host], __FILE__, __LINE__, "made to");
        return w->fails[host];
    }
    *ret = (struct fetched){ .url = url,
                             .final_url = url,
                             .status = is_assertion && w->status[host] != 0 ? w->status[host] : 200,
                             .content_type = w->type,
                             .body = document(w, a, host, u.path),
                             .at_s = clock_now_s(),
                             .took_ms = took_ms };
    return ERR_NONE;
}

static int
begin(void **state)
{
    struct recheck_test *t = calloc(1, sizeof *t);

    if (fixture_begin(state, "recheck.per_minute = 60000\n") != 0)
        return -1;
    log_set_level(ERR_LEVEL_ERROR + 1);
    t->f = *state;
    t->conf = *t->f->conf;
    t->web.seen =
        mmap(NULL, sizeof *t->web.seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    t->web.fetcher = (struct fetcher){ web_get, &t->web };
    clock_virtual();
    *state = t;
    return 0;
}

static int
end(void **state)
{
    struct recheck_test *t = *state;
    void                *fixture = t->f;

    rechecker_free(t->r);
    munmap(t->web.seen, sizeof *t->web.seen);
    free(t);
    return fixture_end(&fixture);
}

static void
new_rechecker(struct recheck_test *t)
{
    struct fixture *f = t->f;

    rechecker_free(t->r);
    OK(rechecker_new(&t->conf, &t->web.fetcher, &t->r, &f->e));
}

/* No badges, no queues, a web that answers well. */
static void
start_over(struct recheck_test *t)
{
    struct web  *w = &t->web;
    struct seen *seen = w->seen;

    server_sql(
        "primary",
        "DELETE FROM badge; DELETE FROM check_host; DELETE FROM badge_history; DELETE FROM "
        "badge_check; DELETE FROM badge_document; DELETE FROM document; DELETE FROM user; "
        "DELETE FROM user_email; DELETE FROM shared; DELETE FROM class; DELETE FROM picture; "
        "DELETE FROM collection; DELETE FROM collection_badge; DELETE FROM badge_path");
    memset(seen, 0, sizeof *seen);
    *w = (struct web){ .seen = seen,
                       .fetcher = w->fetcher,
                       .closest_ms = INT64_MAX,
                       .took_ms = 20,
                       .more = "",
                       .type = SL("application/json"),
                       .hangs = -1 };
    next_request(t->f, SLICE_NONE, true);
    new_rechecker(t);
}

static struct badge_new
badge_at(struct arena *a, int host, uint64_t user, uint64_t n)
{
    struct slice  url = arena_printf(a, "https://i%d.example/a/%llu-%llu", host,
                                     (unsigned long long)user, (unsigned long long)n);
    struct sha256 identity = sha256_of(url);

    return (struct badge_new){
        .identity = arena_copy(a, (struct slice){ (const char *)identity.bytes, SHA256_BYTES }),
        .version = SL("2.0"),
        .hosted_url = url,
        .assertion = SL("{}"),
        .class_url = arena_printf(a, "https://i%d.example/class", host),
        .class_text = SL("{\"name\":\"Knots\"}"),
        .issuer_url = arena_printf(a, "https://i%d.example/issuer", host),
        .issuer_text = SL("{}"),
        .class_name = SL("Knots"),
        .issuer_name = SL("Issuer"),
        .issuer_host = arena_printf(a, "i%d.example", host),
        .picture = SL(SVG),
        .picture_kind = PICTURE_SVG,
        .email = arena_printf(a, "u%llu@example.org", (unsigned long long)user),
        .status = SL("valid"),
        .report = SL("{\"report\":{}}"),
        .checked_at_s = clock_now_s() - 2 * DAY_S,
    };
}

static void
put_user(struct recheck_test *t, struct bulk *b, uint64_t user, int first, int last, int hosts,
         const struct bulk_content *contents)
{
    struct fixture  *f = t->f;
    struct badge_new first_badge = badge_at(f->request, 0, user, 0);

    OK(bulk_user(b, user, first_badge.email, clock_now_s(), &f->e));
    for (int n = first; n < last; n++) {
        struct badge_new badge = badge_at(f->request, n % hosts, user, (uint64_t)n);

        OK(bulk_badge(b, user, (uint64_t)n + 1, &badge, &contents[n % hosts], &f->e));
    }
}

/* Badges of so many issuers, each in turn, in users' backpacks. */
static void
put_badges(struct recheck_test *t, int badges, int hosts)
{
    struct fixture      *f = t->f;
    struct arena        *a = arena_new();
    struct bulk_content *contents = ARENA_ARRAY(a, struct bulk_content, (size_t)hosts);
    struct bulk         *b = bulk_new(f->db, a);

    for (int h = 0; h < hosts; h++) {
        struct badge_new badge = badge_at(a, h, 1, 0);

        OK(bulk_content_add(b, &badge, &contents[h], &f->e));
    }
    for (int first = 0; first < badges; first += USERS_BADGES) {
        OK(bulk_begin(b, f->request, &f->e));
        put_user(t, b, (uint64_t)(first / USERS_BADGES) + 1, first,
                 first + USERS_BADGES < badges ? first + USERS_BADGES : badges, hosts, contents);
        OK(bulk_end(b, &f->e));
    }
    arena_free(a);
}

static void
once(struct recheck_test *t)
{
    struct fixture *f = t->f;

    OK(recheck_once(t->r, &f->e));
}

/* Badges, of those meant, that were not checked for a day. */
static long
unchecked(const char *meant)
{
    char line[200];

    snprintf(line, sizeof line, "SELECT COUNT(*) FROM badge WHERE checked_at_s <= %lld AND %s",
             (long long)clock_now_s() - DAY_S, meant);
    return root_number(line);
}

/* One badge, of user 1 at host 0. */
static void
one_badge(struct recheck_test *t)
{
    start_over(t);
    put_badges(t, 1, 1);
    t->user = 1;
    t->badge = 1;
}

/* A day later it is checked again; how it then stands. */
static struct badge_row
after_days(struct recheck_test *t, int days)
{
    struct fixture   *f = t->f;
    struct badge_full badge;

    clock_sleep_ms((int64_t)days * DAY_S * 1000);
    once(t);
    next_request(f, SLICE_NONE, true);
    OK(store_badge_get(f->db, t->user, t->badge, &badge, &f->e));
    return badge.row;
}

static void
assert_stands(struct badge_row row, const char *status, const char *reason)
{
    assert_slice_equal(row.status, slice_str(status));
    assert_slice_equal(row.reason, slice_str(reason));
}

static size_t
history(struct recheck_test *t, struct badge_event **ret)
{
    struct fixture *f = t->f;
    size_t          count;

    OK(store_badge_history(f->db, t->user, t->badge, 50, ret, &count, &f->e));
    return count;
}

/* ---- scale and politeness ------------------------------------------------------------------------ */

/* OBI_RECHECK="100000 1000" is the size that is promised: all within a day, by one process. */
static void
all_badges_are_checked_in_a_day_and_no_host_twice_a_second(void **state)
{
    struct recheck_test *t = *state;
    const char          *size = getenv("OBI_RECHECK");
    int                  badges = 2000, hosts = 20;
    int64_t              began_ms, real_ms, took_s;

    if (size != NULL)
        assert_int_equal(sscanf(size, "%d %d", &badges, &hosts), 2);
    start_over(t);
    t->web.took_ms = 100;
    put_badges(t, badges, hosts);
    began_ms = clock_now_ms();
    real_ms = clock_monotonic_ms();
    once(t);
    took_s = (clock_now_ms() - began_ms) / 1000;
    printf("# %d badges of %d issuers checked in %lld s of virtual and %lld s of real time by one"
           " process: %d requests, two to one host never closer than %lld ms\n",
           badges, hosts, (long long)took_s, (long long)(clock_monotonic_ms() - real_ms) / 1000,
           t->web.seen->asked_all, (long long)t->web.closest_ms);
    assert_int_equal(unchecked("1"), 0);
    assert_true(took_s < DAY_S);
    assert_true(t->web.closest_ms >= 1000);
    /* Class, issuer and picture once an hour, however many badges have them. */
    assert_in_range(t->web.seen->asked_all, badges + 3 * hosts,
                    badges + 3 * hosts * (1 + took_s / 3600));
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge WHERE status <> 'valid'"), 0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge_history"), 0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM user WHERE version <> 1"), 0);
}

static void
the_oldest_of_a_host_is_first_and_none_before_its_time(void **state)
{
    struct recheck_test *t = *state;
    struct fixture      *f = t->f;
    bool                 worked;

    start_over(t);
    put_badges(t, 3, 1);
    server_sql("primary", "UPDATE badge SET checked_at_s = checked_at_s - 100 * id");
    OK(recheck_round(t->r, &worked, &f->e));
    assert_true(worked);
    assert_int_equal(unchecked("id = 3"), 0);
    assert_int_equal(unchecked("1"), 2);
    once(t);
    assert_int_equal(t->web.seen->asked_all, 3 + 3);
    once(t);
    clock_sleep_ms((int64_t)DAY_S / 2 * 1000);
    once(t);
    assert_int_equal(t->web.seen->asked_all, 3 + 3);
}

static void
the_budget_holds_over_all_hosts(void **state)
{
    struct recheck_test *t = *state;
    int64_t              began_ms;

    t->conf.recheck_per_minute = 60;
    start_over(t);
    put_badges(t, 20, 20);
    began_ms = clock_now_ms();
    once(t);
    assert_int_equal(unchecked("1"), 0);
    assert_in_range(clock_now_ms() - began_ms, 79 * 1000, 200 * 1000); /* 80 documents */
    t->conf.recheck_per_minute = 60000;
}

/* A class, an issuer and a picture of each host fit in, unless their headers are made to fill the memory: then
 * they are fetched again. */
static void
what_is_kept_for_an_hour_is_bounded_by_all_its_bytes(void **state)
{
    struct recheck_test *t = *state;
    char                 type[60001];

    start_over(t);
    put_badges(t, 400, 200);
    once(t);
    assert_int_equal(t->web.seen->asked_all, 400 + 3 * 200);
    start_over(t);
    memset(type, 'x', sizeof type);
    t->web.type = (struct slice){ type, sizeof type - 1 };
    put_badges(t, 400, 200);
    once(t);
    assert_int_equal(t->web.seen->asked_all, 400 + 3 * 400);
}

static pid_t
in_process(struct recheck_test *t, void (*work)(struct recheck_test *t))
{
    pid_t pid = fork();

    if (pid == 0) {
        t->r = NULL; /* the parent's connection is not ours */
        new_rechecker(t);
        work(t);
        _exit(0);
    }
    return pid;
}

static void
assert_ended_well(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
processes_at_once_check_each_badge_once(void **state)
{
    struct recheck_test *t = *state;
    enum { BADGES = 200, HOSTS = 20, PROCESSES = 4 };
    pid_t pids[PROCESSES];

    start_over(t);
    put_badges(t, BADGES, HOSTS);
    for (int i = 0; i < PROCESSES; i++)
        pids[i] = in_process(t, once);
    for (int i = 0; i < PROCESSES; i++)
        assert_ended_well(pids[i]);
    once(t);
    assert_int_equal(unchecked("1"), 0);
    /* Each assertion once; what is shared once by each process at most. */
    assert_in_range(t->web.seen->asked_all, BADGES, BADGES + PROCESSES * 3 * HOSTS + 3 * HOSTS);
    for (int h = 0; h < HOSTS; h++)
        assert_in_range(t->web.seen->asked[h], BADGES / HOSTS + 3,
                        BADGES / HOSTS + 3 * (PROCESSES + 1));
}

static void
one_host_is_checked_by_one_process_at_a_time(void **state)
{
    struct recheck_test *t = *state;
    pid_t                pids[3];

    start_over(t);
    put_badges(t, 30, 1);
    for (int i = 0; i < 3; i++)
        pids[i] = in_process(t, once);
    for (int i = 0; i < 3; i++)
        assert_ended_well(pids[i]);
    assert_int_equal(t->web.seen->most_at_once, 1);
    assert_in_range(t->web.seen->asked[0], 30 + 3, 30 + 3 * 3);
}

static void
wait_for_hang(struct recheck_test *t, int count)
{
    for (int i = 0; i < 1000 && t->web.seen->waiting < count; i++)
        usleep(10 * 1000);
    assert_int_equal(t->web.seen->waiting, count);
}

static void
a_host_that_hangs_holds_up_no_other_and_a_killed_process_nothing_for_long(void **state)
{
    struct recheck_test *t = *state;
    struct fixture      *f = t->f;
    pid_t                hung;
    bool                 worked;

    start_over(t);
    put_badges(t, 40, 4);
    t->web.hangs = 0;
    server_sql("primary", "UPDATE badge SET checked_at_s = checked_at_s - 9999"
                          " WHERE hosted_url LIKE '%i0.example%'"); /* the first to be claimed */
    hung = in_process(t, once);
    wait_for_hang(t, 1);
    once(t);
    assert_int_equal(unchecked("hosted_url NOT LIKE '%i0.example%'"), 0);
    assert_int_equal(t->web.seen->asked[0], 1); /* nobody else asked it meanwhile */
    kill(hung, SIGKILL);
    waitpid(hung, NULL, 0);
    t->web.hangs = -1;
    OK(recheck_round(t->r, &worked, &f->e));
    assert_false(worked);
    clock_sleep_ms(300 * 1000);
    once(t);
    assert_int_equal(unchecked("1"), 0);
}

/* A host that takes long has a tenth of a worker's time, however many badges of it are due. */
static void
a_slow_host_does_not_take_the_time_of_the_others(void **state)
{
    struct recheck_test *t = *state;
    struct fixture      *f = t->f;
    bool                 worked = true;
    int64_t              began_ms;

    start_over(t);
    put_badges(t, 40, 2);
    t->web.slow_ms = 5000;
    began_ms = clock_now_ms();
    while (worked && unchecked("hosted_url LIKE '%i1.example%'") > 0) {
        OK(recheck_round(t->r, &worked, &f->e));
        if (!worked) {
            worked = true;
            clock_sleep_ms(1000);
        }
    }
    assert_in_range(clock_now_ms() - began_ms, 1, 120 * 1000);
    assert_in_range(t->web.seen->asked[0], 4, 12);
}

static void
a_host_that_fails_is_left_alone_longer_each_time(void **state)
{
    struct recheck_test *t = *state;
    int64_t              begun_s, last_s = 0;
    int                  asked = 0;

    start_over(t);
    put_badges(t, 300, 1);
    t->web.fails[0] = ERR_FETCH_CONNECT;
    begun_s = clock_now_s();
    for (; clock_now_s() - begun_s < 6 * DAY_S; clock_sleep_ms(20 * 1000)) {
        int64_t gap_s, most_s = asked == 0 ? 0 : (int64_t)60 << (asked < 12 ? asked - 1 : 11);

        once(t);
        if (t->web.seen->asked[0] == asked)
            continue;
        gap_s = t->web.last_ms[0] / 1000 - last_s;
        most_s = most_s < DAY_S ? most_s : DAY_S;
        if (asked > 0) /* half of it at least, and no badge is due sooner than two minutes later */
            assert_in_range(gap_s, most_s / 2, (most_s > 120 ? most_s : 120) + 25);
        last_s = t->web.last_ms[0] / 1000;
        assert_int_equal(t->web.seen->asked[0], ++asked); /* one request each time */
    }
    assert_in_range(asked, 14, 22);
    /* From the third failure on it speaks for all badges of the host. */
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge WHERE status = 'unchecked' AND"
                                 " status_reason = 'fetch-connect'"),
                     300);
    t->web.fails[0] = ERR_NONE;
    clock_sleep_ms((int64_t)DAY_S * 1000);
    once(t);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge WHERE status <> 'valid'"), 0);
}

/* ---- verdicts ------------------------------------------------------------------------------------ */

static void
a_check_that_finds_nothing_new_only_moves_its_date(void **state)
{
    struct recheck_test *t = *state;
    struct badge_row     row;
    int64_t              now_s;

    one_badge(t);
    now_s = clock_now_s();
    row = after_days(t, 1);
    assert_stands(row, "valid", "");
    assert_in_range(row.checked_at_s, now_s + DAY_S, now_s + DAY_S + 60);
    assert_int_equal(root_number("SELECT version FROM user"), 1);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge_history"), 0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge_check"), 0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM cache_purge"), 0);
}

static void
failures_are_told_apart_and_a_badge_recovers(void **state)
{
    static const struct {
        enum err_code fails;
        int           status;
        const char   *reason;
    } cases[] = {
        { ERR_FETCH_DNS, 0, "fetch-dns" }, { ERR_FETCH_CONNECT, 0, "fetch-connect" },
        { ERR_FETCH_TLS, 0, "fetch-tls" }, { ERR_FETCH_TIMEOUT, 0, "fetch-timeout" },
        { ERR_NONE, 503, "http-503" },     { ERR_NONE, 429, "http-429" },
        { ERR_NONE, 404, "not-hosted" },   { ERR_NONE, 403, "not-hosted" },
    };
    struct recheck_test *t = *state;
    struct badge_event  *events;
    int64_t              since_s = 0;

    one_badge(t);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct badge_row row;

        t->web.fails[0] = cases[i].fails;
        t->web.status[0] = cases[i].status;
        row = after_days(t, 2);
        assert_stands(row, "unchecked", cases[i].reason);
        if (i == 0)
            since_s = row.status_at_s;
        assert_int_equal(row.status_at_s, since_s); /* since the first of them */
    }
    t->web.status[0] = 0;
    assert_stands(after_days(t, 2), "valid", "");
    assert_int_equal(history(t, &events), COUNT_OF(cases) - 1 + 1); /* 404 and 403 are one reason */
    assert_slice_equal(events[0].status, SL("valid"));
    assert_slice_equal(events[1].reason, SL("not-hosted"));
    assert_int_equal(root_number("SELECT version FROM user"), 1 + COUNT_OF(cases));
}

static void
a_badge_that_is_not_there_for_30_days_is_no_longer_hosted(void **state)
{
    struct recheck_test *t = *state;

    one_badge(t);
    t->web.fails[0] = ERR_FETCH_TIMEOUT; /* which does not count */
    assert_stands(after_days(t, 40), "unchecked", "fetch-timeout");
    t->web.fails[0] = ERR_NONE;
    t->web.status[0] = 404;
    for (int day = 2; day < 31; day += 2)
        assert_stands(after_days(t, 2), "unchecked", "not-hosted");
    assert_stands(after_days(t, 2), "invalid", "not-hosted");
    assert_stands(after_days(t, 2), "invalid", "not-hosted");
    t->web.status[0] = 503;
    assert_stands(after_days(t, 2), "invalid", "not-hosted");
    t->web.status[0] = 0;
    assert_stands(after_days(t, 2), "valid", "");
}

static void
revoked_and_expired_badges_are_so_at_once_and_stay_so_through_outages(void **state)
{
    struct recheck_test *t = *state;
    struct badge_row     row;

    one_badge(t);
    t->web.status[0] = 410;
    assert_stands(after_days(t, 2), "revoked", "revoked-gone");
    t->web.status[0] = 404;
    assert_stands(after_days(t, 2), "revoked", "revoked-gone");
    t->web.fails[0] = ERR_FETCH_DNS;
    assert_stands(after_days(t, 2), "revoked", "revoked-gone");
    t->web.fails[0] = ERR_NONE;
    t->web.status[0] = 0;
    t->web.more = "\"revoked\":true,";
    assert_stands(after_days(t, 2), "revoked", "revoked");
    t->web.more = "\"expires\":\"2025-05-05T00:00:00Z\",";
    row = after_days(t, 2);
    assert_stands(row, "expired", "expired");
    t->web.status[0] = 500;
    assert_stands(after_days(t, 2), "expired", "expired");
    t->web.status[0] = 0;
    t->web.more = "\"expires\":\"2099-05-05T00:00:00Z\",";
    row = after_days(t, 2);
    assert_stands(row, "valid", "");
    assert_int_equal(row.expires_s, 4081622400);
}

static void
one_that_cannot_be_checked_expires_all_the_same(void **state)
{
    struct recheck_test *t = *state;
    struct slice         day;

    one_badge(t);
    day = clock_iso8601(t->f->a, clock_now_s() + 10 * DAY_S);
    t->web.more = arena_printf(t->f->a, "\"expires\":\"%.*s\",", SLICE_FMT(day)).p;
    assert_stands(after_days(t, 2), "valid", "");
    t->web.status[0] = 503;
    assert_stands(after_days(t, 2), "unchecked", "http-503");
    assert_stands(after_days(t, 10), "expired", "expired");
}

static void
a_badge_that_was_given_to_somebody_else_is_not_valid_any_more(void **state)
{
    struct recheck_test *t = *state;

    one_badge(t);
    t->web.identity = "U1@Example.ORG";
    assert_stands(after_days(t, 2), "valid", "");
    t->web.identity = "other@example.org";
    assert_stands(after_days(t, 2), "invalid", "recipient-mismatch");
}

static void
a_change_makes_public_documents_old_and_keeps_the_report_beside_the_first(void **state)
{
    struct recheck_test *t = *state;
    struct fixture      *f = t->f;
    struct badge_full    badge;
    struct slice         path;

    one_badge(t);
    OK(store_badge_set_visibility(f->db, 1, 1, VISIBILITY_PUBLIC, &path, &f->e));
    t->web.status[0] = 410;
    after_days(t, 2);
    assert_int_equal(root_number("SELECT version FROM user"), 3);
    next_request(f, SLICE_NONE, true);
    OK(store_badge_get(f->db, 1, 1, &badge, &f->e));
    assert_true(slice_find(badge.report, SL("revoked-gone"), &(size_t){ 0 }));
    assert_slice_equal(badge.assertion, SL("{}")); /* as it was when it came */
}

static bool
is_kept(struct recheck_test *t, struct slice body)
{
    struct fixture *f = t->f;
    struct slice    kept;
    enum err_code   rc = store_badge_document(f->db, t->user, t->badge,
                                              digest_hex(f->a, "sha256", body), &kept, &f->e);

    if (rc == ERR_NONE)
        assert_slice_equal(kept, body);
    return rc == ERR_NONE;
}

/* What a check found is kept where it is not what came with the badge, and that is not lost for it. */
static void
what_a_check_found_is_kept_beside_what_came(void **state)
{
    struct recheck_test *t = *state;
    struct fixture      *f = t->f;
    struct badge_full    badge;
    struct slice         revoked;

    one_badge(t);
    t->web.more = "\"revoked\":true,";
    assert_stands(after_days(t, 2), "revoked", "revoked");
    revoked = document(&t->web, f->a, 0, SL("/a/1-0"));
    assert_true(is_kept(t, revoked));
    assert_true(is_kept(t, document(&t->web, f->a, 0, SL("/class")))); /* it came as another */
    assert_false(is_kept(t, SL(SVG)));
    OK(store_badge_get(f->db, 1, 1, &badge, &f->e));
    assert_slice_equal(badge.assertion, SL("{}"));
}

static void
a_check_that_finds_nothing_new_is_a_write_like_others(void **state)
{
    struct recheck_test *t = *state;
    struct fixture      *f = t->f;
    struct badge_full    badge;
    struct badge_check   same = { .next_at_s = clock_now_s() };

    one_badge(t);
    OK(store_badge_get(f->db, 1, 1, &badge, &f->e));
    same.was_checked_at_s = badge.row.checked_at_s;
    same.checked_at_s = badge.row.checked_at_s + 1;
    next_request(f, SLICE_NONE, false);
    OK(store_check_keep(f->db, 1, 1, &same, &f->e));
    assert_true(db_position(f->db).n > 0); /* where the next request has to look */
}

/* Whoever read the badge before it was checked by another writes nothing over that. */
static void
a_check_that_was_overtaken_is_dropped(void **state)
{
    struct recheck_test     *t = *state;
    struct fixture          *f = t->f;
    const struct badge_check late = { .was_checked_at_s = 5,
                                      .checked_at_s = 6,
                                      .next_at_s = 7,
                                      .changed = true,
                                      .status = SL("revoked"),
                                      .reason = SL("revoked") };
    struct badge_check       same = late;

    one_badge(t);
    assert_int_equal(store_check_keep(f->db, 1, 1, &late, &f->e), ERR_CONFLICT);
    same.changed = false;
    assert_int_equal(store_check_keep(f->db, 1, 1, &same, &f->e), ERR_CONFLICT);
    assert_int_equal(store_check_keep(f->db, 1, 77, &late, &f->e), ERR_CONFLICT);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge_history"), 0);
    assert_int_equal(root_number("SELECT version FROM user"), 1);
    assert_stands(after_days(t, 1), "valid", "");
}

static void
history_and_documents_go_with_their_badge_and_their_person(void **state)
{
    struct recheck_test *t = *state;
    struct fixture      *f = t->f;
    const struct slice   documents[] = { SL("a context"), SL("a key") };
    struct badge_check   check = { .checked_at_s = clock_now_s(),
                                   .next_at_s = clock_now_s(),
                                   .changed = true,
                                   .status = SL("revoked"),
                                   .reason = SL("revoked"),
                                   .report = SL("{}"),
                                   .documents = documents,
                                   .document_count = 2 };
    struct sha256        hash = sha256_of(SL("a key"));
    struct slice         hex, bytes;

    start_over(t);
    put_badges(t, USERS_BADGES + 2, 1); /* two people, the second with the badges 51 and 52 */
    for (uint64_t id = 51; id <= 52; id++) {
        struct badge_full badge;

        OK(store_badge_get(f->db, 2, id, &badge, &f->e));
        check.was_checked_at_s = badge.row.checked_at_s;
        OK(store_check_keep(f->db, 2, id, &check, &f->e));
    }
    hex = hex_encode(f->a, (struct slice){ (const char *)hash.bytes, SHA256_BYTES });
    OK(store_badge_document(f->db, 2, 51, hex, &bytes, &f->e));
    assert_slice_equal(bytes, SL("a key"));
    assert_int_equal(store_badge_document(f->db, 1, 51, hex, &bytes, &f->e), ERR_NOT_FOUND);
    assert_int_equal(root_number("SELECT COUNT(*) FROM document"), 2);
    OK(store_badge_remove(f->db, 2, 51, &f->e));
    assert_int_equal(root_number("SELECT COUNT(*) FROM document"), 2);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge_history"), 1);
    OK(store_badge_document(f->db, 2, 52, hex, &bytes, &f->e));
    OK(store_user_remove(f->db, 2, &f->e));
    assert_int_equal(root_number("SELECT (SELECT COUNT(*) FROM document)"
                                 " + (SELECT COUNT(*) FROM badge_document)"
                                 " + (SELECT COUNT(*) FROM badge_history)"
                                 " + (SELECT COUNT(*) FROM badge_check)"),
                     0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM shared"), 2); /* of the first person's */
}

/* What one process has of another's badge: the release before adds rows without the new columns. */
static void
rows_of_the_release_before_are_checked_too(void **state)
{
    struct recheck_test *t = *state;

    one_badge(t);
    assert_int_equal(root_number("SELECT check_host + check_at_s FROM badge"), 0);
    assert_stands(after_days(t, 0), "valid", "");
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge b JOIN check_host h"
                                 " ON h.id = b.check_host WHERE b.check_at_s > 0"),
                     1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_badges_are_checked_in_a_day_and_no_host_twice_a_second),
        cmocka_unit_test(the_oldest_of_a_host_is_first_and_none_before_its_time),
        cmocka_unit_test(the_budget_holds_over_all_hosts),
        cmocka_unit_test(what_is_kept_for_an_hour_is_bounded_by_all_its_bytes),
        cmocka_unit_test(processes_at_once_check_each_badge_once),
        cmocka_unit_test(one_host_is_checked_by_one_process_at_a_time),
        cmocka_unit_test(a_host_that_hangs_holds_up_no_other_and_a_killed_process_nothing_for_long),
        cmocka_unit_test(a_slow_host_does_not_take_the_time_of_the_others),
        cmocka_unit_test(a_host_that_fails_is_left_alone_longer_each_time),
        cmocka_unit_test(a_check_that_finds_nothing_new_only_moves_its_date),
        cmocka_unit_test(failures_are_told_apart_and_a_badge_recovers),
        cmocka_unit_test(a_badge_that_is_not_there_for_30_days_is_no_longer_hosted),
        cmocka_unit_test(revoked_and_expired_badges_are_so_at_once_and_stay_so_through_outages),
        cmocka_unit_test(one_that_cannot_be_checked_expires_all_the_same),
        cmocka_unit_test(a_badge_that_was_given_to_somebody_else_is_not_valid_any_more),
        cmocka_unit_test(a_change_makes_public_documents_old_and_keeps_the_report_beside_the_first),
        cmocka_unit_test(what_a_check_found_is_kept_beside_what_came),
        cmocka_unit_test(a_check_that_finds_nothing_new_is_a_write_like_others),
        cmocka_unit_test(a_check_that_was_overtaken_is_dropped),
        cmocka_unit_test(history_and_documents_go_with_their_badge_and_their_person),
        cmocka_unit_test(rows_of_the_release_before_are_checked_too),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

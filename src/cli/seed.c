/* obi seed */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_int.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/limits.h"
#include "seed_int.h"
#include "store/bulk.h"
#include "store/user.h"

static const char help[] =
    "usage: obi seed --users N --badges M [--collections K] --conf FILE\n"
    "\n"
    "Fills the database for trying and measuring: the users u1@seed.example to uN@seed.example, "
    "each\n"
    "with M badges and K collections (1 unless said), of which the first is public, stands at\n"
    "/share/collection/seed-<number>-1 and holds all of the user's badges; the others are private "
    "and\n"
    "share them out. The badges are valid Open Badges 2.0 of up to 200 classes. The same call "
    "makes\n"
    "the same rows; users that are there already are left as they are. At most 1000 "
    "collections and\n"
    "1000 badges a user; 100000 badges with `--collections 0`.\n";

enum { CLASSES = 200, PICTURES = 16, BATCH_BADGES = 20000, USER_MARK = 0x5EE };
/* One makes rows while the server writes the other's. */
enum { PROCESSES = 2 };
#define SITE "https://seed.example"
static const int64_t began_s = 1767225600; /* 2026-01-01, where ids begin */

/* What the processes say to the one that started them. */
struct done {
    _Atomic uint64_t users, there_before;
};

struct seed {
    const struct conf   *conf;
    struct store        *store;
    struct db           *db;
    struct bulk         *bulk;
    struct arena        *batch;
    uint64_t             users, badges, collections;
    struct bulk_content *contents;
    struct badge_new    *classes;
    size_t               class_count;
    struct done         *done;
    int64_t              began_ms;
};

/* Ids as rand_id makes them, of a time before any real one: the n-th millisecond, or minute. */
static uint64_t
user_id(uint64_t k)
{
    return k << 12 | USER_MARK;
}

static uint64_t
minute_id(uint64_t minutes)
{
    return minutes * 60000 << 12;
}

/* ---- content ------------------------------------------------------------------------------------- */

static struct badge_new
class_new(struct arena *a, unsigned n)
{
    struct slice class_url = arena_printf(a, SITE "/class/%u", n);

    return (struct badge_new){
        .class_url = class_url,
        .class_text = arena_printf(
            a,
            "{\"@context\":\"https://w3id.org/openbadges/v2\",\"type\":\"BadgeClass\","
            "\"id\":\"%s\",\"name\":\"Seed badge %u\",\"description\":\"The badge of class %u.\","
            "\"image\":\"" SITE "/image/%u.png\",\"criteria\":{\"narrative\":\"Be seeded.\"},"
            "\"issuer\":\"" SITE "/issuer\"}",
            class_url.p, n, n, n % PICTURES),
        .issuer_url = SL(SITE "/issuer"),
        .issuer_text = SL("{\"@context\":\"https://w3id.org/openbadges/v2\",\"type\":\"Issuer\","
                          "\"id\":\"" SITE "/issuer\",\"name\":\"Seed issuer\","
                          "\"url\":\"" SITE "/\",\"email\":\"issuer@seed.example\"}"),
        .class_name = arena_printf(a, "Seed badge %u", n),
        .issuer_name = SL("Seed issuer"),
        .issuer_host = SL("seed.example"),
        .picture = seed_picture(a, n % PICTURES),
    };
}

static enum err_code
make_content(struct seed *s, struct arena *a, struct err *e)
{
    enum err_code rc;

    s->class_count = s->badges < CLASSES ? s->badges : CLASSES;
    s->contents = ARENA_ARRAY(a, struct bulk_content, s->class_count + 1);
    s->classes = ARENA_ARRAY(a, struct badge_new, s->class_count + 1);
    for (unsigned n = 0; n < s->class_count; n++) {
        s->classes[n] = class_new(a, n);
        if ((rc = bulk_content_add(s->bulk, &s->classes[n], &s->contents[n], e)) != ERR_NONE)
            return rc;
    }
    return ERR_NONE;
}

static enum err_code
drop_content(struct seed *s, struct err *e)
{
    enum err_code rc = ERR_NONE;

    for (size_t n = 0; n < s->class_count && rc == ERR_NONE; n++)
        rc = bulk_content_drop(s->bulk, &s->contents[n], e);
    return rc;
}

/* ---- one user ------------------------------------------------------------------------------------ */

static struct slice
hash_text(struct arena *a, struct sha256 hash)
{
    return hex_encode(a, (struct slice){ (const char *)hash.bytes, SHA256_BYTES });
}

static enum err_code
add_badge(struct seed *s, uint64_t k, struct slice email, uint64_t j, struct err *e)
{
    struct arena *a = s->batch;
    size_t class = (size_t)(j % s->class_count);
    struct badge_new b = s->classes[class];
    struct slice     salt = arena_printf(a, "s%llu", (unsigned long long)k);
    struct sha256   *identity = ARENA_NEW(a, struct sha256);

    b.hosted_url =
        arena_printf(a, SITE "/a/%llu/%llu", (unsigned long long)k, (unsigned long long)j);
    *identity = sha256_of(b.hosted_url);
    b.identity = (struct slice){ (const char *)identity->bytes, SHA256_BYTES };
    b.version = SL("2.0");
    b.status = SL("valid");
    b.picture_kind = PICTURE_PNG;
    b.issued_on_s = began_s + (int64_t)j * 60;
    b.checked_at_s = began_s;
    b.assertion = arena_printf(
        a,
        "{\"@context\":\"https://w3id.org/openbadges/v2\",\"type\":\"Assertion\",\"id\":\"%s\","
        "\"recipient\":{\"type\":\"email\",\"hashed\":true,\"salt\":\"%s\","
        "\"identity\":\"sha256$%s\"},\"badge\":\"%s\",\"verification\":{\"type\":\"HostedBadge\"},"
        "\"issuedOn\":\"%s\"}",
        b.hosted_url.p, salt.p, hash_text(a, sha256_of_parts((struct slice[]){ email, salt }, 2)).p,
        b.class_url.p, clock_iso8601(a, b.issued_on_s).p);
    return bulk_badge(s->bulk, user_id(k), minute_id(j), &b, &s->contents[class], e);
}

/* The first holds all; the others share them out. */
static enum err_code
add_collection(struct seed *s, uint64_t k, uint64_t n, struct err *e)
{
    struct arena *a = s->batch;
    enum err_code rc;

    rc = bulk_collection(
        s->bulk, user_id(k), minute_id(n),
        arena_printf(a, "Collection %llu", (unsigned long long)n),
        arena_printf(a, "seed-%llu-%llu", (unsigned long long)k, (unsigned long long)n),
        n == 1 ? VISIBILITY_PUBLIC : VISIBILITY_PRIVATE, began_s + (int64_t)n, e);
    for (uint64_t j = 1; j <= s->badges && rc == ERR_NONE; j++)
        if (n == 1 || j % (s->collections - 1) == n - 2)
            rc = bulk_member(s->bulk, user_id(k), minute_id(n), minute_id(j), (int64_t)j, e);
    return rc;
}

static enum err_code
add_user(struct seed *s, uint64_t k, struct err *e)
{
    struct slice  email = arena_printf(s->batch, "u%llu@seed.example", (unsigned long long)k);
    enum err_code rc = bulk_user(s->bulk, user_id(k), email, began_s, e);

    for (uint64_t j = 1; j <= s->badges && rc == ERR_NONE; j++)
        rc = add_badge(s, k, email, j, e);
    for (uint64_t n = 1; n <= s->collections && rc == ERR_NONE; n++)
        rc = add_collection(s, k, n, e);
    return rc;
}

/* ---- batches ------------------------------------------------------------------------------------- */

static enum err_code
is_there(struct seed *s, uint64_t k, bool *ret, struct err *e)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct user                      user;
    enum err_code                    rc =
        store_user_by_email(db_lease(s->store, a, SLICE_NONE, true),
                            arena_printf(a, "u%llu@seed.example", (unsigned long long)k), &user, e);

    *ret = rc == ERR_NONE;
    return rc == ERR_NOT_FOUND ? ERR_NONE : rc;
}

/* The users first to last, but those that `there` marks. */
static enum err_code
batch(struct seed *s, uint64_t first, uint64_t last, const bool *there, struct err *e)
{
    enum err_code rc = bulk_begin(s->bulk, s->batch, e);

    if (rc != ERR_NONE)
        return rc;
    for (uint64_t k = first; k <= last && rc == ERR_NONE; k++)
        if (there == NULL || !there[k - first])
            rc = add_user(s, k, e);
    if (rc == ERR_NONE)
        rc = bulk_end(s->bulk, e);
    if (rc != ERR_NONE)
        bulk_undo(s->bulk);
    arena_empty(s->batch);
    return rc;
}

/* Only when a batch meets somebody who is there is each looked up. */
static enum err_code
batch_of_missing(struct seed *s, uint64_t first, uint64_t last, struct err *e)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    bool                            *there = ARENA_ARRAY(a, bool, last - first + 1);
    enum err_code                    rc;

    for (uint64_t k = first; k <= last; k++) {
        if ((rc = is_there(s, k, &there[k - first], e)) != ERR_NONE)
            return rc;
        s->done->there_before += there[k - first];
    }
    return batch(s, first, last, there, e);
}

/* Every PROCESSES-th batch, beginning with the number-th. */
static enum err_code
batches(struct seed *s, uint64_t number, struct err *e)
{
    uint64_t      each = s->badges >= BATCH_BADGES ? 1 : BATCH_BADGES / (s->badges + 1) + 1;
    enum err_code rc = ERR_NONE;

    for (uint64_t first = 1 + number * each; first <= s->users && rc == ERR_NONE;
         first += PROCESSES * each) {
        uint64_t last = first + each - 1 < s->users ? first + each - 1 : s->users;

        rc = batch(s, first, last, NULL, e);
        if (rc == ERR_STORE_DUPLICATE)
            rc = batch_of_missing(s, first, last, e);
        if (rc == ERR_NONE)
            s->done->users += last - first + 1;
    }
    return rc;
}

static void
connect_store(struct seed *s, struct arena *kept, struct arena *lease)
{
    s->store = store_new(s->conf);
    s->db = db_lease(s->store, lease, SLICE_NONE, true);
    s->bulk = bulk_new(s->db, kept);
}

/* A process of its own with a connection of its own; ends with the verb's status. */
static pid_t
start(struct seed *s, uint64_t number)
{
    pid_t         pid = fork();
    struct arena *kept, *lease;
    struct err    e;
    int           status = CLI_OK;

    if (pid != 0)
        return pid;
    kept = arena_new();
    lease = arena_new();
    s->batch = arena_new();
    connect_store(s, kept, lease);
    if (batches(s, number, &e) != ERR_NONE)
        status = cli_fail(&e);
    arena_free(lease);
    store_free(s->store);
    _exit(status);
}

static void
say_progress(const struct seed *s, const char *end)
{
    uint64_t users = s->done->users, made = users - s->done->there_before;

    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%llu of %llu users, %llu badges/s %s", (unsigned long long)users,
                (unsigned long long)s->users,
                (unsigned long long)(made * s->badges * 1000 /
                                     (uint64_t)(clock_monotonic_ms() - s->began_ms + 1)),
                end);
}

static int
run_all(struct seed *s)
{
    pid_t pids[PROCESSES];
    int   worst = CLI_OK, status;

    for (uint64_t i = 0; i < PROCESSES; i++)
        if ((pids[i] = start(s, i)) < 0)
            worst = CLI_TROUBLE;
    for (size_t i = 0; i < PROCESSES; i++)
        while (pids[i] > 0) {
            pid_t ended = waitpid(pids[i], &status, WNOHANG);

            if (ended == pids[i]) {
                status = WIFEXITED(status) ? WEXITSTATUS(status) : CLI_TROUBLE;
                worst = status > worst ? status : worst;
                break;
            }
            usleep(20 * 1000);
            say_progress(s, "");
        }
    say_progress(s, "\n");
    return worst;
}

static int
seed(struct seed *s)
{
    SCOPED(arena_drop) struct arena *a = arena_new(), *lease = arena_new();
    struct err                       e;
    int                              status;

    s->done =
        mmap(NULL, sizeof *s->done, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->done == MAP_FAILED)
        return CLI_TROUBLE;
    s->began_ms = clock_monotonic_ms();
    connect_store(s, a, lease);
    status = make_content(s, a, &e) == ERR_NONE ? run_all(s) : cli_fail(&e);
    if (drop_content(s, &e) != ERR_NONE && status == CLI_OK)
        status = cli_fail(&e);
    arena_empty(lease);
    store_free(s->store);
    if (status == CLI_OK)
        printf("%llu users made, each with %llu badges and %llu collections; %llu were there"
               " before\n",
               (unsigned long long)(s->users - s->done->there_before),
               (unsigned long long)s->badges, (unsigned long long)s->collections,
               (unsigned long long)s->done->there_before);
    munmap(s->done, sizeof *s->done);
    return status;
}

static bool
number(const char *name, struct slice text, uint64_t max, uint64_t *ret)
{
    unsigned long long value;

    if (!slice_u64(text, max, &value)) {
        fprintf(stderr, "obi seed: --%s must be a number up to %llu\n", name,
                (unsigned long long)max);
        return false;
    }
    *ret = value;
    return true;
}

/* The first collection holds all of a user's badges. */
static bool
fits_a_collection(const struct seed *s)
{
    if (s->collections == 0 || s->badges <= LIMIT_COLLECTION_BADGES)
        return true;
    fprintf(stderr,
            "obi seed: a collection holds at most %d badges: --badges %d, or --collections 0\n",
            LIMIT_COLLECTION_BADGES, LIMIT_COLLECTION_BADGES);
    return false;
}

int
cli_seed(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct seed                      s = { 0 };
    struct slice files[CLI_VALUES_MAX], users = SLICE_NONE, badges = SLICE_NONE, colls = SL("1");
    size_t       file_count = 0, operands = 0;
    const struct cli_option options[] = { CLI_VALUES("conf", files, &file_count),
                                          CLI_VALUE("users", &users), CLI_VALUE("badges", &badges),
                                          CLI_VALUE("collections", &colls) };
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands > 0 || users.p == NULL || badges.p == NULL) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    if (!number("users", users, 100000000, &s.users) ||
        !number("badges", badges, LIMIT_BADGES, &s.badges) ||
        !number("collections", colls, LIMIT_COLLECTIONS, &s.collections) ||
        !fits_a_collection(&s) || (s.conf = cli_conf(a, files, file_count, "db")) == NULL)
        return CLI_USAGE;
    return seed(&s);
}

/* Whose turn it is to be checked, and when its host may be asked. */
#include "store_int.h"

#include "core/clock.h"
#include "core/rand.h"
#include "core/uri.h"
#include "store/recheck.h"

enum {
    CLAIM,
    CLAIMED,
    OLDEST,
    RELEASE,
    DUE,
    NEXT,
    POSTPONE,
    UNQUEUED,
    QUEUE,
    QUEUE_HOST,
    SLOT,
    SLOT_TAKEN,
    SLOT_ADD,
    FAILED,
    ANSWERED
};

static const struct stmt sql[] = {
    [CLAIM] = { "host.claim", ON_PRIMARY, "uii", "",
                "UPDATE check_host SET claim = ?, due_at_ms = ? WHERE due_at_ms <= ?"
                " ORDER BY due_at_ms LIMIT 1" },
    [CLAIMED] = { "host.claimed", ON_PRIMARY, "u", "uu",
                  "SELECT id, failures FROM check_host WHERE claim = ?" },
    [OLDEST] = { "host.oldest", ON_PRIMARY, "u", "i",
                 "SELECT check_at_s FROM badge WHERE check_host = ? ORDER BY check_at_s LIMIT 1" },
    [RELEASE] = { "host.release", ON_PRIMARY, "iuu", "",
                  "UPDATE check_host SET claim = 0, due_at_ms = GREATEST(?, next_at_ms)"
                  " WHERE id = ? AND claim = ?" },
    [DUE] = { "host.due", ON_PRIMARY, "", "i",
              "SELECT due_at_ms FROM check_host ORDER BY due_at_ms LIMIT 1" },
    [NEXT] = { "host.next", ON_PRIMARY, "ui", "uu",
               "SELECT user_id, id FROM badge WHERE check_host = ? AND check_at_s <= ?"
               " ORDER BY check_at_s LIMIT 1" },
    [POSTPONE] = { "host.postpone", ON_PRIMARY, "iuu", "",
                   "UPDATE badge SET check_at_s = ? WHERE user_id = ? AND id = ?" },
    [UNQUEUED] = { "host.unqueued", ON_PRIMARY, "u", "uuibb",
                   "SELECT b.user_id, b.id, b.checked_at_s, b.hosted_url, c.issuer_url FROM badge b"
                   " JOIN class c ON c.id = b.class_id WHERE b.check_host = 0 LIMIT ?" },
    [QUEUE] = { "host.queue", ON_PRIMARY, "uiuu", "",
                "UPDATE badge SET check_host = ?, check_at_s = ? WHERE user_id = ? AND id = ?"
                " AND check_host = 0" },
    /* One that is claimed comes due when it is given back, by all its badges. */
    [QUEUE_HOST] = { "host.queue-host", ON_PRIMARY, "ui", "",
                     "INSERT INTO check_host (id, claim, due_at_ms, next_at_ms, failures)"
                     " VALUES (?, 0, ?, 0, 0) ON DUPLICATE KEY UPDATE"
                     " due_at_ms = IF(claim = 0, LEAST(due_at_ms, VALUES(due_at_ms)), due_at_ms)" },
    /* What LAST_INSERT_ID is given, it says to this connection afterwards. */
    [SLOT] = { "host.slot", ON_PRIMARY, "iiui", "",
               "UPDATE check_host SET next_at_ms = LAST_INSERT_ID(GREATEST(next_at_ms, ?)) + ?"
               " WHERE id = ? AND next_at_ms <= ?" },
    [SLOT_TAKEN] = { "host.slot-taken", ON_PRIMARY, "u", "uui",
                     "SELECT LAST_INSERT_ID(), failures, next_at_ms FROM check_host WHERE id = ?" },
    [SLOT_ADD] = { "host.slot-add", ON_PRIMARY, "ui", "",
                   "INSERT INTO check_host (id, claim, due_at_ms, next_at_ms, failures)"
                   " VALUES (?, 0, ?, 0, 0) ON DUPLICATE KEY UPDATE id = id" },
    /* The order matters: the time is of the failures until now. */
    [FAILED] = { "host.failed", ON_PRIMARY, "iiu", "",
                 "UPDATE check_host SET next_at_ms = ? + LEAST(86400000,"
                 " 60000 * (1 << LEAST(failures, 11))) * ? DIV 1000,"
                 " failures = failures + 1 WHERE id = ?" },
    [ANSWERED] = { "host.answered", ON_PRIMARY, "u", "",
                   "UPDATE check_host SET failures = 0 WHERE id = ?" },
};
const struct stmt_table host_statements = { sql, COUNT_OF(sql) };

enum { QUEUE_AT_ONCE = 100, NO_QUEUE = 0, FIRST_ID = 2, HOST_ID_BYTES = 4, SECOND_MS = 1000 };

uint64_t
store_host_id(struct slice url)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct sha256                    hash = sha256_of(uri_authority(a, url));
    uint64_t                         id = 0;

    for (size_t i = 0; i < HOST_ID_BYTES; i++)
        id = id << 8 | hash.bytes[i];
    return id < FIRST_ID ? id + FIRST_ID : id;
}

enum err_code
store_host_claim(struct db *db, int64_t claim_ms, struct host_claim *ret, struct err *e)
{
    int64_t           now_ms = clock_now_ms();
    struct host_claim claim = { .claim = rand_id() };
    struct query      q;
    enum err_code     rc;
    uint64_t          found;

    *ret = (struct host_claim){ 0 };
    if ((rc = tx_exec(db, &sql[CLAIM], BIND(U64(claim.claim), I64(now_ms + claim_ms), I64(now_ms)),
                      &found, e)) != ERR_NONE ||
        found == 0 ||
        (rc = query_need(db, &sql[CLAIMED], BIND(U64(claim.claim)), &q, e)) != ERR_NONE)
        return rc;
    claim.host = q.col[0].u;
    claim.failures = (unsigned)q.col[1].u;
    *ret = claim;
    return ERR_NONE;
}

enum err_code
store_host_release(struct db *db, const struct host_claim *claim, int64_t rest_ms, int64_t every_s,
                   struct err *e)
{
    int64_t       now_ms = clock_now_ms(), due_at_ms = now_ms + every_s * SECOND_MS;
    struct query  q;
    enum err_code rc;
    bool          row;

    if ((rc = query_one(db, &sql[OLDEST], BIND(U64(claim->host)), &q, &row, e)) != ERR_NONE)
        return rc;
    if (row)
        due_at_ms = q.col[0].i * SECOND_MS;
    if (due_at_ms < now_ms + rest_ms)
        due_at_ms = now_ms + rest_ms;
    return tx_exec(db, &sql[RELEASE], BIND(I64(due_at_ms), U64(claim->host), U64(claim->claim)),
                   NULL, e);
}

enum err_code
store_host_due(struct db *db, int64_t *ret_ms, struct err *e)
{
    struct query  q;
    enum err_code rc;
    bool          row;

    if ((rc = query_one(db, &sql[DUE], NO_BIND, &q, &row, e)) == ERR_NONE)
        *ret_ms = row ? q.col[0].i : 0;
    return rc;
}

enum err_code
store_check_next(struct db *db, uint64_t host, struct check_turn *ret, struct err *e)
{
    struct query  q;
    enum err_code rc;
    bool          row;

    *ret = (struct check_turn){ 0 };
    if ((rc = query_one(db, &sql[NEXT], BIND(U64(host), I64(clock_now_s())), &q, &row, e)) ==
            ERR_NONE &&
        row)
        *ret = (struct check_turn){ q.col[0].u, q.col[1].u };
    return rc;
}

enum err_code
store_check_postpone(struct db *db, const struct check_turn *turn, int64_t check_at_s,
                     struct err *e)
{
    return tx_exec(db, &sql[POSTPONE], BIND(I64(check_at_s), U64(turn->user), U64(turn->badge)),
                   NULL, e);
}

/* ---- new ones ------------------------------------------------------------------------------------ */

struct queued {
    uint64_t user, badge, host;
    int64_t  check_at_s;
};
struct queue_args {
    struct queued *rows;
    size_t         count;
};

static enum err_code
queue_rows(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    const struct queue_args *as = args;
    enum err_code            rc = ERR_NONE;

    (void)nobody;
    for (size_t i = 0; i < as->count && rc == ERR_NONE; i++) {
        const struct queued *r = &as->rows[i];

        rc = tx_exec(db, &sql[QUEUE],
                     BIND(U64(r->host), I64(r->check_at_s), U64(r->user), U64(r->badge)), NULL, e);
    }
    return rc;
}

/* Each host once, due with the first of its badges. */
static enum err_code
queue_hosts(struct db *db, struct queued *rows, size_t count, struct err *e)
{
    enum err_code rc = ERR_NONE;

    for (size_t i = 0; i < count && rc == ERR_NONE; i++) {
        int64_t first_s = rows[i].check_at_s;

        if (rows[i].host == NO_QUEUE) /* done with one before */
            continue;
        for (size_t k = i + 1; k < count; k++)
            if (rows[k].host == rows[i].host) {
                first_s = rows[k].check_at_s < first_s ? rows[k].check_at_s : first_s;
                rows[k].host = NO_QUEUE;
            }
        rc = tx_exec(db, &sql[QUEUE_HOST], BIND(U64(rows[i].host), I64(first_s * SECOND_MS)), NULL,
                     e);
    }
    return rc;
}

/* A hosted badge stands where it is hosted, a signed one with its issuer. */
static enum err_code
read_unqueued(struct db *db, int64_t every_s, struct queue_args *ret, struct err *e)
{
    SCOPED(query_done) struct query q = { 0 };
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[UNQUEUED], BIND(U64(QUEUE_AT_ONCE)), &q, e)) != ERR_NONE)
        return rc;
    ret->rows = ARENA_ARRAY(db->a, struct queued, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        ret->rows[ret->count++] = (struct queued){
            .user = q.col[0].u,
            .badge = q.col[1].u,
            .check_at_s = q.col[2].i + every_s,
            .host = store_host_id(q.col[3].s.n > 0 ? q.col[3].s : q.col[4].s),
        };
    return rc;
}

/* The badges first: a host that is given back between the two is due by what its badges say. */
enum err_code
store_check_queue(struct db *db, int64_t every_s, size_t *ret_count, struct err *e)
{
    struct queue_args args = { 0 };
    enum err_code     rc;

    if ((rc = read_unqueued(db, every_s, &args, e)) != ERR_NONE ||
        (rc = tx_run(db, 0, queue_rows, &args, e)) != ERR_NONE ||
        (rc = queue_hosts(db, args.rows, args.count, e)) != ERR_NONE)
        return rc;
    *ret_count = args.count;
    return ERR_NONE;
}

/* ---- asking -------------------------------------------------------------------------------------- */

static enum err_code
take_slot(struct db *db, uint64_t host, int64_t apart_ms, int64_t within_ms, bool *ret_taken,
          struct err *e)
{
    int64_t       now_ms = clock_now_ms();
    uint64_t      found;
    enum err_code rc =
        tx_exec(db, &sql[SLOT],
                BIND(I64(now_ms), I64(apart_ms), U64(host), I64(now_ms + within_ms)), &found, e);

    if (rc == ERR_NONE)
        *ret_taken = found > 0;
    return rc;
}

enum err_code
store_host_slot(struct db *db, uint64_t host, int64_t apart_ms, int64_t within_ms,
                struct host_slot *ret, struct err *e)
{
    struct query  q;
    enum err_code rc;
    bool          taken = false, row = false;

    if ((rc = take_slot(db, host, apart_ms, within_ms, &taken, e)) != ERR_NONE)
        return rc;
    if ((rc = query_one(db, &sql[SLOT_TAKEN], BIND(U64(host)), &q, &row, e)) != ERR_NONE)
        return rc;
    if (!taken && !row) {
        /* Asked for the first time. It has no badges, as far as is known: nobody looks for them soon. */
        if ((rc = tx_exec(db, &sql[SLOT_ADD], BIND(U64(host), I64(clock_now_ms() + 86400000)), NULL,
                          e)) != ERR_NONE ||
            (rc = take_slot(db, host, apart_ms, within_ms, &taken, e)) != ERR_NONE ||
            (rc = query_need(db, &sql[SLOT_TAKEN], BIND(U64(host)), &q, e)) != ERR_NONE)
            return rc;
    }
    *ret = (struct host_slot){ .at_ms = taken ? (int64_t)q.col[0].u : q.col[2].i,
                               .failures = (unsigned)q.col[1].u };
    return taken ? ERR_NONE : FAIL(e, TOO_MANY, "not before %lld", (long long)ret->at_ms);
}

enum err_code
store_host_failed(struct db *db, uint64_t host, struct err *e)
{
    uint16_t random;

    rand_bytes(&random, sizeof random);
    return tx_exec(db, &sql[FAILED], BIND(I64(clock_now_ms()), I64(500 + random % 501), U64(host)),
                   NULL, e);
}

enum err_code
store_host_answered(struct db *db, uint64_t host, struct err *e)
{
    return tx_exec(db, &sql[ANSWERED], BIND(U64(host)), NULL, e);
}

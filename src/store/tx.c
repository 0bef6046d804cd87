/* Transactions on the primary, and the unit of work that every write of a person is. */
#include "store_int.h"

#include <assert.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/rand.h"

enum { BEGIN, COMMIT, ROLLBACK, PING, RAISE, VERSION_PRIMARY, VERSION };

static const struct stmt sql[] = {
    [BEGIN] = { "tx.begin", ON_PRIMARY, "", "", "START TRANSACTION" },
    [COMMIT] = { "tx.commit", ON_PRIMARY, "", "", "COMMIT" },
    [ROLLBACK] = { "tx.rollback", ON_PRIMARY, "", "", "ROLLBACK" },
    [PING] = { "tx.ping", PREFER_PRIMARY, "", "i", "SELECT 1" },
    [RAISE] = { "tx.raise", ON_PRIMARY, "u", "",
                "UPDATE user SET version = version + 1 WHERE id = ?" },
    [VERSION_PRIMARY] = { "tx.version-primary", PREFER_PRIMARY, "u", "u",
                          "SELECT version FROM user WHERE id = ?" },
    [VERSION] = { "tx.version", ON_REPLICA, "u", "u", "SELECT version FROM user WHERE id = ?" },
};
const struct stmt_table tx_statements = { sql, COUNT_OF(sql) };

enum { TRIES = 6, TRY_FOR_MS = 10000, PAUSE_NS = 4000000 };

enum err_code
db_ping(struct db *db, struct err *e)
{
    struct query q;
    bool         row;

    return query_one(db, &sql[PING], NO_BIND, &q, &row, e);
}

enum err_code
tx_begin(struct db *db, struct tx *tx, struct err *e)
{
    enum err_code  rc = ERR_NONE;
    struct server *sv;
    MYSQL_STMT    *handle;
    bool           lost;

    if (db->tx_depth == 0) {
        db->tx_doomed = false;
        db->unsure = false;
        db->touched = NULL;
        /* Nothing was sent yet, so a connection that ended meanwhile is made anew once. */
        for (int tries = 0; tries < 2; tries++) {
            if ((rc = server_choose(db, ON_PRIMARY, &sv, e)) != ERR_NONE)
                return rc;
            rc = stmt_run(db, sv, &sql[BEGIN], NO_BIND, &handle, &lost, e);
            if (!lost)
                break;
        }
        if (rc != ERR_NONE)
            return rc;
        db->tx_on = sv;
    }
    db->tx_depth++;
    tx->db = db;
    return ERR_NONE;
}

/* The position is asked for while its connection stands: a request that wrote and cannot say where would
 * read old rows next. Failing that, its own reads go to the primary, and the next request's may be old. */
static void
note_position(struct db *db, struct server *sv)
{
    struct err ignored;

    db->wrote = true;
    if (position_last(db, sv, &db->position, &ignored) != ERR_NONE)
        db->position = SLICE_NONE;
}

static enum err_code
commit_outermost(struct db *db, struct err *e)
{
    enum err_code rc;
    uint64_t      purge = 0;
    MYSQL_STMT   *handle;
    bool          lost = false;

    if (db->tx_doomed)
        return FAIL(e, STORE_DOWN, "the transaction was lost before its commit");
    if ((rc = purge_write(db, &purge, e)) != ERR_NONE)
        return rc;
    rc = stmt_run(db, db->tx_on, &sql[COMMIT], NO_BIND, &handle, &lost, e);
    db->tx_doomed = lost;
    db->unsure = lost;
    if (rc != ERR_NONE)
        return rc;
    db->tx_depth = 0;
    note_position(db, db->tx_on);
    if (purge != 0)
        purge_keys(db, purge);
    return ERR_NONE;
}

enum err_code
tx_commit(struct tx *tx, struct err *e)
{
    struct db    *db = tx->db;
    enum err_code rc;

    assert(db != NULL && db->tx_depth > 0);
    if (db->tx_depth == 1) {
        if ((rc = commit_outermost(db, e)) != ERR_NONE)
            return rc; /* tx_done rolls back */
    } else {
        if (db->tx_doomed)
            return FAIL(e, STORE_CONFLICT, "an inner transaction was rolled back");
        db->tx_depth--;
    }
    tx->db = NULL;
    return ERR_NONE;
}

void
tx_done(struct tx *tx)
{
    struct db  *db = tx->db;
    MYSQL_STMT *handle;
    struct err  e;
    bool        lost;

    if (db == NULL)
        return;
    tx->db = NULL;
    if (--db->tx_depth > 0) {
        db->tx_doomed = true; /* what was done in it cannot be taken back alone */
        return;
    }
    db->touched = NULL;
    db->tx_doomed = false;
    if (db->tx_on->conn != NULL &&
        stmt_run(db, db->tx_on, &sql[ROLLBACK], NO_BIND, &handle, &lost, &e) == ERR_NONE)
        return;
    server_close(db->tx_on); /* which rolls back as well */
}

static enum err_code
run_once(struct db *db, uint64_t user, tx_work work, void *args, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    enum err_code             rc;
    uint64_t                  found = 1;

    if ((rc = tx_begin(db, &tx, e)) != ERR_NONE)
        return rc;
    if (user != 0 && (rc = query_exec(db, &sql[RAISE], BIND(U64(user)), &found, e)) != ERR_NONE)
        return rc;
    if (found == 0)
        return FAIL(e, NOT_FOUND, "user");
    if ((rc = work(db, user, args, e)) != ERR_NONE)
        return rc;
    return tx_commit(&tx, e);
}

struct retry {
    int64_t began_ms;
    int     met; /* times it lost against another transaction */
    bool    lost;
};

static bool
may_retry(struct retry *r, enum err_code rc, bool nothing_done)
{
    if (rc == ERR_STORE_CONFLICT)
        return ++r->met < TRIES && clock_monotonic_ms() - r->began_ms < TRY_FOR_MS;
    if (rc != ERR_STORE_DOWN || !nothing_done || r->lost)
        return false;
    r->lost = true;
    return true;
}

/* Whether to try again what lost against another transaction, as on Galera whenever another node writes the same row:
 * both wait a moment of their own first, or they would only meet again. And once what lost its server while nothing
 * of it can be there: another may take writes by now. */
static bool
tries_again(const struct db *db, struct retry *r, enum err_code rc, bool nothing_done)
{
    struct timespec pause = { 0 };
    uint32_t        drawn;

    if (db->tx_depth > 0 || !may_retry(r, rc, nothing_done))
        return false;
    rand_bytes(&drawn, sizeof drawn);
    pause.tv_nsec = (long)(drawn % (PAUSE_NS << r->met));
    nanosleep(&pause, NULL);
    return true;
}

enum err_code
tx_run(struct db *db, uint64_t user, tx_work work, void *args, struct err *e)
{
    struct retry  r = { .began_ms = clock_monotonic_ms() };
    enum err_code rc;

    do {
        rc = run_once(db, user, work, args, e);
    } while (tries_again(db, &r, rc, !db->unsure));
    return rc;
}

enum err_code
tx_exec(struct db *db, const struct stmt *st, const struct bind *binds, size_t count,
        uint64_t *ret_affected, struct err *e)
{
    struct retry  r = { .began_ms = clock_monotonic_ms() };
    enum err_code rc;

    do {
        rc = query_exec(db, st, binds, count, ret_affected, e);
    } while (tries_again(db, &r, rc, false));
    if (rc == ERR_NONE && db->tx_depth == 0)
        note_position(db, db->s->primary);
    return rc;
}

enum err_code
db_read_fresh(struct db *db, uint64_t user, struct err *e)
{
    struct query  newest, here;
    enum err_code rc;
    bool          row, has;

    if ((rc = query_one(db, &sql[VERSION_PRIMARY], BIND(U64(user)), &newest, &row, e)) != ERR_NONE)
        return rc;
    if (!row)
        return FAIL(e, NOT_FOUND, "user");
    if (db->degraded || db->wrote || db->primary_only || db->s->count == 1)
        return ERR_NONE;
    if ((rc = query_one(db, &sql[VERSION], BIND(U64(user)), &here, &has, e)) != ERR_NONE)
        return rc;
    if (!has || here.col[0].u < newest.col[0].u)
        db->primary_only = true;
    db->fresh = true;
    return ERR_NONE;
}

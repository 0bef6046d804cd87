/* Which server answers: the primary for writes and for reads that must not miss one, a replica for the rest. */
#include "store_int.h"

#include "core/clock.h"

static struct server *
primary_of(struct db *db)
{
    return &db->s->servers[0];
}

/* The replica to ask as the n-th: the order turns from lease to lease. */
static struct server *
replica(struct db *db, size_t n)
{
    return &db->s->servers[1 + (db->s->turn + n) % (db->s->count - 1)];
}

/* A replica that answers, is not too far behind, and has what this person wrote. */
static struct server *
good_replica(struct db *db)
{
    for (size_t n = 0; n + 1 < db->s->count; n++) {
        struct server *sv = replica(db, n);
        struct err     ignored;

        if (server_connect(db, sv, &ignored) == ERR_NONE && position_lag_ok(db, sv) &&
            position_reached(db, sv, db->after) && sv->conn != NULL)
            return sv;
    }
    return NULL;
}

/* While no primary answers, a replica that answers at all. */
static struct server *
any_replica(struct db *db)
{
    for (size_t n = 0; n + 1 < db->s->count; n++) {
        struct err ignored;

        if (server_connect(db, replica(db, n), &ignored) == ERR_NONE) {
            db->degraded = true;
            return replica(db, n);
        }
    }
    return NULL;
}

enum err_code
server_choose(struct db *db, enum stmt_on on, struct server **ret, struct err *e)
{
    struct server *sv = NULL;
    enum err_code  rc;

    if (on == ON_REPLICA_STREAM)
        on = ON_REPLICA;
    if (db->tx_depth > 0) { /* its connection, or none */
        *ret = primary_of(db);
        if (primary_of(db)->conn == NULL || db->tx_doomed)
            return FAIL(e, STORE_DOWN, "the primary went away inside a transaction");
        return ERR_NONE;
    }
    if (on == ON_REPLICA && !db->wrote && !db->primary_only) {
        if (db->reads != NULL && db->reads->conn != NULL)
            sv = db->reads;
        else if (!db->fresh)
            sv = good_replica(db);
    }
    if (sv == NULL) {
        sv = primary_of(db);
        if ((rc = server_connect(db, sv, e)) != ERR_NONE) {
            if (on == ON_PRIMARY || db->wrote || db->primary_only)
                return rc;
            sv = any_replica(db);
            if (sv == NULL)
                return rc;
        }
    }
    if (on == ON_REPLICA)
        db->reads = sv;
    *ret = sv;
    return ERR_NONE;
}

/* Which server answers: the primary for writes and for reads that must not miss one, a replica for the rest. */
#include "store_int.h"

#include "core/clock.h"

enum {
    WAKE_AFTER_MS = 3000,
    OUT_OF_DATE_US = 60 * 1000 * 1000, /* as long as a public document is kept */
};

/* How often the replicas that serve reads are asked, together. */
static size_t
weights(const struct store *s, const bool *tried)
{
    size_t all = 0;

    for (size_t i = 0; i < s->count; i++)
        if (s->servers[i].rotation == ROTATION_IN && !tried[i])
            all += s->servers[i].weight;
    return all;
}

/* A replica that serves reads, answers, and has what this person wrote. The turn goes round by weight. */
static struct server *
good_replica(struct db *db)
{
    struct store *s = db->s;
    bool         *tried = ARENA_ARRAY(db->a, bool, s->count);
    size_t        all;

    while ((all = weights(s, tried)) > 0) {
        size_t     at = s->turn % all, i = 0;
        struct err ignored;

        for (;; i++) {
            if (s->servers[i].rotation != ROTATION_IN || tried[i])
                continue;
            if (at < s->servers[i].weight)
                break;
            at -= s->servers[i].weight;
        }
        tried[i] = true;
        if (server_connect(db, &s->servers[i], &ignored) == ERR_NONE &&
            position_reached(db, &s->servers[i], db->after) && s->servers[i].conn != NULL)
            return &s->servers[i];
    }
    return NULL;
}

/* Of two of one term, the one that follows nobody was the primary or is about to be. */
static bool
has_more(const struct sight *one, const struct sight *other)
{
    if (one->term != other->term)
        return one->term > other->term;
    if (one->replicates != other->replicates)
        return !one->replicates;
    return one->beat_us > other->beat_us;
}

/* It was far behind before the primary went: some of what it has was taken back since. */
static bool
is_out_of_date(const struct store *s, const struct server *sv)
{
    int64_t last_us = s->primary_seen.beat_us;

    for (size_t i = 0; i < s->count; i++)
        if (s->servers[i].seen.beat_us > last_us)
            last_us = s->servers[i].seen.beat_us;
    return sv->seen.beat_us > 0 && last_us - sv->seen.beat_us > OUT_OF_DATE_US &&
           !position_covers(sv->seen.position, s->primary_seen.position);
}

/* Of the servers that answer the one that has the most. */
static struct server *
best_server(struct db *db)
{
    struct store  *s = db->s;
    struct server *best = NULL;

    for (size_t i = 0; i < s->count; i++) {
        struct server *sv = &s->servers[i];
        struct err     ignored;

        if (!is_out_of_date(s, sv) && (best == NULL || has_more(&sv->seen, &best->seen)) &&
            server_connect(db, sv, &ignored) == ERR_NONE)
            best = sv;
    }
    return best;
}

/* While no primary answers, a server that answers at all. Where all that are left rest, for longer each time, they
 * are asked all the same now and then: there is nobody else. */
static struct server *
any_server(struct db *db)
{
    struct server *best = best_server(db);

    if (best == NULL) {
        for (size_t i = 0; i < db->s->count; i++)
            if (clock_monotonic_ms() - db->s->servers[i].rests_since_ms >= WAKE_AFTER_MS)
                db->s->servers[i].retry_at_ms = 0;
        best = best_server(db);
    }
    db->degraded = db->degraded || best != NULL;
    return best;
}

/* The primary, connected. For a write one that takes it now: where none is known they are asked again. */
static enum err_code
primary_of(struct db *db, bool writes, struct server **ret, struct err *e)
{
    struct store *s = db->s;
    enum err_code rc;

    if (writes && s->primary == NULL)
        servers_look(db, true);
    if (s->primary == NULL)
        return FAIL(e, STORE_DOWN, "no server takes writes");
    *ret = s->primary;
    if ((rc = server_connect(db, s->primary, e)) != ERR_NONE)
        return rc;
    return writes && !store_acknowledges(s) ? FAIL(e, STORE_DOWN, "no replica acknowledges writes")
                                            : ERR_NONE;
}

enum err_code
server_choose(struct db *db, enum stmt_on on, struct server **ret, struct err *e)
{
    struct server *sv = NULL;
    enum err_code  rc;

    if (on == ON_REPLICA_STREAM)
        on = ON_REPLICA;
    if (db->tx_depth > 0) { /* its connection, or none */
        *ret = db->tx_on;
        if (db->tx_on->conn == NULL || db->tx_doomed)
            return FAIL(e, STORE_DOWN, "the primary went away inside a transaction");
        return ERR_NONE;
    }
    if (!db->looked)
        servers_look(db, false);
    if (on == ON_REPLICA && !db->wrote && !db->primary_only) {
        if (db->reads != NULL && db->reads->conn != NULL)
            sv = db->reads;
        else if (!db->fresh)
            sv = good_replica(db);
    }
    if (sv == NULL) {
        if ((rc = primary_of(db, on == ON_PRIMARY, &sv, e)) != ERR_NONE) {
            if (on == ON_PRIMARY || db->wrote || db->primary_only)
                return rc;
            sv = any_server(db);
            if (sv == NULL)
                return rc;
        }
    }
    if (on == ON_REPLICA)
        db->reads = sv;
    if (sv != db->s->primary && (db->as_of_us == 0 || sv->seen.beat_us < db->as_of_us))
        db->as_of_us = sv->seen.beat_us;
    *ret = sv;
    return ERR_NONE;
}

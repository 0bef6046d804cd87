/* What the servers are: which takes writes, which replicas serve reads, and why the others do not.
 *
 * A worker finds the primary among all servers by what they say: it is writable, follows nobody, and no server
 * knows of a later promotion (`term`, a row that a promotion raises and that is replicated like any other). So a
 * promotion needs no other configuration, and an old primary that comes back writable is left alone.
 *
 * A replica that has the primary's position is not behind. Of another it is told by the heartbeats that it lacks,
 * which carry the primary's time: no two clocks are held against each other. While nobody writes heartbeats, what
 * the replica says of itself has to do. */
#include "store_int.h"

#include "core/clock.h"
#include "core/log.h"

const char *const store_rotation_names[ROTATION_COUNT] = {
    [ROTATION_IN] = "in",         [ROTATION_PRIMARY] = "primary", [ROTATION_DOWN] = "down",
    [ROTATION_SLOW] = "slow",     [ROTATION_STOPPED] = "stopped", [ROTATION_BEHIND] = "behind",
    [ROTATION_ASTRAY] = "astray",
};

enum {
    PATIENCE_MS = 500,         /* a replica that takes longer for three small answers is slow */
    BEATS_MISSED_US = 3000000, /* an older heartbeat says that nobody writes any */
};

/* ---- looking ------------------------------------------------------------------------------------- */

static bool
is_due(const struct db *db, const struct server *sv, bool again)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms < sv->retry_at_ms || (db->streamed && sv->conn != NULL))
        return false;
    return again || !sv->seen.answers || sv->seen.at_ms == 0 ||
           now_ms - sv->seen.at_ms >= LOOK_EVERY_MS;
}

static void
look(struct db *db, struct server *sv)
{
    int64_t      began_us = clock_monotonic_us();
    int64_t      patience_ms = db->s->conf->db_query_timeout_ms;
    struct sight seen;
    struct err   ignored;
    bool         late;

    /* Reads have others to go to; of primaries there is one. */
    if (sv->seen.replicates && patience_ms > PATIENCE_MS)
        patience_ms = PATIENCE_MS;
    /* A connection that ended meanwhile, as after a restart, is made anew once. */
    for (int tries = 0;; tries++) {
        if (server_connect(db, sv, &ignored) != ERR_NONE)
            return;
        if (position_look(sv, patience_ms, &seen, &late)) {
            sv->seen = seen;
            sv->failures = 0;
            sv->late = false;
            break;
        }
        if (late || tries > 0) {
            server_rest(sv, (clock_monotonic_us() - began_us) / 1000);
            sv->late = late;
            break;
        }
        server_close(sv);
    }
    db->took_us += clock_monotonic_us() - began_us;
}

/* ---- the primary --------------------------------------------------------------------------------- */

/* The latest term that any server knows of. */
static uint64_t
last_term(const struct store *s)
{
    uint64_t term = s->primary_seen.term;

    for (size_t i = 0; i < s->count; i++)
        if (s->servers[i].seen.answers && s->servers[i].seen.term > term)
            term = s->servers[i].seen.term;
    return term;
}

static bool
takes_writes(const struct server *sv, uint64_t term)
{
    return sv->seen.answers && sv->seen.writable && !sv->seen.replicates && sv->seen.term == term &&
           (!sv->seen.node || sv->seen.synced);
}

static void
choose_primary(struct store *s)
{
    uint64_t       term = last_term(s);
    struct server *was = s->primary, *now = NULL;

    if (was != NULL && takes_writes(was, term))
        now = was;
    for (size_t i = 0; i < s->count && now == NULL; i++)
        if (takes_writes(&s->servers[i], term))
            now = &s->servers[i];
    s->primary = now;
    if (now != NULL) {
        s->primary_seen = now->seen;
        /* A write that was waited for in vain waits on there. Others would do so as well, each leaving a connection
         * behind, so no more are sent while any waits. */
        s->stuck = s->stuck && now == was && now->seen.semisync.waiting > 0;
    }
    if (now == NULL && was != NULL)
        log_event(ERR_LEVEL_WARN, "primary_gone", LOG_TEXT("server", was->address));
    if (now != NULL && now != was && s->looked)
        log_event(ERR_LEVEL_INFO, "primary_found", LOG_TEXT("server", now->address),
                  LOG_NUMBER("term", term));
}

bool
store_acknowledges(const struct store *s)
{
    const struct store_semisync *sync = &s->primary_seen.semisync;

    return s->primary != NULL && (!sync->on || (sync->clients > 0 && !s->stuck));
}

/* ---- the replicas -------------------------------------------------------------------------------- */

/* What it lacks of the primary's rows, told by the heartbeats that both have; -1: not known. */
static int64_t
lag_of(const struct sight *replica, const struct sight *primary)
{
    int64_t lacks_us = primary->beat_us - replica->beat_us;

    if (lacks_us > 0)
        return lacks_us / 1000;
    if (primary->now_us - primary->beat_us < BEATS_MISSED_US)
        return 0;
    return replica->said_behind_s < 0 ? -1 : replica->said_behind_s * 1000;
}

static enum store_rotation
judge(const struct store *s, struct server *sv)
{
    sv->lag_ms = -1;
    if (sv == s->primary) {
        sv->lag_ms = 0;
        return ROTATION_PRIMARY;
    }
    if (!sv->seen.answers)
        return sv->late ? ROTATION_SLOW : ROTATION_DOWN;
    if (sv->seen.node) {
        sv->lag_ms = 0; /* each read waits by itself */
        return sv->seen.synced ? ROTATION_IN : ROTATION_STOPPED;
    }
    if (!sv->seen.replicates || sv->seen.term != s->primary_seen.term)
        return ROTATION_ASTRAY;
    if (position_covers(sv->seen.position, s->primary_seen.position)) {
        sv->lag_ms = 0;
        return ROTATION_IN;
    }
    sv->lag_ms = lag_of(&sv->seen, &s->primary_seen);
    if (!sv->seen.running)
        return ROTATION_STOPPED;
    return sv->lag_ms < 0 || sv->lag_ms / 1000 > s->conf->db_replica_lag_max_s ? ROTATION_BEHIND
                                                                               : ROTATION_IN;
}

/* Said when it changes, and not of the primary, which has lines of its own. */
static void
note_rotation(struct server *sv, enum store_rotation was)
{
    bool in = sv->rotation == ROTATION_IN, was_in = was == ROTATION_IN;

    if (in == was_in || sv->rotation == ROTATION_PRIMARY)
        return;
    if (in)
        log_event(ERR_LEVEL_INFO, "replica_in", LOG_TEXT("server", sv->address),
                  LOG_NUMBER("lag_ms", sv->lag_ms));
    else
        log_event(ERR_LEVEL_WARN, "replica_out", LOG_TEXT("server", sv->address),
                  LOG_TEXT("why", slice_str(store_rotation_names[sv->rotation])),
                  LOG_NUMBER("lag_ms", sv->lag_ms));
}

void
servers_look(struct db *db, bool again)
{
    struct store  *s = db->s;
    struct server *primary = s->primary;

    db->looked = true;
    /* The primary first: what a replica has is held against what the primary had before. */
    if (primary != NULL && is_due(db, primary, again))
        look(db, primary);
    for (size_t i = 0; i < s->count; i++)
        if (&s->servers[i] != primary && is_due(db, &s->servers[i], again))
            look(db, &s->servers[i]);
    choose_primary(s);
    for (size_t i = 0; i < s->count; i++) {
        enum store_rotation was = s->servers[i].rotation;

        s->servers[i].rotation = judge(s, &s->servers[i]);
        note_rotation(&s->servers[i], was);
    }
    s->looked = true;
}

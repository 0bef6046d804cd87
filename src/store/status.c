/* What `obi status` prints and /metrics counts, and the heartbeat by which lag is told. */
#include "store/status.h"

#include "core/clock.h"
#include "store_int.h"

enum { BEAT, WAITS, OUTBOX, PURGES, RECHECKS, SCHEMA };

static const struct stmt sql[] = {
    /* By the primary's clock alone, which may have been set back. */
    [BEAT] = { "status.beat", ON_PRIMARY, "", "",
               "UPDATE heartbeat SET at_us = " SERVER_NOW_US
               " WHERE id = 1 AND at_us NOT BETWEEN " SERVER_NOW_US
               " - 900000 AND " SERVER_NOW_US },
    /* The longest of the writes that wait for a replica, all of this same user's. */
    [WAITS] = { "status.waits", PREFER_PRIMARY, "", "i",
                "SELECT COALESCE(MAX(time), 0) FROM information_schema.processlist"
                " WHERE state LIKE 'Waiting for semi-sync ACK%'" },
    /* One that was tried and failed waits for its next time: that is nobody's delay. */
    [OUTBOX] = { "status.outbox", PREFER_PRIMARY, "i", "ui",
                 "SELECT COUNT(*), MIN(IF(due_at_s <= ?, due_at_s, NULL)) FROM outbox" },
    /* What every write has for a moment is not counted. */
    [PURGES] = { "status.purges", PREFER_PRIMARY, "", "u",
                 "SELECT COUNT(*) FROM cache_purge WHERE created_at_s < UNIX_TIMESTAMP() - 5" },
    /* By the badges: a host with more of them than it may be asked for is never late itself. One look into the index
     * for each host; and where no checker runs that would queue new badges, those of the first people. */
    [RECHECKS] = { "status.rechecks", PREFER_PRIMARY, "ii", "ui",
                   "SELECT COUNT(*), MIN(q.first_s) FROM (SELECT (SELECT b.check_at_s FROM badge b"
                   " WHERE b.check_host = h.id ORDER BY b.check_at_s LIMIT 1) AS first_s"
                   " FROM check_host h UNION ALL SELECT MIN(n.checked_at_s) + ? FROM"
                   " (SELECT checked_at_s FROM badge WHERE check_host = 0"
                   " ORDER BY check_at_s LIMIT 100) n) q WHERE q.first_s <= ?" },
    [SCHEMA] = { "status.schema", PREFER_PRIMARY, "", "b",
                 "SELECT name FROM migration ORDER BY name DESC LIMIT 1" },
};
const struct stmt_table status_statements = { sql, COUNT_OF(sql) };

enum err_code
store_heartbeat(struct db *db, struct err *e)
{
    return query_exec(db, &sql[BEAT], NO_BIND, NULL, e);
}

static int64_t
age_s(int64_t since_s)
{
    int64_t age = clock_now_s() - since_s;

    return since_s > 0 && age > 0 ? age : 0;
}

static enum err_code
count(struct db *db, struct store_status *ret, struct err *e)
{
    struct query  outbox, purges, rechecks, schema;
    int64_t       now_s = clock_now_s();
    enum err_code rc;

    if ((rc = query_need(db, &sql[OUTBOX], BIND(I64(now_s)), &outbox, e)) != ERR_NONE ||
        (rc = query_need(db, &sql[PURGES], NO_BIND, &purges, e)) != ERR_NONE ||
        (rc = query_need(db, &sql[RECHECKS], BIND(I64(db->s->conf->recheck_every_s), I64(now_s)),
                         &rechecks, e)) != ERR_NONE ||
        (rc = query_need(db, &sql[SCHEMA], NO_BIND, &schema, e)) != ERR_NONE)
        return rc;
    ret->outbox = outbox.col[0].u;
    ret->outbox_oldest_s = age_s(outbox.col[1].i);
    ret->purges = purges.col[0].u;
    ret->rechecks_due = rechecks.col[0].u;
    ret->recheck_oldest_s = age_s(rechecks.col[1].i);
    ret->schema = schema.col[0].s;
    return rc;
}

static struct store_server_status
server_of(struct db *db, struct server *sv)
{
    struct store_server_status ret = { .address = sv->address,
                                       .weight = sv->weight,
                                       .rotation = sv->rotation,
                                       .answers = sv->seen.answers,
                                       .lag_ms = -1 };

    if (!ret.answers || sv->conn == NULL)
        return ret;
    ret.writable = sv->seen.writable;
    ret.replicates = sv->seen.replicates;
    ret.version = arena_copy(db->a, slice_str(mysql_get_server_info(sv->conn)));
    ret.position = arena_copy(db->a, slice_str(sv->seen.position));
    ret.term = sv->seen.term;
    ret.lag_ms = sv->lag_ms;
    return ret;
}

/* Who never wrote has not waited in vain, but sees that others do. */
static bool
others_wait_in_vain(struct db *db)
{
    struct query q;
    struct err   ignored;

    return db->s->primary_seen.semisync.waiting > 0 &&
           query_need(db, &sql[WAITS], NO_BIND, &q, &ignored) == ERR_NONE &&
           q.col[0].i * 1000 >= db->s->query_timeout_ms;
}

void
store_status(struct db *db, struct store_status *ret)
{
    struct store *s = db->s;
    struct err    ignored;

    servers_look(db, true);
    s->stuck = s->stuck || others_wait_in_vain(db);
    *ret = (struct store_status){
        .servers = ARENA_ARRAY(db->a, struct store_server_status, s->count),
        .server_count = s->count,
        .caches = ARENA_ARRAY(db->a, struct store_cache_status, s->conf->cache_servers.count + 1),
        .cache_count = s->conf->cache_servers.count,
        .writable = store_acknowledges(s),
        .semisync = s->primary != NULL ? s->primary_seen.semisync : (struct store_semisync){ 0 }
    };
    for (size_t i = 0; i < s->count; i++)
        ret->servers[i] = server_of(db, &s->servers[i]);
    for (size_t i = 0; i < ret->cache_count; i++)
        ret->caches[i] = (struct store_cache_status){ .address = s->conf->cache_servers.items[i],
                                                      .answers = cache_answers(s->cache, i) };
    ret->counted = count(db, ret, &ignored) == ERR_NONE;
}

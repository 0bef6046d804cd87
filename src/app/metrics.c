/* For Prometheus; nginx lets nobody else ask. */
#include "app_int.h"
#include "cache/cache.h"
#include "core/log.h"
#include "http/serve.h"
#include "http/site.h"
#include "metrics/metrics.h"
#include "store/status.h"

static void
write_build(struct sbuf *b)
{
    metrics_head(b, METRIC_BUILD);
    metrics_sample(b, METRIC_BUILD, arena_printf(b->a, "release=\"%s\"", site_release), 1);
}

static void
write_workers(struct sbuf *b)
{
    struct slice name;
    uint64_t     all, busy;

    metrics_head(b, METRIC_WORKERS);
    for (enum route_pool pool = READ; (name = http_pool_name(pool)).n > 0; pool++) {
        metrics_workers(pool, &all, &busy);
        metrics_sample(b, METRIC_WORKERS,
                       arena_printf(b->a, "pool=\"%.*s\",state=\"busy\"", SLICE_FMT(name)), busy);
        metrics_sample(b, METRIC_WORKERS,
                       arena_printf(b->a, "pool=\"%.*s\",state=\"idle\"", SLICE_FMT(name)),
                       all - busy);
    }
}

/* A name from the configuration as a label's value. */
static struct slice
server_label(struct arena *a, struct slice name)
{
    struct sbuf b;

    sbuf_init(&b, a);
    sbuf_add_str(&b, "server=\"");
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"' || name.p[i] == '\\')
            sbuf_add_char(&b, '\\');
        sbuf_add_char(&b, name.p[i]);
    }
    sbuf_add_char(&b, '"');
    return sbuf_slice(&b);
}

/* ---- memcached ----------------------------------------------------------------------------------- */

struct memcached {
    struct slice       label;
    bool               up;
    struct cache_stats stats;
};

static void
write_gets(struct sbuf *b, const struct memcached *m)
{
    metrics_sample(b, METRIC_CACHE_GETS,
                   arena_printf(b->a, "%.*s,result=\"hit\"", SLICE_FMT(m->label)), m->stats.hits);
    metrics_sample(b, METRIC_CACHE_GETS,
                   arena_printf(b->a, "%.*s,result=\"miss\"", SLICE_FMT(m->label)),
                   m->stats.misses);
}
static void
write_evictions(struct sbuf *b, const struct memcached *m)
{
    metrics_sample(b, METRIC_CACHE_EVICTIONS, m->label, m->stats.evictions);
}
static void
write_bytes(struct sbuf *b, const struct memcached *m)
{
    metrics_sample(b, METRIC_CACHE_BYTES, m->label, m->stats.bytes);
}
static void
write_limit(struct sbuf *b, const struct memcached *m)
{
    metrics_sample(b, METRIC_CACHE_LIMIT, m->label, m->stats.limit_bytes);
}

static void
write_caches(const struct req *r, struct sbuf *b)
{
    static const struct {
        enum metric family;
        void (*write)(struct sbuf *b, const struct memcached *m);
    } families[] = { { METRIC_CACHE_GETS, write_gets },
                     { METRIC_CACHE_EVICTIONS, write_evictions },
                     { METRIC_CACHE_BYTES, write_bytes },
                     { METRIC_CACHE_LIMIT, write_limit } };
    const struct conf_list *servers = &r->app->conf->cache_servers;
    struct memcached       *all = ARENA_ARRAY(r->arena, struct memcached, servers->count + 1);

    metrics_head(b, METRIC_CACHE_UP);
    for (size_t i = 0; i < servers->count; i++) {
        all[i].label = server_label(r->arena, servers->items[i]);
        all[i].up = cache_stats(r->app->cache, i, &all[i].stats);
        metrics_sample(b, METRIC_CACHE_UP, all[i].label, all[i].up);
    }
    for (size_t f = 0; f < COUNT_OF(families); f++) {
        metrics_head(b, families[f].family);
        for (size_t i = 0; i < servers->count; i++)
            if (all[i].up)
                families[f].write(b, &all[i]);
    }
}

/* ---- databases ----------------------------------------------------------------------------------- */

enum { PATIENCE_MS = 1000, US_PER_MS = 1000 };

static void
free_store(void *p)
{
    store_free(p);
}

/* A server that hangs must not hold up the answer: Prometheus waits for ten seconds. So the worker's own connections,
 * which are patient, are not for this. */
static void
ask_databases(const struct req *r, struct store_status *ret)
{
    struct conf  *quick = ARENA_NEW(r->arena, struct conf);
    struct store *store;

    *quick = *r->app->conf;
    quick->db_connect_timeout_ms = quick->db_query_timeout_ms = PATIENCE_MS;
    store = store_new(quick);
    arena_defer(r->arena, free_store, store);
    log_set_level(ERR_LEVEL_ERROR); /* it finds each server anew, every time */
    store_status(db_lease(store, r->arena, SLICE_NONE, false), ret);
    log_set_level_named(quick->log_level);
}

static bool
is_replica(const struct store_server_status *s)
{
    return s->rotation != ROTATION_PRIMARY;
}

static void
write_rotation(struct sbuf *b, const struct store_server_status *s, struct slice label)
{
    for (int i = 0; i < ROTATION_COUNT; i++)
        metrics_sample(
            b, METRIC_ROTATION,
            arena_printf(b->a, "%.*s,state=\"%s\"", SLICE_FMT(label), store_rotation_names[i]),
            (int)s->rotation == i);
}

static void
write_servers(struct sbuf *b, const struct store_status *st)
{
    const struct store_server_status *s = st->servers;

    metrics_head(b, METRIC_WRITABLE);
    metrics_sample(b, METRIC_WRITABLE, SLICE_NONE, st->writable);
    metrics_head(b, METRIC_DATABASE_UP);
    for (size_t i = 0; i < st->server_count; i++)
        metrics_sample(b, METRIC_DATABASE_UP, server_label(b->a, s[i].address), s[i].answers);
    metrics_head(b, METRIC_ROTATION);
    for (size_t i = 0; i < st->server_count; i++)
        write_rotation(b, &s[i], server_label(b->a, s[i].address));
    metrics_head(b, METRIC_LAG);
    for (size_t i = 0; i < st->server_count; i++)
        if (is_replica(&s[i]) && s[i].answers && s[i].lag_ms >= 0)
            metrics_sample_us(b, METRIC_LAG, server_label(b->a, s[i].address),
                              s[i].lag_ms * US_PER_MS);
}

/* What nobody could count is left out. */
static void
write_count(struct sbuf *b, enum metric family, bool known, uint64_t count)
{
    metrics_head(b, family);
    if (known)
        metrics_sample(b, family, SLICE_NONE, count);
}

static void
write_databases(const struct req *r, struct sbuf *b)
{
    struct store_status st;

    ask_databases(r, &st);
    write_servers(b, &st);
    write_count(b, METRIC_SEMISYNC, st.semisync.on, st.semisync.clients);
    write_count(b, METRIC_SEMISYNC_WAITING, st.semisync.on, st.semisync.waiting);
    write_count(b, METRIC_OUTBOX, st.counted, st.outbox);
    write_count(b, METRIC_OUTBOX_OLDEST, st.counted, (uint64_t)st.outbox_oldest_s);
    write_count(b, METRIC_PURGES, st.counted, st.purges);
    write_count(b, METRIC_RECHECKS, st.counted, st.rechecks_due);
    write_count(b, METRIC_RECHECK_OLDEST, st.counted, (uint64_t)st.recheck_oldest_s);
}

enum err_code
app_metrics(struct req *r, struct resp *out, struct err *e)
{
    struct sbuf b;
    (void)e;

    sbuf_init(&b, r->arena);
    write_build(&b);
    if (metrics_are_shared())
        write_workers(&b);
    metrics_write(&b);
    write_databases(r, &b);
    write_caches(r, &b);
    return reply_bytes(out, 200, "text/plain; version=0.0.4; charset=utf-8", sbuf_slice(&b));
}

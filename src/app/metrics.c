/* For Prometheus; nginx lets nobody else ask. */
#include "app_int.h"
#include "cache/cache.h"
#include "http/serve.h"
#include "http/site.h"
#include "metrics/metrics.h"

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
    write_caches(r, &b);
    return reply_bytes(out, 200, "text/plain; version=0.0.4; charset=utf-8", sbuf_slice(&b));
}

/* For Prometheus; nginx lets nobody else ask. */
#include "app_int.h"
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
    return reply_bytes(out, 200, "text/plain; version=0.0.4; charset=utf-8", sbuf_slice(&b));
}

/* What is counted, as Prometheus reads it: text format 0.0.4. */
#include "metrics_int.h"

#define COUNTER "counter"
#define GAUGE "gauge"
#define HISTOGRAM "histogram"
const struct metrics_family metrics_families[METRIC_COUNT] = {
#define M(id, name, type, labels, sentence) [METRIC_##id] = { name, type, labels, sentence },
#define V(id, family, label)
#include "metrics/metrics.def"
#undef M
#undef V
};

const char *const metrics_values[METRIC_VALUE_COUNT] = {
#define M(id, name, type, labels, sentence)
#define V(id, family, label) [METRIC_##id] = label,
#include "metrics/metrics.def"
#undef M
#undef V
};

const enum metric metrics_value_families[METRIC_VALUE_COUNT] = {
#define M(id, name, type, labels, sentence)
#define V(id, family, label) [METRIC_##id] = METRIC_##family,
#include "metrics/metrics.def"
#undef M
#undef V
};

enum { US = 1000 * 1000 };

static const char *const by_names[BY_COUNT] = { "signed_in", "anonymous", "recheck" };

void
metrics_head(struct sbuf *b, enum metric family)
{
    const struct metrics_family *f = &metrics_families[family];

    sbuf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->sentence, f->name, f->type);
}

static void
name(struct sbuf *b, enum metric family, const char *suffix, struct slice labels)
{
    sbuf_add_str(b, metrics_families[family].name);
    sbuf_add_str(b, suffix);
    if (labels.n > 0)
        sbuf_printf(b, "{%.*s}", SLICE_FMT(labels));
}

static void
add_us(struct sbuf *b, uint64_t us)
{
    sbuf_printf(b, " %llu.%06llu\n", (unsigned long long)us / US, (unsigned long long)us % US);
}

void
metrics_sample(struct sbuf *b, enum metric family, struct slice labels, uint64_t value)
{
    name(b, family, "", labels);
    sbuf_printf(b, " %llu\n", (unsigned long long)value);
}

void
metrics_sample_us(struct sbuf *b, enum metric family, struct slice labels, int64_t us)
{
    name(b, family, "", labels);
    add_us(b, us > 0 ? (uint64_t)us : 0);
}

static uint64_t
get(cell *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

/* The count is the buckets' sum, so that the two agree whatever is counted meanwhile. */
static void
histogram(struct sbuf *b, enum metric family, struct slice labels, struct histogram *h)
{
#define B(us, text) text,
    static const char *const ends[] = { BUCKETS(B) };
#undef B
    uint64_t sum_us = get(&h->sum_us), count = 0;

    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        count += get(&h->buckets[i]);
        name(b, family, "_bucket",
             arena_printf(b->a, "%.*s,le=\"%s\"", SLICE_FMT(labels), ends[i]));
        sbuf_printf(b, " %llu\n", (unsigned long long)count);
    }
    name(b, family, "_sum", labels);
    add_us(b, sum_us);
    name(b, family, "_count", labels);
    sbuf_printf(b, " %llu\n", (unsigned long long)count);
}

/* ---- requests ----------------------------------------------------------------------------------- */

static struct slice
with(struct sbuf *b, struct slice labels, const char *more, const char *value)
{
    return arena_printf(b->a, "%.*s,%s=\"%s\"", SLICE_FMT(labels), more, value);
}

static void
row_requests(struct sbuf *b, struct slice labels, struct row *r)
{
    static const char *const classes[CLASSES] = { "none", "1xx", "2xx", "3xx", "4xx", "5xx" };

    for (size_t i = 2; i < CLASSES; i++)
        metrics_sample(b, METRIC_REQUESTS, with(b, labels, "status", classes[i]),
                       get(&r->statuses[i]));
}

static void
row_duration(struct sbuf *b, struct slice labels, struct row *r)
{
    histogram(b, METRIC_DURATION, labels, &r->took);
}

static void
row_parts(struct sbuf *b, struct slice labels, struct row *r)
{
    static const char *const parts[PARTS] = { "database", "cache", "fetch" };

    for (size_t i = 0; i < PARTS; i++)
        metrics_sample_us(b, METRIC_PARTS, with(b, labels, "part", parts[i]),
                          (int64_t)get(&r->parts_us[i]));
}

static void
row_documents(struct sbuf *b, struct slice labels, struct row *r)
{
    uint64_t found = get(&r->found), built = get(&r->built);

    if (found + built == 0)
        return;
    metrics_sample(b, METRIC_DOCUMENTS, with(b, labels, "found", "cache"), found);
    metrics_sample(b, METRIC_DOCUMENTS, with(b, labels, "found", "database"), built);
}

static bool
is_used(struct row *r)
{
    for (size_t i = 0; i < CLASSES; i++)
        if (get(&r->statuses[i]) > 0)
            return true;
    return false;
}

/* One family after the other, as the format wants it. */
static void
write_rows(struct sbuf *b)
{
    static const struct {
        enum metric family;
        void (*write)(struct sbuf *b, struct slice labels, struct row *r);
    } families[] = { { METRIC_REQUESTS, row_requests },
                     { METRIC_DURATION, row_duration },
                     { METRIC_PARTS, row_parts },
                     { METRIC_DOCUMENTS, row_documents } };
    uint32_t count = atomic_load_explicit(&segment->rows, memory_order_acquire);

    for (size_t i = 0; i < COUNT_OF(families); i++) {
        metrics_head(b, families[i].family);
        for (uint32_t row = 0; row < count; row++)
            if (is_used(&segment->row[row]))
                families[i].write(b,
                                  row == 0 ? SL("pool=\"\",method=\"\",route=\"other\"")
                                           : slice_str(segment->row[row].labels),
                                  &segment->row[row]);
    }
}

static void
write_failures(struct sbuf *b)
{
    metrics_head(b, METRIC_FAILURES);
    for (int i = ERR_NONE + 1; i < ERR_COUNT; i++)
        metrics_sample(b, METRIC_FAILURES,
                       arena_printf(b->a, "code=\"%s\"", err_name((enum err_code)i)),
                       get(&segment->failures[i]));
}

/* ---- fetches ------------------------------------------------------------------------------------ */

static void
fetched(struct sbuf *b, size_t by, const char *result, uint64_t count)
{
    metrics_sample(b, METRIC_FETCHES,
                   arena_printf(b->a, "by=\"%s\",result=\"%s\"", by_names[by], result), count);
}

static void
write_fetches(struct sbuf *b)
{
    static const char *const classes[CLASSES] = { "other", "1xx", "2xx", "3xx", "4xx", "5xx" };

    metrics_head(b, METRIC_FETCHES);
    for (size_t by = 0; by < BY_COUNT; by++) {
        for (size_t i = 2; i < CLASSES; i++)
            fetched(b, by, classes[i], get(&segment->fetched[by][i]));
        for (int i = ERR_FETCH_URL; i <= ERR_FETCH_ANSWER; i++)
            fetched(b, by, err_name((enum err_code)i), get(&segment->fetch_failures[by][i]));
    }
    metrics_head(b, METRIC_FETCH_CAUSES);
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (get(&segment->fetch_causes[i]) > 0)
            metrics_sample(b, METRIC_FETCH_CAUSES,
                           arena_printf(b->a, "cause=\"%s\"", cause_name((enum cause_id)i)),
                           get(&segment->fetch_causes[i]));
    metrics_head(b, METRIC_FETCH_DURATION);
    for (size_t by = 0; by < BY_COUNT; by++)
        histogram(b, METRIC_FETCH_DURATION, arena_printf(b->a, "by=\"%s\"", by_names[by]),
                  &segment->fetch_took[by]);
}

/* ---- all ---------------------------------------------------------------------------------------- */

static void
write_values(struct sbuf *b)
{
    for (int i = 0; i < METRIC_VALUE_COUNT; i++) {
        enum metric family = metrics_value_families[i];

        if (i == 0 || family != metrics_value_families[i - 1])
            metrics_head(b, family);
        metrics_sample(
            b, family,
            arena_printf(b->a, "%s=\"%s\"", metrics_families[family].labels, metrics_values[i]),
            get(&segment->values[i]));
    }
}

void
metrics_write(struct sbuf *b)
{
    metrics_head(b, METRIC_SHARED);
    metrics_sample(b, METRIC_SHARED, SLICE_NONE, metrics_are_shared());
    if (!metrics_are_shared())
        return;
    write_rows(b);
    write_failures(b);
    write_values(b);
    write_fetches(b);
}

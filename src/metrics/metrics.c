/* Counting. */
#include "metrics_int.h"

static void
add(cell *c, int64_t n)
{
    if (n > 0)
        atomic_fetch_add_explicit(c, (uint64_t)n, memory_order_relaxed);
}

static void
observe(struct histogram *h, int64_t us)
{
#define B(us, text) us,
    static const int64_t ends[] = { BUCKETS(B) };
#undef B
    size_t i = 0;

    while (us > ends[i])
        i++;
    add(&h->buckets[i], 1);
    add(&h->sum_us, us);
}

static size_t
class_of(int status)
{
    return status >= 100 && status < 100 * CLASSES ? (size_t)status / 100 : 0;
}

void
metrics_add(enum metric_value what)
{
    add(&segment->values[what], 1);
}

void
metrics_request(unsigned row, const struct metrics_request *request)
{
    struct row *r = &segment->row[row];

    add(&r->statuses[class_of(request->status)], 1);
    observe(&r->took, request->took_us);
    add(&r->parts_us[0], request->database_us);
    add(&r->parts_us[1], request->cache_us);
    add(&r->parts_us[2], request->fetch_us);
    add(&r->found, request->document == DOCUMENT_FOUND);
    add(&r->built, request->document == DOCUMENT_BUILT);
    if (request->failure != ERR_NONE)
        add(&segment->failures[request->failure], 1);
}

void
metrics_fetch(const struct metrics_fetch *f)
{
    if (f->failure == ERR_NONE) {
        add(&segment->fetched[f->by][class_of(f->status)], 1);
    } else {
        add(&segment->fetch_failures[f->by][f->failure], 1);
        add(&segment->fetch_causes[f->cause], 1);
    }
    observe(&segment->fetch_took[f->by], f->took_us);
}

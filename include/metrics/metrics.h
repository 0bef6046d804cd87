/* Figures of what the processes of this machine do, for Prometheus. They count in one file that each maps: a
 * process that is killed takes nothing with it, and none waits for another. Nothing here names a person.
 *
 * Like the log it is one for the process. Before metrics_open, and when the file cannot be mapped, everything
 * counts into memory that nobody reads. */
#ifndef OBI_METRICS_METRICS_H
#define OBI_METRICS_METRICS_H

#include <stdint.h>

#include "core/err.h"
#include "core/sbuf.h"

enum metric {
#define M(id, name, type, labels, sentence) METRIC_##id,
#define V(id, family, label)
#include "metrics/metrics.def"
#undef M
#undef V
    METRIC_COUNT
};

enum metric_value {
#define M(id, name, type, labels, sentence)
#define V(id, family, label) METRIC_##id,
#include "metrics/metrics.def"
#undef M
#undef V
    METRIC_VALUE_COUNT
};

/* Maps `<file>.<layout>`, made when it is not there; releases that count otherwise have other layouts. Where that
 * fails there is one warning in the log. */
void metrics_open(struct slice file);
bool metrics_are_shared(void);

void metrics_add(enum metric_value what);

/* ---- requests ----------------------------------------------------------------------------------- */

/* Takes a place as a worker of that pool (1 to METRICS_POOLS - 1) for the life of the process. The place is a lock
 * on the file, which ends with the process however that ends. */
enum { METRICS_POOLS = 8 };
void metrics_worker(unsigned pool);
/* Whether this worker has a request. */
void metrics_busy(bool busy);
/* How many workers of a pool live, and how many of them have a request. */
void metrics_workers(unsigned pool, uint64_t *ret_all, uint64_t *ret_busy);

/* The number of the row that counts under these labels, `name="value",name="value"`. Row 0 takes what finds no room. */
unsigned metrics_row(struct slice labels);

enum metrics_document { DOCUMENT_NONE, DOCUMENT_FOUND, DOCUMENT_BUILT };
struct metrics_request {
    int                   status;
    enum err_code         failure; /* ERR_NONE: it did not */
    enum metrics_document document;
    int64_t               took_us, database_us, cache_us, fetch_us;
};
void metrics_request(unsigned row, const struct metrics_request *request);

/* ---- fetches ------------------------------------------------------------------------------------ */

enum metrics_by { BY_SIGNED_IN, BY_ANONYMOUS, BY_RECHECK, BY_COUNT };
struct metrics_fetch {
    enum metrics_by by;
    enum err_code   failure; /* ERR_NONE: an answer came */
    enum cause_id   cause;   /* of the failure; CAUSE_NONE: not known */
    int             status;  /* of the answer */
    int64_t         took_us;
};
void metrics_fetch(const struct metrics_fetch *fetch);

/* ---- as text ------------------------------------------------------------------------------------ */

struct metrics_family {
    const char *name, *type, *labels, *sentence;
};
/* The rows of metrics.def. */
extern const struct metrics_family metrics_families[METRIC_COUNT];

/* Prometheus' text format 0.0.4: a family's head, then its samples. `labels` as in metrics_row, or SLICE_NONE. */
void metrics_head(struct sbuf *b, enum metric family);
void metrics_sample(struct sbuf *b, enum metric family, struct slice labels, uint64_t value);
void metrics_sample_us(struct sbuf *b, enum metric family, struct slice labels, int64_t us);
/* Everything that is counted here, and METRIC_SHARED. */
void metrics_write(struct sbuf *b);

#endif

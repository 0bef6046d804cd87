/* The file that all processes map. Its layout has a number in the file's name: it never changes under anybody. */
#ifndef OBI_METRICS_INT_H
#define OBI_METRICS_INT_H

#include <stdatomic.h>

#include "metrics/metrics.h"

enum { ROWS = 256, PLACES = 256, LABELS_BYTES = 128, CLASSES = 6, PARTS = 3, CACHE_LINE = 64 };

typedef _Atomic uint64_t cell; /* only ever added to, without an order: each is right by itself */

/* The upper ends of a histogram's buckets, and the one that has none. */
#define BUCKETS(B)                                                                                 \
    B(250, "0.00025")                                                                              \
    B(500, "0.0005")                                                                               \
    B(1000, "0.001")                                                                               \
    B(2500, "0.0025")                                                                              \
    B(5000, "0.005")                                                                               \
    B(10000, "0.01")                                                                               \
    B(25000, "0.025")                                                                              \
    B(50000, "0.05")                                                                               \
    B(100000, "0.1")                                                                               \
    B(250000, "0.25")                                                                              \
    B(500000, "0.5")                                                                               \
    B(1000000, "1")                                                                                \
    B(2500000, "2.5")                                                                              \
    B(5000000, "5")                                                                                \
    B(10000000, "10")                                                                              \
    B(30000000, "30")                                                                              \
    B(INT64_MAX, "+Inf")
#define B(us, text) +1
enum { BUCKET_COUNT = BUCKETS(B) };
#undef B

struct histogram {
    cell buckets[BUCKET_COUNT]; /* each for itself; the text adds them up */
    cell sum_us;
};

struct row {
    _Alignas(CACHE_LINE) char labels
        [LABELS_BYTES];                 /* written before `rows` counts it, and never again */
    cell             statuses[CLASSES]; /* by hundreds; 0: none */
    cell             found, built;
    cell             parts_us[PARTS];
    struct histogram took;
};

/* Of one worker: what it says holds while its byte of the file is locked. */
struct place {
    _Alignas(CACHE_LINE) _Atomic uint32_t pool;
    _Atomic uint32_t busy;
};

struct segment {
    _Atomic uint32_t rows; /* that have labels; the first is for what finds no room */
    cell             values[METRIC_VALUE_COUNT];
    cell             failures[ERR_COUNT];
    cell             fetched[BY_COUNT][CLASSES];
    cell             fetch_failures[BY_COUNT][ERR_COUNT];
    cell             fetch_causes[CAUSE_COUNT];
    struct histogram fetch_took[BY_COUNT];
    struct place     places[PLACES];
    struct row       row[ROWS];
};

extern struct segment   *segment;
extern const char *const metrics_values[METRIC_VALUE_COUNT]; /* their labels */
extern const enum metric metrics_value_families[METRIC_VALUE_COUNT];

#endif

/* What one call costs, for t/bench/verify and t/bench/bake. */
#ifndef OBI_BENCH_COST_H
#define OBI_BENCH_COST_H

#include <time.h>

#include "core/arena.h"

static inline double
cost_now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Microseconds of processor time of one call, the best of several rounds. */
static inline double
cost_us(void (*call)(struct arena *a, void *of), void *of, int calls)
{
    enum { ROUNDS = 7 };
    struct arena *a = arena_new();
    double        best = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        double began = cost_now_s(), took;

        for (int i = 0; i < calls; i++) {
            call(a, of);
            arena_empty(a);
        }
        took = (cost_now_s() - began) / calls * 1e6;
        best = took < best ? took : best;
    }
    arena_free(a);
    return best;
}

#endif

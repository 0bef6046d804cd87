/* What fuzz targets share. A target is t/fuzz/<module>_<subject>.c with LLVMFuzzerTestOneInput and the folder
 * of its name beside it, with at least one seed; t/fuzz/<module>_<subject>.dict holds its words, if any. */
#ifndef OBI_FUZZ_H
#define OBI_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static inline struct slice
fuzz_slice(const uint8_t *bytes, size_t count)
{
    return (struct slice){ (const char *)bytes, count };
}

/* A promise that must hold for every input. Aborting is how a target says no. */
#define FUZZ_HOLDS(truth)                                                                          \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #truth);            \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif

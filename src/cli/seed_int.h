/* What the files of `obi seed` share. */
#ifndef OBI_CLI_SEED_INT_H
#define OBI_CLI_SEED_INT_H

#include "core/arena.h"

/* A PNG of 128 × 128: a coin on white, in the n-th colour. The same n is the same file. */
struct slice seed_picture(struct arena *a, unsigned n);

#endif

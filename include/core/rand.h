/* Randomness, from OpenSSL's generator. A failing generator ends the process. */
#ifndef OBI_CORE_RAND_H
#define OBI_CORE_RAND_H

#include <stdint.h>

#include "core/arena.h"

void rand_bytes(void *to, size_t n);
/* A token of 256 random bits as 43 base64url characters, in the arena. */
struct slice rand_token(struct arena *a);
/* An id for a row: 41 bits of milliseconds since 2026 and 12 random ones, so that ids are below
 * 2^53, grow with time and need no counter that servers would have to share. Two may be equal: the
 * primary key tells, and the caller draws again. */
uint64_t rand_id(void);
/* When an id of rand_id was drawn, in seconds since 1970. */
int64_t rand_id_time_s(uint64_t id);

#endif

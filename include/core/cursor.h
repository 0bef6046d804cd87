/* Reads untrusted bytes in order and remembers its first overrun: ask `bad` once, at the end. */
#ifndef OBI_CORE_CURSOR_H
#define OBI_CORE_CURSOR_H

#include <stdint.h>

#include "core/slice.h"

struct cursor {
    struct slice left;
    bool         bad; /* something was asked for that is not there; all later answers are zero or empty */
};

static inline struct cursor
cur_of(struct slice s)
{
    return (struct cursor){ s, false };
}

/* The next `n` bytes, or SLICE_NONE and bad. */
struct slice cur_take(struct cursor *c, size_t n);
uint8_t      cur_u8(struct cursor *c);
uint32_t     cur_be32(struct cursor *c);
/* Up to the next byte `end`, which is skipped; bad when there is none. */
struct slice cur_until(struct cursor *c, char end);

#endif

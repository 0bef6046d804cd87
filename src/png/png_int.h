/* Shared inside png/ only. */
#ifndef OBI_PNG_INT_H
#define OBI_PNG_INT_H

#include "core/cursor.h"
#include "core/err.h"

enum { PNG_SIGNATURE_BYTES = 8 };
#define PNG_TYPE(a, b, c, d)                                                                       \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

struct chunk {
    uint32_t     type;
    struct slice data;
    struct slice whole; /* length and CRC included */
};

/* A file that holds to the rules in png/png.h. Errors as there; *ret_chunks is IHDR to IEND. */
MUST_USE enum err_code chunks_of(struct slice file, struct slice *ret_chunks, struct err *e);
/* The next of chunks that chunks_of has passed; false behind the last. */
bool chunk_next(struct cursor *c, struct chunk *ret);

/* PNG_MALFORMED with what is wrong as its cause. */
enum err_code png_refuse(struct err *e, struct cause cause);
/* TOO_LARGE with what is as its cause. */
enum err_code png_too_large(struct err *e, struct cause cause);

/* A tEXt, zTXt or iTXt chunk with the keyword `openbadges`. */
bool chunk_is_baked(const struct chunk *chunk);

#endif

/* PNG pictures: an assertion put in, taken out, the whole picture checked.
 *
 * All three hold the file to the chunk rules first: signature, IHDR first and once, lengths and
 * CRCs right, no unknown critical chunk, IDATs together, IEND at the end; at most
 * LIMIT_IMAGE_BYTES, LIMIT_PNG_CHUNKS, LIMIT_IMAGE_PIXELS, and LIMIT_IMAGE_SIDE_PIXELS wide and
 * high. Bytes behind IEND are no part of the picture: they are passed over, and a baked file has
 * none.
 * Errors  PNG_MALFORMED (e->cause says what, of which chunk); TOO_LARGE (e->cause says which
 *         limit). */
#ifndef OBI_PNG_PNG_H
#define OBI_PNG_PNG_H

#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"

struct png_size {
    uint32_t width, height;
};

/* It begins with the signature of a PNG; nothing more is said. */
bool png_is(struct slice file);

/* Puts text into a PNG as its one `openbadges` chunk, directly behind IHDR.
 * In      text: a JSON text, a compact JWS or a URL, at most LIMIT_JWS_BYTES.
 * Out     *ret: a new file; every other chunk is copied byte for byte, in order. An older
 *         `openbadges` in a tEXt, zTXt or iTXt chunk is replaced.
 * Errors  as above; ASSERTION_MALFORMED (text is empty, has a NUL or is no UTF-8).
 * Owner   the caller keeps png and text; *ret lives in `a`.
 * Spec    Open Badges Baking 1.0.0, PNGs, Baking: iTXt, uncompressed, MUST NOT appear twice. */
MUST_USE enum err_code png_bake(struct arena *a, struct slice png, struct slice text,
                                struct slice *ret, struct err *e);

/* What is baked in: the text of the first `openbadges` iTXt, whatever its language tag; without one
 * that of the first `openbadges` tEXt (a URL, from before 1.0). zTXt does not count.
 * Out     *ret points into `png`.
 * Errors  as above; IMAGE_UNBAKED; IMAGE_COMPRESSED; PNG_MALFORMED also when the text is no UTF-8
 *         or has a NUL. */
MUST_USE enum err_code png_unbake(struct slice png, struct slice *ret, struct err *e);

/* Decodes the whole picture, row by row and interlaced ones pass by pass, so that memory is a few
 * rows whatever the file says. What is compressed in text and profile chunks is never inflated.
 * Errors  as above. */
MUST_USE enum err_code png_check(struct slice png, struct png_size *ret, struct err *e);

#endif

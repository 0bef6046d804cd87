/* Pictures with badges in them, of either kind. */
#ifndef OBI_BADGE_BAKE_H
#define OBI_BADGE_BAKE_H

#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"

enum badge_image_kind { BADGE_IMAGE_UNKNOWN, BADGE_IMAGE_PNG, BADGE_IMAGE_SVG };

struct badge_image {
    enum badge_image_kind kind;
    uint32_t              width, height; /* in pixels; 0 for SVG */
};

/* What the bytes mean to be: a file with the PNG signature; XML whose root is `svg`, or that has
 * `<svg` near its beginning and is no page of HTML, so that a broken file is told what is wrong
 * with it. */
enum badge_image_kind badge_image_kind(struct slice image);

/* The whole picture is what its kind's rules ask for: png/png.h, xml/svg.h.
 * Errors  IMAGE_UNKNOWN; PNG_MALFORMED; SVG_MALFORMED; TOO_LARGE. */
MUST_USE enum err_code badge_image_check(struct slice image, struct badge_image *ret,
                                         struct err *e);

/* The text that is baked in: JSON, a compact JWS or a URL, to be told apart by the caller.
 * Out     *ret: UTF-8 without NUL, trimmed, not empty, in `a` or in `image`.
 * Errors  as badge_image_check; IMAGE_UNBAKED; IMAGE_COMPRESSED. */
MUST_USE enum err_code badge_unbake(struct arena *a, struct slice image, struct slice *ret,
                                    struct err *e);

/* Puts text in, in place of what was baked in before.
 * In      text: an assertion as JSON, a compact JWS, or a URL. url: where the assertion is hosted;
 *         SLICE_NONE to read it from the JSON (its `id`, or the `url` of its `verify`), and for a
 *         JWS. JSON that names no address of its own (Open Badges 0.5) gets `verify` with this one,
 *         so that whoever reads it out of the picture can check it.
 * Out     *ret: a new file in `a`.
 * Errors  IMAGE_UNKNOWN; PNG_MALFORMED; SVG_MALFORMED; TOO_LARGE; ASSERTION_MALFORMED (text is none
 *         of the three, or an SVG needs an address and none is known). */
MUST_USE enum err_code badge_bake(struct arena *a, struct slice image, struct slice text,
                                  struct slice url, struct slice *ret, struct err *e);

#endif

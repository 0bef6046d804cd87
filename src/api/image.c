#include "api_int.h"
#include "badge/bake.h"
#include "store/badge.h"

enum { HASH_DIGITS = 64 };

/* The bytes behind an address never change, so browsers keep them for good. Shared caches ask again
 * each time (s-maxage): a picture that its owner took back must not go on being served to people
 * who never had it. */
#define CACHE_FOREVER "public, max-age=31536000, s-maxage=0, immutable"

/* <64 hex digits>.png or .svg, and nothing else. */
static bool
file_split(struct slice file, struct slice *ret_hash, enum picture_kind *ret_kind)
{
    if (file.n != HASH_DIGITS + 4)
        return false;
    for (size_t i = 0; i < HASH_DIGITS; i++)
        if (!((file.p[i] >= '0' && file.p[i] <= '9') || (file.p[i] >= 'a' && file.p[i] <= 'f')))
            return false;
    *ret_hash = slice_first(file, HASH_DIGITS);
    *ret_kind = slice_ends(file, SL(".png")) ? PICTURE_PNG : PICTURE_SVG;
    return slice_ends(file, SL(".png")) || slice_ends(file, SL(".svg"));
}

enum err_code
api_picture(struct req *r, struct resp *out, struct err *e)
{
    struct badge_picture picture;
    struct slice         hash, bytes;
    enum picture_kind    kind;
    enum err_code        rc;

    if (!file_split(req_param(r, "file"), &hash, &kind))
        return FAIL(e, NOT_FOUND, "no picture's name");
    if ((rc = store_badge_picture(r->db, 0, hash, &picture, e)) != ERR_NONE)
        return rc;
    if (picture.kind != kind)
        return FAIL(e, NOT_FOUND, "the picture is of the other kind");
    resp_header(out, "Cache-Control", SL(CACHE_FOREVER));
    resp_header(out, "Accept-Ranges", SL("bytes")); /* nginx cuts them out */
    if (kind == PICTURE_SVG)
        resp_header(out, "Content-Security-Policy", SL(HTTP_SVG_POLICY));
    if ((rc = badge_bake(r->arena, picture.source, picture.assertion, picture.hosted_url, &bytes,
                         e)) != ERR_NONE)
        return rc;
    return reply_bytes(out, 200, kind == PICTURE_PNG ? "image/png" : "image/svg+xml", bytes);
}

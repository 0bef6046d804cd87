#include <zlib.h>

#include "core/limits.h"
#include "png/png.h"
#include "png_int.h"

static const struct slice signature = SL("\x89PNG\r\n\x1A\n");

/* What was met so far: enough to hold each chunk against its place. */
struct order {
    size_t   count;
    uint32_t last;
    bool     palette, data;
};

enum err_code
png_refuse(struct err *e, struct cause cause)
{
    (void)FAIL(e, PNG_MALFORMED, "%s", cause_name(cause.id));
    err_set_cause(e, cause);
    return ERR_PNG_MALFORMED;
}

enum err_code
png_too_large(struct err *e, struct cause cause)
{
    (void)FAIL(e, TOO_LARGE, "%s", cause_name(cause.id));
    err_set_cause(e, cause);
    return ERR_TOO_LARGE;
}

bool
png_is(struct slice file)
{
    return slice_starts(file, signature);
}

static bool
type_is_letters(struct slice type)
{
    for (size_t i = 0; i < type.n; i++) {
        char c = (char)(type.p[i] | 0x20);

        if (c < 'a' || c > 'z')
            return false;
    }
    return true;
}

static uint32_t
crc_of(struct slice s)
{
    return (uint32_t)crc32(0, (const unsigned char *)s.p, (unsigned)s.n);
}

/* Cuts one chunk off, its CRC checked. */
static enum err_code
chunk_read(struct cursor *c, struct chunk *ret, struct err *e)
{
    struct cursor at = *c;
    uint32_t      length = cur_be32(c), crc;
    struct slice  type = cur_take(c, 4);
    struct slice  covered;

    if (c->bad)
        return png_refuse(e, CAUSE(PNG_END));
    if (!type_is_letters(type))
        return png_refuse(e, CAUSE(PNG_TYPE));
    ret->data = cur_take(c, length);
    crc = cur_be32(c);
    if (c->bad)
        return png_refuse(e, CAUSE(PNG_CUT, type));
    covered = slice_first(slice_from(at.left, 4), 4 + (size_t)length);
    if (crc != crc_of(covered))
        return png_refuse(e, CAUSE(PNG_CHECKSUM, type));
    at = cur_of(type);
    ret->type = cur_be32(&at);
    ret->whole = (struct slice){ type.p - 4, 12 + (size_t)length };
    return ERR_NONE;
}

static enum err_code
header_check(const struct chunk *chunk, struct err *e)
{
    struct cursor c = cur_of(chunk->data);
    uint32_t      width = cur_be32(&c), height = cur_be32(&c);

    if (chunk->type != PNG_TYPE('I', 'H', 'D', 'R'))
        return png_refuse(e, CAUSE(PNG_FIRST));
    if (chunk->data.n != 13 || width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX)
        return png_refuse(e, CAUSE(PNG_CHUNK, SL("IHDR")));
    if (width > LIMIT_IMAGE_SIDE_PIXELS || height > LIMIT_IMAGE_SIDE_PIXELS)
        return png_too_large(e, CAUSE(PICTURE_SIDE));
    if ((uint64_t)width * height > LIMIT_IMAGE_PIXELS)
        return png_too_large(e, CAUSE(PICTURE_PIXELS));
    return ERR_NONE;
}

static enum err_code
palette_check(struct order *o, const struct chunk *chunk, struct err *e)
{
    if (o->palette || o->data)
        return png_refuse(e, CAUSE(PNG_PLACE, SL("PLTE")));
    if (chunk->data.n == 0 || chunk->data.n > 768 || chunk->data.n % 3 != 0)
        return png_refuse(e, CAUSE(PNG_CHUNK, SL("PLTE")));
    o->palette = true;
    return ERR_NONE;
}

static enum err_code
data_check(struct order *o, struct err *e)
{
    if (o->data && o->last != PNG_TYPE('I', 'D', 'A', 'T'))
        return png_refuse(e, CAUSE(PNG_APART));
    o->data = true;
    return ERR_NONE;
}

static enum err_code
order_check(struct order *o, const struct chunk *chunk, struct err *e)
{
    bool critical = (chunk->type & 0x20000000) == 0;

    if (o->count == 1)
        return header_check(chunk, e);
    switch (chunk->type) {
    case PNG_TYPE('P', 'L', 'T', 'E'):
        return palette_check(o, chunk, e);
    case PNG_TYPE('I', 'D', 'A', 'T'):
        return data_check(o, e);
    case PNG_TYPE('I', 'E', 'N', 'D'):
        if (!o->data || chunk->data.n != 0)
            return png_refuse(e, o->data ? CAUSE(PNG_CHUNK, SL("IEND")) : CAUSE(PNG_NO_DATA));
        return ERR_NONE;
    default:
        return critical
                   ? png_refuse(e, CAUSE(PNG_PLACE, slice_first(slice_from(chunk->whole, 4), 4)))
                   : ERR_NONE;
    }
}

enum err_code
chunks_of(struct slice file, struct slice *ret_chunks, struct err *e)
{
    struct slice  from = slice_from(file, PNG_SIGNATURE_BYTES);
    struct cursor c = cur_of(from);
    struct order  o = { 0 };
    struct chunk  chunk = { 0 };
    enum err_code rc;

    if (file.n > LIMIT_IMAGE_BYTES)
        return png_too_large(e, CAUSE(PICTURE_BYTES));
    if (!png_is(file))
        return png_refuse(e, CAUSE(PNG_SIGNATURE));
    do {
        if (++o.count > LIMIT_PNG_CHUNKS)
            return png_too_large(e, CAUSE(PNG_CHUNKS));
        if ((rc = chunk_read(&c, &chunk, e)) != ERR_NONE ||
            (rc = order_check(&o, &chunk, e)) != ERR_NONE)
            return rc;
        o.last = chunk.type;
    } while (chunk.type != PNG_TYPE('I', 'E', 'N', 'D'));
    *ret_chunks = slice_first(from, from.n - c.left.n);
    return ERR_NONE;
}

bool
chunk_next(struct cursor *c, struct chunk *ret)
{
    const char *from = c->left.p;
    uint32_t    length = cur_be32(c);

    ret->type = cur_be32(c);
    ret->data = cur_take(c, length);
    cur_be32(c);
    ret->whole = (struct slice){ from, 12 + (size_t)length };
    return !c->bad;
}

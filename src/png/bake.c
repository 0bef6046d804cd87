#include <zlib.h>

#include "core/limits.h"
#include "core/sbuf.h"
#include "png/png.h"
#include "png_int.h"

/* What stands before the text: keyword, not compressed, method 0, no language, no translated
 * keyword. */
static const struct slice keyword = SL("openbadges\0");
static const struct slice head = SL("openbadges\0\0\0\0\0");

bool
chunk_is_baked(const struct chunk *chunk)
{
    return (chunk->type == PNG_TYPE('i', 'T', 'X', 't') ||
            chunk->type == PNG_TYPE('t', 'E', 'X', 't') ||
            chunk->type == PNG_TYPE('z', 'T', 'X', 't')) &&
           slice_starts(chunk->data, keyword);
}

static void
add_be32(struct sbuf *b, size_t n)
{
    char bytes[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

    sbuf_add(b, (struct slice){ bytes, sizeof bytes });
}

static void
add_text_chunk(struct sbuf *b, struct slice text)
{
    struct slice covered;
    size_t       from;

    add_be32(b, head.n + text.n);
    from = b->n;
    sbuf_add_str(b, "iTXt");
    sbuf_add(b, head);
    sbuf_add(b, text);
    covered = slice_from(sbuf_slice(b), from);
    add_be32(b, crc32(0, (const unsigned char *)covered.p, (unsigned)covered.n));
}

static enum err_code
text_check(struct slice text, struct err *e)
{
    if (text.n > LIMIT_JWS_BYTES)
        return png_too_large(e, CAUSE(ASSERTION_BYTES));
    if (text.n == 0 || slice_has_char(text, '\0') || !slice_is_utf8(text))
        return FAIL(e, ASSERTION_MALFORMED, "%zu bytes that are no text", text.n);
    return ERR_NONE;
}

enum err_code
png_bake(struct arena *a, struct slice png, struct slice text, struct slice *ret, struct err *e)
{
    struct slice  chunks;
    struct cursor c;
    struct chunk  chunk;
    struct sbuf   b;
    enum err_code rc;

    if ((rc = text_check(text, e)) != ERR_NONE || (rc = chunks_of(png, &chunks, e)) != ERR_NONE)
        return rc;
    sbuf_init(&b, a);
    (void)sbuf_room(&b, png.n + head.n + text.n + 12);
    sbuf_add(&b, slice_first(png, PNG_SIGNATURE_BYTES));
    c = cur_of(chunks);
    while (chunk_next(&c, &chunk)) {
        if (!chunk_is_baked(&chunk))
            sbuf_add(&b, chunk.whole);
        if (chunk.type == PNG_TYPE('I', 'H', 'D', 'R'))
            add_text_chunk(&b, text);
    }
    *ret = sbuf_slice(&b);
    return ERR_NONE;
}

/* Behind the keyword of an iTXt: flag, method, language, translated keyword, text. */
static enum err_code
read_international(struct slice data, struct slice *ret, struct err *e)
{
    struct cursor c = cur_of(slice_from(data, keyword.n));
    uint8_t       compressed = cur_u8(&c);

    (void)cur_u8(&c);
    (void)cur_until(&c, '\0');
    (void)cur_until(&c, '\0');
    if (c.bad || compressed > 1)
        return png_refuse(e, CAUSE(PNG_CHUNK, SL("iTXt")));
    if (compressed == 1)
        return FAIL(e, IMAGE_COMPRESSED, "iTXt of %zu bytes", data.n);
    *ret = c.left;
    return ERR_NONE;
}

/* Finds the first iTXt, or else the first tEXt, that holds a badge. */
static bool
find_baked(struct slice chunks, struct chunk *ret)
{
    struct cursor c = cur_of(chunks);
    struct chunk  chunk;
    bool          found = false;

    while (chunk_next(&c, &chunk)) {
        bool international = chunk.type == PNG_TYPE('i', 'T', 'X', 't');

        if (!chunk_is_baked(&chunk) || chunk.type == PNG_TYPE('z', 'T', 'X', 't'))
            continue;
        if (!found || international)
            *ret = chunk;
        found = true;
        if (international)
            break;
    }
    return found;
}

enum err_code
png_unbake(struct slice png, struct slice *ret, struct err *e)
{
    struct slice  chunks, text;
    struct chunk  chunk;
    enum err_code rc;

    if ((rc = chunks_of(png, &chunks, e)) != ERR_NONE)
        return rc;
    if (!find_baked(chunks, &chunk))
        return FAIL(e, IMAGE_UNBAKED, "no openbadges chunk");
    if (chunk.type == PNG_TYPE('t', 'E', 'X', 't'))
        text = slice_from(chunk.data, keyword.n);
    else if ((rc = read_international(chunk.data, &text, e)) != ERR_NONE)
        return rc;
    if (slice_has_char(text, '\0') || !slice_is_utf8(text))
        return png_refuse(e, CAUSE(PNG_TEXT));
    *ret = text;
    return ERR_NONE;
}

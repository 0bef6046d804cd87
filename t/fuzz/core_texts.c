/* Texts of bytes, UTF-8 and addresses: what is decoded encodes to the same again, and parts lie where they were
 * found. The first byte chooses. */
#include "core/cursor.h"
#include "core/digest.h"
#include "core/uri.h"
#include "fuzz.h"

static bool
within(struct slice part, struct slice whole)
{
    return part.p == NULL || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void
try_uri(struct arena *a, struct slice text)
{
    struct uri u;

    if (!uri_parse(text, &u)) {
        FUZZ_HOLDS(!uri_is_http(text) && !uri_is_web(text));
        return;
    }
    const struct slice parts[] = { u.scheme, u.authority, u.userinfo, u.host,
                                   u.port,   u.path,      u.query,    u.fragment };
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        FUZZ_HOLDS(within(parts[i], text));
    FUZZ_HOLDS(slice_eq(
        text, arena_printf(a, "%.*s:%s%.*s%.*s%s%.*s%s%.*s", SLICE_FMT(u.scheme),
                           u.authority.p == NULL ? "" : "//", SLICE_FMT(u.authority),
                           SLICE_FMT(u.path), u.query.p == NULL ? "" : "?", SLICE_FMT(u.query),
                           u.fragment.p == NULL ? "" : "#", SLICE_FMT(u.fragment))));
    for (size_t i = 0; i < text.n; i++)
        FUZZ_HOLDS(text.p[i] > ' ' && text.p[i] < 0x7F && strchr("\"<>\\^`{|}", text.p[i]) == NULL);
    if (uri_is_web(text))
        FUZZ_HOLDS(uri_is_http(text) && u.host.n > 0 && u.userinfo.p == NULL &&
                   text.n <= LIMIT_URL_BYTES);
}

static void
try_decoders(struct arena *a, struct slice text)
{
    struct slice bytes, same;

    if (base64url_decode(a, text, &bytes))
        FUZZ_HOLDS(slice_eq(base64url_encode(a, bytes), text));
    if (base64_decode(a, text, &bytes))
        FUZZ_HOLDS(slice_eq(base64_encode(a, bytes), text));
    if (hex_decode(a, text, &bytes))
        FUZZ_HOLDS(slice_eq_nocase(hex_encode(a, bytes), text));
    FUZZ_HOLDS(base64url_decode(a, base64url_encode(a, text), &same) && slice_eq(same, text));
    FUZZ_HOLDS(base64_decode(a, base64_encode(a, text), &same) && slice_eq(same, text));
    FUZZ_HOLDS(hex_decode(a, hex_encode(a, text), &same) && slice_eq(same, text));
}

/* The length of the character at `p` by RFC 3629's table; 0 when there is none. */
static size_t
character(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    if (n >= 2 && p[0] >= 0xC2 && p[0] <= 0xDF && (p[1] & 0xC0) == 0x80)
        return 2;
    if (n >= 3 && (p[0] & 0xF0) == 0xE0 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80)
        return (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ? 0 : 3;
    if (n >= 4 && p[0] >= 0xF0 && p[0] <= 0xF4 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80 &&
        (p[3] & 0xC0) == 0x80)
        return (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F) ? 0 : 4;
    return 0;
}

static void
try_utf8(struct slice text)
{
    bool good = true;

    for (size_t i = 0, step; good && i < text.n; i += step)
        good = (step = character((const unsigned char *)text.p + i, text.n - i)) > 0;
    FUZZ_HOLDS(slice_is_utf8(text) == good);
}

static void
try_pieces(struct slice text)
{
    struct slice  rest = text, piece;
    struct cursor c = cur_of(text);
    size_t        bytes = 0, pieces = 0;

    while (slice_next(&rest, ',', &piece)) {
        FUZZ_HOLDS(within(piece, text) && !slice_has_char(piece, ','));
        bytes += piece.n;
        pieces++;
    }
    FUZZ_HOLDS(text.p == NULL || bytes + pieces - 1 == text.n);
    while (!c.bad) {
        uint32_t n = cur_be32(&c) & 15;

        FUZZ_HOLDS(within(cur_take(&c, n), text) && within(cur_until(&c, '\0'), text));
    }
    FUZZ_HOLDS(cur_u8(&c) == 0 && cur_take(&c, 0).n == 0);
    FUZZ_HOLDS(within(slice_trim(text), text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     text = fuzz_slice(bytes, count);
    char                             kind;

    if (count == 0)
        return 0;
    kind = text.p[0];
    text = slice_from(text, 1);
    if (kind == 'u')
        try_uri(a, text);
    else if (kind == 'd')
        try_decoders(a, text);
    else if (kind == '8')
        try_utf8(text);
    else
        try_pieces(text);
    return 0;
}

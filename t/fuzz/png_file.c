/* A PNG that is taken can be baked, still decodes, and gives back what was baked in. */
#include "fuzz.h"
#include "png/png.h"

#include <zlib.h>

/* Few mutations hit a checksum: each input is also tried with all of them mended. */
static void
mend_checksums(char *p, size_t n)
{
    for (size_t at = 8; at + 12 <= n;) {
        unsigned char *c = (unsigned char *)p + at;
        size_t         length = (size_t)c[0] << 24 | (size_t)c[1] << 16 | (size_t)c[2] << 8 | c[3];
        uint32_t       crc;

        if (length > n - at - 12)
            return;
        crc = (uint32_t)crc32(0, c + 4, (unsigned)length + 4);
        for (int i = 0; i < 4; i++)
            c[8 + length + (size_t)i] = (unsigned char)(crc >> (24 - 8 * i));
        at += 12 + length;
    }
}

static void
try_file(struct arena *a, struct slice png)
{
    static const struct slice text = SL("{\"id\":\"https://a.example/1\"}");
    struct slice              baked, out;
    struct png_size           size, again;
    struct err                e;

    if (png_unbake(png, &out, &e) == ERR_NONE)
        FUZZ_HOLDS(slice_is_utf8(out) && !slice_has_char(out, '\0'));
    if (png_bake(a, png, text, &baked, &e) != ERR_NONE) {
        FUZZ_HOLDS(png_check(png, &size, &e) != ERR_NONE);
        return;
    }
    FUZZ_HOLDS(png_unbake(baked, &out, &e) == ERR_NONE && slice_eq(out, text));
    if (png_check(png, &size, &e) == ERR_NONE)
        FUZZ_HOLDS(png_check(baked, &again, &e) == ERR_NONE && size.width == again.width &&
                   size.height == again.height);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     copy = arena_copy(a, fuzz_slice(bytes, count));

    try_file(a, fuzz_slice(bytes, count));
    mend_checksums((char *)copy.p, copy.n);
    try_file(a, copy);
    return 0;
}

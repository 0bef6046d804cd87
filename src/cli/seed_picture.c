/* Pictures for seeded badges: made, not kept as files, and the same on every machine. */
#include "seed_int.h"

#include <assert.h>
#include <stdint.h>
#include <zlib.h>

#include "core/sbuf.h"

enum { SIDE = 128, ROW_BYTES = 1 + SIDE, COLOURS = 4 };

static void
add_be32(struct sbuf *b, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        sbuf_add_char(b, (char)(value >> shift & 0xFF));
}

static void
add_chunk(struct sbuf *png, const char *type, struct slice data)
{
    uLong sum = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);

    add_be32(png, (uint32_t)data.n);
    sbuf_add(png, (struct slice){ type, 4 });
    sbuf_add(png, data);
    add_be32(png, (uint32_t)crc32(sum, (const Bytef *)data.p, (uInt)data.n));
}

/* Palette: white, the coin, its rim, its middle. */
static struct slice
palette(struct arena *a, unsigned n)
{
    char *p = arena_alloc(a, 3 * COLOURS);

    memset(p, 0xFF, 3);
    for (int i = 0; i < 3; i++) {
        unsigned tone = 64 + (n * (unsigned)(37 + 28 * i) + 80 * (unsigned)i) % 160;

        p[3 + i] = (char)tone;
        p[6 + i] = (char)(tone / 2);
        p[9 + i] = (char)(tone / 2 + 120);
    }
    return (struct slice){ p, 3 * COLOURS };
}

static struct slice
pixels(struct arena *a, unsigned n)
{
    Bytef *rows = arena_alloc(a, SIDE * ROW_BYTES), *packed;
    uLongf packed_n = compressBound(SIDE * ROW_BYTES);
    int    ok, middle = 8 + (int)(n % 16);

    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int dx = 2 * x - SIDE + 1, dy = 2 * y - SIDE + 1, far = dx * dx + dy * dy;

            rows[y * ROW_BYTES + 1 + x] = far > 120 * 120              ? 0
                                          : far > 104 * 104            ? 2
                                          : far > 16 * middle * middle ? 1
                                                                       : 3;
        }
    packed = arena_alloc(a, packed_n);
    ok = compress2(packed, &packed_n, rows, SIDE * ROW_BYTES, 9);
    assert(ok == Z_OK);
    return (struct slice){ (const char *)packed, packed_n };
}

struct slice
seed_picture(struct arena *a, unsigned n)
{
    static const char head[] = { 0, 0, 0, (char)SIDE, 0, 0, 0, (char)SIDE, 8, 3, 0, 0, 0 };
    struct sbuf       png;

    sbuf_init(&png, a);
    sbuf_add(&png, SL("\x89PNG\r\n\x1A\n"));
    add_chunk(&png, "IHDR", (struct slice){ head, sizeof head });
    add_chunk(&png, "PLTE", palette(a, n));
    add_chunk(&png, "IDAT", pixels(a, n));
    add_chunk(&png, "IEND", SL(""));
    return sbuf_slice(&png);
}

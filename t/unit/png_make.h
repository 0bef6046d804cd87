/* PNG files for tests: written by libpng, then cut up and put together again chunk by chunk. */
#ifndef OBI_TEST_PNG_MAKE_H
#define OBI_TEST_PNG_MAKE_H

#include <png.h>
#include <zlib.h>

#include "core/sbuf.h"

static inline void
png_make_write(png_struct *png, unsigned char *from, size_t n)
{
    sbuf_add(png_get_io_ptr(png), (struct slice){ (char *)from, n });
}

/* A picture of one colour. */
static inline struct slice
png_make(struct arena *a, unsigned width, unsigned height, int depth, int type, int interlace)
{
    png_struct    *png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_info      *info = png_create_info_struct(png);
    png_color      palette[2] = { { 1, 2, 3 }, { 4, 5, 6 } };
    unsigned char *row;
    struct sbuf    b;
    int            passes;

    sbuf_init(&b, a);
    png_set_write_fn(png, &b, png_make_write, NULL);
    png_set_compression_level(png, 9);
    png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_IHDR(png, info, width, height, depth, type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 2);
    png_write_info(png, info);
    passes = png_set_interlace_handling(png);
    row = arena_alloc(a, png_get_rowbytes(png, info));
    memset(row, type == PNG_COLOR_TYPE_PALETTE ? 0 : 0x11, png_get_rowbytes(png, info));
    for (int pass = 0; pass < passes; pass++)
        for (unsigned y = 0; y < height; y++)
            png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return sbuf_slice(&b);
}

static inline void
png_make_be32(struct sbuf *b, unsigned long n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        sbuf_add_char(b, (char)(n >> shift));
}

/* A chunk with its length and CRC. */
static inline struct slice
png_make_chunk(struct arena *a, const char *type, struct slice data)
{
    struct sbuf b;

    sbuf_init(&b, a);
    png_make_be32(&b, data.n);
    sbuf_add_str(&b, type);
    sbuf_add(&b, data);
    png_make_be32(&b, crc32(0, (unsigned char *)b.p + 4, (unsigned)data.n + 4));
    return sbuf_slice(&b);
}

/* Where the first chunk of that type begins; beyond the end when there is none. */
static inline size_t
png_make_find(struct slice png, const char *type)
{
    size_t at = 8;

    while (at + 8 <= png.n && memcmp(png.p + at + 4, type, 4) != 0) {
        const unsigned char *p = (const unsigned char *)png.p + at;

        at += 12 + ((size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
    }
    return at;
}

/* `piece` put in before the byte `at`. */
static inline struct slice
png_make_insert(struct arena *a, struct slice png, size_t at, struct slice piece)
{
    struct sbuf b;

    sbuf_init(&b, a);
    sbuf_add(&b, slice_first(png, at));
    sbuf_add(&b, piece);
    sbuf_add(&b, slice_from(png, at));
    return sbuf_slice(&b);
}

/* `n` bytes from `at` on taken out. */
static inline struct slice
png_make_cut(struct arena *a, struct slice png, size_t at, size_t n)
{
    struct sbuf b;

    sbuf_init(&b, a);
    sbuf_add(&b, slice_first(png, at));
    sbuf_add(&b, slice_from(png, at + n));
    return sbuf_slice(&b);
}

#endif

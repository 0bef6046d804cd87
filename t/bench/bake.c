/* Baking into and out of a picture of a megabyte, against what must be done at least: a PNG is copied once and its
 * CRCs are reckoned; an SVG is read by libxml2. */
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>

#include "badge/bake.h"
#include "core/rand.h"
#include "cost.h"
#include "png_make.h"

enum { SIDE = 1024, IDAT_BYTES = 8192, CALLS = 100 };

static const struct slice assertion =
    SL("{\"@context\":\"https://w3id.org/openbadges/v2\",\"id\":\"https://issuer.example/a\","
       "\"type\":\"Assertion\",\"recipient\":{\"type\":\"email\",\"hashed\":true,\"salt\":"
       "\"deadsea\",\"identity\":"
       "\"sha256$ecf5409f3f4b91ab60cc5ef4c02aef7032354375e70cf4d8e43f6a1d29891942\"},"
       "\"badge\":\"https://issuer.example/c\",\"issuedOn\":\"2016-12-31T23:59:59Z\","
       "\"verification\":{\"type\":\"HostedBadge\"}}");

struct picture {
    const char  *name;
    struct slice plain, baked;
    char        *copy; /* room for what is copied */
};

/* Noise, so that a megabyte of dots takes a megabyte, in the chunks that libpng writes. */
static struct slice
make_png(struct arena *a)
{
    unsigned char  header[13] = { 0, 0, SIDE / 256, 0, 0, 0, SIDE / 256, 0, 8, 0, 0, 0, 0 };
    size_t         rows_bytes = SIDE * (SIDE + 1);
    uLongf         n = compressBound(rows_bytes);
    unsigned char *rows = arena_alloc(a, rows_bytes), *packed = arena_alloc(a, n);
    struct sbuf    b;

    rand_bytes(rows, rows_bytes);
    for (size_t y = 0; y < SIDE; y++)
        rows[y * (SIDE + 1)] = 0; /* a row's filter: none */
    if (compress(packed, &n, rows, rows_bytes) != Z_OK)
        abort();
    sbuf_init(&b, a);
    sbuf_add(&b, SL("\x89PNG\r\n\x1A\n"));
    sbuf_add(&b, png_make_chunk(a, "IHDR", (struct slice){ (char *)header, sizeof header }));
    for (size_t at = 0; at < n; at += IDAT_BYTES) {
        struct slice piece = { (char *)packed + at, n - at };

        sbuf_add(&b, png_make_chunk(a, "IDAT", slice_first(piece, IDAT_BYTES)));
    }
    sbuf_add(&b, png_make_chunk(a, "IEND", SL("")));
    return sbuf_slice(&b);
}

/* What a drawing program writes: long paths. */
static struct slice
make_svg(struct arena *a)
{
    struct sbuf b;

    sbuf_init(&b, a);
    sbuf_add_str(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\">\n");
    while (b.n < (size_t)1024 * 1024) {
        sbuf_add_str(&b, "<path fill=\"#123456\" stroke-width=\"0.25\" d=\"M");
        for (int i = 0; i < 100; i++)
            sbuf_printf(&b, "%d.%03d,%d.25 ", i, i * 7, 100 - i);
        sbuf_add_str(&b, "z\"/>\n");
    }
    sbuf_add_str(&b, "</svg>\n");
    return sbuf_slice(&b);
}

static void
call_bake(struct arena *a, void *of)
{
    const struct picture *p = of;
    struct slice          out;
    struct err            e;

    if (badge_bake(a, p->plain, assertion, SLICE_NONE, &out, &e) != ERR_NONE)
        abort();
}

static void
call_unbake(struct arena *a, void *of)
{
    const struct picture *p = of;
    struct slice          out;
    struct err            e;

    if (badge_unbake(a, p->baked, &out, &e) != ERR_NONE)
        abort();
}

static void
call_check(struct arena *a, void *of)
{
    const struct picture *p = of;
    struct badge_image    image;
    struct err            e;

    (void)a;
    if (badge_image_check(p->plain, &image, &e) != ERR_NONE)
        abort();
}

static void
call_copy(struct arena *a, void *of)
{
    const struct picture *p = of;

    (void)a;
    memcpy(p->copy, p->plain.p, p->plain.n);
    /* Somebody else may look at it: else the compiler knows that nobody does. */
    __asm__ volatile("" : : "r"(p->copy) : "memory");
}

static void
call_crc(struct arena *a, void *of)
{
    const struct picture *p = of;
    volatile uLong        crc = crc32(0, (const unsigned char *)p->plain.p, (unsigned)p->plain.n);

    (void)a, (void)crc;
}

static void
call_libxml(struct arena *a, void *of)
{
    const struct picture *p = of;
    xmlSAXHandler         none = { .initialized = XML_SAX2_MAGIC };
    xmlParserCtxt        *ctxt = xmlCreateMemoryParserCtxt(p->plain.p, (int)p->plain.n);

    (void)a;
    *ctxt->sax = none;
    if (xmlParseDocument(ctxt) != 0)
        abort();
    xmlFreeParserCtxt(ctxt);
}

/* Prints a row; false when one of the two takes more than `most` times what is bare. */
static bool
measure(struct picture *p, double bare, double most)
{
    double bake = cost_us(call_bake, p, CALLS), unbake = cost_us(call_unbake, p, CALLS);

    printf("%-4s %8zu %10.0f %10.0f %10.0f %10.0f %8.2f %8.2f\n", p->name, p->plain.n, bake, unbake,
           cost_us(call_check, p, CALLS / 10), bare, bake / bare, unbake / bare);
    return bake <= most * bare && unbake <= most * bare;
}

int
main(void)
{
    struct arena  *a = arena_new();
    struct picture png = { .name = "PNG", .plain = make_png(a) };
    struct picture svg = { .name = "SVG", .plain = make_svg(a) };
    struct err     e;
    double         copy, crc;
    bool           good;

    png.copy = arena_alloc(a, png.plain.n);
    if (badge_bake(a, png.plain, assertion, SLICE_NONE, &png.baked, &e) != ERR_NONE ||
        badge_bake(a, svg.plain, assertion, SLICE_NONE, &svg.baked, &e) != ERR_NONE)
        abort();
    copy = cost_us(call_copy, &png, CALLS);
    crc = cost_us(call_crc, &png, CALLS);
    printf("memcpy %.0f us, CRC %.0f us\n\n", copy, crc);
    printf("%-4s %8s %10s %10s %10s %10s %8s %8s\n", "", "bytes", "bake us", "unbake us",
           "check us", "bare us", "x bake", "x unbake");
    good = measure(&png, copy + crc, 2);
    good &= measure(&svg, cost_us(call_libxml, &svg, CALLS), 8);
    arena_free(a);
    return good ? 0 : 1;
}

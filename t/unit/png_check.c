/* Which files count as PNG pictures. */
#include "test.h"

#include <stdlib.h>

#include "core/limits.h"
#include "png/png.h"
#include "png_make.h"

#define PAST_IHDR 33

static int
setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int
teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* On a copy of exactly its size, so that the sanitizers see one byte too many being read. */
static enum err_code
check(struct slice png, struct err *e)
{
    char           *alone = malloc(png.n == 0 ? 1 : png.n);
    struct png_size size;
    enum err_code   rc;

    assert_non_null(alone);
    memcpy(alone, png.p, png.n);
    rc = png_check((struct slice){ alone, png.n }, &size, e);
    free(alone);
    return rc;
}

/* The same for who only walks the chunks: what is baked in, and baking, which agree. */
static enum err_code
walk(struct arena *a, struct slice png, struct err *e)
{
    char         *alone = malloc(png.n == 0 ? 1 : png.n);
    struct slice  in = { alone, png.n }, ret;
    struct err    unused;
    enum err_code rc, bakes;

    assert_non_null(alone);
    memcpy(alone, png.p, png.n);
    rc = png_unbake(in, &ret, e);
    bakes = png_bake(a, in, SL("{}"), &ret, &unused);
    free(alone);
    assert_int_equal(bakes, rc == ERR_IMAGE_UNBAKED ? ERR_NONE : rc);
    return rc;
}

static void
every_kind_of_picture_is_decoded(void **state)
{
    static const struct {
        int type, depth;
    } kinds[] = { { PNG_COLOR_TYPE_GRAY, 1 },        { PNG_COLOR_TYPE_GRAY, 16 },
                  { PNG_COLOR_TYPE_PALETTE, 4 },     { PNG_COLOR_TYPE_RGB, 8 },
                  { PNG_COLOR_TYPE_GRAY_ALPHA, 16 }, { PNG_COLOR_TYPE_RGB_ALPHA, 16 } };
    static const unsigned sides[] = { 1, 2, 3, 4, 5, 8, 33 };
    struct arena         *a = *state;
    struct png_size       size;
    struct err            e;

    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (size_t w = 0; w < COUNT_OF(sides); w++)
            for (size_t h = 0; h < COUNT_OF(sides); h++)
                for (int interlace = 0; interlace < 2; interlace++) {
                    struct slice png =
                        png_make(a, sides[w], sides[h], kinds[k].depth, kinds[k].type, interlace);

                    if (png_check(png, &size, &e) != ERR_NONE)
                        fail_msg("%ux%u type %d interlaced %d: %s", sides[w], sides[h],
                                 kinds[k].type, interlace, e.cause);
                    assert_int_equal(size.width, sides[w]);
                    assert_int_equal(size.height, sides[h]);
                }
}

static void
a_file_cut_anywhere_is_refused(void **state)
{
    struct arena *a = *state;
    struct slice  png = png_make(a, 5, 5, 8, PNG_COLOR_TYPE_RGB, 1);
    struct err    e;

    for (size_t n = 0; n < png.n; n++) {
        assert_int_equal(check(slice_first(png, n), &e), ERR_PNG_MALFORMED);
        assert_int_equal(walk(a, slice_first(png, n), &e), ERR_PNG_MALFORMED);
        /* In the signature, between two chunks, or inside one. */
        assert_non_null(strstr(e.cause, n < 8 ? "signature" : "the file ends"));
    }
    assert_int_equal(check(png, &e), ERR_NONE);
}

static void
a_changed_bit_anywhere_is_refused(void **state)
{
    struct arena *a = *state;
    struct slice  png = png_make(a, 5, 5, 8, PNG_COLOR_TYPE_RGB, 0);
    struct slice  copy = arena_copy(a, png);
    struct err    e;

    for (size_t i = 0; i < png.n; i++) {
        ((char *)copy.p)[i] ^= 4;
        assert_int_equal(check(copy, &e), ERR_PNG_MALFORMED);
        assert_int_equal(walk(a, copy, &e), ERR_PNG_MALFORMED);
        ((char *)copy.p)[i] ^= 4;
    }
}

/* Another header, with its CRC right. */
static struct slice
with_header(struct arena *a, struct slice png, struct slice header)
{
    return png_make_insert(a, png_make_cut(a, png, 8, 25), 8, png_make_chunk(a, "IHDR", header));
}

static struct slice
with_palette(struct arena *a, struct slice png, size_t bytes)
{
    struct slice colours = { memset(arena_alloc(a, bytes + 1), 1, bytes + 1), bytes };

    png = png_make_cut(a, png, PAST_IHDR, png_make_find(png, "IDAT") - PAST_IHDR);
    return png_make_insert(a, png, PAST_IHDR, png_make_chunk(a, "PLTE", colours));
}

static void
headers_that_cannot_be_are_refused(void **state)
{
    static const struct slice bad[] = {
        SL("\0\0\0\0\0\0\0\5\10\2\0\0\0"),   /* no width */
        SL("\0\0\0\5\0\0\0\0\10\2\0\0\0"),   /* no height */
        SL("\x80\0\0\5\0\0\0\5\10\2\0\0\0"), /* more than 31 bits */
        SL("\0\0\0\5\xFF\xFF\xFF\xFF\10\2\0\0\0"),
        SL("\0\0\0\5\0\0\0\5\10\2\0\0"), /* too short, too long */
        SL("\0\0\0\5\0\0\0\5\10\2\0\0\0\0"),
        SL(""),
    };
    static const struct slice huge[] = {
        SL("\x7F\xFF\xFF\xFF\x7F\xFF\xFF\xFF\10\2\0\0\0"),
        SL("\5\xF5\xE1\0\0\0\0\1\1\0\0\0\0"),     /* 100,000,000 wide */
        SL("\0\0\x27\x10\0\0\x27\x10\1\0\0\0\0"), /* 10,000 each way */
    };
    struct arena *a = *state;
    struct slice  png = png_make(a, 5, 5, 8, PNG_COLOR_TYPE_RGB, 0);
    struct err    e;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(check(with_header(a, png, bad[i]), &e), ERR_PNG_MALFORMED);
        assert_int_equal(walk(a, with_header(a, png, bad[i]), &e), ERR_PNG_MALFORMED);
    }
    for (size_t i = 0; i < COUNT_OF(huge); i++) {
        assert_int_equal(check(with_header(a, png, huge[i]), &e), ERR_TOO_LARGE);
        assert_int_equal(walk(a, with_header(a, png, huge[i]), &e), ERR_TOO_LARGE);
    }
}

static void
lengths_that_lie_are_refused(void **state)
{
    static const unsigned long lengths[] = { 0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF4, 0xFFFFFFFF };
    struct arena              *a = *state;
    struct slice               png = png_make(a, 5, 5, 8, PNG_COLOR_TYPE_RGB, 0);
    struct slice               text = png_make_chunk(a, "iTXt", SL("openbadges\0\0\0\0\0{}"));
    struct err                 e;

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct slice lying;
        struct sbuf  b;

        sbuf_init(&b, a);
        png_make_be32(&b, lengths[i]);
        sbuf_add(&b, slice_from(text, 4));
        lying = png_make_insert(a, png, PAST_IHDR, sbuf_slice(&b));
        assert_int_equal(check(lying, &e), ERR_PNG_MALFORMED);
        assert_int_equal(walk(a, lying, &e), ERR_PNG_MALFORMED);
    }
}

static void
chunks_out_of_their_place_are_refused(void **state)
{
    struct arena *a = *state;
    struct slice  png = png_make(a, 40, 40, 8, PNG_COLOR_TYPE_PALETTE, 0);
    size_t        idat = png_make_find(png, "IDAT"), iend = png_make_find(png, "IEND");
    struct slice  ihdr = slice_first(slice_from(png, 8), 25);
    struct slice  data = slice_first(slice_from(png, idat), iend - idat);
    struct slice  text = png_make_chunk(a, "tEXt", SL("k\0v"));
    struct slice  palette = png_make_chunk(a, "PLTE", SL("abc"));
    struct slice  bad[] = {
         png_make_insert(a, png, 8, text),                                    /* before IHDR */
         png_make_insert(a, png, PAST_IHDR, ihdr),                            /* IHDR twice */
         png_make_insert(a, png, PAST_IHDR, palette),                         /* PLTE twice */
         png_make_insert(a, png, iend, palette),                              /* PLTE behind IDAT */
         png_make_cut(a, png, idat, data.n),                                  /* no IDAT */
         png_make_insert(a, png_make_insert(a, png, iend, data), iend, text), /* IDAT apart */
         png_make_insert(a, png, PAST_IHDR,
                         png_make_chunk(a, "ABCD", SL(""))), /* unknown, critical */
         png_make_insert(a, png, PAST_IHDR, png_make_chunk(a, "a1cd", SL(""))), /* no letters */
         png_make_insert(a, png, PAST_IHDR, png_make_chunk(a, "ab~d", SL(""))),
         png_make_insert(a, png_make_cut(a, png, iend, 12), iend,
                         png_make_chunk(a, "IEND", SL("x"))),
         with_palette(a, png, 0), /* no colour, a part of one, more than there can be */
         with_palette(a, png, 4),
         with_palette(a, png, 771),
    };
    /* What can only be seen by who decodes it: no PLTE, no IDAT with anything in it. */
    struct slice undecodable[] = {
        png_make_cut(a, png, PAST_IHDR, idat - PAST_IHDR),
        png_make_insert(a, png_make_cut(a, png, idat, data.n), idat,
                        png_make_chunk(a, "IDAT", SL(""))),
    };
    struct err e;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (check(bad[i], &e) != ERR_PNG_MALFORMED || walk(a, bad[i], &e) != ERR_PNG_MALFORMED)
            fail_msg("case %zu", i);
    assert_int_equal(check(bad[0], &e), ERR_PNG_MALFORMED);
    assert_string_equal(e.cause, "the first chunk is not IHDR");
    assert_int_equal(check(slice_first(png, iend), &e), ERR_PNG_MALFORMED);
    assert_string_equal(e.cause, "the file ends without an IEND chunk");
    for (size_t i = 0; i < COUNT_OF(undecodable); i++) {
        assert_int_equal(check(undecodable[i], &e), ERR_PNG_MALFORMED);
        assert_int_equal(walk(a, undecodable[i], &e), ERR_IMAGE_UNBAKED);
    }
    assert_int_equal(check(png, &e), ERR_NONE);
    assert_int_equal(walk(a, with_palette(a, png, 768), &e), ERR_IMAGE_UNBAKED);
    assert_int_equal(check(png_make_insert(a, png, idat, text), &e), ERR_NONE);
    assert_int_equal(check(png_make_insert(a, png, idat, png_make_chunk(a, "abCd", SL(""))), &e),
                     ERR_NONE);
}

static struct slice
repeated(struct arena *a, struct slice png, size_t at, struct slice piece, int count)
{
    struct sbuf b;

    sbuf_init(&b, a);
    for (int i = 0; i < count; i++)
        sbuf_add(&b, piece);
    return png_make_insert(a, png, at, sbuf_slice(&b));
}

static void
limits_hold_for_bytes_chunks_sides_and_pixels(void **state)
{
    struct arena *a = *state;
    struct slice  png = png_make(a, 5, 5, 8, PNG_COLOR_TYPE_RGB, 0);
    struct slice  text = png_make_chunk(a, "tEXt", SL("k\0v"));
    char         *zeros = arena_alloc(a, LIMIT_IMAGE_BYTES);
    struct err    e;

    assert_int_equal(check(repeated(a, png, PAST_IHDR, text, LIMIT_PNG_CHUNKS - 3), &e), ERR_NONE);
    assert_int_equal(check(repeated(a, png, PAST_IHDR, text, LIMIT_PNG_CHUNKS - 2), &e),
                     ERR_TOO_LARGE);
    assert_int_equal(
        check(png_make_insert(a, png, png.n, (struct slice){ zeros, LIMIT_IMAGE_BYTES }), &e),
        ERR_TOO_LARGE);
    assert_int_equal(check(png_make(a, LIMIT_IMAGE_SIDE_PIXELS, 2, 1, 0, 0), &e), ERR_NONE);
    assert_int_equal(check(png_make(a, LIMIT_IMAGE_SIDE_PIXELS + 1, 1, 1, 0, 0), &e),
                     ERR_TOO_LARGE);
    assert_int_equal(check(png_make(a, 1, LIMIT_IMAGE_SIDE_PIXELS + 1, 1, 0, 0), &e),
                     ERR_TOO_LARGE);
    assert_int_equal(check(png_make(a, 8000, 8001, 1, 0, 0), &e), ERR_TOO_LARGE);
    assert_int_equal(png_unbake(png_make(a, 8000, 8001, 1, 0, 0), &text, &e), ERR_TOO_LARGE);
}

#ifdef __SANITIZE_ADDRESS__
/* As sanitizer/allocator_interface.h has it, which gcc's packages do not bring. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static size_t allocated; /* by everybody, and never less */

static void
on_malloc(const volatile void *p, size_t n)
{
    (void)p;
    allocated += n;
}

static void
on_free(const volatile void *p)
{
    (void)p;
}

/* All that a check asks the allocator for, even if it gives it back: an upper bound of what it holds. */
static size_t
asked_for(struct slice png)
{
    size_t          before = allocated;
    struct png_size size;
    struct err      e;

    assert_int_equal(png_check(png, &size, &e), ERR_NONE);
    return allocated - before;
}

static void
what_is_compressed_in_other_chunks_is_not_inflated(void **state)
{
    static const struct slice heads[] = { SL("k\0\0"), SL("k\0\1\0\0\0"), SL("icc\0\0") };
    static const char *const  types[] = { "zTXt", "iTXt", "iCCP" };
    struct arena             *a = *state;
    struct slice              png = png_make(a, 5, 5, 8, PNG_COLOR_TYPE_RGB, 0);
    unsigned char            *from = arena_alloc(a, 4 * MIB), *to = arena_alloc(a, 64 * KIB);
    unsigned long             packed = 64 * KIB;

    assert_int_equal(compress2(to, &packed, from, 4 * MIB, 9), Z_OK);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct sbuf b;

        sbuf_init(&b, a);
        sbuf_add(&b, heads[i]);
        sbuf_add(&b, (struct slice){ (char *)to, packed });
        assert_true(asked_for(png_make_insert(a, png, PAST_IHDR,
                                              png_make_chunk(a, types[i], sbuf_slice(&b)))) <
                    256 * KIB);
    }
}

static void
memory_is_a_few_rows_however_many_there_are(void **state)
{
    struct arena *a = *state;

    for (int interlace = 0; interlace < 2; interlace++) {
        assert_true(asked_for(png_make(a, 1000, 8000, 8, PNG_COLOR_TYPE_RGBA, interlace)) <
                    256 * KIB);
        assert_true(asked_for(png_make(a, LIMIT_IMAGE_SIDE_PIXELS, 20, 16, PNG_COLOR_TYPE_RGBA,
                                       interlace)) < 4 * MIB);
    }
}
#endif

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_picture_is_decoded),
        TEST(a_file_cut_anywhere_is_refused),
        TEST(a_changed_bit_anywhere_is_refused),
        TEST(headers_that_cannot_be_are_refused),
        TEST(lengths_that_lie_are_refused),
        TEST(chunks_out_of_their_place_are_refused),
        TEST(limits_hold_for_bytes_chunks_sides_and_pixels),
#ifdef __SANITIZE_ADDRESS__ /* whose allocator can be listened to */
        TEST(what_is_compressed_in_other_chunks_is_not_inflated),
        TEST(memory_is_a_few_rows_however_many_there_are),
#endif
    };

#ifdef __SANITIZE_ADDRESS__
    (void)__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
#endif
    return RUN_TAP(tests);
}

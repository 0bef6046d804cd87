/* Assertions in and out of PNG files. */
#include "test.h"

#include "core/limits.h"
#include "png/png.h"
#include "png_make.h"

#define PAST_IHDR 33
#define TEXT "{\"id\":\"https://example.org/1\"}"

struct fixture {
    struct arena *a;
    struct slice  png;
    struct err    err;
};

static int
setup(void **state)
{
    struct arena   *a = arena_new();
    struct fixture *f = ARENA_NEW(a, struct fixture);

    f->a = a;
    f->png = png_make(a, 9, 7, 8, PNG_COLOR_TYPE_RGBA, PNG_INTERLACE_NONE);
    f->png = png_make_insert(a, f->png, PAST_IHDR, png_make_chunk(a, "tEXt", SL("Title\0kept")));
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    arena_free(f->a);
    return 0;
}

static struct slice
with(struct fixture *f, const char *type, struct slice data)
{
    return png_make_insert(f->a, f->png, png_make_find(f->png, "IDAT"),
                           png_make_chunk(f->a, type, data));
}

static struct slice
unbaked(struct fixture *f, struct slice png)
{
    struct slice text;

    if (png_unbake(png, &text, &f->err) != ERR_NONE)
        fail_msg("%s %s", err_name(f->err.code), f->err.cause);
    return text;
}

static void
baking_puts_one_chunk_behind_ihdr_and_copies_the_rest(void **state)
{
    struct fixture *f = *state;
    struct slice    baked;
    struct slice    chunk = png_make_chunk(f->a, "iTXt", SL("openbadges\0\0\0\0\0" TEXT));

    assert_int_equal(png_bake(f->a, f->png, SL(TEXT), &baked, &f->err), ERR_NONE);
    assert_slice_equal(baked, png_make_insert(f->a, f->png, PAST_IHDR, chunk));
    assert_slice_equal(unbaked(f, baked), SL(TEXT));
}

static void
baking_again_replaces_what_was_baked_in_any_chunk_type(void **state)
{
    struct fixture *f = *state;
    struct slice    once, twice, plain;

    assert_int_equal(png_bake(f->a, f->png, SL("{}"), &plain, &f->err), ERR_NONE);
    once = with(f, "iTXt", SL("openbadges\0\0\0en\0\0old"));
    once =
        png_make_insert(f->a, once, PAST_IHDR, png_make_chunk(f->a, "tEXt", SL("openbadges\0u")));
    once =
        png_make_insert(f->a, once, PAST_IHDR, png_make_chunk(f->a, "zTXt", SL("openbadges\0\0z")));
    assert_int_equal(png_bake(f->a, once, SL("{}"), &twice, &f->err), ERR_NONE);
    assert_slice_equal(twice, plain);
}

static void
a_baked_file_ends_at_iend(void **state)
{
    struct fixture *f = *state;
    struct slice    tail = png_make_insert(f->a, f->png, f->png.n, SL("<script>")), a, b;

    assert_int_equal(png_bake(f->a, f->png, SL("{}"), &a, &f->err), ERR_NONE);
    assert_int_equal(png_bake(f->a, tail, SL("{}"), &b, &f->err), ERR_NONE);
    assert_slice_equal(a, b);
}

static void
what_is_no_text_is_not_baked(void **state)
{
    struct fixture *f = *state;
    struct slice    ret;
    char           *long_text = arena_alloc(f->a, LIMIT_JWS_BYTES + 1);

    memset(long_text, 'x', LIMIT_JWS_BYTES + 1);
    assert_int_equal(png_bake(f->a, f->png, SL(""), &ret, &f->err), ERR_ASSERTION_MALFORMED);
    assert_int_equal(png_bake(f->a, f->png, SL("a\0b"), &ret, &f->err), ERR_ASSERTION_MALFORMED);
    assert_int_equal(png_bake(f->a, f->png, SL("\xFF"), &ret, &f->err), ERR_ASSERTION_MALFORMED);
    assert_int_equal(
        png_bake(f->a, f->png, (struct slice){ long_text, LIMIT_JWS_BYTES + 1 }, &ret, &f->err),
        ERR_TOO_LARGE);
}

static void
unbaking_reads_every_form_that_was_ever_written(void **state)
{
    struct fixture *f = *state;
    struct slice    both;

    assert_slice_equal(unbaked(f, with(f, "iTXt", SL("openbadges\0\0\0\0\0{}"))), SL("{}"));
    assert_slice_equal(unbaked(f, with(f, "iTXt", SL("openbadges\0\0\0en-GB\0badge\0{}"))),
                       SL("{}"));
    assert_slice_equal(unbaked(f, with(f, "tEXt", SL("openbadges\0https://a.example/1"))),
                       SL("https://a.example/1"));
    both = png_make_insert(f->a, with(f, "iTXt", SL("openbadges\0\0\0\0\0new")), PAST_IHDR,
                           png_make_chunk(f->a, "tEXt", SL("openbadges\0old")));
    assert_slice_equal(unbaked(f, both), SL("new"));
    both = png_make_insert(f->a, with(f, "iTXt", SL("openbadges\0\0\0\0\0second")), PAST_IHDR,
                           png_make_chunk(f->a, "iTXt", SL("openbadges\0\0\0\0\0first")));
    assert_slice_equal(unbaked(f, both), SL("first"));
}

static void
unbaking_says_why_not(void **state)
{
    struct fixture *f = *state;
    const struct {
        const char   *type;
        struct slice  data;
        enum err_code code;
    } cases[] = {
        { "tEXt", SL("openbadges2\0{}"), ERR_IMAGE_UNBAKED },
        { "iTXt", SL("OpenBadges\0\0\0\0\0{}"), ERR_IMAGE_UNBAKED },
        { "iTXt", SL("openbadges"), ERR_IMAGE_UNBAKED },
        { "zTXt", SL("openbadges\0\0x"), ERR_IMAGE_UNBAKED },
        { "iTXt", SL("openbadges\0\1\0\0\0x"), ERR_IMAGE_COMPRESSED },
        { "iTXt", SL("openbadges\0"), ERR_PNG_MALFORMED },
        { "iTXt", SL("openbadges\0\0\0\0"), ERR_PNG_MALFORMED },
        { "iTXt", SL("openbadges\0\2\0\0\0x"), ERR_PNG_MALFORMED },
        { "iTXt", SL("openbadges\0\0\0\0\0a\xFF"), ERR_PNG_MALFORMED },
        { "tEXt", SL("openbadges\0a\0b"), ERR_PNG_MALFORMED },
    };
    struct slice text;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (png_unbake(with(f, cases[i].type, cases[i].data), &text, &f->err) != cases[i].code)
            fail_msg("case %zu", i);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(baking_puts_one_chunk_behind_ihdr_and_copies_the_rest),
        TEST(baking_again_replaces_what_was_baked_in_any_chunk_type),
        TEST(a_baked_file_ends_at_iend),
        TEST(what_is_no_text_is_not_baked),
        TEST(unbaking_reads_every_form_that_was_ever_written),
        TEST(unbaking_says_why_not),
    };

    return RUN_TAP(tests);
}

/* Cookie headers. */
#include "test.h"

#include "core/sbuf.h"
#include "http/form.h"

static void
pairs_are_read_and_what_is_none_is_left_out(void **state)
{
    struct arena *a = arena_new();
    struct fields f;
    (void)state;

    form_cookies(a, SL("a=1; b=x=y;c=; nothing; =z;  d=\"q\" ; e=a,b; f=a\\b; g=a b"), &f);
    assert_int_equal(f.count, 4);
    assert_slice_equal(f.items[0].name, SL("a"));
    assert_slice_equal(f.items[1].value, SL("x=y"));
    assert_slice_equal(f.items[2].value, SL(""));
    assert_slice_equal(f.items[3].value, SL("\"q\""));
    form_cookies(a, SLICE_NONE, &f);
    assert_int_equal(f.count, 0);
    arena_free(a);
}

static void
more_than_the_limit_are_not_read(void **state)
{
    struct arena *a = arena_new();
    struct sbuf   header;
    struct fields f;
    (void)state;

    sbuf_init(&header, a);
    for (int i = 0; i < LIMIT_COOKIES + 5; i++)
        sbuf_printf(&header, "c%d=1; ", i);
    form_cookies(a, sbuf_slice(&header), &f);
    assert_int_equal(f.count, LIMIT_COOKIES);
    arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_read_and_what_is_none_is_left_out),
        cmocka_unit_test(more_than_the_limit_are_not_read),
    };

    return RUN_TAP(tests);
}

/* Query strings, forms, JSON forms, header values. */
#include "test.h"

#include "http/form.h"

static struct slice
value_of(const struct fields *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (slice_eq(f->items[i].name, slice_str(name)))
            return f->items[i].value;
    return SLICE_NONE;
}

static void
forms_are_decoded(void **state)
{
    struct arena *a = arena_new();
    struct fields f;
    struct err    e;
    (void)state;

    assert_int_equal(form_urlencoded(a, SL("a=1&b=x+y%2B%C3%A4&&c&=d&a=2&e=f=g"), 9, &f, &e), ERR_NONE);
    assert_int_equal(f.count, 6);
    assert_slice_equal(value_of(&f, "a"), SL("1"));
    assert_slice_equal(value_of(&f, "b"), SL("x y+\xC3\xA4"));
    assert_slice_equal(value_of(&f, "c"), SL(""));
    assert_slice_equal(value_of(&f, "e"), SL("f=g"));
    assert_int_equal(form_urlencoded(a, SL(""), 9, &f, &e), ERR_NONE);
    assert_int_equal(f.count, 0);
    arena_free(a);
}

static void
what_is_no_percent_encoded_utf8_is_refused(void **state)
{
    static const char *const cases[] = { "a=%", "a=%4", "a=%zz", "a=%FF", "%C0%AF=1", "a=%00", "a=%ED%A0%80" };
    struct arena            *a = arena_new();
    struct fields            f;
    struct err               e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(form_urlencoded(a, slice_str(cases[i]), 9, &f, &e), ERR_BAD_REQUEST);
    assert_int_equal(form_urlencoded(a, SL("a\0=1"), 9, &f, &e), ERR_BAD_REQUEST);
    arena_free(a);
}

static void
more_fields_than_the_limit_are_too_large(void **state)
{
    struct arena *a = arena_new();
    struct fields f;
    struct err    e;
    (void)state;

    assert_int_equal(form_urlencoded(a, SL("a&b&c"), 3, &f, &e), ERR_NONE);
    assert_int_equal(form_urlencoded(a, SL("a&b&c&d"), 3, &f, &e), ERR_TOO_LARGE);
    assert_int_equal(form_urlencoded(a, SL("&&&&&&&&"), 3, &f, &e), ERR_TOO_LARGE);
    assert_int_equal(form_json(a, SL("{\"a\":[1,2,3]}"), 2, false, &f, &e), ERR_TOO_LARGE);
    arena_free(a);
}

static void
a_json_object_is_a_form(void **state)
{
    struct arena *a = arena_new();
    struct fields f;
    struct err    e;
    (void)state;

    assert_int_equal(form_json(a, SL("{\"a\":\"x\",\"n\":12,\"b\":true,\"z\":null,\"l\":[1,\"y\"]}"), 9, false, &f, &e),
                     ERR_NONE);
    assert_int_equal(f.count, 5);
    assert_slice_equal(value_of(&f, "n"), SL("12"));
    assert_slice_equal(value_of(&f, "b"), SL("true"));
    assert_null(value_of(&f, "z").p);
    assert_slice_equal(f.items[4].value, SL("y"));
    assert_int_equal(form_json(a, SL("{\"a\":{\"b\":1}}"), 9, false, &f, &e), ERR_FIELD_INVALID);
    assert_string_equal(e.field, "a");
    assert_int_equal(form_json(a, SL("{\"a\":[[1]]}"), 9, false, &f, &e), ERR_FIELD_INVALID);
    assert_int_equal(form_json(a, SL("{\"a\":{\"b\":[1]}}"), 9, true, &f, &e), ERR_NONE);
    assert_slice_equal(value_of(&f, "a"), SL("{\"b\":[1]}"));
    assert_int_equal(form_json(a, SL("{\"a\":[[1]]}"), 9, true, &f, &e), ERR_FIELD_INVALID);
    assert_int_equal(form_json(a, SL("[1]"), 9, false, &f, &e), ERR_BAD_REQUEST);
    assert_int_equal(form_json(a, SL("{"), 9, false, &f, &e), ERR_JSON_MALFORMED);
    arena_free(a);
}

static void
header_values_have_parameters(void **state)
{
    struct arena *a = arena_new();
    struct slice  v;
    (void)state;

    assert_true(header_param(a, SL("form-data; name=\"a;b\"; filename=\"c\\\"d\""), "name", &v));
    assert_slice_equal(v, SL("a;b"));
    assert_true(header_param(a, SL("form-data; name=\"a;b\"; FileName=\"c\\\"d\""), "filename", &v));
    assert_slice_equal(v, SL("c\"d"));
    assert_true(header_param(a, SL("form-data; filename=\"C:\\x\\y.png\""), "filename", &v));
    assert_slice_equal(v, SL("C:\\x\\y.png"));
    assert_true(header_param(a, SL("x/y;boundary=abc ; q=1"), "boundary", &v));
    assert_slice_equal(v, SL("abc"));
    assert_false(header_param(a, SL("form-data; xname=\"a\""), "name", &v));
    assert_false(header_param(a, SL("form-data; name=\"a"), "name", &v));
    assert_false(header_param(a, SL("name=a"), "name", &v));
    assert_slice_equal(media_type(SL(" Text/HTML ;charset=x")), SL("Text/HTML"));
    arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_decoded),
        cmocka_unit_test(what_is_no_percent_encoded_utf8_is_refused),
        cmocka_unit_test(more_fields_than_the_limit_are_too_large),
        cmocka_unit_test(a_json_object_is_a_form),
        cmocka_unit_test(header_values_have_parameters),
    };

    return RUN_TAP(tests);
}

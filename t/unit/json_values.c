/* Reading, writing and printing values. */
#include "test.h"

#include "json/json.h"

static json_object *
parsed(struct slice text)
{
    json_object *doc = NULL;
    struct err   e;

    assert_int_equal(json_parse(text, &doc, &e), ERR_NONE);
    return doc;
}

static void
what_was_parsed_prints_the_same(void **state)
{
    static const struct slice texts[] = {
        SL("{\"url\":\"https://example.org/"
           "a?b=1&c=<d>\",\"n\":[1,-2,1.50,1e3,18446744073709551615],\"t\":true,\"x\":null}"),
        SL("\"\xE2\x80\xA8\xC3\xA4\\n\\\"\\\\\""),
        SL("null"),
        SL("42"),
        SL("[]"),
    };
    SCOPED(arena_drop) struct arena *a = arena_new();
    (void)state;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_slice_equal(json_print(a, json_in_arena(a, parsed(texts[i]))), texts[i]);
}

static void
reading_takes_other_types_as_not_there(void **state)
{
    SCOPED(json_drop)
    json_object *doc = parsed(SL("{\"s\":\"text\",\"e\":\"\",\"n\":5,\"b\":true,\"f\":false,\"o\":{"
                                 "\"s\":\"in\"},\"z\":null}"));
    (void)state;

    assert_slice_equal(json_get_text(doc, "s"), SL("text"));
    assert_non_null(json_get_text(doc, "e").p);
    assert_null(json_get_text(doc, "n").p);
    assert_null(json_get_text(doc, "nowhere").p);
    assert_null(json_get_text(NULL, "s").p);
    assert_null(json_get_text(json_get(doc, "s"), "s").p);
    assert_slice_equal(json_get_text(json_get(doc, "o"), "s"), SL("in"));
    assert_true(json_get_bool(doc, "b"));
    assert_false(json_get_bool(doc, "f"));
    assert_false(json_get_bool(doc, "n"));
    assert_false(json_get_bool(doc, "s"));
    assert_null(json_get(doc, "z"));
    assert_true(json_is_object(json_get(doc, "o")));
    assert_false(json_is_object(NULL));
    assert_false(json_is_array(json_get(doc, "o")));
}

static void
what_is_written_prints_as_json(void **state)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    json_object                     *doc = json_in_arena(a, json_object_new_object());
    json_object                     *list;
    (void)state;

    json_put_text(doc, "t", SL("a/b \"<\x01"));
    json_put_text(doc, "none", SLICE_NONE);
    json_put_text(doc, "empty", SL(""));
    json_put_number(doc, "n", 9007199254740993);
    json_put_bool(doc, "b", true);
    json_put(doc, "z", NULL);
    list = json_put_array(doc, "l");
    json_put_text(json_add_object(list), "k", SL("v"));
    json_add_text(list, SL("w"));
    json_put_number(json_put_object(doc, "o"), "i", -1);
    assert_slice_equal(
        json_print(a, doc),
        SL("{\"t\":\"a/b \\\"<\\u0001\",\"empty\":\"\",\"n\":9007199254740993,\"b\":true,"
           "\"z\":null,\"l\":[{\"k\":\"v\"},\"w\"],\"o\":{\"i\":-1}}"));
}

static void
bytes_that_are_no_utf8_become_the_replacement_character(void **state)
{
    SCOPED(json_drop) json_object *doc = json_object_new_object();
    (void)state;

    json_put_text(doc, "t", SL("a\xFF\xC3\xA4\xE2\x82z\xF0\x9F\x8F\x85\xC3"));
    assert_slice_equal(
        json_get_text(doc, "t"),
        SL("a\xEF\xBF\xBD\xC3\xA4\xEF\xBF\xBD\xEF\xBF\xBDz\xF0\x9F\x8F\x85\xEF\xBF\xBD"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_parsed_prints_the_same),
        cmocka_unit_test(reading_takes_other_types_as_not_there),
        cmocka_unit_test(what_is_written_prints_as_json),
        cmocka_unit_test(bytes_that_are_no_utf8_become_the_replacement_character),
    };

    return RUN_TAP(tests);
}

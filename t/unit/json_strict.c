/* What json_parse takes and what it refuses. */
#include "test.h"

#include "core/limits.h"
#include "core/sbuf.h"
#include "json/json.h"

/* A copy of exactly its size on the heap, so that the sanitizers see one byte too many being read.
 */
static enum err_code
parse_alone(struct slice text, struct err *e)
{
    SCOPED(json_drop) json_object *doc = NULL;
    char                          *alone = malloc(text.n == 0 ? 1 : text.n);
    enum err_code                  rc;

    assert_non_null(alone);
    memcpy(alone, text.p, text.n);
    rc = json_parse((struct slice){ alone, text.n }, &doc, e);
    free(alone);
    if (rc != ERR_NONE)
        assert_null(doc);
    return rc;
}

static void
what_the_rfc_allows_is_taken(void **state)
{
    static const struct slice good[] = {
        SL("{}"),
        SL("[]"),
        SL("0"),
        SL("-0"),
        SL("12"),
        SL("-1.5e-3"),
        SL("1E+2"),
        SL("\"\""),
        SL("true"),
        SL("false"),
        SL("null"),
        SL(" \t\r\n[1 , {\"a\" : [ ] }\n] "),
        SL("{\"a\":1,\"A\":2,\"\":3}"),
        SL("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83C\\uDFC5\""),
        SL("\"\xC3\xA4\xF0\x9F\x8F\x85\x7F\""),
        SL("9223372036854775807"),
        SL("-9223372036854775808"),
        SL("18446744073709551615"),
        SL("1e308"),
        SL("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":[{\"a\":1},{\"a\":2}]}}"),
    };
    struct err e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (parse_alone(good[i], &e) != ERR_NONE)
            fail_msg("%.*s: %s", SLICE_FMT(good[i]), e.detail);
}

static void
what_json_c_would_take_and_the_rfc_does_not_is_refused(void **state)
{
    static const struct slice bad[] = {
        SL(""),
        SL("  "),
        SL("{'a':1}"),
        SL("{\"a\":'b'}"),
        SL("{a:1}"),
        SL("/* c */ 1"),
        SL("1 // c"),
        SL("NaN"),
        SL("-NaN"),
        SL("Infinity"),
        SL("-Infinity"),
        SL("[NaN]"),
        SL("nul"),
        SL("True"),
        SL("NULL"),
        SL("truefalse"),
        SL("\"\x01\""),
        SL("\"a\nb\""),
        SL("\"\\x41\""),
        SL("\"\\'\""),
        SL("\"\\u12\""),
        SL("\"\\u12G4\""),
        SL("\"\\u0000\""),
        SL("{\"a\\u0000b\":1}"),
        SL("\"\\uD800\""),
        SL("\"\\uD800\\uD800\""),
        SL("\"\\uDC00\""),
        SL("\"\\uD800x\""),
        SL("\"\xFF\""),
        SL("\"\xC0\x80\""),
        SL("\"\xED\xA0\x80\""),
        SL("\"\xC3\""),
        SL("\xEF\xBB\xBF{}"),
        SL("01"),
        SL("-"),
        SL("-01"),
        SL("+1"),
        SL(".5"),
        SL("1."),
        SL("1.e5"),
        SL("1e"),
        SL("1e+"),
        SL("0x10"),
        SL("1e309"),
        SL("-1e400"),
        SL("18446744073709551616"),
        SL("-9223372036854775809"),
        SL("99999999999999999999999999999"),
        SL("[1,]"),
        SL("[,1]"),
        SL("[1 2]"),
        SL("[1"),
        SL("[1}"),
        SL("{\"a\":1,}"),
        SL("{\"a\"}"),
        SL("{\"a\":}"),
        SL("{\"a\" 1}"),
        SL("{,}"),
        SL("{\"a\":1"),
        SL("{1:2}"),
        SL("\"abc"),
        SL("\"abc\\"),
        SL("{} {}"),
        SL("1 2"),
        SL("{}\0"),
        SL("[]x"),
    };
    struct err e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (parse_alone(bad[i], &e) != ERR_JSON_MALFORMED)
            fail_msg("taken or another failure: %.*s", SLICE_FMT(bad[i]));
        assert_true(strlen(e.cause) > 0);
    }
}

static void
a_name_twice_is_refused_however_it_is_written(void **state)
{
    static const struct slice twice[] = {
        SL("{\"id\":1,\"b\":2,\"id\":3}"),
        SL("{\"id\":1,\"\\u0069d\":3}"),
        SL("{\"\\n\":1,\"\\u000A\":3}"),
        SL("{\"\xF0\x9F\x8F\x85\":1,\"\\ud83c\\udfc5\":3}"),
        SL("{\"\xC3\xA4\":1,\"\\u00E4\":3}"),
        SL("{\"a\":{\"b\":[{\"c\":1,\"d\":2,\"c\":1}]}}"),
        SL("{\"\":1,\"\":3}"),
    };
    struct err e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(twice); i++) {
        if (parse_alone(twice[i], &e) != ERR_JSON_MALFORMED)
            fail_msg("taken: %.*s", SLICE_FMT(twice[i]));
        assert_non_null(strstr(e.cause, "second time"));
    }
    (void)parse_alone(twice[0], &e);
    assert_non_null(strstr(e.cause, "at byte 14"));
}

static void
a_refusal_says_what_and_where(void **state)
{
    struct err e;
    (void)state;

    assert_int_equal(parse_alone(SL("{\"a\": nope}"), &e), ERR_JSON_MALFORMED);
    assert_string_equal(e.cause, "no JSON value at byte 6");
    assert_int_equal(parse_alone(SL("[1,"), &e), ERR_JSON_MALFORMED);
    assert_string_equal(e.cause, "the text ends too early at byte 3");
}

static struct slice
nested(struct arena *a, int depth)
{
    struct sbuf b;

    sbuf_init(&b, a);
    for (int i = 0; i < depth; i++)
        sbuf_add_str(&b, i % 2 ? "[" : "{\"a\":");
    sbuf_add_char(&b, '1');
    for (int i = depth; i-- > 0;)
        sbuf_add_char(&b, i % 2 ? ']' : '}');
    return sbuf_slice(&b);
}

static void
depth_and_length_have_a_limit(void **state)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    char                            *text = arena_alloc(a, LIMIT_JSON_BYTES + 1);
    struct err                       e;
    (void)state;

    assert_int_equal(parse_alone(nested(a, LIMIT_JSON_DEPTH), &e), ERR_NONE);
    assert_int_equal(parse_alone(nested(a, LIMIT_JSON_DEPTH + 1), &e), ERR_TOO_LARGE);
    memset(text, ' ', LIMIT_JSON_BYTES + 1);
    text[0] = '1';
    assert_int_equal(parse_alone((struct slice){ text, LIMIT_JSON_BYTES }, &e), ERR_NONE);
    assert_int_equal(parse_alone((struct slice){ text, LIMIT_JSON_BYTES + 1 }, &e), ERR_TOO_LARGE);
}

static struct slice
list_of(struct arena *a, const char *piece, int count)
{
    struct sbuf b;

    sbuf_init(&b, a);
    sbuf_add_char(&b, '[');
    for (int i = 0; i < count; i++)
        sbuf_printf(&b, "%s%s", i == 0 ? "" : ",", piece);
    sbuf_add_char(&b, ']');
    return sbuf_slice(&b);
}

/* `{}` takes three bytes of text and a thousand of memory. */
static void
values_are_counted(void **state)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct err                       e;
    (void)state;

    assert_int_equal(parse_alone(list_of(a, "{}", LIMIT_JSON_NESTED - 1), &e), ERR_NONE);
    assert_int_equal(parse_alone(list_of(a, "{}", LIMIT_JSON_NESTED), &e), ERR_TOO_LARGE);
    assert_int_equal(parse_alone(list_of(a, "0", LIMIT_JSON_VALUES - 1), &e), ERR_NONE);
    assert_int_equal(parse_alone(list_of(a, "0", LIMIT_JSON_VALUES), &e), ERR_TOO_LARGE);
}

static void
many_names_in_one_object_are_still_compared(void **state)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct sbuf                      b;
    struct slice                     text;
    struct err                       e;
    (void)state;

    sbuf_init(&b, a);
    sbuf_add_char(&b, '{');
    for (int i = 0; i < 20000; i++)
        sbuf_printf(&b, "\"%d\":0,", i * 7919 % 20000);
    text = sbuf_slice(&b);
    sbuf_add_str(&b, "\"x\":0}");
    text = sbuf_slice(&b);
    assert_int_equal(parse_alone(text, &e), ERR_NONE);
    b.n -= 6;
    sbuf_add_str(&b, "\"777\":0}");
    text = sbuf_slice(&b);
    assert_int_equal(parse_alone(text, &e), ERR_JSON_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_rfc_allows_is_taken),
        cmocka_unit_test(what_json_c_would_take_and_the_rfc_does_not_is_refused),
        cmocka_unit_test(a_name_twice_is_refused_however_it_is_written),
        cmocka_unit_test(a_refusal_says_what_and_where),
        cmocka_unit_test(depth_and_length_have_a_limit),
        cmocka_unit_test(values_are_counted),
        cmocka_unit_test(many_names_in_one_object_are_still_compared),
    };

    return RUN_TAP(tests);
}

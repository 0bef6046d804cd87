#include "test.h"

#include "../../src/api/api_int.h"
#include "http/form.h"

static void
names_of_functions_are_taken(void **state)
{
    static const char *const good[] = {
        "f", "_", "$", "jQuery1910_1398", "angular.callbacks._0", "cb[0]", "a.b[12].c", "a[0][1]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(jsonp_name(slice_str(good[i])));
}

static void
whatever_could_be_a_script_of_its_own_is_no_name(void **state)
{
    static const char *const bad[] = {
        "",           ".",   "a.",   ".a",       "a..b",          "1a",  "a b",  "a;alert(1)",
        "alert(1)//", "a(",  "a)",   "a/**/b",   "a<b",           "a'b", "a\"b", "a`b",
        "a[",         "a[]", "a[b]", "a['b']",   "a[1",           "a]",  "a\nb", "a\\u0062",
        "a=b",        "a,b", "a%b",  "\xC3\xA9", "a\xE2\x80\xA8", "a-b", "a+b",  "{}",
        "a[0]b",      "a.0",
    };
    char long_name[129];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(jsonp_name(slice_str(bad[i])));
    assert_false(jsonp_name((struct slice){ "a\0b", 3 }));
    memset(long_name, 'a', sizeof(long_name));
    assert_true(jsonp_name((struct slice){ long_name, 128 }));
    assert_false(jsonp_name((struct slice){ long_name, 129 }));
}

static void
the_script_has_no_separator_and_no_tag_in_it(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    assert_slice_equal(jsonp_wrap(a, SL("f"), SL("{}")), SL("/**/f({})"));
    assert_slice_equal(
        jsonp_wrap(a, SL("a.b"), SL("[\"</script>\xE2\x80\xA8x\xE2\x80\xA9\xE2\x80\xAA<\"]")),
        SL("/**/a.b([\"\\u003c/script>\\u2028x\\u2029\xE2\x80\xAA\\u003c\"])"));
    arena_free(a);
}

static void
accept_is_weighed_as_http_says(void **state)
{
    static const struct {
        const char *accept;
        bool        json;
    } cases[] = {
        { NULL, true },
        { "", true },
        { "*/*", true },
        { "application/json", true },
        { "Application/JSON; charset=utf-8", true },
        { "application/*", true },
        { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true },
        { "text/javascript, application/javascript, */*; q=0.01", true },
        { "application/json;q=0.001", true },
        { "text/html", false },
        { "text/html, image/*", false },
        { "application/json;q=0", false },
        { "application/json;q=0.000", false },
        { "*/*, application/json;q=0", false },
        { "application/*;q=0, application/json", true },
        { "*/*;q=0", false },
        { "application/xml, */*;q=0.0", false },
        { "application/jsonp", false },
        { ",,;", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(accept_takes_json(slice_str(cases[i].accept)), cases[i].json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_functions_are_taken),
        cmocka_unit_test(whatever_could_be_a_script_of_its_own_is_no_name),
        cmocka_unit_test(the_script_has_no_separator_and_no_tag_in_it),
        cmocka_unit_test(accept_is_weighed_as_http_says),
    };

    return RUN_TAP(tests);
}

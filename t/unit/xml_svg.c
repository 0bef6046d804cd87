/* Assertions in and out of SVG files, and which files count as SVG pictures. */
#include "test.h"

#include <stdlib.h>

#include "core/limits.h"
#include "core/sbuf.h"
#include "xml/svg.h"

#define NS "xmlns=\"http://www.w3.org/2000/svg\""
#define OB "xmlns:openbadges=\"http://openbadges.org\""
#define DECL "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define URL "https://example.org/1?a=1&amp;b=2"

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
check(struct slice svg, struct err *e)
{
    char         *alone = malloc(svg.n == 0 ? 1 : svg.n);
    enum err_code rc;

    assert_non_null(alone);
    memcpy(alone, svg.p, svg.n);
    rc = svg_check((struct slice){ alone, svg.n }, e);
    free(alone);
    return rc;
}

static void
svg_is_told_by_its_root_element(void **state)
{
    (void)state;
    assert_true(svg_is(SL("<svg/>")));
    assert_true(svg_is(SL(DECL "<!-- c --><s:svg xmlns:s=\"http://www.w3.org/2000/svg\"><broken")));
    assert_true(svg_is(SL("\xEF\xBB\xBF<svg " NS ">")));
    assert_false(svg_is(SL("<svg xmlns=\"http://www.w3.org/1999/xhtml\"/>")));
    assert_false(svg_is(SL("<html><svg/></html>")));
    assert_false(svg_is(SL("pfffffft whatever")));
    assert_false(svg_is(SL("")));
    assert_false(svg_is(SLICE_NONE));
    assert_false(svg_is(SL("\x89PNG\r\n\x1A\n\0\0\0\rIHDR")));
    assert_false(svg_is(SL("<")));
}

static void
files_that_are_not_well_formed_are_refused_with_their_line(void **state)
{
    static const struct slice bad[] = {
        SL(""),
        SL("   "),
        SL("text"),
        SL("<svg>"),
        SL("<svg></gvs>"),
        SL("<svg/><svg/>"),
        SL("<svg/>x"),
        SL("<svg a=1/>"),
        SL("<svg a='1' a='2'/>"),
        SL("<svg a='<'/>"),
        SL("<svg>&nbsp;</svg>"),
        SL("<svg>&#0;</svg>"),
        SL("<svg>\x01</svg>"),
        SL("<svg>\xFF</svg>"),
        SL("<svg>a\0</svg>"),
        SL("<svg><x:a/></svg>"),
        SL("<svg x:a='1'/>"),
        SL("<svg><!-- -- --></svg>"),
        SL("<svg>]]></svg>"),
        SL("<svg xmlns:a='u' xmlns:b='u' a:x='1' b:x='2'/>"),
        SL("<svg><![CDATA[</svg>"),
        SL("<html/>"),
        SL("<svg xmlns='http://www.w3.org/1999/xhtml'/>"),
        SL("\xFE\xFF\0<\0s\0v\0g\0/\0>"),
    };
    struct err e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (check(bad[i], &e) != ERR_SVG_MALFORMED)
            fail_msg("taken: %.*s", SLICE_FMT(bad[i]));
        assert_true(strlen(e.cause) > 0);
    }
    assert_int_equal(check(SL("<svg>\n<a>\n</b></svg>"), &e), ERR_SVG_MALFORMED);
    assert_memory_equal(e.cause, "line 3: ", 8);
}

static void
document_types_and_their_entities_are_refused(void **state)
{
    static const struct slice bad[] = {
        SL("<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" "
           "\"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\"><svg/>"),
        SL("<!DOCTYPE svg [<!ENTITY a \"b\">]><svg>&a;</svg>"),
        SL("<!DOCTYPE svg [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><svg>&a;</svg>"),
        SL("<!DOCTYPE svg [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\">%p;]><svg/>"),
        SL("<!DOCTYPE svg [<!ATTLIST svg a CDATA \"b\">]><svg/>"),
    };
    struct err e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(check(bad[i], &e), ERR_SVG_MALFORMED);
        assert_non_null(strstr(e.cause, "DOCTYPE"));
        assert_false(svg_is(bad[i]));
    }
}

static struct slice
repeated(struct arena *a, const char *before, const char *piece, int count, const char *after)
{
    struct sbuf b;

    sbuf_init(&b, a);
    sbuf_add_str(&b, before);
    for (int i = 0; i < count; i++)
        sbuf_printf(&b, piece, i);
    sbuf_add_str(&b, after);
    return sbuf_slice(&b);
}

static void
limits_hold_for_bytes_depth_elements_attributes_and_namespaces(void **state)
{
    struct arena *a = *state;
    char         *spaces = arena_alloc(a, LIMIT_IMAGE_BYTES + 1);
    struct slice  deep = repeated(a, "<svg>", "<g>", LIMIT_SVG_DEPTH - 1, "");
    struct err    e;

    memset(spaces, ' ', LIMIT_IMAGE_BYTES + 1);
    assert_int_equal(check((struct slice){ spaces, LIMIT_IMAGE_BYTES + 1 }, &e), ERR_TOO_LARGE);
    deep = repeated(a, deep.p, "</g>", LIMIT_SVG_DEPTH - 1, "</svg>");
    assert_int_equal(check(deep, &e), ERR_NONE);
    assert_int_equal(check(repeated(a, "<svg>", "<g>", LIMIT_SVG_DEPTH, ""), &e), ERR_TOO_LARGE);
    assert_int_equal(check(repeated(a, "<svg>", "<a/>", LIMIT_SVG_NODES - 1, "</svg>"), &e),
                     ERR_NONE);
    assert_int_equal(check(repeated(a, "<svg>", "<a/>", LIMIT_SVG_NODES, "</svg>"), &e),
                     ERR_TOO_LARGE);
    assert_int_equal(check(repeated(a, "<svg", " a%d=''", LIMIT_SVG_ATTRIBUTES, "/>"), &e),
                     ERR_NONE);
    assert_int_equal(check(repeated(a, "<svg", " a%d = ''", LIMIT_SVG_ATTRIBUTES + 1, "/>"), &e),
                     ERR_TOO_LARGE);
    assert_int_equal(check(repeated(a, "<svg", " xmlns:a%d='u'", LIMIT_SVG_NAMESPACES, "/>"), &e),
                     ERR_NONE);
    assert_int_equal(
        check(repeated(a, "<svg", " xmlns:a%d='u'", LIMIT_SVG_NAMESPACES, "><g xmlns='u'/></svg>"),
              &e),
        ERR_TOO_LARGE);
    assert_int_equal(check(repeated(a, "<svg>", "<g xmlns:a='u'/>", 1000, "</svg>"), &e), ERR_NONE);
}

static void
unbaking_takes_the_body_before_the_verify_attribute(void **state)
{
    static const struct {
        struct slice svg, text;
    } cases[] = {
        { SL("<svg " NS " " OB "><openbadges:assertion verify=\"" URL
             "\"><![CDATA[\n {\"a\":\"]]\"} \n]]>"
             "</openbadges:assertion></svg>"),
          SL("{\"a\":\"]]\"}") },
        { SL("<svg " NS " " OB "><openbadges:assertion verify='" URL
             "'>\n<![CDATA[ ]]></openbadges:assertion></svg>"),
          SL("https://example.org/1?a=1&b=2") },
        { SL("<svg " OB "><openbadges:assertion verify=' a.b.c '/></svg>"), SL("a.b.c") },
        { SL("<svg " OB "><openbadges:assertion>{\"a\":&quot;&amp;}<x>no</x><!--no--></"
             "openbadges:assertion></svg>"),
          SL("{\"a\":\"&}") },
        { SL("<svg xmlns:b='http://openbadges.org'><g><b:assertion verify='deep'/></g></svg>"),
          SL("deep") },
        { SL("<svg><openbadges:assertion verify='no declaration'/></svg>"), SL("no declaration") },
        { SL("<svg xmlns:openbadges='urn:x'><openbadges:assertion verify='other'/></svg>"),
          SL("other") },
        { SL("<svg " OB "><openbadges:assertion verify='first'/><openbadges:assertion>second"
             "</openbadges:assertion></svg>"),
          SL("first") },
        { SL("<svg " OB
             "><openbadges:assertion><![CDATA[{]]><![CDATA[}]]></openbadges:assertion></svg>"),
          SL("{}") },
    };
    struct slice text;
    struct err   e;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (svg_unbake(*state, cases[i].svg, &text, &e) != ERR_NONE)
            fail_msg("case %zu: %s", i, e.detail);
        assert_slice_equal(text, cases[i].text);
    }
}

static void
unbaking_says_when_there_is_nothing(void **state)
{
    struct slice text;
    struct err   e;

    assert_int_equal(svg_unbake(*state, SL("<svg><assertion verify='x'/></svg>"), &text, &e),
                     ERR_IMAGE_UNBAKED);
    assert_int_equal(svg_unbake(*state, SL("<svg " OB "><openbadges:assertion/></svg>"), &text, &e),
                     ERR_IMAGE_UNBAKED);
    assert_int_equal(
        svg_unbake(*state, SL("<svg " OB "><openbadges:assertion verify='x'/><svg>"), &text, &e),
        ERR_SVG_MALFORMED);
}

static void
baking_puts_one_element_first_and_keeps_the_rest(void **state)
{
    struct slice svg = SL("<?xml version='1.0' encoding='iso-8859-1'?><!--top--><svg " NS
                          " a='&lt;&quot;\"' xml:space='preserve'><?pi data?>\n  <title>a &amp; b "
                          "&gt; c]]&gt;</title>"
                          "<style><![CDATA[a > b]]></style><g/></svg><!--end-->");
    struct slice baked, again;
    struct err   e;

    assert_int_equal(svg_bake(*state, svg, SL("https://a.example/?b=1&c=\"2"),
                              SL("{\"x\":\"]]>\"}"), &baked, &e),
                     ERR_NONE);
    assert_slice_equal(
        baked, SL(DECL "<!--top--><svg " NS " " OB " a='&lt;\"\"' xml:space=\"preserve\""
                       "><openbadges:assertion "
                       "verify='https://a.example/?b=1&amp;c=\"2'><![CDATA[{\"x\":\""
                       "]]]]><![CDATA[>\"}]]></openbadges:assertion><?pi data?>\n  <title>a &amp; "
                       "b > c]]&gt;</title>"
                       "<style><![CDATA[a > b]]></style><g/></svg><!--end-->"));
    assert_int_equal(svg_unbake(*state, baked, &again, &e), ERR_NONE);
    assert_slice_equal(again, SL("{\"x\":\"]]>\"}"));
}

static void
baking_again_replaces(void **state)
{
    struct slice svg = SL("<svg " NS "><g>\xC3\xA4</g></svg>"), once, twice, plain, old;
    struct err   e;

    assert_int_equal(svg_bake(*state, svg, SL("u"), SL("{\"a\":1}"), &once, &e), ERR_NONE);
    assert_int_equal(svg_bake(*state, once, SL("a.b.c"), SLICE_NONE, &twice, &e), ERR_NONE);
    assert_int_equal(svg_bake(*state, svg, SL("a.b.c"), SLICE_NONE, &plain, &e), ERR_NONE);
    assert_slice_equal(twice, plain);
    assert_slice_equal(plain, SL(DECL "<svg " NS " " OB
                                      "><openbadges:assertion verify=\"a.b.c\"/><g>\xC3\xA4</g>"
                                      "</svg>"));
    old =
        SL("<svg " NS "><g><openbadges:assertion verify='1'><a/></openbadges:assertion>\xC3\xA4</g>"
           "<b:assertion xmlns:b='http://openbadges.org'/></svg>");
    assert_int_equal(svg_bake(*state, old, SL("a.b.c"), SLICE_NONE, &twice, &e), ERR_NONE);
    assert_slice_equal(twice, plain);
}

static void
baking_leaves_another_meaning_of_the_prefix_alone(void **state)
{
    struct slice svg = SL("<svg " NS " xmlns:openbadges=\"urn:x\"><openbadges:other/></svg>"),
                 baked, text;
    struct err e;

    assert_int_equal(svg_bake(*state, svg, SL("u"), SLICE_NONE, &baked, &e), ERR_NONE);
    assert_slice_equal(baked,
                       SL(DECL "<svg " NS " xmlns:openbadges=\"urn:x\"><openbadges:assertion " OB
                               " verify=\"u\"/><openbadges:other/></svg>"));
    assert_int_equal(svg_unbake(*state, baked, &text, &e), ERR_NONE);
}

static void
baking_drops_scripts(void **state)
{
    struct slice svg =
        SL("<svg " NS " onload='x()'><script>a</script><g onClick='b' one='1'><h:script "
           "xmlns:h='http://www.w3.org/1999/xhtml'><b/></h:script></g></svg>");
    struct slice baked;
    struct err   e;
    size_t       at;

    assert_int_equal(svg_bake(*state, svg, SL("u"), SL("{\"a\":\"]]><script>\"}"), &baked, &e),
                     ERR_NONE);
    assert_false(slice_find(baked, SL("x()"), &at));
    assert_false(slice_find(baked, SL("onClick"), &at));
    assert_false(slice_find(baked, SL("<script>a"), &at));
    assert_false(slice_find(baked, SL("h:script"), &at));
    assert_true(slice_find(baked, SL("]]]]><![CDATA[><script>"), &at));
    assert_int_equal(svg_check(baked, &e), ERR_NONE);
}

static void
what_no_svg_can_hold_is_not_baked(void **state)
{
    struct slice baked, svg = SL("<svg/>");
    struct err   e;

    assert_int_equal(svg_bake(*state, svg, SL(""), SL("{}"), &baked, &e), ERR_ASSERTION_MALFORMED);
    assert_int_equal(svg_bake(*state, svg, SL("a\x01"), SL("{}"), &baked, &e),
                     ERR_ASSERTION_MALFORMED);
    assert_int_equal(svg_bake(*state, svg, SL("u"), SL("\"\xEF\xBF\xBF\""), &baked, &e),
                     ERR_ASSERTION_MALFORMED);
    assert_int_equal(svg_bake(*state, svg, SL("u"), SL("\xFF"), &baked, &e),
                     ERR_ASSERTION_MALFORMED);
    assert_int_equal(svg_bake(*state, SL("<svg>"), SL("u"), SL("{}"), &baked, &e),
                     ERR_SVG_MALFORMED);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(svg_is_told_by_its_root_element),
        TEST(files_that_are_not_well_formed_are_refused_with_their_line),
        TEST(document_types_and_their_entities_are_refused),
        TEST(limits_hold_for_bytes_depth_elements_attributes_and_namespaces),
        TEST(unbaking_takes_the_body_before_the_verify_attribute),
        TEST(unbaking_says_when_there_is_nothing),
        TEST(baking_puts_one_element_first_and_keeps_the_rest),
        TEST(baking_again_replaces),
        TEST(baking_leaves_another_meaning_of_the_prefix_alone),
        TEST(baking_drops_scripts),
        TEST(what_no_svg_can_hold_is_not_baked),
    };

    return RUN_TAP(tests);
}

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
        SL("<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
           "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">"
           "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\">]><svg>&e;&e;&e;&e;</svg>"),
        SL("<!DOCTYPE svg [<!ENTITY a \"&a;\">]><svg id='&a;'/>"),
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
    /* Counted before they are read, also in a tag that never ends. */
    assert_int_equal(check(repeated(a, "<svg", " a%d=''", LIMIT_SVG_ATTRIBUTES, ""), &e),
                     ERR_SVG_MALFORMED);
    assert_int_equal(check(repeated(a, "<svg", " a%d=''", LIMIT_SVG_ATTRIBUTES + 1, ""), &e),
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
                          " id='&lt;&quot;\"' xml:space='preserve'><?pi data?>\n  <title>a &amp; b "
                          "&gt; c]]&gt;</title>"
                          "<style><![CDATA[a > b]]></style><g/></svg><!--end-->");
    struct slice baked, again;
    struct err   e;

    assert_int_equal(svg_bake(*state, svg, SL("https://a.example/?b=1&c=\"2"),
                              SL("{\"x\":\"]]>\"}"), &baked, &e),
                     ERR_NONE);
    assert_slice_equal(baked,
                       SL(DECL "<!--top--><svg " NS " " OB " id='&lt;\"\"' xml:space=\"preserve\""
                               "><openbadges:assertion "
                               "verify='https://a.example/?b=1&amp;c=\"2'><![CDATA[{\"x\":\""
                               "]]]]><![CDATA[>\"}]]></openbadges:assertion>\n  <title>a &amp; "
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
    struct slice svg = SL("<svg " NS " xmlns:openbadges=\"urn:x\"><g/></svg>"), baked, text;
    struct err   e;

    assert_int_equal(svg_bake(*state, svg, SL("u"), SLICE_NONE, &baked, &e), ERR_NONE);
    assert_slice_equal(baked,
                       SL(DECL "<svg " NS " xmlns:openbadges=\"urn:x\"><openbadges:assertion " OB
                               " verify=\"u\"/><g/></svg>"));
    assert_int_equal(svg_unbake(*state, baked, &text, &e), ERR_NONE);
}

#define XLINK "xmlns:xlink=\"http://www.w3.org/1999/xlink\""
#define BAKED "<openbadges:assertion verify=\"u\"/>"

/* What stands behind the assertion in a picture with `inside` in it once it is baked. */
static struct slice
rest_of(struct arena *a, const char *inside)
{
    struct slice svg = arena_printf(a, "<svg " NS " " XLINK ">%s</svg>", inside), baked;
    struct err   e;
    size_t       at;

    if (svg_bake(a, svg, SL("u"), SLICE_NONE, &baked, &e) != ERR_NONE)
        fail_msg("%s: %s", inside, e.cause);
    assert_true(slice_find(baked, SL(BAKED), &at));
    baked = slice_from(baked, at + strlen(BAKED));
    return slice_first(baked, baked.n - strlen("</svg>"));
}

static void
baking_keeps_what_draws_byte_for_byte(void **state)
{
    static const char *const kept[] = {
        "<g id=\"a\" class=\"b\" style=\"fill:url(#c);stroke:red\" aria-label=\"d\" role=\"img\"/>",
        "<svg viewBox=\"0 0 1 1\"><path d=\"M0 0z\" fill=\"url('#g')\" "
        "fill-opacity=\"0.5\"/></svg>",
        "<defs><linearGradient id=\"g\" xlink:href=\"#h\"><stop offset=\"0\" "
        "stop-color=\"#fff\"/></linearGradient></defs>",
        "<use href=\"#a\" x=\"1\" y=\"2\"/><use xlink:href=\" #a\"/><a href=\"#top\"><rect/></a>",
        "<image href=\"data:image/png;base64,AAAA\" width=\"1\" height=\"1\"/>",
        "<filter id=\"f\"><feImage xlink:href=\"data:image/jpeg;base64,AA\"/></filter>",
        "<text xml:space=\"preserve\" xml:lang=\"en\"><tspan dx=\"1\">t</tspan></text>",
        "<style>a{fill:url(#b)}@media print{a{fill:red}}</style>",
        "<style type=\"text/css\"><![CDATA[@font-face{src:url(data:font/woff2;base64,AA)}a>b{}]]>"
        "</style>",
        "<style>a{background:url( \" #b\")}@keyframes k{}@supports (a:b){}</style>",
        "<style>a{fill:URL(data:image/png;base64,AA)}@-webkit-keyframes k{}</style>",
        "<animate attributeName=\"fill\" to=\"red\" dur=\"1s\"/><set attributeName=\"x\"/>",
        "<switch><g systemLanguage=\"en\"/></switch><!-- a comment -->",
        "<metadata><r:RDF xmlns:r=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><c:Work "
        "xmlns:c=\"http://creativecommons.org/ns#\" r:about=\"\"><c:license "
        "r:resource=\"https://l.example/\"/></c:Work></r:RDF></metadata>",
        "<o:credential xmlns:o=\"https://purl.imsglobal.org/ob/v3p0\" verify=\"a.b.c\"/>",
        "<s:g xmlns:s=\"http://www.w3.org/2000/svg\"/>",
    };

    for (size_t i = 0; i < COUNT_OF(kept); i++)
        assert_slice_equal(rest_of(*state, kept[i]), slice_str(kept[i]));
}

static void
baking_leaves_out_what_runs_or_reaches_outside(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        /* Scripts, in every namespace and case, and what hangs on events. */
        { "<script>a</script><Script/><SCRIPT><g/></SCRIPT>", "" },
        { "<h:script xmlns:h=\"http://www.w3.org/1999/xhtml\">a</h:script>", "" },
        { "<s:script xmlns:s=\"http://www.w3.org/2000/svg\">a</s:script>", "" },
        { "<g onload=\"a()\" onClick=\"b()\" ONFOCUS=\"c()\" onbegin=\"d()\"/>", "<g/>" },
        { "<handler type=\"application/ecmascript\">a</handler><listener/>", "" },
        /* What is not SVG. */
        { "<foreignObject><g/><b xmlns=\"http://www.w3.org/1999/xhtml\">x</b></foreignObject>",
          "" },
        { "<iframe xmlns=\"http://www.w3.org/1999/xhtml\" src=\"javascript:a\"/>", "" },
        { "<h:img xmlns:h=\"http://www.w3.org/1999/xhtml\" onerror=\"a\"/>", "" },
        { "<math xmlns=\"http://www.w3.org/1998/Math/MathML\"/><unheard-of/>", "" },
        { "<audio/><video/><canvas/><object/><embed/><link/><meta/><base/><html/>", "" },
        { "<x:g xmlns:x=\"urn:x\"><path/></x:g>", "" },
        { "<g data-x=\"1\" tabindex=\"0\" unheard-of=\"1\" xml:base=\"http://a.example/\"/>",
          "<g/>" },
        { "<g xmlns:x=\"urn:x\" x:fill=\"1\" x:href=\"#a\"/>", "<g xmlns:x=\"urn:x\"/>" },
        { "<?xml-stylesheet href=\"http://a.example/x.xsl\"?><?pi?>", "" },
        /* Links. */
        { "<a href=\"javascript:alert(1)\" xlink:href=\"JavaScript:a\">x</a>", "<a>x</a>" },
        { "<a xlink:href=\"https://a.example/\" xlink:title=\"t\" xlink:show=\"new\">x</a>",
          "<a>x</a>" },
        { "<a href=\" &#9;javascript:a\"/><a href=\"data:text/html,a\"/><a href=\"//a.example\"/>",
          "<a/><a/><a/>" },
        { "<a href=\"java&#10;script:a\"/><a href=\"data:image/png;base64,AA\"/>", "<a/><a/>" },
        { "<use href=\"data:image/svg+xml;base64,AA\"/><use xlink:href=\"http://a.example/#b\"/>",
          "<use/><use/>" },
        { "<image href=\"data:image/svg+xml,a\"/><image href=\"https://a.example/a.png\"/>",
          "<image/><image/>" },
        { "<image href=\"data:text/html,a\"/><feImage href=\"/a.png\"/>", "<image/><feImage/>" },
        /* Links that an animation makes. */
        { "<a><animate attributeName=\"href\" to=\"#a\"/></a>", "<a><animate to=\"#a\"/></a>" },
        { "<set attributeName=\"xlink:href\" to=\"javascript:a\"/>", "<set/>" },
        { "<set attributeName=\"onclick\" to=\"a()\"/>", "<set to=\"a()\"/>" },
        { "<animate attributeName=\"style\" values=\"a;javascript:b\"/>", "<animate/>" },
        { "<animate attributeName=\"fill\" to=\"url(//a.example/)\"/>",
          "<animate attributeName=\"fill\"/>" },
        /* Style. */
        { "<g style=\"fill:url(http://a.example/)\" fill=\"url( 'http://a.example/#x')\"/>",
          "<g/>" },
        { "<g style=\"fill:u\\72l(http://a.example/)\" fill=\"\\75rl(//a.example)\"/>", "<g/>" },
        { "<g style=\"width:expression(a)\"/><g style=\"-moz-binding:url(#a)\"/>", "<g/><g/>" },
        { "<g style=\"background:image-set('a.png' 1x)\"/><g style=\"behavior:x\"/>", "<g/><g/>" },
        { "<g style=\"a:image('b')\"/><g style=\"a:src('b')\"/><g mask=\"cross-fade(a)\"/>",
          "<g/><g/><g/>" },
        { "<g style=\"a:vbscript:b\" cursor=\"url(#a)\"/>", "<g/>" },
        { "<g style=\"a:Image('b')\"/><g style=\"a:SRC('b')\"/><g mask=\"CROSS-fade(a)\"/>",
          "<g/><g/><g/>" },
        { "<g style=\"a:Expression(b)\"/><g style=\"Behavior:b\"/><g style=\"-MOZ-binding:b\"/>",
          "<g/><g/><g/>" },
        { "<g style=\"a:JavaScript:b\"/><g style=\"a:VBScript:b\"/><g fill=\"0,url(//a)\"/>",
          "<g/><g/><g/>" },
        { "<style>@import 'http://a.example/a.css';</style>", "<style/>" },
        { "<style>a{}@IMPORT url(#a);</style><style>@namespace 'a';</style>", "<style/><style/>" },
        { "<style>@im<!-- -->port 'a';</style>", "<style/>" },
        { "<style>@im<![CDATA[port 'a';]]></style>", "<style/>" },
        { "<style><![CDATA[a{fill:url(http://a.example/)}]]></style>", "<style/>" },
        { "<style>@im\\70ort 'a';</style>", "<style/>" },
        { "<style>a{}<g/><script>b</script></style>", "<style>a{}</style>" },
        { "<style media=\"print\">a{fill:url(data:image/svg+xml,b)}</style><g/>",
          "<style media=\"print\"/><g/>" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_slice_equal(rest_of(*state, cases[i].in), slice_str(cases[i].out));
}

/* Every text there is for a browser to trip over, as address, signature or assertion: it comes out again as it was,
 * and the picture has no element but its own. */
static void
nothing_that_is_baked_in_breaks_out(void **state)
{
    static const char *const texts[] = {
        "]]><script>alert(1)</script>",
        "]]]]>>",
        "]]>]]>",
        "\"/><script>alert(1)</script>",
        "' onload='a",
        "\" onload=\"a",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]",
        "&amp;&lt;&#0;",
        "&#60;script&#62;",
        "</openbadges:assertion><g>",
        "%s%n",
        "a\"b'c<d>e&f",
        "\xE2\x80\xA8\xF0\x9F\x8F\x85",
    };
    static const struct slice svg = SL("<svg " NS "><g/></svg>");

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct slice text = slice_str(texts[i]), baked, out, bare;
        struct err   e;
        size_t       at;

        assert_int_equal(svg_bake(*state, svg, text, SLICE_NONE, &baked, &e), ERR_NONE);
        assert_int_equal(svg_unbake(*state, baked, &out, &e), ERR_NONE);
        assert_slice_equal(out, text);
        assert_int_equal(svg_bake(*state, svg, SL("u"), text, &baked, &e), ERR_NONE);
        assert_int_equal(svg_unbake(*state, baked, &out, &e), ERR_NONE);
        assert_slice_equal(out, text);
        /* Another text instead is the same file again: nothing of this one stayed behind. */
        assert_int_equal(svg_bake(*state, svg, SL("u"), SLICE_NONE, &bare, &e), ERR_NONE);
        assert_int_equal(svg_bake(*state, baked, SL("u"), SLICE_NONE, &out, &e), ERR_NONE);
        assert_slice_equal(out, bare);
        assert_true(slice_find(baked, SL("</openbadges:assertion><g/></svg>"), &at));
        assert_int_equal(at + strlen("</openbadges:assertion><g/></svg>"), baked.n);
    }
}

static void
only_the_outermost_svg_is_baked(void **state)
{
    struct slice svg = SL(
                     "<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:svg><s:g/></s:svg></s:svg>"),
                 baked;
    struct err e;

    assert_int_equal(svg_bake(*state, svg, SL("u"), SLICE_NONE, &baked, &e), ERR_NONE);
    assert_slice_equal(baked, SL(DECL "<s:svg xmlns:s=\"http://www.w3.org/2000/svg\" " OB ">" BAKED
                                      "<s:svg><s:g/></s:svg></s:svg>"));
}

static void
what_is_baked_in_has_a_limit(void **state)
{
    char        *spaces = arena_alloc(*state, LIMIT_JWS_BYTES + 1);
    struct slice most = { spaces, LIMIT_JWS_BYTES }, more = { spaces, LIMIT_JWS_BYTES + 1 }, baked;
    struct err   e;

    memset(spaces, 'x', LIMIT_JWS_BYTES + 1);
    assert_int_equal(svg_bake(*state, SL("<svg/>"), most, most, &baked, &e), ERR_NONE);
    assert_int_equal(svg_bake(*state, SL("<svg/>"), more, SLICE_NONE, &baked, &e), ERR_TOO_LARGE);
    assert_int_equal(svg_bake(*state, SL("<svg/>"), SL("u"), more, &baked, &e), ERR_TOO_LARGE);
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
        TEST(baking_keeps_what_draws_byte_for_byte),
        TEST(baking_leaves_out_what_runs_or_reaches_outside),
        TEST(nothing_that_is_baked_in_breaks_out),
        TEST(only_the_outermost_svg_is_baked),
        TEST(what_is_baked_in_has_a_limit),
        TEST(what_no_svg_can_hold_is_not_baked),
    };

    return RUN_TAP(tests);
}

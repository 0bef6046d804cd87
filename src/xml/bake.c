#include <stdint.h>

#include "core/limits.h"
#include "core/sbuf.h"
#include "xml/svg.h"
#include "xml_int.h"

/* Writing a file again, event by event. A document has many spellings: quotes, empty tags and references come
 * out in one, and what they mean stays. */
struct bake {
    struct sbuf  out;
    struct slice verify, json;
    bool         tag_open; /* a start tag still lacks its `>` */
    int          left_out; /* depth inside an element that is left out */
    bool         in_style; /* inside a style element, whose text is only judged as a whole */
    size_t       style_at; /* where its text begins in `out` */
    struct sbuf  css;      /* that text, as CSS reads it */
};

/* Characters below 64 as a set. */
#define SET_OF(c) (UINT64_C(1) << (c))
#define MARKUP (SET_OF('&') | SET_OF('<'))

static bool
is_of(uint64_t set, char c)
{
    return (unsigned char)c < 64 && (set >> c & 1) != 0;
}

/* No reference written here is longer than what stood for the character in the file that was read, so that a
 * picture does not grow by being written again. */
static void
add_reference(struct sbuf *b, char c)
{
    if (c == '&')
        sbuf_add_str(b, "&amp;");
    else if (c == '<')
        sbuf_add_str(b, "&lt;");
    else
        sbuf_printf(b, "&#%d;", c);
}

/* What needs no reference goes in whole runs. */
static void
add_escaped(struct sbuf *b, struct slice s, uint64_t escaped)
{
    size_t from = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (!is_of(escaped, s.p[i]))
            continue;
        sbuf_add(b, slice_first(slice_from(s, from), i - from));
        add_reference(b, s.p[i]);
        from = i + 1;
    }
    sbuf_add(b, slice_from(s, from));
}

/* `]]>` is the one `>` that text may not have. It may come in pieces. */
static void
add_characters(struct sbuf *b, struct slice s)
{
    size_t at;

    while (slice_find(s, SL(">"), &at)) {
        add_escaped(b, slice_first(s, at), MARKUP | SET_OF('\r'));
        sbuf_add_str(b, slice_ends(sbuf_slice(b), SL("]]")) ? "&gt;" : ">");
        s = slice_from(s, at + 1);
    }
    add_escaped(b, s, MARKUP | SET_OF('\r'));
}

static size_t
count_of(struct slice s, char c)
{
    size_t count = 0;

    for (size_t i = 0; i < s.n; i++)
        count += s.p[i] == c;
    return count;
}

static void
add_name(struct sbuf *b, struct slice prefix, struct slice name)
{
    if (prefix.p != NULL) {
        sbuf_add(b, prefix);
        sbuf_add_char(b, ':');
    }
    sbuf_add(b, name);
}

/* In the quotes that leave less to escape. */
static void
add_attribute(struct sbuf *b, struct slice prefix, struct slice name, struct slice value)
{
    bool single = count_of(value, '"') > count_of(value, '\'');
    char quote = single ? '\'' : '"';

    sbuf_add_char(b, ' ');
    add_name(b, prefix, name);
    sbuf_add_char(b, '=');
    sbuf_add_char(b, quote);
    add_escaped(b, value,
                MARKUP | SET_OF('\r') | SET_OF('\t') | SET_OF('\n') | SET_OF((unsigned char)quote));
    sbuf_add_char(b, quote);
}

/* A CDATA section ends at its first `]]>`, so that one inside is divided between two. */
static void
add_cdata(struct sbuf *b, struct slice s)
{
    size_t at;

    sbuf_add_str(b, "<![CDATA[");
    while (slice_find(s, SL("]]>"), &at)) {
        sbuf_add(b, slice_first(s, at));
        sbuf_add_str(b, "]]]]><![CDATA[>");
        s = slice_from(s, at + 3);
    }
    sbuf_add(b, s);
    sbuf_add_str(b, "]]>");
}

static void
close_tag(struct bake *k)
{
    if (k->tag_open)
        sbuf_add_char(&k->out, '>');
    k->tag_open = false;
}

/* The root's declaration of our prefix, SLICE_NONE when it has none. */
static struct slice
declared_uri(const struct svg_element *root)
{
    for (size_t i = 0; i < root->namespace_count; i++)
        if (slice_eq(root->namespaces[i].name, SL("openbadges")))
            return root->namespaces[i].value;
    return SLICE_NONE;
}

/* The root declares our prefix, if it does not already. */
static void
add_namespaces(struct sbuf *b, const struct svg_element *el)
{
    for (size_t i = 0; i < el->namespace_count; i++) {
        struct slice prefix = el->namespaces[i].name, uri = el->namespaces[i].value;

        if (prefix.n == 0)
            add_attribute(b, SLICE_NONE, SL("xmlns"), uri);
        else
            add_attribute(b, SL("xmlns"), prefix, uri);
    }
    if (el->is_root && declared_uri(el).p == NULL)
        add_attribute(b, SL("xmlns"), SL("openbadges"), SL(OPENBADGES_URI));
}

static void
add_attributes(struct sbuf *b, const struct svg_element *el)
{
    for (size_t i = 0; i < el->attribute_count; i++) {
        const struct svg_attribute *at = &el->attributes[i];

        if (svg_attribute_allowed(el, at))
            add_attribute(b, at->prefix, at->name, at->value);
    }
}

/* Where the root binds our prefix to something else, that stays and the element has its own. */
static void
add_assertion(struct bake *k, struct slice declared)
{
    sbuf_add_str(&k->out, "<openbadges:assertion");
    if (declared.p != NULL && !slice_eq(declared, SL(OPENBADGES_URI)))
        add_attribute(&k->out, SL("xmlns"), SL("openbadges"), SL(OPENBADGES_URI));
    add_attribute(&k->out, SLICE_NONE, SL("verify"), k->verify);
    if (k->json.n == 0) {
        sbuf_add_str(&k->out, "/>");
        return;
    }
    sbuf_add_char(&k->out, '>');
    add_cdata(&k->out, k->json);
    sbuf_add_str(&k->out, "</openbadges:assertion>");
}

static bool
bake_start(void *self, const struct svg_element *el)
{
    struct bake *k = self;

    if (k->left_out > 0 || k->in_style || el->is_assertion || !svg_element_allowed(el)) {
        k->left_out++;
        return true;
    }
    close_tag(k);
    sbuf_add_char(&k->out, '<');
    add_name(&k->out, el->prefix, el->name);
    add_namespaces(&k->out, el);
    add_attributes(&k->out, el);
    k->tag_open = true;
    k->in_style = slice_eq(el->name, SL("style"));
    k->style_at = k->out.n;
    sbuf_cut(&k->css, 0);
    if (el->is_root) {
        close_tag(k);
        add_assertion(k, declared_uri(el));
    }
    return true;
}

/* What a style element says, which is judged when all of it is there: a comment or a second section may stand in
 * the middle of a word. */
static void
end_style(struct bake *k)
{
    if (k->in_style && !svg_css_allowed(sbuf_slice(&k->css))) {
        sbuf_cut(&k->out, k->style_at);
        k->tag_open = true;
    }
    k->in_style = false;
}

static bool
bake_end(void *self, struct slice prefix, struct slice name)
{
    struct bake *k = self;

    if (k->left_out > 0) {
        k->left_out--;
        return true;
    }
    end_style(k);
    if (k->tag_open) {
        sbuf_add_str(&k->out, "/>");
    } else {
        sbuf_add_str(&k->out, "</");
        add_name(&k->out, prefix, name);
        sbuf_add_char(&k->out, '>');
    }
    k->tag_open = false;
    return true;
}

static bool
bake_text(void *self, enum svg_text kind, struct slice text)
{
    struct bake *k = self;

    if (k->left_out > 0)
        return true;
    close_tag(k);
    if (k->in_style && kind != SVG_COMMENT)
        sbuf_add(&k->css, text);
    if (kind == SVG_CDATA) {
        add_cdata(&k->out, text);
    } else if (kind == SVG_CHARACTERS) {
        add_characters(&k->out, text);
    } else {
        sbuf_add_str(&k->out, "<!--");
        sbuf_add(&k->out, text);
        sbuf_add_str(&k->out, "-->");
    }
    return true;
}

/* XML 1.0, 2.2: what no document can hold, however it is written. */
static bool
xml_can_hold(struct slice s)
{
    size_t at;

    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
            return false;
    return slice_is_utf8(s) && !slice_find(s, SL("\xEF\xBF\xBE"), &at) &&
           !slice_find(s, SL("\xEF\xBF\xBF"), &at);
}

static enum err_code
inputs_check(struct slice verify, struct slice json, struct err *e)
{
    if (verify.n > LIMIT_JWS_BYTES || json.n > LIMIT_JWS_BYTES)
        return svg_too_large(e, CAUSE(ASSERTION_BYTES));
    if (verify.n == 0)
        return FAIL(e, ASSERTION_MALFORMED, "nothing to verify");
    if (!xml_can_hold(verify) || !xml_can_hold(json)) {
        (void)FAIL(e, ASSERTION_MALFORMED, "%zu bytes that XML cannot hold", json.n);
        err_set_cause(e, CAUSE(SVG_UNFIT));
        return ERR_ASSERTION_MALFORMED;
    }
    return ERR_NONE;
}

enum err_code
svg_bake(struct arena *a, struct slice svg, struct slice verify, struct slice json,
         struct slice *ret, struct err *e)
{
    static const struct svg_events events = { .start = bake_start,
                                              .end = bake_end,
                                              .text = bake_text };
    struct bake                    k = { .verify = verify, .json = json };
    enum err_code                  rc;

    if ((rc = inputs_check(verify, json, e)) != ERR_NONE)
        return rc;
    sbuf_init(&k.css, a);
    sbuf_init(&k.out, a);
    (void)sbuf_room(&k.out, slice_first(svg, LIMIT_IMAGE_BYTES).n + verify.n + json.n + 512);
    sbuf_add_str(&k.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    if ((rc = svg_read(svg, &events, &k, e)) != ERR_NONE)
        return rc;
    *ret = sbuf_slice(&k.out);
    return ERR_NONE;
}

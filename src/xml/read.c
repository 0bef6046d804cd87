#include <assert.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>

#include "core/limits.h"
#include "xml_int.h"

/* libxml2's reading of one file. It is told to go on behind a fault (XML_PARSE_RECOVER) only so that it still
 * calls back, for there it can be stopped safely; inside its report of a fault it cannot. */
struct reader {
    xmlParserCtxt           *ctxt;
    const struct svg_events *events;
    void                    *self;
    struct err              *e;
    enum err_code            rc;
    bool                     stopped; /* an event wanted no more */
    int                      depth, elements;
    int                      namespaces;                         /* in scope */
    int                      namespaces_at[LIMIT_SVG_DEPTH + 1]; /* declared at each depth */
};

enum err_code
svg_refuse(struct err *e, enum cause_id cause, int line, const char *detail)
{
    char number[16];

    snprintf(number, sizeof number, "%d", line);
    (void)FAIL(e, SVG_MALFORMED, "line %d: %s", line, detail);
    err_set_cause(e, (struct cause){ .id = cause, .args = { slice_str(number) } });
    return ERR_SVG_MALFORMED;
}

enum err_code
svg_too_large(struct err *e, struct cause cause)
{
    (void)FAIL(e, TOO_LARGE, "%s", cause_name(cause.id));
    err_set_cause(e, cause);
    return ERR_TOO_LARGE;
}

static struct slice
str(const xmlChar *text)
{
    return slice_str((const char *)text);
}

static void
refuse(struct reader *r, enum cause_id cause)
{
    if (r->rc == ERR_NONE)
        r->rc = svg_refuse(r->e, cause, xmlSAX2GetLineNumber(r->ctxt), cause_name(cause));
}

/* False when nothing more is wanted; the parser then ends by itself. Called by each event but a fault. */
static bool
goes_on(struct reader *r)
{
    if (r->rc == ERR_NONE && !r->stopped)
        return true;
    xmlStopParser(r->ctxt);
    return false;
}

static void
answer(struct reader *r, bool more)
{
    if (!more)
        r->stopped = true;
    (void)goes_on(r);
}

/* What it is in words of ours: libxml2's are English, and for those who know its parser. */
static enum cause_id
cause_of(int code)
{
    switch (code) {
    case XML_ERR_DOCUMENT_EMPTY:
    case XML_ERR_DOCUMENT_END:
    case XML_ERR_TAG_NOT_FINISHED:
    case XML_ERR_GT_REQUIRED:
    case XML_ERR_COMMENT_NOT_FINISHED:
    case XML_ERR_CDATA_NOT_FINISHED:
        return CAUSE_SVG_END;
    case XML_ERR_TAG_NAME_MISMATCH:
        return CAUSE_SVG_TAG;
    case XML_ERR_ATTRIBUTE_NOT_STARTED:
    case XML_ERR_ATTRIBUTE_NOT_FINISHED:
    case XML_ERR_ATTRIBUTE_WITHOUT_VALUE:
    case XML_ERR_ATTRIBUTE_REDEFINED:
    case XML_ERR_LT_IN_ATTRIBUTE:
        return CAUSE_SVG_ATTRIBUTE;
    case XML_ERR_UNDECLARED_ENTITY:
        return CAUSE_SVG_ENTITY;
    case XML_ERR_INVALID_CHAR:
        return CAUSE_SVG_CHARACTER;
    default:
        return CAUSE_SVG_MALFORMED;
    }
}

/* A prefix without its declaration is looked at where the element is: an old baker may have left one. */
static void
on_fault(void *self, xmlError *fault)
{
    struct reader *r = self;

    if (fault->level < XML_ERR_ERROR || r->rc != ERR_NONE ||
        (fault->domain == XML_FROM_NAMESPACE && fault->code == XML_NS_ERR_UNDEFINED_NAMESPACE))
        return;
    r->rc = svg_refuse(r->e, cause_of(fault->code), fault->line, fault->message);
}

/* Before what stands in the declaration is read: no entity is ever known, no default value, no address. */
static void
on_doctype(void *self, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
    struct reader *r = self;

    (void)name, (void)public_id, (void)system_id;
    refuse(r, CAUSE_SVG_DOCTYPE);
    (void)goes_on(r);
}

static void
limits_check(struct reader *r, int attributes, int namespaces)
{
    enum cause_id what = CAUSE_NONE;

    if (++r->depth > LIMIT_SVG_DEPTH)
        what = CAUSE_SVG_DEPTH;
    else if (++r->elements > LIMIT_SVG_NODES)
        what = CAUSE_SVG_ELEMENTS;
    else if (attributes + namespaces > LIMIT_SVG_ATTRIBUTES)
        what = CAUSE_SVG_ATTRIBUTES;
    else if ((r->namespaces += r->namespaces_at[r->depth] = namespaces) > LIMIT_SVG_NAMESPACES)
        what = CAUSE_SVG_NAMESPACES;
    if (what != CAUSE_NONE && r->rc == ERR_NONE)
        r->rc = svg_too_large(r->e, (struct cause){ .id = what });
}

static void
element_check(struct reader *r, const struct svg_element *el, const xmlChar *uri)
{
    if (el->is_root && (!slice_eq(el->name, SL("svg")) ||
                        (uri != NULL && !slice_eq(str(uri), SL("http://www.w3.org/2000/svg")))))
        refuse(r, CAUSE_SVG_ROOT);
    if (uri == NULL && el->prefix.p != NULL && !el->is_assertion)
        refuse(r, CAUSE_SVG_ELEMENT_PREFIX);
}

/* libxml2 gives five pointers an attribute: name, prefix, URI, and where its value begins and ends. */
static void
attributes_read(struct reader *r, const xmlChar **from, int count, struct svg_attribute *to)
{
    for (int i = 0; i < count; i++, from += 5) {
        to[i] = (struct svg_attribute){
            .prefix = str(from[1]),
            .name = str(from[0]),
            .value = { (const char *)from[3], (size_t)(from[4] - from[3]) },
            .uri = str(from[2]),
        };
        if (from[1] != NULL && from[2] == NULL)
            refuse(r, CAUSE_SVG_ATTRIBUTE_PREFIX);
    }
}

static void
namespaces_read(const xmlChar **from, int count, struct svg_attribute *to)
{
    for (int i = 0; i < count; i++, from += 2)
        to[i] = (struct svg_attribute){ .name = from[0] == NULL ? SL("") : str(from[0]),
                                        .value = from[1] == NULL ? SL("") : str(from[1]) };
}

static void
on_start(void *self, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
         int namespace_count, const xmlChar **namespaces, int attribute_count, int defaulted,
         const xmlChar **attributes)
{
    struct reader       *r = self;
    struct svg_attribute as[LIMIT_SVG_ATTRIBUTES], ns[LIMIT_SVG_ATTRIBUTES];
    struct svg_element   el = {
          .prefix = str(prefix),
          .name = str(name),
          .uri = str(uri),
          .is_root = r->elements == 0,
          .namespace_count = (size_t)namespace_count,
          .attribute_count = (size_t)attribute_count,
          .namespaces = ns,
          .attributes = as,
    };

    (void)defaulted;
    limits_check(r, attribute_count, namespace_count);
    if (!goes_on(r))
        return;
    el.is_assertion =
        slice_eq(el.name, SL("assertion")) &&
        (slice_eq(el.prefix, SL("openbadges")) || slice_eq(el.uri, SL(OPENBADGES_URI)));
    attributes_read(r, attributes, attribute_count, as);
    namespaces_read(namespaces, namespace_count, ns);
    element_check(r, &el, uri);
    if (goes_on(r) && r->events->start != NULL)
        answer(r, r->events->start(r->self, &el));
}

static void
on_end(void *self, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct reader *r = self;

    (void)uri;
    if (!goes_on(r))
        return;
    r->namespaces -= r->namespaces_at[r->depth--];
    if (r->events->end != NULL)
        answer(r, r->events->end(r->self, str(prefix), str(name)));
}

static void
on_text(struct reader *r, enum svg_text kind, const xmlChar *text, size_t n)
{
    if (goes_on(r) && r->events->text != NULL)
        answer(r, r->events->text(r->self, kind, (struct slice){ (const char *)text, n }));
}

static void
on_characters(void *self, const xmlChar *text, int n)
{
    on_text(self, SVG_CHARACTERS, text, (size_t)n);
}

static void
on_cdata(void *self, const xmlChar *text, int n)
{
    on_text(self, SVG_CDATA, text, (size_t)n);
}

static void
on_comment(void *self, const xmlChar *text)
{
    on_text(self, SVG_COMMENT, text, str(text).n);
}

static const xmlSAXHandler handler = {
    .initialized = XML_SAX2_MAGIC,
    .internalSubset = on_doctype,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_characters,
    .ignorableWhitespace = on_characters,
    .cdataBlock = on_cdata,
    .comment = on_comment,
    .serror = on_fault,
};

/* libxml2 compares each attribute of a tag with each before it. Whatever it takes for a tag, also behind a
 * fault, stands between two `<`; so that is where what looks like an attribute is counted. */
static enum err_code
attributes_check(struct slice svg, struct err *e)
{
    size_t at, count = 0;

    while (slice_find(svg, SL("="), &at)) {
        if (slice_has_char(slice_first(svg, at), '<'))
            count = 0;
        do
            at++;
        while (at < svg.n &&
               (svg.p[at] == ' ' || svg.p[at] == '\t' || svg.p[at] == '\n' || svg.p[at] == '\r'));
        svg = slice_from(svg, at);
        if ((slice_starts(svg, SL("\"")) || slice_starts(svg, SL("'"))) &&
            ++count > LIMIT_SVG_ATTRIBUTES)
            return svg_too_large(e, CAUSE(SVG_ATTRIBUTES));
    }
    return ERR_NONE;
}

/* One encoding only, whatever the file says of itself, so that what is counted here is what libxml2 sees. */
static enum err_code
bytes_check(struct slice *svg, struct err *e)
{
    if (svg->n > LIMIT_IMAGE_BYTES)
        return svg_too_large(e, CAUSE(PICTURE_BYTES));
    if (slice_starts(*svg, SL("\xEF\xBB\xBF")))
        *svg = slice_from(*svg, 3);
    if (svg->n == 0 || slice_has_char(*svg, '\0') || !slice_is_utf8(*svg))
        return svg_refuse(e, CAUSE_SVG_UTF8, 1, "no UTF-8");
    return attributes_check(*svg, e);
}

enum err_code
svg_read(struct slice svg, const struct svg_events *events, void *self, struct err *e)
{
    struct reader r = { .events = events, .self = self, .e = e };
    enum err_code rc;

    if ((rc = bytes_check(&svg, e)) != ERR_NONE)
        return rc;
    r.ctxt = xmlCreateMemoryParserCtxt(svg.p, (int)svg.n);
    assert(r.ctxt != NULL);
    /* NOENT: values come with `&amp;` undone; other entities there are none. */
    (void)xmlCtxtUseOptions(r.ctxt, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_RECOVER |
                                        XML_PARSE_IGNORE_ENC);
    *r.ctxt->sax = handler;
    r.ctxt->userData = &r;
    (void)xmlParseDocument(r.ctxt);
    if (r.rc == ERR_NONE && !r.stopped && !r.ctxt->wellFormed)
        refuse(&r, CAUSE_SVG_MALFORMED);
    xmlFreeParserCtxt(r.ctxt);
    return r.rc;
}

/* Shared inside xml/ only: an SVG file as a row of events. */
#ifndef OBI_XML_INT_H
#define OBI_XML_INT_H

#include "core/arena.h"
#include "core/err.h"

#define OPENBADGES_URI "http://openbadges.org"

/* A start tag. Strings live as long as the call that hands them over. */
struct svg_attribute {
    struct slice prefix, name, value; /* prefix.p is NULL when there is none */
    struct slice uri;                 /* what the prefix means; empty without one */
};
struct svg_element {
    struct slice prefix, name; /* prefix.p is NULL when there is none */
    struct slice uri;          /* its namespace; empty when it has none */
    bool         is_root;
    bool         is_assertion; /* by namespace, or by the literal prefix */
    size_t       namespace_count, attribute_count;
    const struct svg_attribute
        *namespaces; /* name is the prefix that is declared, "" for the default */
    const struct svg_attribute *attributes; /* values with their references undone */
};

enum svg_text { SVG_CHARACTERS, SVG_CDATA, SVG_COMMENT };

/* What happens in a file, in order. Any may be NULL. Each may return false to have no more of
 * it. */
struct svg_events {
    bool (*start)(void *self, const struct svg_element *element);
    bool (*end)(void *self, struct slice prefix, struct slice name);
    bool (*text)(void *self, enum svg_text kind, struct slice text);
};

/* Reads a file to its end, or to the event that wants no more. Errors as in xml/svg.h. */
MUST_USE enum err_code svg_read(struct slice svg, const struct svg_events *events, void *self,
                                struct err *e);

/* allow.c: what is kept when a picture is written again. */
bool svg_element_allowed(const struct svg_element *element);
bool svg_attribute_allowed(const struct svg_element *in, const struct svg_attribute *attribute);
/* All the text of a style element. */
bool svg_css_allowed(struct slice css);

/* SVG_MALFORMED, and TOO_LARGE, with what is wrong as its cause; `detail` for the log. */
enum err_code svg_refuse(struct err *e, enum cause_id cause, int line, const char *detail);
enum err_code svg_too_large(struct err *e, struct cause cause);

#endif

/* Contexts of JSON-LD, as much of them as badges need. */
#ifndef OBI_BADGE_CONTEXT_INT_H
#define OBI_BADGE_CONTEXT_INT_H

#include "badge_int.h"

struct builtin_term {
    struct slice name, iri; /* iri empty: the name is taken back */
    char         coerce;    /* '@' an address, 'd' a date, 'b' a truth, 'x' another type, 0 none */
};
extern const struct builtin_term terms_v1[], terms_v2[];
extern const size_t              terms_v1_count, terms_v2_count;

/* What holds for an object: layers of terms, the last counts. */
struct layer {
    const struct builtin_term *terms;
    size_t                     count;
};
enum { LAYERS_MAX = 12 };
struct context {
    struct layer layers[LAYERS_MAX];
    size_t       count;
    struct slice vocab; /* empty: unknown names are dropped */
};

/* Adds what an `@context` says to `c`. False after saying why it cannot be used. */
bool context_add(struct work *w, struct context *c, struct slice node, json_object *said);
/* The JSON at `url`: a context, or the schema that one names. False after saying that it cannot be
 * read, by which the badge is unchecked, not invalid. */
bool context_fetch(struct work *w, const char *role, struct slice url, struct slice node,
                   json_object **ret);
/* A name as an IRI, and how its values are meant. False when it means nothing. */
bool context_expand(struct work *w, const struct context *c, struct slice name,
                    struct slice *ret_iri, char *ret_coerce);

/* builtin.c: the context or schema of an extension that is built in; NULL for any other address. */
json_object *builtin_document(struct work *w, struct slice url);

/* extension.c: an object whose type has `Extension`, as written and in the names of 2.0, against
 * the schemas of all the contexts that its document was read by (rule R36). */
struct extension_found {
    struct context c;
    json_object   *raw, *doc;
};
void check_extension(struct work *w, const struct extension_found *found, struct slice node);

/* schema.c: JSON Schema, draft 4, without patterns and without references out of the schema. */
enum schema_answer { SCHEMA_HOLDS, SCHEMA_FAILS, SCHEMA_UNKNOWN };
/* name: what `value` is called. Out  *ret_why: which property fails and how, or which keyword is
 * not known. */
enum schema_answer schema_check(struct work *w, json_object *schema, json_object *value,
                                struct slice name, struct cause *ret_why);

#endif

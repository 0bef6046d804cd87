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
/* A name as an IRI, and how its values are meant. False when it means nothing. */
bool context_expand(struct work *w, const struct context *c, struct slice name,
                    struct slice *ret_iri, char *ret_coerce);

#endif

/* Extensions (rule R36): what an object of type Extension must be stands in a schema that the context it is
 * read by names. */
#include "context_int.h"

enum { TYPES_MAX = 16, ENTRIES_MAX = 64 };

struct extension {
    struct work          *w;
    const struct context *c;
    struct slice          node;
    json_object          *raw; /* as written: what schemas speak of */
    size_t                matches;
};

/* A member under the names that contexts give it. */
static json_object *
member(json_object *object, const char *name, struct arena *a)
{
    static const char *const prefixes[] = { "obi:", "", "https://w3id.org/openbadges#" };

    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        json_object *value = json_get(object, arena_printf(a, "%s%s", prefixes[i], name).p);

        if (value != NULL)
            return value;
    }
    return NULL;
}

/* Names that an object gives itself could make others of those that the schema speaks of. */
static bool
renames(json_object *said)
{
    if (!json_is_array(said))
        return json_is_object(said);
    for (size_t i = 0; i < json_object_array_length(said); i++)
        if (json_is_object(json_object_array_get_idx(said, i)))
            return true;
    return false;
}

static void
check_schema(struct extension *x, struct slice type, struct slice url)
{
    json_object       *schema = NULL;
    struct cause       why;
    enum schema_answer answer;

    if (!context_fetch(x->w, "schema", url, x->node, &schema))
        return;
    answer = schema_check(x->w, schema, x->raw, type, &why);
    if (answer == SCHEMA_FAILS && !renames(json_get(x->raw, "@context")))
        note(x->w, REPORT_EXTENSION_INVALID,
             ABOUT(.node = x->node, .prop = type, .url = url, .why = why));
    else if (answer != SCHEMA_HOLDS)
        note(x->w, REPORT_EXTENSION_UNCHECKED,
             ABOUT(.node = x->node, .prop = type, .url = url, .why = why));
}

/* validatesType is a name of the context's own. */
static bool
is_for(struct extension *x, struct slice type, struct slice for_type, const struct context *own)
{
    struct slice iri, other;
    char         coerce;

    return for_type.p != NULL && context_expand(x->w, x->c, type, &iri, &coerce) &&
           context_expand(x->w, own, for_type, &other, &coerce) && slice_eq(iri, other);
}

static void
check_entry(struct extension *x, struct slice type, json_object *entry, const struct context *own)
{
    struct slice schema = json_text(member(entry, "validationSchema", x->w->a));

    if (schema.p == NULL ||
        !is_for(x, type, json_text(member(entry, "validatesType", x->w->a)), own))
        return;
    x->matches++;
    check_schema(x, type, schema);
}

static void
check_by_context(struct extension *x, struct slice type, struct slice url)
{
    json_object   *doc = NULL, *entries;
    struct context own = { 0 };

    if (!context_fetch(x->w, "context", url, x->node, &doc) ||
        !context_add(x->w, &own, x->node, json_get(doc, "@context")))
        return;
    entries = member(doc, "validation", x->w->a);
    if (!json_is_array(entries))
        check_entry(x, type, entries, &own);
    else
        for (size_t i = 0; i < json_object_array_length(entries) && i < ENTRIES_MAX; i++)
            check_entry(x, type, json_object_array_get_idx(entries, i), &own);
}

void
check_extension(struct work *w, const struct extension_found *found, struct slice node)
{
    struct extension x = { .w = w, .c = &found->c, .node = node, .raw = found->raw };
    json_object     *types = json_get(found->doc, "type");
    size_t           count = json_is_array(types) ? json_object_array_length(types) : 0;
    size_t contexts = w->context_count; /* those of the document, not those they lead to */

    if (w->offline)
        return;
    if (count > TYPES_MAX) {
        note(w, REPORT_EXTENSION_UNCHECKED,
             ABOUT(.node = node, .prop = SL("type"), .why = CAUSE(EXTENSION_TYPES)));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct slice type = json_text(json_object_array_get_idx(types, i));

        for (size_t c = 0; c < contexts && type.p != NULL && !slice_eq(type, SL("Extension")); c++)
            check_by_context(&x, type, w->contexts[c]);
    }
    if (x.matches == 0)
        note(w, REPORT_EXTENSION_UNKNOWN, ABOUT(.node = node, .prop = text_of(w->a, types, 100)));
}

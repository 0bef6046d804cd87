/* Extensions (rule R36): what an object of type Extension must be stands in a schema that the context it is
 * read by names. */
#include "context_int.h"

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

static bool
means_the_same(struct extension *x, struct slice one, struct slice two)
{
    struct slice one_iri, two_iri;
    char         coerce;

    return context_expand(x->w, x->c, one, &one_iri, &coerce) &&
           context_expand(x->w, x->c, two, &two_iri, &coerce) && slice_eq(one_iri, two_iri);
}

static void
check_schema(struct extension *x, struct slice type, struct slice url)
{
    json_object       *schema = NULL;
    struct slice       why;
    enum schema_answer answer;

    if (!context_fetch(x->w, "schema", url, x->node, &schema))
        return;
    answer = schema_check(x->w->a, schema, x->raw, &why);
    if (answer == SCHEMA_HOLDS)
        return;
    note(x->w, answer == SCHEMA_FAILS ? REPORT_EXTENSION_INVALID : REPORT_EXTENSION_UNCHECKED,
         ABOUT(.node = x->node, .prop = type, .url = url, .received = why));
}

static void
check_entry(struct extension *x, struct slice type, json_object *entry)
{
    struct slice for_type = json_text(member(entry, "validatesType", x->w->a));
    struct slice schema = json_text(member(entry, "validationSchema", x->w->a));

    if (for_type.p == NULL || schema.p == NULL || !means_the_same(x, type, for_type))
        return;
    x->matches++;
    check_schema(x, type, schema);
}

static void
check_by_context(struct extension *x, struct slice type, struct slice url)
{
    json_object *doc = NULL, *entries;

    if (context_is_known(url) || !context_fetch(x->w, "context", url, x->node, &doc))
        return;
    entries = member(doc, "validation", x->w->a);
    if (!json_is_array(entries))
        check_entry(x, type, entries);
    else
        for (size_t i = 0; i < json_object_array_length(entries); i++)
            check_entry(x, type, json_object_array_get_idx(entries, i));
}

/* True when every context is an address: names written in the object itself could make others of those that
 * the schema speaks of. */
static bool
each_context(struct extension *x, struct slice type, json_object *said)
{
    bool all = true;

    if (json_text(said).p != NULL) {
        if (type.p != NULL)
            check_by_context(x, type, json_text(said));
        return true;
    }
    for (size_t i = 0; json_is_array(said) && i < json_object_array_length(said); i++)
        all = each_context(x, type, json_object_array_get_idx(said, i)) && all;
    return all && json_is_array(said);
}

static void
check_as(struct extension *x, struct slice type)
{
    json_object *said = json_get(x->raw, "@context");

    if (!each_context(x, SLICE_NONE, said)) {
        note(x->w, REPORT_EXTENSION_UNCHECKED,
             ABOUT(.node = x->node, .prop = type,
                   .received = SL("it names no context of its own by an address.")));
        x->matches++;
        return;
    }
    each_context(x, type, said);
}

void
check_extension(struct work *w, const struct context *c, struct slice node, json_object *raw,
                json_object *doc)
{
    struct extension x = { .w = w, .c = c, .node = node, .raw = raw };
    json_object     *types = json_get(doc, "type");
    size_t           count = json_is_array(types) ? json_object_array_length(types) : 0;

    if (w->offline)
        return;
    for (size_t i = 0; i < count; i++) {
        struct slice type = json_text(json_object_array_get_idx(types, i));

        if (type.p != NULL && !slice_eq(type, SL("Extension")))
            check_as(&x, type);
    }
    if (x.matches == 0)
        note(w, REPORT_EXTENSION_UNKNOWN, ABOUT(.node = node, .prop = text_of(w->a, types, 100)));
}

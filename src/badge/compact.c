/* An object in the names of Open Badges 2.0, whatever its context calls them. */
#include "context_int.h"

enum { EXTENSIONS_MAX = 64 };

struct compacting {
    struct work            *w;
    struct slice            node; /* for messages */
    json_object            *top;
    bool                    bad;
    struct extension_found *extensions[EXTENSIONS_MAX];
    size_t                  extension_count; /* also of those that have no room */
};

static json_object *compact_object(struct compacting *k, const struct context *outer,
                                   json_object *raw);
static json_object *compact_value(struct compacting *k, const struct context *c, json_object *value,
                                  bool link);

/* The coercion that a typed value brings along: 'd' or 'b'; 0 when it brings none that 2.0 has. */
static char
coercion_of(struct compacting *k, const struct context *c, json_object *value)
{
    struct slice type = json_get_text(value, "@type"), iri;
    char         coerce;

    if (json_get(value, "@value") == NULL || type.p == NULL ||
        !context_expand(k->w, c, type, &iri, &coerce))
        return 0;
    if (slice_eq(iri, SL("http://www.w3.org/2001/XMLSchema#dateTime")))
        return 'd';
    return slice_eq(iri, SL("http://www.w3.org/2001/XMLSchema#boolean")) ? 'b' : 0;
}

/* The 2.0 name of an IRI, for a value: an object fits a name for addresses however it was named. Sets
 * *ret_link when the name is one for addresses. */
static struct slice
name_of(struct slice iri, char coerce, json_object *value, bool *ret_link)
{
    if (json_is_array(value) && json_object_array_length(value) > 0)
        value = json_object_array_get_idx(value, 0);
    for (size_t i = 0; i < terms_v2_count; i++) {
        const struct builtin_term *t = &terms_v2[i];

        if (slice_eq(t->iri, iri) && !slice_eq(t->name, SL("verify")) &&
            (t->coerce == coerce || (t->coerce == '@' && json_is_object(value)))) {
            *ret_link = t->coerce == '@';
            return t->name;
        }
    }
    *ret_link = false;
    return iri;
}

/* A class name: a term, a compact or a full IRI as 2.0 calls it; anything else stays as it is. */
static struct slice
type_of(struct compacting *k, const struct context *c, struct slice said)
{
    struct slice iri;
    char         coerce;

    if (!context_expand(k->w, c, said, &iri, &coerce))
        return said;
    if (slice_eq(iri, SL("https://w3id.org/openbadges#HostedBadge")))
        return SL("HostedBadge");
    if (slice_eq(iri, SL("https://w3id.org/openbadges#SignedBadge")))
        return SL("SignedBadge");
    for (size_t i = 0; i < terms_v2_count; i++)
        if (slice_eq(terms_v2[i].iri, iri) && terms_v2[i].coerce == 0)
            return terms_v2[i].name;
    return said;
}

static json_object *
compact_types(struct compacting *k, const struct context *c, json_object *value)
{
    json_object *list;

    if (json_text(value).p != NULL) {
        struct slice type = type_of(k, c, json_text(value));

        return json_object_new_string_len(type.p, (int)type.n);
    }
    if (!json_is_array(value))
        return json_object_get(value);
    if (json_object_array_length(value) == 1)
        return compact_types(k, c, json_object_array_get_idx(value, 0));
    list = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        json_object *item = json_object_array_get_idx(value, i);

        json_object_array_add(list, json_is_array(item) ? NULL : compact_types(k, c, item));
    }
    return list;
}

/* What a list of one means. */
static json_object *
only_of(json_object *value)
{
    while (json_is_array(value) && json_object_array_length(value) == 1)
        value = json_object_array_get_idx(value, 0);
    return value;
}

/* Nested arrays are one, null is nothing. */
static void
gather(struct compacting *k, const struct context *c, json_object *value, bool link,
       json_object *into)
{
    if (value == NULL)
        return;
    if (!json_is_array(value)) {
        json_object_array_add(into, compact_value(k, c, value, link));
        return;
    }
    for (size_t i = 0; i < json_object_array_length(value); i++)
        gather(k, c, json_object_array_get_idx(value, i), link, into);
}

static json_object *
compact_list(struct compacting *k, const struct context *c, json_object *value, bool link)
{
    json_object *list = json_object_new_array(), *only;

    gather(k, c, value, link, list);
    if (json_object_array_length(list) != 1)
        return list;
    only = json_object_get(json_object_array_get_idx(list, 0));
    json_object_put(list);
    return only;
}

static json_object *
compact_value(struct compacting *k, const struct context *c, json_object *value, bool link)
{
    json_object *object, *only, *set = NULL;

    if (json_object_object_get_ex(value, "@set", &set))
        value = set;
    if (json_is_array(value))
        return compact_list(k, c, value, link);
    if (!json_is_object(value))
        return json_object_get(value);
    object = compact_object(k, c, value);
    /* {"@value": "x", "@type": t} is x where t is what its name means; name_of has found that. */
    if (coercion_of(k, c, value) != 0)
        json_object_object_del(object, "type");
    if (json_object_object_length(object) != 1)
        return object;
    /* {"id": "x"} is x where an address is meant, and {"@value": x} is x. */
    only = link ? json_get(object, "id") : NULL;
    if (only == NULL)
        only = json_get(object, "@value");
    if (only == NULL || json_is_object(only) || json_is_array(only))
        return object;
    json_object_get(only);
    json_object_put(object);
    return only;
}

static void
put(struct compacting *k, json_object *into, struct slice name, json_object *value)
{
    const char *key = arena_str(k->w->a, name);

    if (json_object_object_get_ex(into, key, NULL)) {
        json_object_put(value);
        if (!k->bad)
            note(k->w, REPORT_TERM_TWICE, ABOUT(.node = k->node, .prop = name));
        k->bad = true;
        return;
    }
    json_put(into, key, value);
}

static void
compact_member(struct compacting *k, const struct context *c, struct slice key, json_object *value,
               json_object *into)
{
    struct slice iri, name;
    char         coerce;
    bool         link;

    if (value == NULL || slice_eq(key, SL("@context")) ||
        !context_expand(k->w, c, key, &iri, &coerce))
        return;
    if (slice_eq(iri, SL("@id")))
        put(k, into, SL("id"), json_object_get(only_of(value)));
    else if (slice_eq(iri, SL("@type")))
        put(k, into, SL("type"), compact_types(k, c, value));
    else if (slice_starts(iri, SL("@")))
        put(k, into, iri, json_object_get(value));
    else {
        if (coercion_of(k, c, only_of(value)) != 0)
            coerce = coercion_of(k, c, only_of(value));
        /* A badge has expired in whatever form it says so. */
        else if (coerce == 0 && slice_eq(iri, SL("https://w3id.org/security#expiration")))
            coerce = 'd';
        name = name_of(iri, coerce, value, &link);
        put(k, into, name, compact_value(k, c, value, link));
    }
}

/* Every context of the whole document may know an extension, so they are looked at when all is read. */
static void
put_off(struct compacting *k, const struct context *c, json_object *raw, json_object *doc)
{
    struct extension_found *found;

    if (k->extension_count++ >= EXTENSIONS_MAX)
        return;
    found = ARENA_NEW(k->w->a, struct extension_found);
    *found = (struct extension_found){ *c, raw, doc };
    k->extensions[k->extension_count - 1] = found;
}

/* Always an object of the caller's, though k->bad may say that it is of no use. */
static json_object *
compact_object(struct compacting *k, const struct context *outer, json_object *raw)
{
    struct context c = *outer;
    json_object   *into = json_object_new_object(), *said;

    /* In 1.0 no context, also written as null, means that of v1. */
    if (json_object_object_get_ex(raw, "@context", &said) && !(said == NULL && raw == k->top) &&
        !context_add(k->w, &c, k->node, said)) {
        k->bad = true;
        return into;
    }
    json_object_object_foreach(raw, key, value) compact_member(k, &c, slice_str(key), value, into);
    if (type_has(into, SL("Extension")))
        put_off(k, &c, raw, into);
    return into;
}

json_object *
context_compact(struct work *w, struct slice node, json_object *raw, bool v1_default)
{
    struct compacting k = { .w = w, .node = node, .top = raw };
    struct context    c = { 0 };
    json_object      *doc;

    if (v1_default)
        c.layers[c.count++] = (struct layer){ terms_v1, terms_v1_count };
    w->context_count = 0;
    doc = json_in_arena(w->a, compact_object(&k, &c, raw));
    if (k.bad)
        return NULL;
    for (size_t i = 0; i < k.extension_count && i < EXTENSIONS_MAX; i++)
        check_extension(w, k.extensions[i], node);
    if (k.extension_count > EXTENSIONS_MAX)
        note(w, REPORT_EXTENSION_UNCHECKED,
             ABOUT(.node = node, .prop = SL("Extension"), .why = CAUSE(EXTENSIONS)));
    return doc;
}

const char *
version_of(json_object *raw)
{
    json_object *said = json_get(raw, "@context");
    size_t       at;

    if (said == NULL)
        return json_text(json_get(raw, "recipient")).p != NULL ? "0.5" : "1.0";
    if (slice_find(json_text(said), SL("v1"), &at))
        return "1.1";
    return "2.0";
}

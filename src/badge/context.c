/* JSON-LD contexts: names to IRIs (rule R09 of docs/verification.md). No general processor: what a badge
 * uses is strings, arrays, inline terms with `@id` and `@type`, prefixes and `@vocab`. */
#include "context_int.h"

enum { TERMS_MAX = 512, TERMS_TOTAL_MAX = 4096, IRI_BYTES_MAX = 512, CONTEXT_DEPTH_MAX = 4 };

static const struct {
    const char *url;
    int         version;
} known[] = {
    { "https://w3id.org/openbadges/v1", 1 },
    { "http://w3id.org/openbadges/v1", 1 },
    { "https://w3id.org/openbadges/v2", 2 },
    { "http://w3id.org/openbadges/v2", 2 },
    { "https://openbadgespec.org/v1/context.json", 1 },
    { "http://openbadgespec.org/v1/context.json", 1 },
    { "https://openbadgespec.org/v2/context.json", 2 },
    { "http://openbadgespec.org/v2/context.json", 2 },
};

static bool add(struct work *w, struct context *c, struct slice node, json_object *said, int depth);

/* Its version, 1 or 2; 0 when it is another context. */
static int
known_version(struct slice url)
{
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (slice_eq(url, slice_str(known[i].url)))
            return known[i].version;
    return 0;
}

bool
context_is_known(struct slice url)
{
    return known_version(url) != 0;
}

static bool
refuse(struct work *w, struct slice node, struct cause why)
{
    note(w, REPORT_CONTEXT_BAD, ABOUT(.node = node, .prop = SL("@context"), .why = why));
    return false;
}

static bool
push(struct work *w, struct context *c, struct slice node, const struct builtin_term *terms,
     size_t count)
{
    if (c->count > 0 && c->layers[c->count - 1].terms == terms)
        return true;
    if (c->count == LAYERS_MAX)
        return refuse(w, node, CAUSE(CONTEXT_DEPTH));
    c->layers[c->count++] = (struct layer){ terms, count };
    return true;
}

static const struct builtin_term *
find(const struct context *c, struct slice name)
{
    for (size_t l = c->count; l-- > 0;)
        for (size_t i = c->layers[l].count; i-- > 0;)
            if (slice_eq(c->layers[l].terms[i].name, name))
                return &c->layers[l].terms[i];
    return NULL;
}

bool
context_expand(struct work *w, const struct context *c, struct slice name, struct slice *ret_iri,
               char *ret_coerce)
{
    const struct builtin_term *term = find(c, name);
    size_t                     colon;

    *ret_coerce = 0;
    if (term != NULL) {
        *ret_iri = term->iri;
        *ret_coerce = term->coerce;
        return term->iri.n > 0;
    }
    if (slice_starts(name, SL("@"))) {
        *ret_iri = name;
        return true;
    }
    if (slice_find(name, SL(":"), &colon)) {
        struct slice suffix = slice_from(name, colon + 1);

        term = find(c, slice_first(name, colon));
        *ret_iri = term == NULL || term->iri.n == 0 || slice_starts(suffix, SL("//"))
                       ? name
                       : arena_printf(w->a, "%.*s%.*s", SLICE_FMT(term->iri), SLICE_FMT(suffix));
        return true;
    }
    if (c->vocab.n == 0)
        return false;
    *ret_iri = arena_printf(w->a, "%.*s%.*s", SLICE_FMT(c->vocab), SLICE_FMT(name));
    return true;
}

/* What an IRI in a definition means: a term of the same context may stand behind those before it. */
static struct slice
resolve(struct work *w, const struct context *c, json_object *own, struct slice text, int depth)
{
    struct slice iri, prefix, suffix, base;
    json_object *definition;
    char         coerce;
    size_t       colon;

    if (depth == 0)
        return SL("");
    definition = json_get(own, arena_str(w->a, text));
    if (definition != NULL) {
        struct slice id = json_text(definition);

        if (id.p == NULL)
            id = json_get_text(definition, "@id");
        if (id.n > 0 && !slice_eq(id, text))
            return resolve(w, c, own, id, depth - 1);
    }
    if (slice_find(text, SL(":"), &colon)) {
        prefix = slice_first(text, colon);
        suffix = slice_from(text, colon + 1);
        if (slice_starts(suffix, SL("//")) || json_get(own, arena_str(w->a, prefix)) == NULL)
            return context_expand(w, c, text, &iri, &coerce) ? iri : SL("");
        base = resolve(w, c, own, prefix, depth - 1);
        return base.n == 0 ? base
                           : arena_printf(w->a, "%.*s%.*s", SLICE_FMT(base), SLICE_FMT(suffix));
    }
    return context_expand(w, c, text, &iri, &coerce) ? iri : SL("");
}

static char
coerce_of(struct work *w, const struct context *c, json_object *own, struct slice type)
{
    struct slice iri;

    if (type.p == NULL)
        return 0;
    iri = resolve(w, c, own, type, 8);
    if (slice_eq(iri, SL("@id")))
        return '@';
    if (slice_eq(iri, SL("http://www.w3.org/2001/XMLSchema#dateTime")))
        return 'd';
    if (slice_eq(iri, SL("http://www.w3.org/2001/XMLSchema#boolean")))
        return 'b';
    return 'x';
}

static struct builtin_term
define(struct work *w, const struct context *c, json_object *own, struct slice name,
       json_object *value)
{
    struct builtin_term term = { .name = name, .iri = SL("") };
    struct slice        id = json_text(value);

    if (id.p == NULL)
        id = json_get_text(value, "@id");
    if (id.p == NULL && json_is_object(value))
        id = name;
    if (id.p == NULL)
        return term;
    term.iri = resolve(w, c, own, id, 8);
    term.coerce = coerce_of(w, c, own, json_get_text(value, "@type"));
    return term;
}

/* Lists, indexes and reversed terms make something else of a value than what it says; a set is what every
 * value is anyway. Passing such a term over would hide what it says, also that a badge has expired. */
static bool
changes_meaning(json_object *definition)
{
    json_object *container = json_get(definition, "@container");

    return json_get(definition, "@reverse") != NULL ||
           (container != NULL && !slice_eq(json_text(container), SL("@set")));
}

static bool
add_inline(struct work *w, struct context *c, struct slice node, json_object *said)
{
    size_t               room = (size_t)json_object_object_length(said), count = 0;
    struct builtin_term *terms;

    w->terms_read += room;
    if (room > TERMS_MAX || w->terms_read > TERMS_TOTAL_MAX)
        return refuse(w, node, CAUSE(CONTEXT_TERMS));
    terms = ARENA_ARRAY(w->a, struct builtin_term, room + 1);
    json_object_object_foreach(said, key, value)
    {
        struct slice name = slice_str(key);

        if (changes_meaning(value))
            return refuse(w, node, CAUSE(CONTEXT_CONTAINER, slice_first(name, 60)));
        if (slice_eq(name, SL("@vocab")))
            c->vocab = json_text(value).p == NULL ? SL("") : json_text(value);
        else if (!slice_starts(name, SL("@")))
            terms[count++] = define(w, c, said, name, value);
        /* Names are made of these, many at a time. */
        if (c->vocab.n > IRI_BYTES_MAX || (count > 0 && terms[count - 1].iri.n > IRI_BYTES_MAX))
            return refuse(w, node, CAUSE(CONTEXT_ADDRESS));
    }
    return push(w, c, node, terms, count);
}

/* They are kept with the badge, and read each time it is shown. */
static bool
are_contexts_too_long(const struct work *w)
{
    size_t bytes = 0;

    for (size_t i = 0; i < w->r->document_count; i++)
        if (strcmp(w->r->documents[i].role, "context") == 0)
            bytes += w->r->documents[i].got.body.n;
    return bytes > LIMIT_CONTEXTS_BYTES;
}

/* Whatever keeps a context from being read, the badge is not wrong by it: nobody can tell what it says. */
bool
context_fetch(struct work *w, const char *role, struct slice url, struct slice node,
              json_object **ret)
{
    const struct report_document *d;
    struct err                    e = { 0 };
    struct cause                  why;

    if ((*ret = builtin_document(w, url)) != NULL)
        return true;
    d = fetch_once(w, role, url, LIMIT_JSON_BYTES);

    if (d == NULL)
        why = budget_cause(w);
    else if (d->code != ERR_NONE)
        why = d->why;
    else if (d->got.status < 200 || d->got.status > 299)
        why = CAUSE(HTTP_STATUS, arena_printf(w->a, "%d", d->got.status));
    else if (are_contexts_too_long(w))
        why = CAUSE(CONTEXTS_BYTES);
    else if (!parse_once(w, d, ret, &e))
        why = err_cause(w->a, &e);
    else
        return true;
    note(w, REPORT_CONTEXT_UNREAD,
         ABOUT(.node = node, .prop = SL("@context"), .url = url, .why = why,
               .status = d == NULL ? 0 : d->got.status));
    return false;
}

/* Each once: each is asked about each extension, and there is room for few. */
static void
keep(struct work *w, struct slice url)
{
    for (size_t i = 0; i < w->context_count; i++)
        if (slice_eq(w->contexts[i], url))
            return;
    if (w->context_count < CONTEXTS_MAX)
        w->contexts[w->context_count++] = url;
}

static bool
add_remote(struct work *w, struct context *c, struct slice node, struct slice url, int depth)
{
    json_object *doc, *said;

    switch (known_version(url)) {
    case 1:
        return push(w, c, node, terms_v1, terms_v1_count);
    case 2:
        return push(w, c, node, terms_v2, terms_v2_count);
    default:
        break;
    }
    if (w->offline && builtin_document(w, url) == NULL &&
        document_find(w->r, without_fragment(url)) == NULL)
        return true;
    keep(w, url);
    if (!context_fetch(w, "context", url, node, &doc))
        return false;
    if ((said = json_get(doc, "@context")) == NULL)
        return refuse(w, node, CAUSE(CONTEXT_NONE, url));
    return add(w, c, node, said, depth - 1);
}

static bool
add(struct work *w, struct context *c, struct slice node, json_object *said, int depth)
{
    if (depth == 0)
        return refuse(w, node, CAUSE(CONTEXT_CHAIN));
    if (said == NULL) {
        *c = (struct context){ 0 };
        return true;
    }
    if (json_text(said).p != NULL)
        return add_remote(w, c, node, json_text(said), depth);
    if (json_is_object(said))
        return add_inline(w, c, node, said);
    if (!json_is_array(said))
        return refuse(w, node, CAUSE(CONTEXT_VALUE));
    for (size_t i = 0; i < json_object_array_length(said); i++)
        if (!add(w, c, node, json_object_array_get_idx(said, i), depth - 1))
            return false;
    return true;
}

bool
context_add(struct work *w, struct context *c, struct slice node, json_object *said)
{
    return add(w, c, node, said, CONTEXT_DEPTH_MAX + 1);
}

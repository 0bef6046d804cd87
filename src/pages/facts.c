/* What a badge says of itself, as a page shows it. */
#include "core/uri.h"
#include "pages_int.h"

#include "core/digest.h"

struct facts {
    const struct req *r;
    bool              is_public;
};

struct badge_docs
badge_docs_of(const struct badge_full *badge)
{
    return (struct badge_docs){ .hosted_url = badge->hosted_url,
                                .assertion = badge->assertion,
                                .class_url = badge->class_url,
                                .class_text = badge->class_text,
                                .issuer_url = badge->issuer_url,
                                .issuer_text = badge->issuer_text,
                                .contexts = badge->contexts };
}

static bool
put_text(const struct facts *f, json_object *to, const char *name, struct slice text)
{
    text = slice_trim(text);
    if (text.n == 0)
        return false;
    json_put_text(to, name, f->is_public ? without_addresses(f->r->arena, text) : text);
    return true;
}

/* A link that has an address in it would not be one without it. */
static bool
put_link(const struct facts *f, json_object *to, const char *name, struct slice url)
{
    if (url.n == 0 || (f->is_public && without_addresses(f->r->arena, url).p != url.p))
        return false;
    view_url(to, name, url);
    return json_get(to, name) != NULL;
}

/* Most properties are one value or a list of them. */
static size_t
list_count(json_object *value)
{
    if (json_is_array(value))
        return json_object_array_length(value);
    return value == NULL ? 0 : 1;
}

static json_object *
list_at(json_object *value, size_t i)
{
    return json_is_array(value) ? json_object_array_get_idx(value, i) : value;
}

/* A property that may be a text or a list of texts, the first of them. */
static struct slice
first_text(json_object *doc, const char *name)
{
    json_object *value = json_get(doc, name);

    return list_count(value) == 0 ? SLICE_NONE : json_text(list_at(value, 0));
}

/* A list goes into the model as { items: [...] }, so that a section shows its heading once. */
static json_object *
list_new(const struct facts *f, json_object **ret_items)
{
    json_object *list = json_in_arena(f->r->arena, json_object_new_object());

    *ret_items = json_put_array(list, "items");
    return list;
}

static void
list_put(json_object *model, const char *name, json_object *list)
{
    if (json_object_array_length(json_get(list, "items")) > 0)
        json_put(model, name, json_object_get(list));
}

/* A template looks a missing name up in what is around: an empty text ends the search here. */
static void
put_blanks(json_object *to, const char *const *names)
{
    for (; *names != NULL; names++)
        if (!json_object_object_get_ex(to, *names, NULL))
            json_put_text(to, *names, SL(""));
}

static const char *const item_names[] = { "name", "link", NULL };
static const char *const fact_names[] = {
    "description", "narrative",     "issuer_link", "issuer_description",
    "issued",      "expires",       "recipient",   "criteria_link",
    "evidence",    "criteria_text", "alignment",   "tags",
    "picture",     "issuer_host",   "href",        NULL
};

/* One more paragraph of an item; its sentence is `id`, or the text itself where that is NULL. */
static bool
add_line(const struct facts *f, json_object *to, const char *id, struct slice value)
{
    json_object *names = names_new(f->r);

    if (!put_text(f, names, "value", value))
        return false;
    json_add_text(to, id == NULL ? json_get_text(names, "value") : view_text(f->r, id, names));
    return true;
}

static void
put_evidence(const struct facts *f, json_object *model, json_object *assertion)
{
    json_object *all = json_get(assertion, "evidence"), *items;
    json_object *list = list_new(f, &items);

    for (size_t i = 0; i < list_count(all); i++) {
        json_object *from = list_at(all, i),
                    *to = json_in_arena(f->r->arena, json_object_new_object()),
                    *texts = json_put_array(to, "texts"), *more = json_put_array(to, "more");
        struct slice url = json_is_object(from) ? json_get_text(from, "id") : json_text(from);
        bool         any = put_link(f, to, "link", url);

        any |= put_text(f, to, "name", json_get_text(from, "name"));
        any |= add_line(f, texts, NULL, json_get_text(from, "narrative"));
        any |= add_line(f, texts, NULL, json_get_text(from, "description"));
        any |= add_line(f, more, "badge.evidence_genre", json_get_text(from, "genre"));
        any |= add_line(f, more, "badge.evidence_audience", json_get_text(from, "audience"));
        put_blanks(to, item_names);
        if (any)
            json_object_array_add(items, json_object_get(to));
    }
    list_put(model, "evidence", list);
}

static void
put_alignment(const struct facts *f, json_object *model, json_object *badge)
{
    json_object *all = json_get(badge, "alignment"), *items;
    json_object *list = list_new(f, &items);

    for (size_t i = 0; i < list_count(all); i++) {
        json_object *from = list_at(all, i),
                    *to = json_in_arena(f->r->arena, json_object_new_object()),
                    *texts = json_put_array(to, "texts"), *more = json_put_array(to, "more");
        bool link = put_link(f, to, "link", json_get_text(from, "targetUrl"));
        bool name = put_text(f, to, "name", json_get_text(from, "targetName"));

        if (link && !name)
            put_text(f, to, "name", json_get_text(from, "targetUrl"));
        add_line(f, texts, NULL, json_get_text(from, "targetDescription"));
        add_line(f, more, "badge.alignment_framework", json_get_text(from, "targetFramework"));
        add_line(f, more, "badge.alignment_code", json_get_text(from, "targetCode"));
        put_blanks(to, item_names);
        if (link || name)
            json_object_array_add(items, json_object_get(to));
    }
    list_put(model, "alignment", list);
}

static void
put_tags(const struct facts *f, json_object *model, json_object *badge)
{
    json_object *all = json_get(badge, "tags"), *items;
    json_object *list = list_new(f, &items);

    for (size_t i = 0; i < list_count(all); i++) {
        struct slice tag = slice_trim(json_text(list_at(all, i)));

        if (tag.n > 0)
            json_add_text(items, f->is_public ? without_addresses(f->r->arena, tag) : tag);
    }
    list_put(model, "tags", list);
}

/* Only where it leads to the host that vouches for the badge: its name on another host's link would lend
 * that host the issuer's good name. */
static void
put_issuer_link(const struct facts *f, json_object *model, struct slice url, struct slice host)
{
    struct uri u;

    if (uri_parse(url, &u) && slice_eq_nocase(u.authority, host))
        put_link(f, model, "issuer_link", url);
}

static void
put_criteria(const struct facts *f, json_object *model, json_object *badge)
{
    json_object *criteria = list_at(json_get(badge, "criteria"), 0);
    struct slice url =
        json_is_object(criteria) ? json_get_text(criteria, "id") : json_text(criteria);
    bool any = put_link(f, model, "criteria_link", url);

    any |= put_text(f, model, "criteria_text", json_get_text(criteria, "narrative"));
    json_put_bool(model, "has_criteria", any);
}

/* A document as it was fetched, laid out to be read; of a signed badge, what was signed. */
static void
add_source(const struct facts *f, json_object *items, const char *id, struct slice text)
{
    SCOPED(json_drop) json_object *doc = NULL;
    struct slice                   rest = text, part;
    struct err                     none = { 0 };
    json_object                   *item;

    if (text.n == 0)
        return;
    if (slice_next(&rest, '.', &part) && slice_next(&rest, '.', &part) &&
        base64url_decode(f->r->arena, part, &part) && json_parse(part, &doc, &none) == ERR_NONE)
        text = part;
    item = json_add_object(items);
    put_sentence(f->r, item, "title", id, NULL);
    if (doc != NULL || json_parse(text, &doc, &none) == ERR_NONE)
        text = slice_str(json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PRETTY |
                                                                 JSON_C_TO_STRING_SPACED |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE));
    json_put_text(item, "source", text);
}

static void
put_sources(const struct facts *f, json_object *model, const struct badge_docs *docs)
{
    json_object *items, *list = list_new(f, &items);

    add_source(f, items, "badge.source_assertion", docs->assertion);
    add_source(f, items, "badge.source_class", docs->class_text);
    add_source(f, items, "badge.source_issuer", docs->issuer_text);
    list_put(model, "sources", list);
}

/* To its owner the address that matched, and how the badge writes it. To others never in clear: as the
 * display API shows it. */
static void
put_recipient(const struct facts *f, json_object *model, const struct badge_full *badge,
              const struct badge_graph *graph)
{
    json_object *recipient = json_get(graph->assertion, "recipient");

    if (f->is_public) {
        put_text(f, model, "recipient", badge_recipient_shown(f->r->arena, graph));
        return;
    }
    put_text(f, model, "recipient", badge->email);
    put_text(f, model, "identity", json_get_text(recipient, "identity"));
}

enum err_code
put_facts(const struct req *r, json_object *model, const struct badge_full *badge, bool is_public,
          struct err *e)
{
    const struct facts      f = { r, is_public };
    const struct badge_docs docs = badge_docs_of(badge);
    struct badge_graph      graph;
    enum err_code           rc;

    put_blanks(model, fact_names);
    if ((rc = badge_graph_of(r->arena, &docs, &graph, e)) != ERR_NONE)
        return rc;
    put_recipient(&f, model, badge, &graph);
    put_text(&f, model, "description", first_text(graph.badge, "description"));
    put_text(&f, model, "narrative", first_text(graph.assertion, "narrative"));
    put_text(&f, model, "issuer_description", first_text(graph.issuer, "description"));
    put_issuer_link(&f, model, first_text(graph.issuer, "url"), badge->row.issuer_host);
    put_criteria(&f, model, graph.badge);
    put_evidence(&f, model, graph.assertion);
    put_alignment(&f, model, graph.badge);
    put_tags(&f, model, graph.badge);
    if (!is_public)
        put_sources(&f, model, &docs);
    return ERR_NONE;
}

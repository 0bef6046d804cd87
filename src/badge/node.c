/* Objects of the graph: documents fetched, and objects that stand inside them. */
#include "badge_int.h"

bool
type_has(json_object *doc, struct slice type)
{
    json_object *value = json_get(doc, "type");

    if (!json_is_array(value))
        return slice_eq(json_text(value), type);
    for (size_t i = 0; i < json_object_array_length(value); i++)
        if (slice_eq(json_text(json_object_array_get_idx(value, i)), type))
            return true;
    return false;
}

const char *class_name(enum class class)
{
    static const char *const names[CLASS_COUNT] = { [ASSERTION] = "Assertion",
                                                    [BADGE_CLASS] = "BadgeClass",
                                                    [PROFILE] = "Profile",
                                                    [IDENTITY] = "IdentityObject",
                                                    [VERIFICATION] = "VerificationObject",
                                                    [ISSUER_VERIFICATION] = "VerificationObject",
                                                    [EVIDENCE] = "Evidence",
                                                    [IMAGE] = "Image",
                                                    [CRITERIA] = "Criteria",
                                                    [ALIGNMENT] = "AlignmentObject",
                                                    [RELATED] = "related",
                                                    [KEY] = "CryptographicKey",
                                                    [ENDORSEMENT] = "Endorsement",
                                                    [CLAIM] = "EndorsementClaim",
                                                    [REVOCATION_LIST] = "RevocationList" };

    return names[class];
}

const char *class_role(enum class class)
{
    static const char *const roles[CLASS_COUNT] = { [ASSERTION] = "assertion",
                                                    [BADGE_CLASS] = "badge",
                                                    [PROFILE] = "issuer",
                                                    [KEY] = "key",
                                                    [ENDORSEMENT] = "endorsement",
                                                    [REVOCATION_LIST] = "revocation-list" };

    return roles[class];
}

/* `enum class` means something in C++, which the formatter takes this for. */
/* clang-format off */
/* One of the classes (D22); of what says it is two of them nobody knows which rules to hold it against. */
static enum class
class_of_type(json_object *doc)
{
    enum class found = type_has(doc, SL("Issuer")) ? PROFILE : ANY_CLASS;

    for (int class = ASSERTION; class < CLASS_COUNT; class++) {
        if (class == ISSUER_VERIFICATION || class == RELATED || (enum class)class == found ||
            !type_has(doc, slice_str(class_name((enum class)class))))
            continue;
        if (found != ANY_CLASS)
            return ANY_CLASS;
        found = (enum class)class;
    }
    return found;
}

enum class
class_of(const char *version, json_object *doc)
{
    static const struct {
        const char *property;
        enum class class;
    } by_property[] = { { "recipient", ASSERTION }, { "criteria", BADGE_CLASS }, { "url", PROFILE } };

    if (strcmp(version, "0.5") == 0)
        return ASSERTION;
    for (size_t i = 0; i < COUNT_OF(by_property) && strcmp(version, "1.0") == 0; i++)
        if (json_get(doc, by_property[i].property) != NULL)
            return by_property[i].class;
    return class_of_type(doc);
}
/* clang-format on */

static bool
has_text(json_object *value, struct slice text, bool as_start)
{
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            if (has_text(json_object_array_get_idx(value, i), text, as_start))
                return true;
        return false;
    }
    return as_start ? slice_starts(json_text(value), text) : slice_eq(json_text(value), text);
}

bool
is_version_3(json_object *raw)
{
    static const char *const types[] = { "VerifiableCredential", "OpenBadgeCredential",
                                         "AchievementCredential", "VerifiablePresentation" };
    json_object             *type = json_get(raw, "type");
    json_object             *context = json_get(raw, "@context");

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (has_text(type, slice_str(types[i]), false))
            return true;
    return has_text(context, SL("https://www.w3.org/2018/credentials/"), true) ||
           has_text(context, SL("https://www.w3.org/ns/credentials/"), true) ||
           json_is_object(json_get(raw, "vc"));
}

/* 1.0 and 0.5 objects have no type: they are what they are used as. */
static void
put_type(enum class class, json_object *doc)
{
    if (json_get(doc, "type") == NULL)
        json_put_text(doc, "type", slice_str(class_name(class)));
}

/* In 1.x `verify.url` says where a hosted assertion is, so that a copy elsewhere, or the same under another
 * query, is one badge; what says nothing is what was asked for. */
static void
put_id(struct work *w, struct node *n)
{
    json_object *at = json_get(json_get(n->doc, "verification"), "url");
    struct slice uid = json_get_text(n->doc, "uid");
    bool         named = n->class == ASSERTION && strcmp(n->version, "2.0") != 0 &&
                 type_has(json_get(n->doc, "verification"), SL("HostedBadge")) &&
                 primitive_is(URL, at);

    /* 1.0 had no ids: what is called so there, and is no address, is something else. */
    if (strcmp(n->version, "1.0") == 0 && n->url.n > 0 && json_get(n->doc, "id") != NULL &&
        !primitive_is(URL, json_get(n->doc, "id")))
        json_object_object_del(n->doc, "id");
    if (json_get(n->doc, "id") == NULL && (named || n->url.n > 0))
        json_put_text(n->doc, "id", named ? json_text(at) : n->url);
    /* A signed one of 1.x has a name inside its issuer alone. */
    if (n->class == ASSERTION && n->url.n == 0 && strcmp(n->version, "2.0") != 0 &&
        json_get(n->doc, "id") == NULL && uid.n > 0)
        json_put_text(n->doc, "id", arena_printf(w->a, "_:%.*s", SLICE_FMT(uid)));
    if (n->id.n == 0)
        n->id = json_get_text(n->doc, "id");
}

/* A graph of one object is that object, read by the context around it. */
static json_object *
unwrap(struct arena *a, json_object *raw)
{
    json_object *graph = json_get(raw, "@graph"), *only, *copy;

    if (!json_is_array(graph) || json_object_array_length(graph) != 1)
        return raw;
    only = json_object_array_get_idx(graph, 0);
    if (!json_is_object(only) || json_get(only, "@context") != NULL)
        return json_is_object(only) ? only : raw;
    copy = json_in_arena(a, json_object_new_object());
    json_put(copy, "@context", json_object_get(json_get(raw, "@context")));
    json_object_object_foreach(only, name, value) json_put(copy, name, json_object_get(value));
    return copy;
}

bool
node_read(struct work *w, struct node *n, json_object *raw)
{
    if (json_is_array(raw) && json_object_array_length(raw) == 1)
        raw = json_object_array_get_idx(raw, 0);
    if (!json_is_object(raw)) {
        note(w, REPORT_NOT_OBJECT, ABOUT(.node = n->id, .url = n->url));
        return false;
    }
    if (is_version_3(raw)) {
        note(w, REPORT_VERSION_UNSUPPORTED, ABOUT(.node = n->id, .url = n->url));
        return false;
    }
    n->raw = raw = unwrap(w->a, raw);
    n->version = version_of(raw);
    if (w->r->version == NULL) /* the first that is read is what was asked about */
        w->r->version = n->version;
    if (n->class == ANY_CLASS && strcmp(n->version, "0.5") == 0)
        n->class = ASSERTION;
    if (n->class == ASSERTION && strcmp(n->version, "0.5") == 0)
        raw = upgrade_05(w, n->url, raw);
    n->doc = context_compact(w, n->id, raw, strcmp(n->version, "1.0") == 0);
    if (n->doc == NULL)
        return false;
    if (n->class == ANY_CLASS)
        n->class = class_of(n->version, n->doc);
    if (strcmp(n->version, "2.0") != 0)
        upgrade_1x(w, n->class, n->doc);
    if (strcmp(n->version, "1.0") == 0 &&
        (n->class != ASSERTION || json_get(n->doc, "recipient") != NULL))
        put_type(n->class, n->doc);
    put_id(w, n);
    return true;
}

static struct node *
find(struct work *w, enum class class, struct slice url)
{
    struct node *n = w->nodes;

    while (n != NULL && !(n->class == class && slice_eq(n->id, url)))
        n = n->next;
    return n;
}

/* One document, read as `class`; its id is the address, whatever it calls itself. */
static struct node *
read_at(struct work *w, enum class class, const char *role, struct slice url, struct slice from,
        struct slice prop)
{
    const struct report_document *d;
    struct node                  *n = ARENA_NEW(w->a, struct node);
    json_object                  *raw = NULL;

    if (!fetch_json(w, role, url, from, prop, &d, &raw))
        return NULL;
    *n = (struct node){ .class = class,
                        .id = d->got.url,
                        .url = d->got.url,
                        .final_url = d->got.final_url,
                        .text = d->got.body };
    return node_read(w, n, raw) ? n : NULL;
}

static bool
calls_itself_so(const struct node *n, struct slice *ret_id)
{
    *ret_id = json_text(json_get(n->doc, "id"));
    /* An id that is no text is found by the property check. A fragment names no other document. */
    return ret_id->p == NULL || slice_eq(without_fragment(*ret_id), n->url);
}

/* An issuer's profile says which hosts may speak for it, so another site must not be able to answer in its
 * place: a redirect that anybody can aim (an open one) would do. */
static bool
stays(struct work *w, const struct node *n, struct slice from, struct slice prop)
{
    if (n->class != PROFILE || same_site(w->a, n->url, n->final_url))
        return true;
    note(w, REPORT_FETCH_AWAY,
         ABOUT(.node = from, .prop = prop, .url = n->url, .received = n->final_url));
    return false;
}

struct node *
node_fetch(struct work *w, enum class class, const char *role, struct slice url, struct slice from,
           struct slice prop)
{
    struct node *n = find(w, class, without_fragment(url));
    struct slice id;

    if (n != NULL)
        return n;
    if ((n = read_at(w, class, role, url, from, prop)) == NULL)
        return NULL;
    if (!calls_itself_so(n, &id)) {
        note(w, REPORT_ID_MISMATCH,
             ABOUT(.node = from, .prop = prop, .url = n->url, .received = id));
        if ((n = find(w, class, without_fragment(id))) != NULL)
            return n;
        if ((n = read_at(w, class, role, id, from, prop)) == NULL)
            return NULL;
        if (!calls_itself_so(n, &id)) {
            note(w, REPORT_ID_LOOP,
                 ABOUT(.node = from, .prop = prop, .url = n->url, .received = id));
            return NULL;
        }
    }
    if (!stays(w, n, from, prop))
        return NULL;
    n->next = w->nodes;
    w->nodes = n;
    json_object_array_add(w->r->graph, json_object_get(n->doc));
    return n;
}

/* An object inside the document of `in`, which was read with it: its names are 2.0's already. */
struct node *
node_embedded(struct work *w, enum class class, const struct node *in, json_object *doc)
{
    struct node *n = ARENA_NEW(w->a, struct node);

    *n = (struct node){ .class = class,
                        .version = in->version,
                        .in = in,
                        .id = json_text(json_get(doc, "id")),
                        .raw = doc,
                        .doc = doc };
    if (n->id.p == NULL)
        n->id = SL("");
    if (strcmp(n->version, "2.0") != 0)
        upgrade_1x(w, class, doc);
    return n;
}

/* Structure: which properties each class has, and what they must be (rules R16 to R18). */
#include "badge_int.h"

enum {
    REQUIRED = 1,
    MANY = 2,
    FETCHED = 4,  /* an address is fetched and its document checked */
    DATA = 8,     /* an address or a data: URI will do */
    REMOTE = 16,  /* an address will do, and is not fetched */
    INPLACE = 32, /* with FETCHED: an object there counts as it stands */
};

static const struct prop {
    enum class of;
    const char    *name;
    enum primitive type;
    unsigned       flags;
    enum class object; /* what an object there is; with NODE */
} props[] = {
    { ASSERTION, "id", IRI, REQUIRED, 0 },
    { ASSERTION, "recipient", NODE, REQUIRED, IDENTITY },
    { ASSERTION, "badge", NODE, REQUIRED | FETCHED, BADGE_CLASS },
    { ASSERTION, "verification", NODE, REQUIRED, VERIFICATION },
    { ASSERTION, "issuedOn", DATETIME, REQUIRED, 0 },
    { ASSERTION, "expires", DATETIME, 0, 0 },
    { ASSERTION, "revoked", BOOLEAN, 0, 0 },
    { ASSERTION, "image", NODE, REMOTE, IMAGE },
    { ASSERTION, "narrative", ANYTHING, 0, 0 },
    { ASSERTION, "evidence", NODE, MANY | REMOTE, EVIDENCE },
    { ASSERTION, "@language", LANGUAGE, 0, 0 },
    { ASSERTION, "version", TEXT_OR_NUMBER, 0, 0 },
    { ASSERTION, "related", NODE, MANY | REMOTE, RELATED },
    { ASSERTION, "endorsement", NODE, MANY | FETCHED | INPLACE, ENDORSEMENT },

    { BADGE_CLASS, "id", IRI, 0, 0 },
    { BADGE_CLASS, "issuer", NODE, REQUIRED | FETCHED, PROFILE },
    { BADGE_CLASS, "name", TEXT, REQUIRED, 0 },
    { BADGE_CLASS, "description", TEXT, REQUIRED, 0 },
    { BADGE_CLASS, "image", NODE, DATA, IMAGE },
    { BADGE_CLASS, "criteria", NODE, REQUIRED | REMOTE, CRITERIA },
    { BADGE_CLASS, "alignment", NODE, MANY, ALIGNMENT },
    { BADGE_CLASS, "tags", TEXT, MANY, 0 },
    { BADGE_CLASS, "@language", LANGUAGE, 0, 0 },
    { BADGE_CLASS, "version", TEXT_OR_NUMBER, 0, 0 },
    { BADGE_CLASS, "related", NODE, MANY | REMOTE, RELATED },
    { BADGE_CLASS, "endorsement", NODE, MANY | FETCHED | INPLACE, ENDORSEMENT },

    { PROFILE, "id", IRI, 0, 0 },
    { PROFILE, "name", TEXT, REQUIRED, 0 },
    { PROFILE, "description", TEXT, 0, 0 },
    { PROFILE, "image", NODE, DATA, IMAGE },
    { PROFILE, "url", URL, REQUIRED, 0 },
    { PROFILE, "telephone", TELEPHONE, 0, 0 },
    { PROFILE, "publicKey", NODE, MANY | FETCHED | INPLACE, KEY },
    { PROFILE, "verification", NODE, 0, ISSUER_VERIFICATION },
    { PROFILE, "@language", LANGUAGE, 0, 0 },
    { PROFILE, "version", TEXT_OR_NUMBER, 0, 0 },
    { PROFILE, "related", NODE, MANY | REMOTE, RELATED },
    { PROFILE, "endorsement", NODE, MANY | FETCHED | INPLACE, ENDORSEMENT },

    { IDENTITY, "identity", TEXT, REQUIRED, 0 },
    { IDENTITY, "hashed", BOOLEAN, REQUIRED, 0 },
    { IDENTITY, "salt", TEXT, 0, 0 },

    { VERIFICATION, "creator", NODE, REMOTE, KEY },

    { ISSUER_VERIFICATION, "startsWith", URL, MANY, 0 },
    { ISSUER_VERIFICATION, "allowedOrigins", AUTHORITY, MANY, 0 },

    { EVIDENCE, "id", IRI, 0, 0 },
    { EVIDENCE, "narrative", ANYTHING, 0, 0 },
    { EVIDENCE, "name", TEXT, 0, 0 },
    { EVIDENCE, "description", TEXT, 0, 0 },
    { EVIDENCE, "genre", TEXT, 0, 0 },
    { EVIDENCE, "audience", TEXT, 0, 0 },

    { IMAGE, "id", URL_OR_DATA, REQUIRED, 0 },
    { IMAGE, "caption", TEXT, 0, 0 },
    { IMAGE, "author", IRI, 0, 0 },

    { CRITERIA, "id", IRI, 0, 0 },
    { CRITERIA, "narrative", ANYTHING, 0, 0 },

    { ALIGNMENT, "targetName", TEXT, REQUIRED, 0 },
    { ALIGNMENT, "targetUrl", URL, REQUIRED, 0 },
    { ALIGNMENT, "targetDescription", TEXT, 0, 0 },
    { ALIGNMENT, "targetFramework", TEXT, 0, 0 },
    { ALIGNMENT, "targetCode", TEXT, 0, 0 },

    { RELATED, "id", IRI, REQUIRED, 0 },

    { KEY, "id", IRI, 0, 0 },
    { KEY, "owner", IRI, 0, 0 },
    { KEY, "publicKeyPem", TEXT, 0, 0 },

    { ENDORSEMENT, "id", IRI, REQUIRED, 0 },
    { ENDORSEMENT, "claim", NODE, REQUIRED | REMOTE, CLAIM },
    { ENDORSEMENT, "issuedOn", DATETIME, REQUIRED, 0 },
    { ENDORSEMENT, "issuer", NODE, REQUIRED | FETCHED, PROFILE },
    { ENDORSEMENT, "@language", LANGUAGE, 0, 0 },
    { ENDORSEMENT, "version", TEXT_OR_NUMBER, 0, 0 },

    { CLAIM, "id", IRI, REQUIRED, 0 },
    { CLAIM, "endorsementComment", ANYTHING, 0, 0 },

    { REVOCATION_LIST, "id", IRI, 0, 0 },
};

static void
wrong_type(struct work *w, const struct node *n, const struct prop *p, json_object *value)
{
    note(w, REPORT_PROPERTY_TYPE,
         ABOUT(.node = n->id, .url = n->url, .prop = slice_str(p->name),
               .received = text_of(w->a, value, 48), .type = p->type));
}

/* The chain that everything hangs on: the assertion's badge class and that one's issuer. */
static void
remember(struct work *w, const struct node *n, struct node *target)
{
    if (n == w->assertion && target->class == BADGE_CLASS)
        w->badge = target;
    else if (n == w->badge && target->class == PROFILE)
        w->issuer = target;
}

static void
follow(struct work *w, const struct node *n, const struct prop *p, struct slice url)
{
    struct node *last = w->nodes;
    struct node *target =
        node_fetch(w, p->object, class_role(p->object), url, n->id, slice_str(p->name));

    if (target == NULL)
        return;
    remember(w, n, target);
    if (w->nodes != last)
        check_node(w, target);
}

/* An object where a document is meant (rule R15): with an address of its own the hosted copy counts. */
static void
flatten(struct work *w, const struct node *n, const struct prop *p, json_object *object)
{
    json_object *said = json_get(object, "id");
    struct slice id = json_text(said), prop = slice_str(p->name);
    bool         urn = slice_starts_nocase(id, SL("urn:uuid:")) && primitive_is(IRI, said);
    struct node *target;

    if (primitive_is(URL, said)) {
        follow(w, n, p, id);
        return;
    }
    if (said != NULL && !slice_starts(id, SL("_:")) && !(urn && p->object != PROFILE)) {
        note(
            w, REPORT_EMBEDDED_BAD_ID,
            ABOUT(.node = n->id, .url = n->url, .prop = prop, .received = text_of(w->a, said, 48)));
        return;
    }
    if (!urn)
        note(w, REPORT_EMBEDDED_NO_ID, ABOUT(.node = n->id, .url = n->url, .prop = prop));
    target = node_embedded(w, p->object, n, object);
    if (urn)
        json_object_array_add(w->r->graph, json_object_get(target->doc));
    remember(w, n, target);
    check_node(w, target);
}

static void
check_object(struct work *w, const struct node *n, const struct prop *p, json_object *object)
{
    struct node *inside;

    if ((p->flags & FETCHED) && !(p->flags & INPLACE)) {
        flatten(w, n, p, object);
        return;
    }
    inside = node_embedded(w, p->object, n, object);
    if (inside->id.n == 0)
        inside->id = n->id; /* messages name the document */
    inside->url = n->url;
    check_node(w, inside);
}

static void
check_value(struct work *w, const struct node *n, const struct prop *p, json_object *value)
{
    if (p->type != NODE) {
        if (!primitive_is(p->type, value))
            wrong_type(w, n, p, value);
    } else if (json_is_object(value)) {
        check_object(w, n, p, value);
    } else if ((p->flags & FETCHED) && primitive_is(URL, value)) {
        follow(w, n, p, json_text(value));
    } else if (!((p->flags & REMOTE) && primitive_is(URL, value)) &&
               !((p->flags & DATA) && primitive_is(URL_OR_DATA, value))) {
        wrong_type(w, n, p, value);
    }
}

static void
check_prop(struct work *w, const struct node *n, const struct prop *p)
{
    json_object *value = json_get(n->doc, p->name);
    size_t       count = json_is_array(value) ? json_object_array_length(value) : value != NULL;

    if (count == 0) {
        if (p->flags & REQUIRED)
            note(w, REPORT_PROPERTY_MISSING,
                 ABOUT(.node = n->id, .url = n->url, .prop = slice_str(p->name)));
    } else if (count > 1 && !(p->flags & MANY)) {
        note(w, REPORT_PROPERTY_MANY,
             ABOUT(.node = n->id, .url = n->url, .prop = slice_str(p->name),
                   .received = text_of(w->a, value, 48)));
    } else if (!json_is_array(value)) {
        check_value(w, n, p, value);
    } else {
        for (size_t i = 0; i < count; i++)
            check_value(w, n, p, json_object_array_get_idx(value, i));
    }
}

/* What others say in praise of a badge is looked at last, so that it takes no document away from the badge. */
static void
put_off(struct work *w, struct node *n)
{
    *w->endorsed_end = n;
    w->endorsed_end = &n->next_endorsed;
}

void
check_node(struct work *w, struct node *n)
{
    const struct node *outer = w->at;

    w->at = n;
    for (size_t i = 0; i < COUNT_OF(props); i++)
        if (props[i].of == n->class && props[i].object == ENDORSEMENT)
            put_off(w, n);
        else if (props[i].of == n->class)
            check_prop(w, n, &props[i]);
    check_class(w, n);
    w->at = outer;
}

void
check_endorsements(struct work *w)
{
    w->aside = true;
    for (struct node *n = w->endorsed; n != NULL; n = n->next_endorsed) { /* grows on the way */
        w->at = w->endorsing = n;
        for (size_t i = 0; i < COUNT_OF(props); i++)
            if (props[i].of == n->class && props[i].object == ENDORSEMENT)
                check_prop(w, n, &props[i]);
    }
    w->at = NULL;
    w->aside = false;
}

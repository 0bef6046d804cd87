/* Stored documents read again, without any network, and the display API's JSON of them. */
#include "badge_int.h"
#include "core/digest.h"
#include "core/sbuf.h"
#include "core/uri.h"

static bool
parse(struct work *w, struct slice text, json_object **ret)
{
    struct err e = { 0 };

    if (json_parse(text, ret, &e) != ERR_NONE)
        return false;
    json_in_arena(w->a, *ret);
    return true;
}

/* A document of its own, or what stands in the one that names it. */
static struct node *
read_node(struct work *w, enum node_kind kind, struct slice url, struct slice text,
          const struct node *in, const char *name)
{
    struct node *n = ARENA_NEW(w->a, struct node);
    json_object *raw = NULL, *object;

    if (text.n == 0) {
        object = in == NULL ? NULL : json_get(in->doc, name);
        return json_is_object(object) ? node_embedded(w, kind, in, object) : NULL;
    }
    if (kind == ASSERTION && jws_is(text))
        return signed_take(w, text, n) ? n : NULL;
    *n = (struct node){ .kind = kind, .id = url, .url = url, .text = text };
    return parse(w, text, &raw) && node_read(w, n, raw) ? n : NULL;
}

/* A line with the address, a line with the JSON, for each. */
static struct slice
contexts_of(struct arena *a, const struct report *r)
{
    struct sbuf b;

    sbuf_init(&b, a);
    for (size_t i = 0; i < r->document_count; i++) {
        const struct report_document *d = &r->documents[i];
        json_object                  *said = json_get(d->parsed, "@context");

        if (strcmp(d->role, "context") == 0 && said != NULL)
            sbuf_printf(&b, "%.*s\n{\"@context\":%.*s}\n", SLICE_FMT(d->got.url),
                        SLICE_FMT(json_print(a, said)));
    }
    return sbuf_slice(&b);
}

/* As if they had been fetched just now. */
static void
take_contexts(struct work *w, struct slice contexts)
{
    struct slice url, text;

    while (w->r->document_count < LIMIT_FETCH_DOCUMENTS && slice_next(&contexts, '\n', &url) &&
           slice_next(&contexts, '\n', &text))
        document_add(w, "context")->got =
            (struct fetched){ .url = url, .status = 200, .body = text };
}

struct badge_docs
report_docs(struct arena *a, const struct report *r)
{
    return (struct badge_docs){ .hosted_url = r->is_signed ? SL("") : r->subject,
                                .assertion = r->assertion_text,
                                .class_url = r->badge_url,
                                .class_text = r->badge_text,
                                .issuer_url = r->issuer_url,
                                .issuer_text = r->issuer_text,
                                .contexts = contexts_of(a, r) };
}

static void
begin_stored(struct work *w, struct arena *a, const struct badge_docs *docs)
{
    static const struct verify_options options = { .now_s = 1 };

    work_init(w, a, &options);
    w->offline = true;
    take_contexts(w, docs->contexts);
}

static void
read_class(struct work *w, const struct badge_docs *docs)
{
    w->badge = read_node(w, BADGE_CLASS, docs->class_url, docs->class_text, w->assertion, "badge");
    if (w->badge != NULL)
        w->issuer = read_node(w, PROFILE, docs->issuer_url, docs->issuer_text, w->badge, "issuer");
}

/* The same whichever badge is read with it, and whether it was kept or not: its limits are its own. */
static void
take_class(struct work *w, const struct badge_docs *docs)
{
    struct work own;

    if (class_kept_take(w, docs))
        return;
    begin_stored(&own, w->a, docs);
    read_class(&own, docs);
    w->badge = own.badge;
    w->issuer = own.issuer;
    if (w->issuer != NULL)
        class_kept_put(w, docs);
}

static enum err_code
read_docs(struct work *w, struct arena *a, const struct badge_docs *docs, struct err *e)
{
    begin_stored(w, a, docs);
    w->assertion = read_node(w, ASSERTION, docs->hosted_url, docs->assertion, NULL, NULL);
    if (w->assertion != NULL && docs->class_text.n > 0 && docs->issuer_text.n > 0)
        take_class(w, docs);
    else if (w->assertion != NULL)
        read_class(w, docs);
    if (w->issuer != NULL)
        return ERR_NONE;
    return FAIL(e, ASSERTION_MALFORMED, "stored documents cannot be read");
}

enum err_code
badge_graph_of(struct arena *a, const struct badge_docs *docs, struct badge_graph *ret,
               struct err *e)
{
    struct work   w;
    enum err_code rc;
    int64_t       when;

    if ((rc = read_docs(&w, a, docs, e)) != ERR_NONE)
        return rc;
    *ret = (struct badge_graph){ .version = w.assertion->version,
                                 .id = w.assertion->id,
                                 .assertion = w.assertion->doc,
                                 .badge = w.badge->doc,
                                 .issuer = w.issuer->doc };
    if (badge_date(json_get(w.assertion->doc, "issuedOn"), false, &when))
        ret->issued_on_s = when;
    if (badge_date(json_get(w.assertion->doc, "expires"), false, &when))
        ret->expires_s = when;
    return ERR_NONE;
}

/* An object with the same members: what is put into it or taken out of it changes no other. */
static json_object *
like(json_object *from)
{
    json_object *to = json_object_new_object();

    json_object_object_foreach(from, name, value) json_put(to, name, json_object_get(value));
    return to;
}

/* What a node shows: as written in 0.5 and 1.x, whose names the display API has; in 2.0's names else, also where
 * an issuer's own context calls itself v1. */
static json_object *
shown(const struct node *n)
{
    struct slice context = json_get_text(n->raw, "@context");
    bool         is_as_written =
        strcmp(n->version, "2.0") != 0 && (context.p == NULL || context_is_known(context));

    return like(is_as_written ? n->raw : n->doc);
}

/* 0.5 has all in one document; its issuer's address is left out. */
static void
drop_contact(json_object *doc)
{
    json_object *badge = json_get(doc, "badge"), *issuer = json_get(badge, "issuer");

    if (!json_is_object(badge) || !json_is_object(issuer))
        return;
    badge = like(badge);
    issuer = like(issuer);
    json_object_object_del(issuer, "contact");
    json_put(badge, "issuer", issuer);
    json_put(doc, "badge", badge);
}

/* The address of what 2.0 may also write as an object. */
static void
put_plain(json_object *doc, const char *name)
{
    json_object *value = json_get(doc, name), *id = json_get(value, "id");

    if (json_is_object(value) && json_text(id).p != NULL)
        json_put(doc, name, json_object_get(id));
}

static void
put_origin(struct arena *a, json_object *issuer, struct slice id)
{
    struct uri u;

    if (id.n > 0 && uri_is_web(id) && uri_parse(id, &u))
        json_put_text(issuer, "origin",
                      arena_printf(a, "%.*s://%.*s", SLICE_FMT(u.scheme), SLICE_FMT(u.authority)));
}

/* Reproducible, so that the document stays the same as long as what it shows does. */
static struct slice
salt_for(struct arena *a, struct slice url, struct slice identity)
{
    const struct slice  parts[] = { SL("shown recipient"), url, SL(" "), identity };
    const struct sha256 hash = sha256_of_parts(parts, COUNT_OF(parts));

    return hex_encode(a, (struct slice){ (const char *)hash.bytes, 8 });
}

/* A plain address is never shown. */
static struct slice
shown_identity(struct arena *a, json_object *recipient, struct slice id, struct slice *ret_salt)
{
    struct slice identity = json_get_text(recipient, "identity");

    *ret_salt = json_get_text(recipient, "salt");
    if (!slice_has_char(identity, '@'))
        return identity;
    identity = arena_lower(a, identity);
    *ret_salt = salt_for(a, id, identity);
    return arena_printf(
        a, "sha256$%.*s",
        SLICE_FMT(digest_hex(
            a, "sha256", arena_printf(a, "%.*s%.*s", SLICE_FMT(identity), SLICE_FMT(*ret_salt)))));
}

struct slice
badge_recipient_shown(struct arena *a, const struct badge_graph *graph)
{
    struct slice salt;

    return badge_text_without_emails(
        a, shown_identity(a, json_get(graph->assertion, "recipient"), graph->id, &salt));
}

/* `recipient` as text and `salt`, as 0.5 had them. */
static void
put_recipient(struct work *w, json_object *doc, bool with_original)
{
    json_object *recipient = json_get(w->assertion->doc, "recipient"), *original;
    struct slice salt, identity = shown_identity(w->a, recipient, w->assertion->id, &salt);

    if (with_original) {
        original = json_put_object(doc, "_originalRecipient");
        json_put(original, "type", json_object_get(json_get(recipient, "type")));
        json_put_bool(original, "hashed", slice_has_char(identity, '$'));
        json_put_text(original, "identity", identity);
        json_put_text(original, "salt", salt);
    }
    json_put_text(doc, "recipient", identity);
    json_put_text(doc, "salt", salt);
}

static json_object *
shown_class(struct work *w)
{
    json_object *class = shown(w->badge), *issuer = shown(w->issuer);

    put_plain(class, "criteria");
    put_plain(class, "image");
    json_object_object_del(issuer, "email");
    if (w->badge->url.n > 0)
        json_put_text(class, "_location", w->badge->url);
    if (w->issuer->url.n > 0)
        json_put_text(issuer, "_location", w->issuer->url);
    put_origin(w->a, issuer, w->issuer->url);
    json_put(class, "issuer", issuer);
    return class;
}

enum err_code
badge_displayed(struct arena *a, const struct badge_docs *docs, json_object **ret, struct err *e)
{
    struct work   w;
    json_object  *doc, *verify;
    bool          old;
    enum err_code rc;

    if ((rc = read_docs(&w, a, docs, e)) != ERR_NONE)
        return rc;
    old = strcmp(w.assertion->version, "0.5") == 0;
    doc = json_in_arena(a, shown(w.assertion));
    put_recipient(&w, doc, !old);
    if (old) {
        drop_contact(doc);
    } else {
        json_put(doc, "issued_on", json_object_get(json_get(doc, "issuedOn")));
        json_put(doc, "badge", shown_class(&w));
        put_plain(doc, "evidence");
        put_plain(doc, "image");
    }
    if (!old && json_get(doc, "verify") == NULL) {
        verify = json_put_object(doc, "verify");
        json_put_text(verify, "type", w.is_signed ? SL("signed") : SL("hosted"));
        json_put_text(verify, "url", w.is_signed ? SLICE_NONE : w.assertion->url);
    }
    *ret = json_object_get(badge_without_emails(a, doc));
    return ERR_NONE;
}

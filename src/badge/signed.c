/* Signed badges: rules R22 to R24 and R42. Who may speak for an issuer here is whoever has a key that the
 * issuer's hosted profile names; nothing that the badge says of its own key counts. */
#include "badge_int.h"
#include "core/signature.h"
#include "core/jws.h"

enum { RSA_BITS_SAFE = 2048 };

struct signing {
    struct work             *w;
    struct node             *n; /* the assertion */
    bool                     is_old;
    struct slice             algorithm_name;
    enum signature_algorithm algorithm;
    bool                     key_unread; /* a key that could not be had */
};

bool
signed_take(struct work *w, struct slice text, struct node *n)
{
    json_object *raw = NULL;
    struct err   e = { 0 };

    *n = (struct node){ .kind = ASSERTION, .text = text };
    w->is_signed = true;
    if (text.n > LIMIT_JWS_BYTES || !jws_split(w->a, text, &w->jws))
        err_set_cause(&e, text.n > LIMIT_JWS_BYTES ? CAUSE(JWS_BYTES) : CAUSE(JWS_PARTS));
    else if (json_parse(w->jws.payload, &raw, &e) == ERR_NONE) {
        json_in_arena(w->a, raw);
        n->id = json_get_text(raw, "id"); /* for messages, until the context has been read */
        if (!node_read(w, n, raw))
            return false;
        n->id = json_get_text(n->doc, "id");
        return true;
    }
    note(w, REPORT_JWS_MALFORMED, ABOUT(.why = err_cause(w->a, &e)));
    return false;
}

/* `none`, secrets shared with everybody, and what a critical extension would change are refused: by the
 * header alone nobody can weaken the check (RFC 7515, 4.1.11; RFC 8725, 3.1). */
static bool
read_header(struct signing *s)
{
    struct work *w = s->w;
    json_object *header = NULL;
    struct err   e = { 0 };
    struct cause why = { 0 };

    if (json_parse(w->jws.header, &header, &e) != ERR_NONE)
        why = err_cause(w->a, &e);
    else if (!json_is_object(json_in_arena(w->a, header)))
        why = CAUSE(JWS_OBJECT);
    else if (json_object_object_get_ex(header, "crit", NULL))
        why = CAUSE(JWS_CRITICAL);
    if (why.id != CAUSE_NONE) {
        note(w, REPORT_JWS_HEADER, ABOUT(.node = s->n->id, .why = why));
        return false;
    }
    s->algorithm_name = text_of(w->a, json_get(header, "alg"), 48);
    s->algorithm = signature_algorithm_of(json_get_text(header, "alg"), s->is_old);
    if (s->algorithm == SIGNATURE_UNKNOWN)
        note(w, REPORT_JWS_ALGORITHM, ABOUT(.node = s->n->id, .received = s->algorithm_name));
    return s->algorithm != SIGNATURE_UNKNOWN;
}

/* Whether the key in `pem` made the signature. `speak`: say why not. */
static bool
key_fits(struct signing *s, struct slice url, struct slice pem, bool speak)
{
    struct work      *w = s->w;
    struct public_key key;
    enum cause_id     why;

    if (!public_key_read(w->a, pem, &key, &why)) {
        if (speak)
            note(w, REPORT_JWS_KEY, ABOUT(.node = s->n->id, .url = url, .why = { .id = why }));
        return false;
    }
    if (!public_key_fits(&key, s->algorithm)) {
        if (speak)
            note(w, REPORT_JWS_KEY,
                 ABOUT(.node = s->n->id, .url = url, .why = CAUSE(KEY_UNFIT, s->algorithm_name)));
        return false;
    }
    if (!signature_holds(&key, s->algorithm, w->jws.signed_text, w->jws.signature)) {
        if (speak)
            note(w, REPORT_JWS_SIGNATURE, ABOUT(.node = s->n->id, .url = url));
        return false;
    }
    if (key.kind == KEY_RSA && key.bits < RSA_BITS_SAFE)
        note(w, REPORT_KEY_WEAK,
             ABOUT(.node = s->n->id, .url = url, .received = arena_printf(w->a, "%d", key.bits),
                   .expected = arena_printf(w->a, "%d", RSA_BITS_SAFE)));
    return true;
}

static struct slice
id_of(json_object *value)
{
    return json_is_object(value) ? json_get_text(value, "id") : json_text(value);
}

/* One of the keys that the issuer's hosted profile names: linked, or standing in it (D25). */
static json_object *
key_of_issuer(struct work *w, struct slice id)
{
    json_object *all = json_get(w->issuer->doc, "publicKey");

    if (w->issuer->url.n == 0)
        return NULL; /* what stands in the badge itself authorises nobody */
    if (!json_is_array(all))
        return all != NULL && slice_eq(id_of(all), id) ? all : NULL;
    for (size_t i = 0; i < json_object_array_length(all); i++)
        if (slice_eq(id_of(json_object_array_get_idx(all, i)), id))
            return json_object_array_get_idx(all, i);
    return NULL;
}

/* The key's document: the one in the profile, or the one at its address. NULL after saying why. */
static json_object *
key_document(struct signing *s, json_object *in_profile, struct slice id)
{
    struct node *key;

    if (json_get(in_profile, "publicKeyPem") != NULL)
        return in_profile;
    key = node_fetch(s->w, KEY, "key", id, s->n->id, SL("verification.creator"));
    return key == NULL ? NULL : key->doc;
}

/* D26: the specification asks for it; nothing hangs on it, since the profile names the key. */
static void
check_owner(struct signing *s, json_object *key, struct slice id)
{
    struct slice owner = json_get_text(key, "owner");

    if (owner.n > 0 && !slice_eq(owner, s->w->issuer->id))
        note(s->w, REPORT_KEY_OWNER,
             ABOUT(.node = s->n->id, .url = id, .prop = SL("owner"), .received = owner));
}

/* Whether the key of that id made the signature; says why not. */
static bool
made_by(struct signing *s, json_object *in_profile, struct slice id, bool speak)
{
    json_object *key = key_document(s, in_profile, id);
    struct slice pem = json_get_text(key, "publicKeyPem");

    if (key == NULL) {
        s->key_unread = true; /* it has been said why, and another key may yet do */
        return false;
    }
    if (pem.n == 0) {
        if (speak)
            note(s->w, REPORT_JWS_NO_KEY, ABOUT(.node = s->n->id, .url = id));
        return false;
    }
    if (!key_fits(s, id, pem, speak))
        return false;
    check_owner(s, key, id);
    return true;
}

/* R23: the assertion says which key it was; the issuer must say that it is one of its own. */
static bool
made_by_creator(struct signing *s, json_object *creator)
{
    struct slice id = id_of(creator);
    json_object *in_profile = id.n > 0 ? key_of_issuer(s->w, id) : NULL;
    bool         made = id.n > 0 && made_by(s, in_profile, id, true);

    if (id.n == 0)
        note(s->w, REPORT_JWS_NO_KEY, ABOUT(.node = s->n->id));
    if (in_profile == NULL)
        note(s->w, REPORT_KEY_FOREIGN,
             ABOUT(.node = s->n->id, .prop = SL("verification.creator"), .received = id,
                   .url = s->w->issuer->id));
    return made && in_profile != NULL;
}

/* D03: the assertion does not say, so any key of the issuer's will do. Why each of them does not is said
 * only of one that is alone. */
static bool
made_by_any(struct signing *s)
{
    json_object *all = json_get(s->w->issuer->doc, "publicKey");
    size_t       count = json_is_array(all) ? json_object_array_length(all) : all != NULL;

    if (s->w->issuer->url.n == 0 || count == 0) {
        note(s->w, REPORT_JWS_NO_KEY, ABOUT(.node = s->n->id));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        json_object *key = json_is_array(all) ? json_object_array_get_idx(all, i) : all;

        if (made_by(s, key, id_of(key), count == 1))
            return true;
    }
    if (count > 1 && !s->key_unread)
        note(s->w, REPORT_JWS_SIGNATURE, ABOUT(.node = s->n->id, .url = s->w->issuer->id));
    return false;
}

/* Any host has pages that somebody else may write: an issuer that names its keys, or where it speaks, has said
 * which address may hold one. */
static bool
may_be_key(struct work *w, struct slice url)
{
    json_object *starts_with = json_get(json_get(w->issuer->doc, "verification"), "startsWith");

    if (w->issuer->url.n == 0 ||
        !slice_eq(authority_of(w->a, url), authority_of(w->a, w->issuer->url)))
        return false;
    if (json_get(w->issuer->doc, "publicKey") != NULL)
        return key_of_issuer(w, url) != NULL;
    return starts_as_allowed(w->a, url, starts_with);
}

/* The whole answer is the key: a page that repeats what somebody searched for is none. */
static struct slice
key_in(struct work *w, struct slice answer)
{
    json_object *doc = NULL;
    struct err   e;

    answer = slice_trim(answer);
    if (slice_starts(answer, SL("{")))
        return json_parse(answer, &doc, &e) == ERR_NONE
                   ? json_get_text(json_in_arena(w->a, doc), "publicKeyPem")
                   : SL("");
    return slice_starts(answer, SL("-----BEGIN ")) && slice_ends(answer, SL("-----")) ? answer
                                                                                      : SL("");
}

/* 1.x: the key is PEM at `verify.url`, or the key object of 1.1 there. Any host has some key, so it must be
 * the issuer's, and answered by it: no redirect that anybody can aim lends its name. */
static bool
made_by_key_at(struct signing *s, json_object *verification)
{
    struct work                  *w = s->w;
    struct slice                  url = json_get_text(verification, "url");
    const struct report_document *d;

    if (url.n == 0) {
        note(w, REPORT_PROPERTY_MISSING, ABOUT(.node = s->n->id, .prop = SL("verify.url")));
        return false;
    }
    if (!may_be_key(w, url)) {
        note(w, REPORT_KEY_FOREIGN,
             ABOUT(.node = s->n->id, .prop = SL("verify.url"), .received = url,
                   .url = w->issuer->id));
        return false;
    }
    if ((d = fetch_answer(w, "key", url, s->n->id, SL("verify.url"))) == NULL)
        return false;
    if (!same_site(w->a, url, d->got.final_url)) {
        note(w, REPORT_FETCH_AWAY,
             ABOUT(.node = s->n->id, .prop = SL("verify.url"), .url = url,
                   .received = d->got.final_url));
        return false;
    }
    return key_fits(s, url, key_in(w, d->got.body), true);
}

/* Revocation (R24). */

struct revoking {
    struct signing *s;
    struct slice    url;
};

static void
say_revoked(const struct revoking *v, struct slice reason)
{
    note(v->s->w, REPORT_REVOKED_LISTED,
         ABOUT(.node = v->s->n->id, .url = v->url, .why = reason_given(reason)));
}

static bool
names(json_object *value, struct slice name)
{
    return name.n > 0 && slice_eq(json_text(value), name);
}

/* By its id, or by its uid (D29). */
static void
check_entry(const struct revoking *v, json_object *entry)
{
    const struct node *n = v->s->n;
    json_object       *id = json_is_object(entry) ? json_get(entry, "id") : entry;
    json_object       *uid = json_is_object(entry) ? json_get(entry, "uid") : NULL;
    struct slice       own_uid = json_get_text(n->doc, "uid");

    if ((id != NULL && !primitive_is(IRI, id) && !names(id, own_uid)) ||
        (uid != NULL && json_text(uid).p == NULL) || (id == NULL && uid == NULL))
        note(v->s->w, REPORT_REVOCATION_ENTRY,
             ABOUT(.node = v->s->w->issuer->id, .url = v->url, .prop = SL("revokedAssertions"),
                   .received = text_of(v->s->w->a, entry, 100)));
    if (names(id, n->id) || names(id, own_uid) || names(uid, own_uid) || names(uid, n->id))
        say_revoked(v, json_get_text(entry, "revocationReason"));
}

/* The list of 1.0: an object whose names are uids and whose values are reasons. */
static bool
check_uids(const struct revoking *v, const struct node *list)
{
    struct slice uid = json_get_text(v->s->n->doc, "uid");
    json_object *reason;

    if (!v->s->is_old || strcmp(list->version, "2.0") == 0 ||
        json_get(list->doc, "revokedAssertions") != NULL)
        return false;
    if (uid.n > 0 && json_object_object_get_ex(list->raw, arena_str(v->s->w->a, uid), &reason))
        say_revoked(v, json_text(reason));
    return true;
}

/* Whether the list could be read: one that cannot may have the badge in it. */
static bool
check_list(const struct revoking *v)
{
    struct work *w = v->s->w;
    struct node *list = node_fetch(w, REVOCATION_LIST, "revocation-list", v->url, w->issuer->id,
                                   SL("revocationList"));
    json_object *entries;

    if (list == NULL)
        return false;
    if (check_uids(v, list))
        return true;
    check_node(w, list);
    entries = json_get(list->doc, "revokedAssertions");
    if (entries == NULL) {
        note(w, REPORT_REVOCATION_LIST,
             ABOUT(.node = w->issuer->id, .url = v->url, .prop = SL("revokedAssertions")));
    } else if (!json_is_array(entries)) { /* one, which compaction took out of its list (D05) */
        check_entry(v, entries);
    } else {
        for (size_t i = 0; i < json_object_array_length(entries); i++)
            check_entry(v, json_object_array_get_idx(entries, i));
    }
    return entries != NULL;
}

static bool
check_revocation(struct signing *s)
{
    json_object    *list = json_get(s->w->issuer->doc, "revocationList");
    struct revoking v = { s, id_of(list) };

    if (list == NULL)
        return true;
    if (primitive_is(URL, json_is_object(list) ? json_get(list, "id") : list))
        return check_list(&v);
    note(s->w, REPORT_PROPERTY_TYPE,
         ABOUT(.node = s->w->issuer->id, .url = s->w->issuer->url, .prop = SL("revocationList"),
               .received = text_of(s->w->a, list, 48), .type = URL));
    return false;
}

void
check_signature(struct work *w, struct node *n)
{
    struct signing s = { .w = w, .n = n, .is_old = strcmp(n->version, "2.0") != 0 };
    json_object   *verification = json_get(n->doc, "verification");
    json_object   *creator = json_get(verification, "creator");
    bool           made;

    w->r->issuer_host = authority_of(w->a, w->issuer->url);
    if (!read_header(&s))
        return;
    if (s.is_old && creator == NULL)
        made = made_by_key_at(&s, verification);
    else
        made = creator != NULL ? made_by_creator(&s, creator) : made_by_any(&s);
    w->is_spoken_for = check_revocation(&s) && made;
}

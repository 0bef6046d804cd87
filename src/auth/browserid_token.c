/* Certificates and assertions: compact JWS with times in milliseconds. */
#include "browserid_int.h"

static enum err_code
part_read(struct arena *a, struct slice part, const char *name, json_object **ret, struct err *e)
{
    struct slice text;
    json_object *doc = NULL;

    if (!base64url_decode(a, part, &text) || json_parse(text, &doc, e) != ERR_NONE)
        return REFUSE(a, e, "%s segment: malformed object", name);
    *ret = json_in_arena(a, doc);
    return json_is_object(doc) ? ERR_NONE : REFUSE(a, e, "%s segment: malformed object", name);
}

static enum err_code
token_read(struct arena *a, struct slice text, struct browserid_token *ret, struct err *e)
{
    struct slice  rest = text, part, parts[3];
    json_object  *header;
    size_t        count = 0;
    enum err_code rc;

    for (; slice_next(&rest, '.', &part); count++)
        if (count < COUNT_OF(parts))
            parts[count] = part;
    if (count != COUNT_OF(parts))
        return REFUSE(a, e, "signed object must have three parts, this one has %zu", count);
    if ((rc = part_read(a, parts[0], "header", &header, e)) != ERR_NONE ||
        (rc = part_read(a, parts[1], "payload", &ret->payload, e)) != ERR_NONE)
        return rc;
    if (!base64url_decode(a, parts[2], &ret->signature))
        return REFUSE(a, e, "signature segment: malformed object");
    if (json_object_object_get_ex(header, "crit", NULL))
        return REFUSE(a, e, "header segment: critical extensions");
    ret->algorithm = json_get_text(header, "alg");
    ret->signed_text = slice_first(text, parts[0].n + 1 + parts[1].n);
    return ERR_NONE;
}

/* The library lets chains come this far and then refuses them. */
enum err_code
browserid_unbundle(struct arena *a, struct slice backed, struct browserid_token *ret_certificate,
                   struct browserid_token *ret_assertion, struct err *e)
{
    struct slice  rest = backed, certificate, assertion, more;
    enum err_code rc;

    if (!slice_next(&rest, '~', &certificate) || !slice_next(&rest, '~', &assertion))
        return REFUSE(a, e, "no certificates provided");
    if (slice_next(&rest, '~', &more))
        return REFUSE(a, e, "certificate chaining is not yet allowed");
    if ((rc = token_read(a, certificate, ret_certificate, e)) != ERR_NONE)
        return rc;
    return token_read(a, assertion, ret_assertion, e);
}

static bool
time_get(json_object *payload, const char *name, int64_t *ret)
{
    json_object *value = json_get(payload, name);

    if (!json_object_is_type(value, json_type_int))
        return false;
    *ret = json_object_get_int64(value);
    return true;
}

enum err_code
browserid_token_times(struct arena *a, const struct browserid_token *t, int64_t now_ms,
                      int64_t most_ms, int64_t *ret_expires, struct err *e)
{
    int64_t issued_ms = 0, expires_ms;

    if (json_object_object_get_ex(t->payload, "iat", NULL) &&
        !time_get(t->payload, "iat", &issued_ms))
        return REFUSE(a, e, "iat is no time");
    if (issued_ms > now_ms)
        return REFUSE(a, e, "issued later than verification date");
    if (!time_get(t->payload, "exp", &expires_ms))
        return REFUSE(a, e, "it does not say when it expires");
    if (expires_ms < now_ms)
        return REFUSE(a, e, "expired");
    if (expires_ms - now_ms > most_ms)
        return REFUSE(a, e, "it expires too late");
    *ret_expires = expires_ms;
    return ERR_NONE;
}

enum err_code
browserid_token_signed(struct arena *a, const struct browserid_token *t,
                       const struct browserid_key *key, struct err *e)
{
    if (!slice_eq(t->algorithm, browserid_key_algorithm(a, key)))
        return REFUSE(a, e, "algorithms do not match");
    if (!browserid_key_holds(a, key, t->signed_text, t->signature))
        return REFUSE(a, e, "invalid signature");
    return ERR_NONE;
}

struct sha256
browserid_once(const struct browserid_token *certificate, const struct browserid_token *assertion)
{
    const struct slice parts[] = { certificate->signed_text, SL("~"), assertion->signed_text };

    return sha256_of_parts(parts, COUNT_OF(parts));
}

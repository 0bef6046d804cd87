#include "auth/id_token.h"

#include "core/digest.h"
#include "core/jws.h"
#include "core/limits.h"
#include "json/json.h"

enum { SKEW_S = 60, AGE_MAX_S = 600, SUBJECT_BYTES_MAX = 255 };

struct checking {
    struct arena               *a;
    const struct jwks          *keys;
    const struct id_token_want *want;
    struct jws                  jws;
    json_object                *header, *claims;
};

static enum err_code
read_object(struct arena *a, struct slice text, json_object **ret, struct err *e)
{
    enum err_code rc = json_parse(text, ret, e);

    if (rc != ERR_NONE)
        return FAIL(e, OIDC_ANSWER, "a part of the token is no JSON");
    if (!json_is_object(json_in_arena(a, *ret)))
        return FAIL(e, OIDC_ANSWER, "a part of the token is no JSON object");
    return ERR_NONE;
}

static enum err_code
take_apart(struct checking *c, struct slice token, struct err *e)
{
    enum err_code rc;

    if (token.n > LIMIT_JWS_BYTES || !jws_is(token) || !jws_split(c->a, token, &c->jws))
        return FAIL(e, OIDC_ANSWER, "a token of %zu bytes is no compact JWS", token.n);
    if ((rc = read_object(c->a, c->jws.header, &c->header, e)) != ERR_NONE ||
        (rc = read_object(c->a, c->jws.payload, &c->claims, e)) != ERR_NONE)
        return rc;
    return ERR_NONE;
}

/* `none` and secrets that both sides know are no algorithms here, whatever a token says (RFC 8725, 3.1). */
static enum signature_algorithm
algorithm_of(json_object *header)
{
    enum signature_algorithm algorithm =
        signature_algorithm_of(json_get_text(header, "alg"), false);

    switch (algorithm) {
    case SIGNATURE_RS256:
    case SIGNATURE_ES256:
    case SIGNATURE_EDDSA:
        return algorithm;
    default:
        return SIGNATURE_UNKNOWN;
    }
}

static bool
may_be(const struct jwk *k, struct slice kid, enum signature_algorithm algorithm)
{
    return (kid.p == NULL || slice_eq(k->kid, kid)) && public_key_fits(&k->key, algorithm) &&
           (k->algorithm == SIGNATURE_UNKNOWN || k->algorithm == algorithm);
}

static enum err_code
check_signature(struct checking *c, struct err *e)
{
    struct slice             kid = json_get_text(c->header, "kid");
    enum signature_algorithm algorithm = algorithm_of(c->header);
    bool                     tried = false;

    if (algorithm == SIGNATURE_UNKNOWN)
        return FAIL(e, OIDC_ANSWER, "a token of an algorithm that is not taken");
    if (json_object_object_get_ex(c->header, "crit", NULL))
        return FAIL(e, OIDC_ANSWER, "a token with critical extensions");
    for (size_t i = 0; i < c->keys->count; i++) {
        if (!may_be(&c->keys->keys[i], kid, algorithm))
            continue;
        tried = true;
        if (signature_holds(&c->keys->keys[i].key, algorithm, c->jws.signed_text, c->jws.signature))
            return ERR_NONE;
    }
    /* Without a name it may be any key, also one that is new. */
    if (!tried || kid.p == NULL)
        return FAIL(e, OIDC_KEY, "a token of a key that is not known");
    return FAIL(e, OIDC_ANSWER, "a signature that does not hold");
}

/* A NumericDate; false when there is none. */
static bool
date_of(json_object *claims, const char *name, double *ret)
{
    json_object *value = json_get(claims, name);

    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
        return false;
    *ret = json_object_get_double(value);
    return true;
}

static enum err_code
check_times(struct checking *c, struct err *e)
{
    double now_s = (double)c->want->now_s, at_s;

    if (!date_of(c->claims, "exp", &at_s) || at_s <= now_s - SKEW_S)
        return FAIL(e, OIDC_ANSWER, "a token that has expired, or never does");
    if (!date_of(c->claims, "iat", &at_s) || at_s > now_s + SKEW_S ||
        at_s < now_s - AGE_MAX_S - SKEW_S)
        return FAIL(e, OIDC_ANSWER, "a token of another time");
    if (json_get(c->claims, "nbf") != NULL &&
        (!date_of(c->claims, "nbf", &at_s) || at_s > now_s + SKEW_S))
        return FAIL(e, OIDC_ANSWER, "a token that does not hold yet");
    return ERR_NONE;
}

static enum err_code
check_audience(struct checking *c, struct err *e)
{
    json_object *aud = json_get(c->claims, "aud"), *azp = json_get(c->claims, "azp");
    size_t       count = json_is_array(aud) ? json_object_array_length(aud) : 1;
    bool         is_ours = slice_eq(json_text(aud), c->want->client_id);

    for (size_t i = 0; json_is_array(aud) && i < count; i++)
        if (slice_eq(json_text(json_object_array_get_idx(aud, i)), c->want->client_id))
            is_ours = true;
    if (!is_ours)
        return FAIL(e, OIDC_ANSWER, "a token for another client");
    if ((azp != NULL || count > 1) && !slice_eq(json_text(azp), c->want->client_id))
        return FAIL(e, OIDC_ANSWER, "a token that another client asked for");
    return ERR_NONE;
}

static enum err_code
check_claims(struct checking *c, struct err *e)
{
    struct slice  nonce = json_get_text(c->claims, "nonce");
    enum err_code rc;

    if (!slice_eq(json_get_text(c->claims, "iss"), c->want->issuer))
        return FAIL(e, OIDC_ANSWER, "a token of another issuer");
    if ((rc = check_audience(c, e)) != ERR_NONE || (rc = check_times(c, e)) != ERR_NONE)
        return rc;
    if (nonce.n == 0 || !secret_eq(nonce, c->want->nonce))
        return FAIL(e, OIDC_ANSWER, "a token of another sign-in");
    return ERR_NONE;
}

void
id_token_email(struct arena *a, json_object *claims, struct id_token *ret)
{
    struct slice email = json_get_text(claims, "email");

    ret->email = email.n == 0 ? SLICE_NONE : arena_copy(a, email);
    /* Some providers write the truth in quotes. */
    ret->email_verified = json_get_bool(claims, "email_verified") ||
                          slice_eq(json_get_text(claims, "email_verified"), SL("true"));
}

enum err_code
id_token_check(struct arena *a, struct slice token, const struct jwks *keys,
               const struct id_token_want *want, struct id_token *ret, struct err *e)
{
    struct checking c = { .a = a, .keys = keys, .want = want };
    struct id_token got;
    enum err_code   rc;

    if ((rc = take_apart(&c, token, e)) != ERR_NONE || (rc = check_signature(&c, e)) != ERR_NONE ||
        (rc = check_claims(&c, e)) != ERR_NONE)
        return rc;
    got.subject = json_get_text(c.claims, "sub");
    if (got.subject.n == 0 || got.subject.n > SUBJECT_BYTES_MAX)
        return FAIL(e, OIDC_ANSWER, "a subject of %zu bytes", got.subject.n);
    id_token_email(a, c.claims, &got);
    *ret = got;
    return ERR_NONE;
}

#include "auth/jwks.h"

#include "core/digest.h"
#include "json/json.h"

static bool
decoded(struct arena *a, json_object *jwk, const char *name, struct slice *ret)
{
    struct slice text = json_get_text(jwk, name);

    return text.n > 0 && base64url_decode(a, text, ret);
}

static bool
read_parts(struct arena *a, json_object *jwk, struct key_parts *ret)
{
    struct slice kty = json_get_text(jwk, "kty"), crv = json_get_text(jwk, "crv");

    *ret = (struct key_parts){ .kind = 0 };
    if (slice_eq(kty, SL("RSA"))) {
        ret->kind = KEY_RSA;
        return decoded(a, jwk, "n", &ret->n) && decoded(a, jwk, "e", &ret->e);
    }
    if (slice_eq(kty, SL("EC")) && slice_eq(crv, SL("P-256"))) {
        ret->kind = KEY_P256;
        return decoded(a, jwk, "x", &ret->x) && decoded(a, jwk, "y", &ret->y);
    }
    ret->kind = KEY_ED25519;
    return slice_eq(kty, SL("OKP")) && slice_eq(crv, SL("Ed25519")) &&
           decoded(a, jwk, "x", &ret->x);
}

static bool
read_key(struct arena *a, json_object *jwk, struct jwk *ret)
{
    struct slice     use = json_get_text(jwk, "use"), algorithm = json_get_text(jwk, "alg");
    struct key_parts parts;
    enum cause_id    why;

    *ret = (struct jwk){ .kid = json_get_text(jwk, "kid"),
                         .algorithm = signature_algorithm_of(algorithm, false) };
    if ((use.p != NULL && !slice_eq(use, SL("sig"))) ||
        (algorithm.p != NULL && ret->algorithm == SIGNATURE_UNKNOWN) ||
        !read_parts(a, jwk, &parts) || !public_key_make(a, &parts, &ret->key, &why))
        return false;
    return ret->key.kind != KEY_RSA || ret->key.bits >= JWKS_RSA_BITS_MIN;
}

enum err_code
jwks_parse(struct arena *a, struct slice text, struct jwks **ret, struct err *e)
{
    struct jwks  *set = ARENA_NEW(a, struct jwks);
    json_object  *doc = NULL, *keys;
    enum err_code rc;

    if ((rc = json_parse(text, &doc, e)) != ERR_NONE)
        return rc;
    keys = json_get(json_in_arena(a, doc), "keys");
    if (!json_is_array(keys))
        return FAIL(e, OIDC_ANSWER, "a JWK Set without keys");
    for (size_t i = 0; i < json_object_array_length(keys) && i < JWKS_KEYS_MAX; i++)
        if (read_key(a, json_object_array_get_idx(keys, i), &set->keys[set->count]))
            set->count++;
    *ret = set;
    return ERR_NONE;
}

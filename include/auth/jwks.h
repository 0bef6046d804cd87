/* The keys that a provider of identities publishes: a JWK Set (RFC 7517). */
#ifndef OBI_AUTH_JWKS_H
#define OBI_AUTH_JWKS_H

#include "core/signature.h"

enum { JWKS_KEYS_MAX = 32, JWKS_RSA_BITS_MIN = 2048 };

struct jwk {
    struct slice             kid;       /* empty: it has none */
    enum signature_algorithm algorithm; /* SIGNATURE_UNKNOWN: it does not say */
    struct public_key        key;
};
struct jwks {
    struct jwk keys[JWKS_KEYS_MAX];
    size_t     count;
};

/* Reads the keys that may have signed something: RSA of 2048 to 8192 bits, P-256, Ed25519. Left out
 * are those of other kinds, for encryption, for an algorithm of no use here, too short, malformed,
 * and all behind the 32nd.
 * In      text: from outside.
 * Out     *ret lives in `a`, and so do its keys.
 * Errors  JSON_MALFORMED, TOO_LARGE, as json_parse; OIDC_ANSWER when it is no JWK Set. */
MUST_USE enum err_code jwks_parse(struct arena *a, struct slice text, struct jwks **ret,
                                  struct err *e);

#endif

/* Whether an ID token says what it must, and who it says somebody is. */
#ifndef OBI_AUTH_ID_TOKEN_H
#define OBI_AUTH_ID_TOKEN_H

#include <stdint.h>

#include "auth/jwks.h"

/* What a token must say to be taken. */
struct id_token_want {
    struct slice issuer, client_id, nonce;
    int64_t      now_s;
};
struct id_token {
    struct slice subject;        /* 1 to 255 bytes, the issuer's own name for somebody */
    struct slice email;          /* as claimed; SLICE_NONE when the token has none */
    bool         email_verified; /* the issuer claims that they have its mail */
};

/* Verifies a token that came from the token endpoint. Depends on nothing but what it is handed.
 * Signature: RS256, ES256 or EdDSA with one of `keys`, by `kid` where the token has one; no critical
 * extension. Claims: `iss` and `nonce` equal, `aud` has the client, `azp` is the client where there is
 * one or where there are several audiences, `exp` to come, `iat` within the last ten minutes, `nbf` not
 * to come; a minute of difference between clocks is allowed.
 * In      token: from outside.
 * Out     *ret lives in `a`.
 * Errors  OIDC_KEY: it names a key that `keys` has not (they may have changed); OIDC_ANSWER for all
 *         else, with what is wrong in e->detail.
 * Spec    OpenID Connect Core 1.0, 3.1.3.7; RFC 8725. */
MUST_USE enum err_code id_token_check(struct arena *a, struct slice token, const struct jwks *keys,
                                      const struct id_token_want *want, struct id_token *ret,
                                      struct err *e);

struct json_object;
/* `email` and `email_verified` of a token's claims or of the UserInfo endpoint's answer. */
void id_token_email(struct arena *a, struct json_object *claims, struct id_token *ret);

#endif

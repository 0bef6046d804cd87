/* Passkeys: adding one, and signing in with one. */
#ifndef OBI_AUTH_PASSKEY_H
#define OBI_AUTH_PASSKEY_H

#include "http/http.h"

/* A new challenge for this browser, 32 bytes; its authenticator has five minutes.
 * Errors  TOO_MANY beyond 300 in an hour from one client; STORE_DOWN. */
MUST_USE enum err_code auth_passkey_challenge(const struct req *r, struct slice *ret,
                                              struct err *e);
/* Adds the passkey that the form brings (client_data, auth_data: base64url; algorithm; name) to
 * whoever is signed in, and tells them by mail.
 * Errors  PASSKEY, STORE_DUPLICATE, CONFLICT (LIMIT_PASSKEYS), FIELD_INVALID, FIELD_MISSING. */
MUST_USE enum err_code auth_passkey_add(const struct req *r, struct err *e);
/* Signs in whose passkey the form brings (credential, client_data, auth_data, signature).
 * Errors  NOT_FOUND: no such passkey, or not any more. PASSKEY. CONFLICT: a copy of it was used. */
MUST_USE enum err_code auth_passkey_use(const struct req *r, struct resp *out, struct err *e);

#endif

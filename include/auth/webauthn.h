/* What a passkey's authenticator says, checked: no store, no request. Spec: Web Authentication,
 * Level 3, sections 7.1 and 7.2; no attestation is asked for or looked at. */
#ifndef OBI_AUTH_WEBAUTHN_H
#define OBI_AUTH_WEBAUTHN_H

#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"

/* COSE's numbers of the algorithms that are taken. */
enum { WEBAUTHN_ES256 = -7, WEBAUTHN_EDDSA = -8, WEBAUTHN_RS256 = -257 };

/* Whom a passkey is for, from site.base_url. */
struct webauthn_site {
    struct slice origin; /* https://obi.example:8443 */
    struct slice rp_id;  /* obi.example */
};
struct webauthn_site webauthn_site_of(struct slice base_url);

/* What the browser sent: the bytes of clientDataJSON and authenticatorData. */
struct webauthn_answer {
    struct slice client_data, auth_data;
};

struct webauthn_key {
    struct slice credential;
    int64_t      algorithm;
    struct slice public_key; /* in libfido2's form */
    uint32_t     count;      /* of signatures so far */
};

/* The key of a new passkey.
 * In      challenge: the one this browser was given. algorithm: what getPublicKeyAlgorithm() said.
 * Errors  PASSKEY (e->cause says what does not fit). */
MUST_USE enum err_code webauthn_new_key(struct arena *a, const struct webauthn_site *site,
                                        struct slice                  challenge,
                                        const struct webauthn_answer *answer, int64_t algorithm,
                                        struct webauthn_key *ret, struct err *e);
/* Whether `key` signed this; *ret_count is what its authenticator says now.
 * Errors  PASSKEY. */
MUST_USE enum err_code webauthn_check(struct arena *a, const struct webauthn_site *site,
                                      struct slice challenge, const struct webauthn_answer *answer,
                                      struct slice signature, const struct webauthn_key *key,
                                      uint32_t *ret_count, struct err *e);

#endif

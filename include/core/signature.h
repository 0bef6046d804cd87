/* Signatures over bytes, with OpenSSL 3 (EVP): public keys as they are published, and whether one
 * of them made a signature. Only algorithms that a JWS may name (RFC 7518, RFC 8037); there is no
 * way in for `none` or for a shared secret. */
#ifndef OBI_CORE_SIGNATURE_H
#define OBI_CORE_SIGNATURE_H

#include "core/err.h"

enum signature_algorithm {
    SIGNATURE_UNKNOWN,
    SIGNATURE_RS256, /* RSASSA-PKCS1-v1_5 */
    SIGNATURE_RS384,
    SIGNATURE_RS512,
    SIGNATURE_ES256, /* ECDSA over P-256; the signature is r and s, 32 bytes each */
    SIGNATURE_EDDSA, /* Ed25519 */
};

enum key_kind { KEY_RSA = 1, KEY_P256, KEY_ED25519 };

struct public_key {
    enum key_kind kind;
    int           bits;
    void         *handle; /* an EVP_PKEY that ends with the arena */
};

/* "RS256", "RS384", "RS512", "ES256", "EdDSA"; in any letter case where `any_case`, as issuers of
 * Open Badges 1.x wrote it. */
enum signature_algorithm signature_algorithm_of(struct slice name, bool any_case);

/* A public key in PEM: SubjectPublicKeyInfo (`PUBLIC KEY`) or PKCS #1 (`RSA PUBLIC KEY`), whatever
 * stands before and behind it. RSA of 1024 to 8192 bits with an odd exponent above 1, P-256 by its
 * name, Ed25519. Decoded keys are kept, so that the same text again costs one hash.
 * Out     *ret: its handle ends with `a`. *ret_why: when it is none, what is wrong.
 * Returns false when it is none of these. */
bool public_key_read(struct arena *a, struct slice pem, struct public_key *ret,
                     enum cause_id *ret_why);

/* The parts of a public key as a JWK has them, decoded: big-endian bytes.
 * Spec: RFC 7518, 6.2.1 and 6.3.1; RFC 8037, 2. */
struct key_parts {
    enum key_kind kind;
    struct slice  n, e; /* RSA */
    struct slice  x, y; /* P-256; Ed25519 has only x */
};
/* The key of those parts, held to the same rules; an exponent has at most 8 bytes. Otherwise as
 * public_key_read. */
bool public_key_make(struct arena *a, const struct key_parts *parts, struct public_key *ret,
                     enum cause_id *ret_why);

/* Whether the key is of the kind that the algorithm needs. */
bool public_key_fits(const struct public_key *key, enum signature_algorithm algorithm);

/* Whether `signature` is what the key's owner made over `text`. False for every key that does not
 * fit, every signature that is malformed, and whenever OpenSSL cannot tell. */
bool signature_holds(const struct public_key *key, enum signature_algorithm algorithm,
                     struct slice text, struct slice signature);

#endif

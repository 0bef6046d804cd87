/* What the files of BrowserID share. */
#ifndef OBI_AUTH_BROWSERID_INT_H
#define OBI_AUTH_BROWSERID_INT_H

#include "auth/browserid.h"
#include "json/json.h"

/* Fails with BROWSERID; the text, in English, is for programs. */
#define REFUSE(a, e, ...)                                                                          \
    ({                                                                                             \
        err_fail((e), ERR_BROWSERID, __FILE__, __LINE__, "refused");                               \
        err_set_cause_text((e), arena_printf((a), __VA_ARGS__));                                   \
        (enum err_code) ERR_BROWSERID;                                                             \
    })

/* ---- keys: browserid_key.c ------------------------------------------------------------------- */

/* 128 is RSA of 1024 bits and DSA of 1024 and 160, 256 is RSA of 2048 and DSA of 2048 and 256. */
struct browserid_key {
    enum { BROWSERID_RS = 1, BROWSERID_DS } kind;
    int   strength;
    void *handle; /* an EVP_PKEY that ends with the arena */
};

/* A public key as certificates and support documents write it: `{"algorithm":"RS","n","e"}` in
 * decimal, `{"algorithm":"DS","y","p","q","g"}` in hex, or the same with `kty` RSA or DSA in
 * base64url. RSA: odd n of 1024 or 2048 bits, one more or less, odd e from 65537 to 2^64. DSA: one
 * of the two groups that BrowserID generates, y in the group and not 1. */
bool browserid_key_read(struct arena *a, json_object *doc, struct browserid_key *ret);
/* "RS256" and so on. */
struct slice browserid_key_algorithm(struct arena *a, const struct browserid_key *key);
/* The older form, which everybody reads; the caller's reference. */
json_object *browserid_key_json(struct arena *a, const struct browserid_key *key);
/* Whether `signature` is the key's over `text`; it may lack zeros at its beginning. */
bool browserid_key_holds(struct arena *a, const struct browserid_key *key, struct slice text,
                         struct slice signature);

/* ---- certificates and assertions: browserid_token.c ------------------------------------------ */

struct browserid_token {
    struct slice signed_text, signature, algorithm;
    json_object *payload; /* an object, ends with the arena */
};

/* Cuts a backed assertion in its certificate and its assertion. Errors BROWSERID. */
MUST_USE enum err_code browserid_unbundle(struct arena *a, struct slice backed,
                                          struct browserid_token *ret_certificate,
                                          struct browserid_token *ret_assertion, struct err *e);
/* `iat` is not later than now; `exp` is there, not over, and at most `most_ms` away. */
MUST_USE enum err_code browserid_token_times(struct arena *a, const struct browserid_token *t,
                                             int64_t now_ms, int64_t most_ms, int64_t *ret_expires,
                                             struct err *e);
/* Whether the key signed it with the algorithm that it names. */
MUST_USE enum err_code browserid_token_signed(struct arena *a, const struct browserid_token *t,
                                              const struct browserid_key *key, struct err *e);
/* Over what both sign. */
struct sha256 browserid_once(const struct browserid_token *certificate,
                             const struct browserid_token *assertion);

/* ---- names: browserid_name.c ----------------------------------------------------------------- */

/* host[:port], the host in lower-case letters, digits and inner hyphens: one spelling a domain. */
bool browserid_domain_ok(struct slice domain);
/* The domain of an address that BrowserID can vouch for; false for any other. */
bool browserid_email_domain(struct slice email, struct slice *ret_domain);
/* Whether the audience of an assertion is that origin: scheme, port and host, in that order. */
MUST_USE enum err_code browserid_audience_is(struct arena *a, struct slice audience,
                                             struct slice expected, struct err *e);

/* ---- support documents: browserid_discovery.c ------------------------------------------------ */

struct browserid_authority {
    struct slice          domain; /* behind all delegation */
    bool                  disabled;
    struct browserid_key *keys;
    size_t                key_count;
};

/* Who vouches for `principal`, asked at `domain`. Errors BROWSERID. */
MUST_USE enum err_code browserid_lookup(struct arena *a, const struct browserid_rules *rules,
                                        struct slice domain, struct slice principal,
                                        struct browserid_authority *ret, struct err *e);

/* ---- our own key: browserid_provider.c --------------------------------------------------------- */

/* Adds a fault unless browserid.key can be read and is one. */
void browserid_provider_check(const struct conf *conf, struct conf_faults *faults);

#endif

#include "auth/webauthn.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include "core/digest.h"
#include "core/uri.h"
#include "json/json.h"

/* Authenticator data begins with the hash of the site's id, a byte of flags and the count; of a new key the
 * authenticator's model, the credential's length and the credential follow. */
enum {
    FLAGS_AT = SHA256_BYTES,
    COUNT_AT,
    SHORTEST = COUNT_AT + 4,
    CREDENTIAL_AT = SHORTEST + 16 + 2,
    CREDENTIAL_BYTES = 1023
};
enum { USER_PRESENT = 1, USER_VERIFIED = 4, HAS_KEY = 64 };

struct webauthn_site
webauthn_site_of(struct slice base_url)
{
    struct uri u;

    if (!uri_parse(base_url, &u))
        return (struct webauthn_site){ base_url, base_url };
    return (struct webauthn_site){
        .origin = slice_first(base_url, (size_t)(u.authority.p - base_url.p) + u.authority.n),
        .rp_id = u.host,
    };
}

static enum err_code
refuse(struct err *e, const char *why)
{
    return FAIL(e, PASSKEY, "%s", why);
}

/* What the browser itself vouches for: which page asked, and for what. */
static enum err_code
check_client(struct arena *a, const struct webauthn_site *site, struct slice challenge,
             struct slice type, struct slice client_data, struct err *e)
{
    json_object *doc = NULL;
    struct err   why;

    if (json_parse(client_data, &doc, &why) != ERR_NONE)
        return refuse(e, "client data that is no JSON");
    (void)json_in_arena(a, doc);
    if (!slice_eq(json_get_text(doc, "type"), type))
        return refuse(e, "client data for something else");
    if (!secret_eq(json_get_text(doc, "challenge"), base64url_encode(a, challenge)))
        return refuse(e, "another challenge");
    if (!slice_eq(json_get_text(doc, "origin"), site->origin))
        return refuse(e, "another site's page");
    return json_get_bool(doc, "crossOrigin") ? refuse(e, "a page in another site's frame")
                                             : ERR_NONE;
}

/* And what the authenticator does. Each passkey stands alone, so the person must have been verified. */
static enum err_code
check_authenticator(const struct webauthn_site *site, struct slice auth_data, struct err *e)
{
    struct sha256 rp = sha256_of(site->rp_id);
    unsigned      flags;

    if (auth_data.n < SHORTEST)
        return refuse(e, "too little authenticator data");
    if (memcmp(auth_data.p, rp.bytes, SHA256_BYTES) != 0)
        return refuse(e, "a passkey of another site");
    flags = (unsigned char)auth_data.p[FLAGS_AT];
    if ((flags & USER_PRESENT) == 0 || (flags & USER_VERIFIED) == 0)
        return refuse(e, "nobody was verified");
    return ERR_NONE;
}

static enum err_code
check_answer(struct arena *a, const struct webauthn_site *site, struct slice challenge,
             struct slice type, const struct webauthn_answer *answer, struct err *e)
{
    enum err_code rc = check_client(a, site, challenge, type, answer->client_data, e);

    return rc != ERR_NONE ? rc : check_authenticator(site, answer->auth_data, e);
}

static uint32_t
count_of(struct slice auth_data)
{
    uint32_t count = 0;

    for (size_t i = COUNT_AT; i < SHORTEST; i++)
        count = count << 8 | (unsigned char)auth_data.p[i];
    return count;
}

static const unsigned char *
bytes_of(struct slice s)
{
    return (const unsigned char *)s.p;
}

/* A new key stands in its canonical form (CTAP 2.1, section 8), of which nothing is free but its two numbers: so no
 * CBOR of a stranger's is ever parsed. libfido2 has the numbers one behind the other. */
static const struct cose {
    int64_t      algorithm;
    struct slice head;
    size_t       first;
    struct slice middle;
    size_t       second;
} cose_keys[] = {
    { WEBAUTHN_ES256, SL("\xA5\1\2\3\x26\x20\1\x21\x58\x20"), 32, SL("\x22\x58\x20"), 32 },
    { WEBAUTHN_EDDSA, SL("\xA4\1\1\3\x27\x20\6\x21\x58\x20"), 32, SL(""), 0 },
    { WEBAUTHN_RS256, SL("\xA4\1\3\3\x39\1\0\x20\x59\1\0"), 256, SL("\x21\x43"), 3 },
};

static bool
read_cose(struct arena *a, struct slice text, int64_t algorithm, struct slice *ret)
{
    for (size_t i = 0; i < COUNT_OF(cose_keys); i++) {
        const struct cose *k = &cose_keys[i];
        size_t             middle_at = k->head.n + k->first, second_at = middle_at + k->middle.n;
        char              *to;

        if (k->algorithm != algorithm)
            continue;
        if (text.n < second_at + k->second || !slice_starts(text, k->head) ||
            !slice_starts(slice_from(text, middle_at), k->middle))
            return false;
        to = arena_alloc(a, k->first + k->second);
        memcpy(to, text.p + k->head.n, k->first);
        memcpy(to + k->first, text.p + second_at, k->second);
        *ret = (struct slice){ to, k->first + k->second };
        return true;
    }
    return false;
}

enum err_code
webauthn_new_key(struct arena *a, const struct webauthn_site *site, struct slice challenge,
                 const struct webauthn_answer *answer, int64_t algorithm, struct webauthn_key *ret,
                 struct err *e)
{
    struct slice  data = answer->auth_data, credential;
    enum err_code rc;
    size_t        n;

    if ((rc = check_answer(a, site, challenge, SL("webauthn.create"), answer, e)) != ERR_NONE)
        return rc;
    if (((unsigned char)data.p[FLAGS_AT] & HAS_KEY) == 0 || data.n < CREDENTIAL_AT)
        return refuse(e, "authenticator data without a key");
    n = (size_t)((unsigned char)data.p[CREDENTIAL_AT - 2] << 8 |
                 (unsigned char)data.p[CREDENTIAL_AT - 1]);
    credential = slice_first(slice_from(data, CREDENTIAL_AT), n);
    *ret = (struct webauthn_key){ .credential = credential, .algorithm = algorithm };
    if (n == 0 || n > CREDENTIAL_BYTES || credential.n < n ||
        !read_cose(a, slice_from(data, CREDENTIAL_AT + n), algorithm, &ret->public_key))
        return refuse(e, "a key that is not of the algorithms taken");
    ret->count = count_of(data);
    return ERR_NONE;
}

static void
drop_assert(fido_assert_t **assertion)
{
    fido_assert_free(assertion);
}

/* libfido2 has a type and functions of the same names for each algorithm. */
#define VERIFY_WITH(kind, cose)                                                                    \
    do {                                                                                           \
        kind##_pk_t *pk = kind##_pk_new();                                                         \
        bool good = kind##_pk_from_ptr(pk, key->public_key.p, key->public_key.n) == FIDO_OK &&     \
                    fido_assert_verify(assertion, 0, cose, pk) == FIDO_OK;                         \
                                                                                                   \
        kind##_pk_free(&pk);                                                                       \
        return good;                                                                               \
    } while (0)

static bool
is_signed_by(const fido_assert_t *assertion, const struct webauthn_key *key)
{
    switch (key->algorithm) {
    case WEBAUTHN_ES256:
        VERIFY_WITH(es256, COSE_ES256);
    case WEBAUTHN_EDDSA:
        VERIFY_WITH(eddsa, COSE_EDDSA);
    case WEBAUTHN_RS256:
        VERIFY_WITH(rs256, COSE_RS256);
    default:
        return false;
    }
}

enum err_code
webauthn_check(struct arena *a, const struct webauthn_site *site, struct slice challenge,
               const struct webauthn_answer *answer, struct slice signature,
               const struct webauthn_key *key, uint32_t *ret_count, struct err *e)
{
    SCOPED(drop_assert) fido_assert_t *assertion = fido_assert_new();
    struct sha256                      client = sha256_of(answer->client_data);
    enum err_code                      rc;

    if ((rc = check_answer(a, site, challenge, SL("webauthn.get"), answer, e)) != ERR_NONE)
        return rc;
    if (answer->auth_data.n != SHORTEST)
        return refuse(e, "more than was asked for");
    if (fido_assert_set_clientdata_hash(assertion, client.bytes, sizeof client.bytes) != FIDO_OK ||
        fido_assert_set_rp(assertion, arena_str(a, site->rp_id)) != FIDO_OK ||
        fido_assert_set_count(assertion, 1) != FIDO_OK ||
        fido_assert_set_uv(assertion, FIDO_OPT_TRUE) != FIDO_OK ||
        fido_assert_set_authdata_raw(assertion, 0, bytes_of(answer->auth_data),
                                     answer->auth_data.n) != FIDO_OK ||
        fido_assert_set_sig(assertion, 0, bytes_of(signature), signature.n) != FIDO_OK)
        return refuse(e, "an answer that cannot be read");
    if (!is_signed_by(assertion, key))
        return refuse(e, "a signature that does not fit");
    *ret_count = count_of(answer->auth_data);
    return ERR_NONE;
}

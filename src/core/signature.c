#include "core/signature.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/digest.h"

enum { RSA_BITS_MIN = 1024, RSA_BITS_MAX = 8192, KEPT = 64, PEM_BYTES_MAX = 16 * 1024 };

enum signature_algorithm
signature_algorithm_of(struct slice name, bool any_case)
{
    static const char *const names[] = { [SIGNATURE_RS256] = "RS256",
                                         [SIGNATURE_RS384] = "RS384",
                                         [SIGNATURE_RS512] = "RS512",
                                         [SIGNATURE_ES256] = "ES256",
                                         [SIGNATURE_EDDSA] = "EdDSA" };

    for (size_t i = SIGNATURE_UNKNOWN + 1; i < COUNT_OF(names); i++)
        if (any_case ? slice_eq_nocase(name, slice_str(names[i]))
                     : slice_eq(name, slice_str(names[i])))
            return (enum signature_algorithm)i;
    return SIGNATURE_UNKNOWN;
}

/* Keys. */

/* What stands between the two lines that name `label`, decoded. */
static bool
pem_body(struct arena *a, struct slice pem, const char *label, struct slice *ret)
{
    struct slice begin = arena_printf(a, "-----BEGIN %s-----", label);
    struct slice end = arena_printf(a, "-----END %s-----", label), body;
    size_t       at, n = 0;
    char        *text;

    if (!slice_find(pem, begin, &at))
        return false;
    body = slice_from(pem, at + begin.n);
    if (!slice_find(body, end, &at))
        return false;
    body = slice_first(body, at);
    text = arena_alloc(a, body.n + 1);
    for (size_t i = 0; i < body.n; i++)
        if (body.p[i] != ' ' && body.p[i] != '\t' && body.p[i] != '\r' && body.p[i] != '\n')
            text[n++] = body.p[i];
    return base64_decode(a, (struct slice){ text, n }, ret);
}

/* The whole of `der` and nothing behind it, or NULL. */
static EVP_PKEY *
decode(struct slice der, bool pkcs1)
{
    const unsigned char *p = (const unsigned char *)der.p;
    EVP_PKEY            *key = pkcs1 ? d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.n)
                                     : d2i_PUBKEY(NULL, &p, (long)der.n);

    ERR_clear_error();
    if (key != NULL && (const char *)p != der.p + der.n) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

static enum cause_id
check_rsa(EVP_PKEY *key, struct public_key *ret)
{
    BIGNUM *e = NULL;
    bool    sound = EVP_PKEY_get_bn_param(key, "e", &e) == 1 && BN_is_odd(e) && !BN_is_one(e);

    BN_free(e);
    ret->kind = KEY_RSA;
    if (ret->bits < RSA_BITS_MIN)
        return CAUSE_KEY_SHORT;
    if (ret->bits > RSA_BITS_MAX)
        return CAUSE_KEY_LONG;
    return sound ? CAUSE_NONE : CAUSE_KEY_EXPONENT;
}

static enum cause_id
check_ec(EVP_PKEY *key, struct public_key *ret)
{
    char   name[32];
    size_t n;

    ret->kind = KEY_P256;
    return EVP_PKEY_get_group_name(key, name, sizeof name, &n) == 1 &&
                   strcmp(name, "prime256v1") == 0
               ? CAUSE_NONE
               : CAUSE_KEY_CURVE;
}

/* What is wrong with the key, or CAUSE_NONE. */
static enum cause_id
check(EVP_PKEY *key, struct public_key *ret)
{
    ret->bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return check_rsa(key, ret);
    case EVP_PKEY_EC:
        return check_ec(key, ret);
    case EVP_PKEY_ED25519:
        ret->kind = KEY_ED25519;
        return CAUSE_NONE;
    default:
        return CAUSE_KEY_KIND;
    }
}

static EVP_PKEY *
read_key(struct arena *a, struct slice pem, struct public_key *ret, enum cause_id *ret_why)
{
    struct slice der;
    EVP_PKEY    *key = NULL;

    *ret_why = CAUSE_KEY_PEM;
    if (pem.n > PEM_BYTES_MAX)
        return NULL;
    if (pem_body(a, pem, "PUBLIC KEY", &der))
        key = decode(der, false);
    else if (pem_body(a, pem, "RSA PUBLIC KEY", &der))
        key = decode(der, true);
    if (key == NULL)
        return NULL;
    *ret_why = check(key, ret);
    if (*ret_why == CAUSE_NONE)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* Decoding takes longer than verifying, and an issuer has few keys. */
static _Thread_local struct kept {
    struct sha256     pem;
    struct public_key key;
} kept[KEPT];
static _Thread_local size_t kept_next;

static void
release(void *handle)
{
    EVP_PKEY_free(handle);
}

static void
keep(struct sha256 pem, const struct public_key *key)
{
    struct kept *k = &kept[kept_next];

    kept_next = (kept_next + 1) % KEPT;
    EVP_PKEY_free(k->key.handle);
    *k = (struct kept){ pem, *key };
}

bool
public_key_read(struct arena *a, struct slice pem, struct public_key *ret, enum cause_id *ret_why)
{
    struct sha256     hash = sha256_of(pem);
    struct public_key key = { 0 };

    for (size_t i = 0; i < KEPT && key.handle == NULL; i++)
        if (kept[i].key.handle != NULL && memcmp(&kept[i].pem, &hash, sizeof hash) == 0)
            key = kept[i].key;
    if (key.handle == NULL) {
        if ((key.handle = read_key(a, pem, &key, ret_why)) == NULL)
            return false;
        keep(hash, &key);
    }
    /* Of its own, so that it outlives its place among those kept. */
    EVP_PKEY_up_ref(key.handle);
    arena_defer(a, release, key.handle);
    *ret = key;
    return true;
}

bool
public_key_fits(const struct public_key *key, enum signature_algorithm algorithm)
{
    switch (algorithm) {
    case SIGNATURE_RS256:
    case SIGNATURE_RS384:
    case SIGNATURE_RS512:
        return key->kind == KEY_RSA;
    case SIGNATURE_ES256:
        return key->kind == KEY_P256;
    case SIGNATURE_EDDSA:
        return key->kind == KEY_ED25519;
    default:
        return false;
    }
}

/* Signatures. */

static const EVP_MD *
digest_of(enum signature_algorithm algorithm)
{
    switch (algorithm) {
    case SIGNATURE_RS384:
        return EVP_sha384();
    case SIGNATURE_RS512:
        return EVP_sha512();
    case SIGNATURE_EDDSA:
        return NULL; /* hashes by itself */
    default:
        return EVP_sha256();
    }
}

static bool
verify(EVP_PKEY *key, enum signature_algorithm algorithm, struct slice text,
       const unsigned char *signature, size_t n)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool        holds = ctx != NULL &&
                 EVP_DigestVerifyInit(ctx, NULL, digest_of(algorithm), NULL, key) == 1 &&
                 EVP_DigestVerify(ctx, signature, n, (const unsigned char *)text.p, text.n) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return holds;
}

/* RFC 7518, 3.4: r and s as they are; OpenSSL takes them in DER. */
static bool
verify_ecdsa(EVP_PKEY *key, struct slice text, struct slice signature)
{
    const unsigned char *p = (const unsigned char *)signature.p;
    unsigned char       *der = NULL;
    ECDSA_SIG           *sig = ECDSA_SIG_new();
    BIGNUM              *r, *s;
    int                  n = -1;
    bool                 holds;

    if (sig == NULL || signature.n != 64) {
        ECDSA_SIG_free(sig);
        return false;
    }
    r = BN_bin2bn(p, 32, NULL);
    s = BN_bin2bn(p + 32, 32, NULL);
    if (r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
        n = i2d_ECDSA_SIG(sig, &der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    holds = n > 0 && verify(key, SIGNATURE_ES256, text, der, (size_t)n);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return holds;
}

bool
signature_holds(const struct public_key *key, enum signature_algorithm algorithm, struct slice text,
                struct slice signature)
{
    if (!public_key_fits(key, algorithm) || signature.n == 0)
        return false;
    return algorithm == SIGNATURE_ES256 ? verify_ecdsa(key->handle, text, signature)
                                        : verify(key->handle, algorithm, text,
                                                 (const unsigned char *)signature.p, signature.n);
}

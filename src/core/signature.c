#include "core/signature.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "core/digest.h"

enum { RSA_BITS_MIN = 1024, RSA_BITS_MAX = 8192, KEPT = 64, PEM_BYTES_MAX = 16 * 1024 };
enum { MODULUS_BYTES_MAX = RSA_BITS_MAX / 8, EXPONENT_BYTES_MAX = 8, COORDINATE_BYTES = 32 };

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

static void
end_build(OSSL_PARAM_BLD *const *b)
{
    OSSL_PARAM_BLD_free(*b);
}

/* The public key that the parameters name, or NULL: a point that is not on its curve is refused here. */
static EVP_PKEY *
build(const char *type, OSSL_PARAM_BLD *from)
{
    OSSL_PARAM   *params = OSSL_PARAM_BLD_to_param(from);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY     *key = NULL;

    if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    ERR_clear_error();
    return key;
}

static EVP_PKEY *
make_rsa(const struct key_parts *parts)
{
    SCOPED(end_build) OSSL_PARAM_BLD *from = OSSL_PARAM_BLD_new();
    BIGNUM   *n = BN_bin2bn((const unsigned char *)parts->n.p, (int)parts->n.n, NULL);
    BIGNUM   *e = BN_bin2bn((const unsigned char *)parts->e.p, (int)parts->e.n, NULL);
    EVP_PKEY *key = NULL;

    if (from != NULL && n != NULL && e != NULL &&
        OSSL_PARAM_BLD_push_BN(from, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(from, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = build("RSA", from);
    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *
make_p256(const struct key_parts *parts)
{
    SCOPED(end_build) OSSL_PARAM_BLD *from = OSSL_PARAM_BLD_new();
    unsigned char point[1 + 2 * COORDINATE_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };

    memcpy(point + 1, parts->x.p, COORDINATE_BYTES);
    memcpy(point + 1 + COORDINATE_BYTES, parts->y.p, COORDINATE_BYTES);
    if (from == NULL ||
        OSSL_PARAM_BLD_push_utf8_string(from, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(from, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) != 1)
        return NULL;
    return build("EC", from);
}

/* What is wrong with the sizes: they are held against their limits before anything is counted with them. */
static enum cause_id
check_sizes(const struct key_parts *parts)
{
    switch (parts->kind) {
    case KEY_RSA:
        if (parts->n.n > MODULUS_BYTES_MAX)
            return CAUSE_KEY_LONG;
        return parts->e.n <= EXPONENT_BYTES_MAX ? CAUSE_NONE : CAUSE_KEY_EXPONENT;
    case KEY_P256:
        return parts->x.n == COORDINATE_BYTES && parts->y.n == COORDINATE_BYTES ? CAUSE_NONE
                                                                                : CAUSE_KEY_CURVE;
    case KEY_ED25519:
        return parts->x.n == COORDINATE_BYTES ? CAUSE_NONE : CAUSE_KEY_CURVE;
    }
    return CAUSE_KEY_KIND;
}

static EVP_PKEY *
make(const struct key_parts *parts)
{
    switch (parts->kind) {
    case KEY_RSA:
        return make_rsa(parts);
    case KEY_P256:
        return make_p256(parts);
    case KEY_ED25519:
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                           (const unsigned char *)parts->x.p, parts->x.n);
    }
    return NULL;
}

bool
public_key_make(struct arena *a, const struct key_parts *parts, struct public_key *ret,
                enum cause_id *ret_why)
{
    struct public_key key = { 0 };

    *ret_why = check_sizes(parts);
    if (*ret_why != CAUSE_NONE)
        return false;
    key.handle = make(parts);
    *ret_why = key.handle == NULL ? CAUSE_KEY_CURVE : check(key.handle, &key);
    if (*ret_why != CAUSE_NONE) {
        EVP_PKEY_free(key.handle);
        return false;
    }
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

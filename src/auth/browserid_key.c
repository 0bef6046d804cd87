/* Keys of BrowserID: RSA, and DSA in two groups. */
#include "browserid_int.h"

#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "core/signature.h"

/* FIPS 186-3's first test vectors, which are all that BrowserID's clients generate. A key in a group of its own
 * choice proves nothing: with g = 1 and y = 1 anybody signs. */
static const struct group {
    int         strength;
    const char *p, *q, *g;
} groups[] = {
    { 128,
      "ff600483db6abfc5b45eab78594b3533d550d9f1bf2a992a7a8daa6dc34f8045ad4e6e0c429d334eeeaaefd7e23d"
      "4810be00e4cc1492cba325ba81ff2d5a5b305a8d17eb3bf4a06a349d392e00d329744a5179380344e82a18c47933"
      "438f891e22aeef812d69c8f75e326cb70ea000c3f776dfdbd604638c2ef717fc26d02e17",
      "e21e04f911d1ed7991008ecaab3bf775984309c3",
      "c52a4a0ff3b7e61fdf1867ce84138369a6154f4afa92966e3c827e25cfa6cf508b90e5de419e1337e07a2e9e2a3c"
      "d5dea704d175f8ebf6af397d69e110b96afb17c7a03259329e4829b0d03bbc7896b15b4ade53e130858cc34d9626"
      "9aa89041f409136c7242a38895c9d5bccad4f389af1d7a4bd1398bd072dffa896233397a" },
    { 256,
      "d6c4e5045697756c7a312d02c2289c25d40f9954261f7b5876214b6df109c738b76226b199bb7e33f8fc7ac1dcc3"
      "16e1e7c78973951bfc6ff2e00cc987cd76fcfb0b8c0096b0b460fffac960ca4136c28f4bfb580de47cf7e7934c39"
      "85e3b3d943b77f06ef2af3ac3494fc3c6fc49810a63853862a02bb1c824a01b7fc688e4028527a58ad58c9d51292"
      "2660db5d505bc263af293bc93bcd6d885a157579d7f52952236dd9d06a4fc3bc2247d21f1a70f5848eb017651353"
      "7c983f5a36737f01f82b44546e8e7f0fabc457e3de1d9c5dba96965b10a2a0580b0ad0f88179e10066107fb74314"
      "a07e6745863bc797b7002ebec0b000a98eb697414709ac17b401",
      "b1e370f6472c8754ccd75e99666ec8ef1fd748b748bbbc08503d82ce8055ab3b",
      "9a8269ab2e3b733a5242179d8f8ddb17ff93297d9eab00376db211a22b19c854dfa80166df2132cbc51fb224b090"
      "4abb22da2c7b7850f782124cb575b116f41ea7c4fc75b1d77525204cd7c23a15999004c23cdeb72359ee74e886a1"
      "dde7855ae05fe847447d0a68059002c3819a75dc7dcbb30e39efac36e07e2c404b7ca98b263b25fa314ba93c0625"
      "718bd489cea6d04ba4b0b7f156eeb4c56c44b50e4fb5bce9d7ae0d55b379225feb0214a04bed72f33e0664d290e7"
      "c840df3e2abb5e48189fa4e90646f1867db289c6560476799f7be8420a6dc01d078de437f280fff2d7ddf1248d56"
      "e1a54b933a41629d6c252983c58795105802d30d7bcd819cf6ef" },
};

enum { NUMBER_CHARS_MAX = 700, EXPONENT_BITS_MAX = 64 };
enum radix { DECIMAL, HEX, BASE64URL };

static void
end_number(void *number)
{
    BN_free(number);
}

/* Ends with the arena. */
static BIGNUM *
number_kept(struct arena *a, BIGNUM *number)
{
    if (number != NULL)
        arena_defer(a, end_number, number);
    return number;
}

static bool
is_digits(struct slice text, bool hex)
{
    for (size_t i = 0; i < text.n; i++)
        if (hex ? hex_digit(text.p[i]) < 0 : (text.p[i] < '0' || text.p[i] > '9'))
            return false;
    return text.n > 0;
}

/* NULL when it is none. */
static BIGNUM *
number_read(struct arena *a, json_object *doc, const char *name, enum radix radix)
{
    struct slice text = json_get_text(doc, name), bytes;
    BIGNUM      *number = NULL;

    if (text.n == 0 || text.n > NUMBER_CHARS_MAX)
        return NULL;
    if (radix == BASE64URL)
        return base64url_decode(a, text, &bytes)
                   ? number_kept(a, BN_bin2bn((const unsigned char *)bytes.p, (int)bytes.n, NULL))
                   : NULL;
    if (!is_digits(text, radix == HEX))
        return NULL;
    if (radix == HEX)
        (void)BN_hex2bn(&number, arena_str(a, text));
    else
        (void)BN_dec2bn(&number, arena_str(a, text));
    return number_kept(a, number);
}

static BIGNUM *
number_of_hex(struct arena *a, const char *hex)
{
    BIGNUM *number = NULL;

    (void)BN_hex2bn(&number, hex);
    return number_kept(a, number);
}

struct part {
    const char   *name;
    const BIGNUM *number;
};

static void
end_key(void *key)
{
    EVP_PKEY_free(key);
}

/* NULL when OpenSSL takes it for no key. */
static EVP_PKEY *
key_make(struct arena *a, const char *type, const struct part *parts, size_t count)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX   *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM     *params = NULL;
    EVP_PKEY       *key = NULL;
    bool            good = build != NULL && ctx != NULL;

    for (size_t i = 0; good && i < count; i++)
        good = OSSL_PARAM_BLD_push_BN(build, parts[i].name, parts[i].number) == 1;
    if (good && (params = OSSL_PARAM_BLD_to_param(build)) != NULL &&
        EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    if (key != NULL)
        arena_defer(a, end_key, key);
    return key;
}

/* One bit more or less is tolerated, as the library does. RSA of 512 bits, its RS64, is none. */
static int
rsa_strength(int bits)
{
    if (bits >= 1023 && bits <= 1025)
        return 128;
    return bits >= 2047 && bits <= 2049 ? 256 : 0;
}

static bool
read_rsa(struct arena *a, json_object *doc, bool is_jwk, struct browserid_key *ret)
{
    BIGNUM *n = number_read(a, doc, "n", is_jwk ? BASE64URL : DECIMAL);
    BIGNUM *e = number_read(a, doc, "e", is_jwk ? BASE64URL : DECIMAL);

    if (n == NULL || e == NULL)
        return false;
    ret->kind = BROWSERID_RS;
    ret->strength = rsa_strength(BN_num_bits(n));
    /* A small exponent has let padding be forged, and one as long as n costs as much as signing. */
    if (ret->strength == 0 || !BN_is_odd(n) || !BN_is_odd(e) || BN_num_bits(e) < 17 ||
        BN_num_bits(e) > EXPONENT_BITS_MAX)
        return false;
    ret->handle = key_make(
        a, "RSA", (struct part[]){ { OSSL_PKEY_PARAM_RSA_N, n }, { OSSL_PKEY_PARAM_RSA_E, e } }, 2);
    return ret->handle != NULL;
}

/* 1 < y < p, and y^q = 1: in the group that g generates. */
static bool
is_in_group(const BIGNUM *y, const BIGNUM *p, const BIGNUM *q)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *power = BN_new();
    bool good = ctx != NULL && power != NULL && BN_cmp(y, BN_value_one()) > 0 && BN_cmp(y, p) < 0 &&
                BN_mod_exp(power, y, q, p, ctx) == 1 && BN_is_one(power);

    BN_free(power);
    BN_CTX_free(ctx);
    return good;
}

static bool
read_dsa(struct arena *a, json_object *doc, bool is_jwk, struct browserid_key *ret)
{
    enum radix radix = is_jwk ? BASE64URL : HEX;
    BIGNUM    *y = number_read(a, doc, "y", radix), *p = number_read(a, doc, "p", radix);
    BIGNUM    *q = number_read(a, doc, "q", radix), *g = number_read(a, doc, "g", radix);

    if (y == NULL || p == NULL || q == NULL || g == NULL)
        return false;
    ret->kind = BROWSERID_DS;
    ret->strength = 0;
    for (size_t i = 0; i < COUNT_OF(groups) && ret->strength == 0; i++)
        if (BN_cmp(p, number_of_hex(a, groups[i].p)) == 0 &&
            BN_cmp(q, number_of_hex(a, groups[i].q)) == 0 &&
            BN_cmp(g, number_of_hex(a, groups[i].g)) == 0)
            ret->strength = groups[i].strength;
    if (ret->strength == 0 || !is_in_group(y, p, q))
        return false;
    ret->handle = key_make(a, "DSA",
                           (struct part[]){ { OSSL_PKEY_PARAM_FFC_P, p },
                                            { OSSL_PKEY_PARAM_FFC_Q, q },
                                            { OSSL_PKEY_PARAM_FFC_G, g },
                                            { OSSL_PKEY_PARAM_PUB_KEY, y } },
                           4);
    return ret->handle != NULL;
}

bool
browserid_key_read(struct arena *a, json_object *doc, struct browserid_key *ret)
{
    struct slice algorithm = json_get_text(doc, "algorithm"), kty = json_get_text(doc, "kty");
    struct slice kind = algorithm.n > 0 ? algorithm : kty;

    if (slice_eq(kind, SL("RS")) || slice_eq(kind, SL("RSA")))
        return read_rsa(a, doc, kty.n > 0, ret);
    if (slice_eq(kind, SL("DS")) || slice_eq(kind, SL("DSA")))
        return read_dsa(a, doc, kty.n > 0, ret);
    return false;
}

struct slice
browserid_key_algorithm(struct arena *a, const struct browserid_key *key)
{
    return arena_printf(a, "%s%d", key->kind == BROWSERID_RS ? "RS" : "DS", key->strength);
}

static void
put_number(struct arena *a, json_object *doc, const struct browserid_key *key, const char *name,
           const char *param)
{
    BIGNUM *number = NULL;
    char   *text = NULL;

    if (EVP_PKEY_get_bn_param(key->handle, param, &number) == 1)
        text = key->kind == BROWSERID_RS ? BN_bn2dec(number) : BN_bn2hex(number);
    BN_free(number);
    json_put_text(doc, name, arena_lower(a, slice_str(text)));
    OPENSSL_free(text);
}

json_object *
browserid_key_json(struct arena *a, const struct browserid_key *key)
{
    json_object *doc = json_object_new_object();

    json_put_text(doc, "algorithm", key->kind == BROWSERID_RS ? SL("RS") : SL("DS"));
    if (key->kind == BROWSERID_RS) {
        put_number(a, doc, key, "n", OSSL_PKEY_PARAM_RSA_N);
        put_number(a, doc, key, "e", OSSL_PKEY_PARAM_RSA_E);
        return doc;
    }
    put_number(a, doc, key, "y", OSSL_PKEY_PARAM_PUB_KEY);
    put_number(a, doc, key, "p", OSSL_PKEY_PARAM_FFC_P);
    put_number(a, doc, key, "q", OSSL_PKEY_PARAM_FFC_Q);
    put_number(a, doc, key, "g", OSSL_PKEY_PARAM_FFC_G);
    return doc;
}

/* To its full length; SLICE_NONE when it is longer. */
static struct slice
padded(struct arena *a, struct slice signature, size_t length)
{
    char *to = arena_alloc(a, length);

    if (signature.n == 0 || signature.n > length)
        return SLICE_NONE;
    memcpy(to + length - signature.n, signature.p, signature.n);
    return (struct slice){ to, length };
}

/* The range is the standard's. A verifier that takes s = q finds r = 1 good for every text and every key. */
static bool
is_in_range(const BIGNUM *number, const BIGNUM *q)
{
    return number != NULL && !BN_is_zero(number) && BN_cmp(number, q) < 0;
}

/* r and s as OpenSSL takes them; 0 when they are out of range. */
static int
dsa_der(struct slice signature, const BIGNUM *q, unsigned char **ret)
{
    const unsigned char *p = (const unsigned char *)signature.p;
    int                  half = (int)signature.n / 2, n = 0;
    BIGNUM              *r = BN_bin2bn(p, half, NULL), *s = BN_bin2bn(p + half, half, NULL);
    DSA_SIG             *sig = DSA_SIG_new();

    if (sig != NULL && is_in_range(r, q) && is_in_range(s, q) && DSA_SIG_set0(sig, r, s) == 1) {
        n = i2d_DSA_SIG(sig, ret);
    } else {
        BN_free(r);
        BN_free(s);
    }
    DSA_SIG_free(sig);
    return n < 0 ? 0 : n;
}

static bool
dsa_holds(struct arena *a, const struct browserid_key *key, struct slice text,
          struct slice signature)
{
    const EVP_MD *md = key->strength == 128 ? EVP_sha1() : EVP_sha256();
    size_t        half = (size_t)EVP_MD_get_size(md); /* q is as long */
    unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
    unsigned      digest_bytes = 0;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->handle, NULL);
    BIGNUM       *q = NULL;
    int           n = 0;
    bool          holds;

    signature = padded(a, signature, 2 * half);
    if (signature.n > 0 && EVP_PKEY_get_bn_param(key->handle, OSSL_PKEY_PARAM_FFC_Q, &q) == 1)
        n = dsa_der(signature, q, &der);
    holds = n > 0 && ctx != NULL &&
            EVP_Digest(text.p, text.n, digest, &digest_bytes, md, NULL) == 1 &&
            EVP_PKEY_verify_init(ctx) == 1 &&
            EVP_PKEY_verify(ctx, der, (size_t)n, digest, digest_bytes) == 1;
    OPENSSL_free(der);
    BN_free(q);
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return holds;
}

bool
browserid_key_holds(struct arena *a, const struct browserid_key *key, struct slice text,
                    struct slice signature)
{
    struct public_key rsa = { KEY_RSA, EVP_PKEY_get_bits(key->handle), key->handle };

    if (key->kind == BROWSERID_DS)
        return dsa_holds(a, key, text, signature);
    /* SHA-256 whatever the class says. */
    return signature_holds(&rsa, SIGNATURE_RS256, text,
                           padded(a, signature, (size_t)EVP_PKEY_get_size(key->handle)));
}

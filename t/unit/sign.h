/* Keys and signed badges, made while a test runs. */
#ifndef OBI_TEST_SIGN_H
#define OBI_TEST_SIGN_H

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "test.h"

#include "core/digest.h"

static inline EVP_PKEY *
sign_key(const char *kind)
{
    EVP_PKEY *key = strcmp(kind, "P-256") == 0     ? EVP_EC_gen("P-256")
                    : strcmp(kind, "P-384") == 0   ? EVP_EC_gen("P-384")
                    : strcmp(kind, "ED25519") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                                   : EVP_RSA_gen((unsigned)atoi(kind));

    assert_non_null(key);
    return key;
}

static inline struct slice
sign_pem(struct arena *a, EVP_PKEY *key)
{
    BIO         *out = BIO_new(BIO_s_mem());
    char        *p;
    long         n;
    struct slice pem;

    assert_int_equal(PEM_write_bio_PUBKEY(out, key), 1);
    n = BIO_get_mem_data(out, &p);
    pem = arena_copy(a, (struct slice){ p, (size_t)n });
    BIO_free(out);
    return pem;
}

/* A number of a public key ("n", "e", "qx", "qy"), in at least so many bytes. */
static inline struct slice
sign_number(struct arena *a, EVP_PKEY *key, const char *name, int bytes)
{
    BIGNUM        *n = NULL;
    unsigned char *to = arena_alloc(a, 1024);

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
    if (bytes < BN_num_bytes(n))
        bytes = BN_num_bytes(n);
    assert_int_equal(BN_bn2binpad(n, to, bytes), bytes);
    BN_free(n);
    return (struct slice){ (char *)to, (size_t)bytes };
}

/* What a JWS of that algorithm has as its signature over `text`. */
static inline struct slice
sign_text(struct arena *a, EVP_PKEY *key, const char *algorithm, struct slice text)
{
    const EVP_MD        *md = strcasecmp(algorithm, "EdDSA") == 0   ? NULL
                              : strcasecmp(algorithm, "RS384") == 0 ? EVP_sha384()
                              : strcasecmp(algorithm, "RS512") == 0 ? EVP_sha512()
                                                                    : EVP_sha256();
    EVP_MD_CTX          *ctx = EVP_MD_CTX_new();
    size_t               n = 1024;
    unsigned char       *bytes = arena_alloc(a, n), *raw;
    const unsigned char *p = bytes;
    ECDSA_SIG           *sig;

    assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)text.p, text.n), 1);
    EVP_MD_CTX_free(ctx);
    if (strcasecmp(algorithm, "ES256") != 0)
        return (struct slice){ (char *)bytes, n };
    sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    raw = arena_alloc(a, 64);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
    return (struct slice){ (char *)raw, 64 };
}

static inline struct slice
sign_jws_with(struct arena *a, EVP_PKEY *key, const char *algorithm, const char *header,
              const char *payload)
{
    struct slice text =
        arena_printf(a, "%.*s.%.*s", SLICE_FMT(base64url_encode(a, slice_str(header))),
                     SLICE_FMT(base64url_encode(a, slice_str(payload))));
    struct slice signature = sign_text(a, key, algorithm, text);

    return arena_printf(a, "%.*s.%.*s", SLICE_FMT(text), SLICE_FMT(base64url_encode(a, signature)));
}

static inline struct slice
sign_jws(struct arena *a, EVP_PKEY *key, const char *algorithm, const char *payload)
{
    return sign_jws_with(a, key, algorithm, arena_printf(a, "{\"alg\":\"%s\"}", algorithm).p,
                         payload);
}

#endif

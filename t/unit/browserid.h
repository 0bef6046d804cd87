/* What tests of BrowserID share: keys of its kinds, backed assertions, and a web of support documents. */
#ifndef OBI_TEST_BROWSERID_H
#define OBI_TEST_BROWSERID_H

#include "sign.h"

#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/browserid.h"

/* The two groups of DSA; facts: browserid-crypto's lib/algs/ds.js. */
static const char *const dsa_groups[2][3] = {
    { "ff600483db6abfc5b45eab78594b3533d550d9f1bf2a992a7a8daa6dc34f8045ad4e6e0c429d334eeeaaefd7e23d"
      "4810be00e4cc1492cba325ba81ff2d5a5b305a8d17eb3bf4a06a349d392e00d329744a5179380344e82a18c47933"
      "438f891e22aeef812d69c8f75e326cb70ea000c3f776dfdbd604638c2ef717fc26d02e17",
      "e21e04f911d1ed7991008ecaab3bf775984309c3",
      "c52a4a0ff3b7e61fdf1867ce84138369a6154f4afa92966e3c827e25cfa6cf508b90e5de419e1337e07a2e9e2a3c"
      "d5dea704d175f8ebf6af397d69e110b96afb17c7a03259329e4829b0d03bbc7896b15b4ade53e130858cc34d9626"
      "9aa89041f409136c7242a38895c9d5bccad4f389af1d7a4bd1398bd072dffa896233397a" },
    { "d6c4e5045697756c7a312d02c2289c25d40f9954261f7b5876214b6df109c738b76226b199bb7e33f8fc7ac1dcc3"
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

/* A key, what it signs with, and how it is published. */
struct pair {
    EVP_PKEY   *key;
    const char *algorithm;
    char        json[4200]; /* the older form */
};

static void
put_bn(char *to, size_t room, EVP_PKEY *key, const char *param, bool is_decimal)
{
    BIGNUM *n = NULL;
    char   *text;

    assert_int_equal(EVP_PKEY_get_bn_param(key, param, &n), 1);
    text = is_decimal ? BN_bn2dec(n) : BN_bn2hex(n);
    for (char *at = text; *at != '\0'; at++)
        *at = (char)(*at >= 'A' && *at <= 'F' ? *at + 32 : *at);
    snprintf(to, room, "%s", text[0] == '0' ? text + 1 : text);
    OPENSSL_free(text);
    BN_free(n);
}

static struct pair
pair_rsa(const char *algorithm, unsigned bits)
{
    struct pair made = { EVP_RSA_gen(bits), algorithm, "" };
    char        n[1300], e[30];

    assert_non_null(made.key);
    put_bn(n, sizeof n, made.key, OSSL_PKEY_PARAM_RSA_N, true);
    put_bn(e, sizeof e, made.key, OSSL_PKEY_PARAM_RSA_E, true);
    snprintf(made.json, sizeof made.json, "{\"algorithm\":\"RS\",\"n\":\"%s\",\"e\":\"%s\"}", n, e);
    return made;
}

static EVP_PKEY *
dsa_parameters(const char *const group[3])
{
    static const char *const names[] = { OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_Q,
                                         OSSL_PKEY_PARAM_FFC_G };
    OSSL_PARAM_BLD          *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX            *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
    BIGNUM                  *numbers[3] = { NULL };
    OSSL_PARAM              *params;
    EVP_PKEY                *key = NULL;

    for (int i = 0; i < 3; i++) {
        BN_hex2bn(&numbers[i], group[i]);
        OSSL_PARAM_BLD_push_BN(build, names[i], numbers[i]);
    }
    params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEY_PARAMETERS, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    for (int i = 0; i < 3; i++)
        BN_free(numbers[i]);
    return key;
}

static struct pair
pair_dsa(const char *algorithm, const char *const group[3])
{
    struct pair   made = { NULL, algorithm, "" };
    EVP_PKEY     *parameters = dsa_parameters(group);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(parameters, NULL);
    char          y[600];

    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_keygen(ctx, &made.key), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(parameters);
    put_bn(y, sizeof y, made.key, OSSL_PKEY_PARAM_PUB_KEY, false);
    snprintf(made.json, sizeof made.json,
             "{\"algorithm\":\"DS\",\"y\":\"%s\",\"p\":\"%s\",\"q\":\"%s\",\"g\":\"%s\"}", y,
             group[0], group[1], group[2]);
    return made;
}

/* r and s, as long as q each. */
static struct slice
sign_dsa(struct arena *a, const struct pair *pair, struct slice text)
{
    bool                 is_short = strcmp(pair->algorithm, "DS128") == 0;
    int                  half = is_short ? 20 : 32;
    unsigned char        digest[EVP_MAX_MD_SIZE], der[200], *raw = arena_alloc(a, 64);
    const unsigned char *p = der;
    unsigned             digest_bytes;
    size_t               n = sizeof der;
    EVP_PKEY_CTX        *ctx = EVP_PKEY_CTX_new(pair->key, NULL);
    DSA_SIG             *sig;
    const BIGNUM        *r, *s;

    EVP_Digest(text.p, text.n, digest, &digest_bytes, is_short ? EVP_sha1() : EVP_sha256(), NULL);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, der, &n, digest, digest_bytes), 1);
    EVP_PKEY_CTX_free(ctx);
    sig = d2i_DSA_SIG(NULL, &p, (long)n);
    DSA_SIG_get0(sig, &r, &s);
    BN_bn2binpad(r, raw, half);
    BN_bn2binpad(s, raw + half, half);
    DSA_SIG_free(sig);
    return (struct slice){ (char *)raw, (size_t)half * 2 };
}

static struct slice
signature_of(struct arena *a, const struct pair *pair, struct slice text)
{
    return pair->algorithm[0] == 'D' ? sign_dsa(a, pair, text)
                                     : sign_text(a, pair->key, "RS256", text);
}

static struct slice
signed_text(struct arena *a, const char *header, struct slice payload)
{
    return arena_printf(a, "%.*s.%.*s", SLICE_FMT(base64url_encode(a, slice_str(header))),
                        SLICE_FMT(base64url_encode(a, payload)));
}

static struct slice
token_with(struct arena *a, struct slice text, struct slice signature)
{
    return arena_printf(a, "%.*s.%.*s", SLICE_FMT(text), SLICE_FMT(base64url_encode(a, signature)));
}

static struct slice
token_of(struct arena *a, const struct pair *pair, const char *algorithm, struct slice payload)
{
    struct slice text = signed_text(a, arena_printf(a, "{\"alg\":\"%s\"}", algorithm).p, payload);

    return token_with(a, text, signature_of(a, pair, text));
}

/* What answers on https. */
struct web_page {
    const char  *url, *type;
    int          status;
    struct slice body;
    const char  *final_url; /* NULL: no redirect */
    int64_t      fresh_s;
};
struct web {
    struct fetcher        fetcher;
    struct browserid_post post;
    struct web_page       pages[16];
    size_t                count;
    char                  asked[16][160];
    size_t                asked_count;
    struct slice          sent;
};

static struct web_page *
web_page_for(struct web *w, struct slice url)
{
    for (size_t i = 0; i < w->count; i++)
        if (slice_eq(slice_str(w->pages[i].url), url))
            return &w->pages[i];
    return NULL;
}

static enum err_code
web_get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
        struct err *e)
{
    struct web      *w = self;
    struct web_page *page = web_page_for(w, url);
    (void)a;
    (void)max_bytes;

    assert_true(w->asked_count < COUNT_OF(w->asked));
    snprintf(w->asked[w->asked_count++], sizeof w->asked[0], "%.*s", SLICE_FMT(url));
    if (page == NULL)
        return FAIL(e, FETCH_DNS, "no such page");
    *ret =
        (struct fetched){ .url = url,
                          .final_url = page->final_url == NULL ? url : slice_str(page->final_url),
                          .status = page->status,
                          .content_type = slice_str(page->type),
                          .body = page->body,
                          .fresh_s = page->fresh_s };
    return ERR_NONE;
}

static enum err_code
web_send(void *self, struct arena *a, struct slice url, struct slice form, size_t max_bytes,
         struct fetched *ret, struct err *e)
{
    struct web *w = self;

    w->sent = form;
    return web_get(self, a, url, max_bytes, ret, e);
}

static struct web_page *
web_put(struct web *w, const char *url, struct slice body)
{
    struct web_page *page = web_page_for(w, slice_str(url));

    if (page == NULL)
        page = &w->pages[w->count++];
    *page =
        (struct web_page){ .url = url, .type = "application/json", .status = 200, .body = body };
    return page;
}

#endif

/* What an authenticator says is taken only when all of it fits. The authenticator is a key of this file. */
#include "sign.h"

#include <openssl/core_names.h>

#include "auth/webauthn.h"
#include "core/arena.h"

#define ORIGIN "https://obi.example:8443"
#define CHALLENGE SL("0123456789abcdef0123456789abcdef")

static const struct webauthn_site site = { SL(ORIGIN), SL("obi.example") };

static struct arena *a;
static EVP_PKEY     *key;

static struct slice
client_data(const char *type, struct slice challenge, const char *origin, const char *more)
{
    return arena_printf(a, "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\"%s}", type,
                        base64url_encode(a, challenge).p, origin, more);
}

/* The COSE form of a P-256 key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}. */
static size_t
put_cose_key(unsigned char *to)
{
    static const unsigned char head[] = { 0xA5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32 };
    static const unsigned char middle[] = { 0x22, 0x58, 32 };
    unsigned char              point[65];
    size_t                     n;

    assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                     sizeof point, &n),
                     1);
    memcpy(to, head, sizeof head);
    memcpy(to + sizeof head, point + 1, 32);
    memcpy(to + sizeof head + 32, middle, sizeof middle);
    memcpy(to + sizeof head + 32 + sizeof middle, point + 33, 32);
    return sizeof head + 32 + sizeof middle + 32;
}

/* Authenticator data, with the key in it where flags has 64. */
static struct slice
auth_data(const char *rp_id, unsigned char flags, unsigned char count)
{
    struct sha256  rp = sha256_of(slice_str(rp_id));
    unsigned char *to = arena_alloc(a, 400);
    size_t         n = SHA256_BYTES;

    memcpy(to, rp.bytes, n);
    to[n++] = flags;
    n += 3;
    to[n++] = count;
    if ((flags & 64) != 0) {
        n += 16; /* which model it is: not said */
        n++;
        to[n++] = 4;
        memcpy(to + n, "cred", 4);
        n += 4;
        n += put_cose_key(to + n);
    }
    return (struct slice){ (char *)to, n };
}

static struct slice
signature_of(struct slice auth, struct slice client)
{
    struct sha256  hash = sha256_of(client);
    struct slice   parts = arena_printf(a, "%*s", (int)(auth.n + SHA256_BYTES), "");
    unsigned char *bytes = arena_alloc(a, 256);
    size_t         n = 256;
    EVP_MD_CTX    *ctx = EVP_MD_CTX_new();
    char          *text = arena_str(a, parts);

    memcpy(text, auth.p, auth.n);
    memcpy(text + auth.n, hash.bytes, SHA256_BYTES);
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(
        EVP_DigestSign(ctx, bytes, &n, (unsigned char *)text, auth.n + SHA256_BYTES), 1);
    EVP_MD_CTX_free(ctx);
    return (struct slice){ (char *)bytes, n };
}

static struct webauthn_key
made(void)
{
    struct webauthn_answer answer = { client_data("webauthn.create", CHALLENGE, ORIGIN, ""),
                                      auth_data("obi.example", 64 | 4 | 1, 0) };
    struct webauthn_key    k;
    struct err             e;

    assert_int_equal(
        webauthn_new_key(a, &site, CHALLENGE, &answer, WEBAUTHN_ES256, &k, &e), ERR_NONE);
    return k;
}

static void
a_new_key_is_read_and_signs_in(void **state)
{
    struct webauthn_key    k = made();
    struct slice           client = client_data("webauthn.get", CHALLENGE, ORIGIN, "");
    struct slice           auth = auth_data("obi.example", 4 | 1, 7);
    struct webauthn_answer answer = { client, auth };
    uint32_t               count;
    struct err             e;

    (void)state;
    assert_slice_equal(k.credential, SL("cred"));
    assert_int_equal(k.public_key.n, 64);
    assert_int_equal(webauthn_check(a, &site, CHALLENGE, &answer, signature_of(auth, client), &k,
                                    &count, &e),
                     ERR_NONE);
    assert_int_equal(count, 7);
}

static void
what_does_not_fit_makes_no_key(void **state)
{
    const struct {
        const char  *why;
        struct slice client, auth;
        int64_t      algorithm;
    } bad[] = {
        { "for signing in", client_data("webauthn.get", CHALLENGE, ORIGIN, ""),
          auth_data("obi.example", 69, 0), WEBAUTHN_ES256 },
        { "another challenge", client_data("webauthn.create", SL("another"), ORIGIN, ""),
          auth_data("obi.example", 69, 0), WEBAUTHN_ES256 },
        { "another origin", client_data("webauthn.create", CHALLENGE, "https://obi.example", ""),
          auth_data("obi.example", 69, 0), WEBAUTHN_ES256 },
        { "in a frame", client_data("webauthn.create", CHALLENGE, ORIGIN, ",\"crossOrigin\":true"),
          auth_data("obi.example", 69, 0), WEBAUTHN_ES256 },
        { "no JSON", SL("{'type'}"), auth_data("obi.example", 69, 0), WEBAUTHN_ES256 },
        { "another site's", client_data("webauthn.create", CHALLENGE, ORIGIN, ""),
          auth_data("evil.example", 69, 0), WEBAUTHN_ES256 },
        { "nobody there", client_data("webauthn.create", CHALLENGE, ORIGIN, ""),
          auth_data("obi.example", 68, 0), WEBAUTHN_ES256 },
        { "nobody verified", client_data("webauthn.create", CHALLENGE, ORIGIN, ""),
          auth_data("obi.example", 65, 0), WEBAUTHN_ES256 },
        { "no key in it", client_data("webauthn.create", CHALLENGE, ORIGIN, ""),
          auth_data("obi.example", 5, 0), WEBAUTHN_ES256 },
        { "another algorithm", client_data("webauthn.create", CHALLENGE, ORIGIN, ""),
          auth_data("obi.example", 69, 0), WEBAUTHN_RS256 },
        { "one that is not taken", client_data("webauthn.create", CHALLENGE, ORIGIN, ""),
          auth_data("obi.example", 69, 0), -35 },
        { "nothing", client_data("webauthn.create", CHALLENGE, ORIGIN, ""), SL(""),
          WEBAUTHN_ES256 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct webauthn_answer answer = { bad[i].client, bad[i].auth };
        struct webauthn_key    k;
        struct err             e;

        if (webauthn_new_key(a, &site, CHALLENGE, &answer, bad[i].algorithm, &k, &e) != ERR_PASSKEY)
            fail_msg("taken: %s", bad[i].why);
    }
}

static void
authenticator_data_cut_anywhere_makes_no_key(void **state)
{
    struct slice whole = auth_data("obi.example", 69, 0);

    (void)state;
    for (size_t n = 0; n < whole.n; n++) {
        struct webauthn_answer answer = { client_data("webauthn.create", CHALLENGE, ORIGIN, ""),
                                          arena_copy(a, slice_first(whole, n)) };
        struct webauthn_key    k;
        struct err             e;

        assert_int_equal(
            webauthn_new_key(a, &site, CHALLENGE, &answer, WEBAUTHN_ES256, &k, &e), ERR_PASSKEY);
    }
}

static void
what_does_not_fit_signs_nobody_in(void **state)
{
    struct webauthn_key k = made(), other = k;
    struct slice        client = client_data("webauthn.get", CHALLENGE, ORIGIN, "");
    struct slice        auth = auth_data("obi.example", 5, 7), good = signature_of(auth, client);
    struct slice        created = client_data("webauthn.create", CHALLENGE, ORIGIN, "");
    struct slice        elsewhere = client_data("webauthn.get", CHALLENGE, "https://evil.example", "");
    struct slice        framed = client_data("webauthn.get", CHALLENGE, ORIGIN, ",\"crossOrigin\":true");
    struct slice        old = client_data("webauthn.get", SL("yesterday's"), ORIGIN, "");
    struct slice        foreign = auth_data("evil.example", 5, 7);
    struct slice        unverified = auth_data("obi.example", 1, 7);
    char               *turned = arena_str(a, good);
    const struct {
        const char  *why;
        struct slice client, auth, signature;
    } bad[] = {
        { "another count", client, auth_data("obi.example", 5, 8), good },
        { "for a new key", created, auth, signature_of(auth, created) },
        { "another site's page", elsewhere, auth, signature_of(auth, elsewhere) },
        { "in a frame", framed, auth, signature_of(auth, framed) },
        { "an old challenge", old, auth, signature_of(auth, old) },
        { "another site's key", client, foreign, signature_of(foreign, client) },
        { "nobody verified", client, unverified, signature_of(unverified, client) },
        { "no signature", client, auth, SL("") },
        { "a changed signature", client, auth, { turned, good.n } },
        { "too little", client, slice_first(auth, 36), signature_of(slice_first(auth, 36), client) },
    };
    uint32_t   count;
    struct err e;

    (void)state;
    turned[good.n - 1] = (char)(turned[good.n - 1] ^ 1);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct webauthn_answer answer = { bad[i].client, bad[i].auth };

        if (webauthn_check(a, &site, CHALLENGE, &answer, bad[i].signature, &k, &count, &e) !=
            ERR_PASSKEY)
            fail_msg("taken: %s", bad[i].why);
    }
    other.algorithm = WEBAUTHN_EDDSA;
    assert_int_equal(webauthn_check(a, &site, CHALLENGE, &(struct webauthn_answer){ client, auth },
                                    good, &other, &count, &e),
                     ERR_PASSKEY);
}

static void
the_site_comes_from_the_base_url(void **state)
{
    struct webauthn_site s = webauthn_site_of(SL("https://obi.example:8443/badges"));

    (void)state;
    assert_slice_equal(s.origin, SL("https://obi.example:8443"));
    assert_slice_equal(s.rp_id, SL("obi.example"));
    s = webauthn_site_of(SL("http://localhost"));
    assert_slice_equal(s.origin, SL("http://localhost"));
    assert_slice_equal(s.rp_id, SL("localhost"));
}

static int
begin(void **state)
{
    (void)state;
    a = arena_new();
    key = sign_key("P-256");
    return 0;
}

static int
end(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    arena_free(a);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_key_is_read_and_signs_in),
        cmocka_unit_test(what_does_not_fit_makes_no_key),
        cmocka_unit_test(authenticator_data_cut_anywhere_makes_no_key),
        cmocka_unit_test(what_does_not_fit_signs_nobody_in),
        cmocka_unit_test(the_site_comes_from_the_base_url),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

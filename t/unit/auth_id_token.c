/* ID tokens: what is taken, and every way in which one is not. */
#include "sign.h"

#include "auth/id_token.h"
#include "json/json.h"

enum { NOW_S = 1800000000 };

static struct arena *a;
static EVP_PKEY     *rsa, *ec, *ed;
static struct jwks  *keys;

static struct slice
number_of(EVP_PKEY *key, const char *name, int bytes)
{
    return base64url_encode(a, sign_number(a, key, name, bytes));
}

/* `more`: members, with a comma behind each. */
static struct slice
jwk_of(EVP_PKEY *key, const char *more)
{
    size_t         n = 32;
    unsigned char *raw = arena_alloc(a, n);

    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return arena_printf(a, "{%s\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", more,
                            number_of(key, "n", 0).p, number_of(key, "e", 0).p);
    case EVP_PKEY_EC:
        return arena_printf(a, "{%s\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
                            more, number_of(key, "qx", 32).p, number_of(key, "qy", 32).p);
    default:
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &n), 1);
        return arena_printf(a, "{%s\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}", more,
                            base64url_encode(a, (struct slice){ (char *)raw, n }).p);
    }
}

static struct jwks *
set_of(struct slice members)
{
    struct jwks *set = NULL;
    struct err   e;

    if (jwks_parse(a, arena_printf(a, "{\"keys\":[%.*s]}", SLICE_FMT(members)), &set, &e) !=
        ERR_NONE)
        fail_msg("%s", e.detail);
    return set;
}

#define CLAIMS                                                                                     \
    "\"iss\":\"https://id.example\",\"aud\":\"obi\",\"sub\":\"248289761001\","                     \
    "\"nonce\":\"n-0S6\",\"iat\":1800000000,\"exp\":1800000300"

static enum err_code
check_with(const struct jwks *set, struct slice token, struct id_token *ret)
{
    struct id_token_want want = { .issuer = SL("https://id.example"),
                                  .client_id = SL("obi"),
                                  .nonce = SL("n-0S6"),
                                  .now_s = NOW_S };
    struct err           e;

    return id_token_check(a, token, set, &want, ret, &e);
}

static enum err_code
check(struct slice token)
{
    struct id_token ret;

    return check_with(keys, token, &ret);
}

/* A token of those claims, soundly signed. */
static struct slice
token_of(const char *claims)
{
    return sign_jws_with(a, rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"r\"}",
                         arena_printf(a, "{%s}", claims).p);
}

static void
a_sound_token_says_who_it_is_of(void **state)
{
    struct id_token got;
    (void)state;

    assert_int_equal(
        check_with(keys,
                   token_of(CLAIMS ",\"email\":\"ada@school.example\",\"email_verified\":true"),
                   &got),
        ERR_NONE);
    assert_slice_equal(got.subject, SL("248289761001"));
    assert_slice_equal(got.email, SL("ada@school.example"));
    assert_true(got.email_verified);
    assert_int_equal(check_with(keys, token_of(CLAIMS), &got), ERR_NONE);
    assert_null(got.email.p);
    assert_false(got.email_verified);
}

static void
only_a_true_is_a_verified_address(void **state)
{
    static const struct {
        const char *value;
        bool        verified;
    } all[] = { { "true", true }, { "\"true\"", true },  { "false", false }, { "\"false\"", false },
                { "1", false },   { "\"TRUE\"", false }, { "null", false },  { "[true]", false } };
    struct id_token got;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        assert_int_equal(
            check_with(keys,
                       token_of(arena_printf(a, CLAIMS ",\"email\":\"x\",\"email_verified\":%s",
                                             all[i].value)
                                    .p),
                       &got),
            ERR_NONE);
        assert_int_equal(got.email_verified, all[i].verified);
    }
}

static void
each_algorithm_is_taken_with_its_key(void **state)
{
    const char *claims = "{" CLAIMS "}";
    (void)state;

    assert_int_equal(
        check(sign_jws_with(a, ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"e\"}", claims)),
        ERR_NONE);
    assert_int_equal(
        check(sign_jws_with(a, ed, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"d\"}", claims)),
        ERR_NONE);
    /* Without a name every key that fits is tried. */
    assert_int_equal(check(sign_jws(a, rsa, "RS256", claims)), ERR_NONE);
    assert_int_equal(check(sign_jws(a, ec, "ES256", claims)), ERR_NONE);
}

static void
a_key_that_is_not_known_is_asked_for_again_and_a_wrong_one_is_not(void **state)
{
    EVP_PKEY   *other = sign_key("2048");
    const char *claims = "{" CLAIMS "}";
    (void)state;

    assert_int_equal(
        check(sign_jws_with(a, other, "RS256", "{\"alg\":\"RS256\",\"kid\":\"new\"}", claims)),
        ERR_OIDC_KEY);
    assert_int_equal(check(sign_jws(a, other, "RS256", claims)), ERR_OIDC_KEY);
    assert_int_equal(check_with(set_of(SL("")), token_of(CLAIMS), &(struct id_token){ 0 }),
                     ERR_OIDC_KEY);
    assert_int_equal(
        check(sign_jws_with(a, other, "RS256", "{\"alg\":\"RS256\",\"kid\":\"r\"}", claims)),
        ERR_OIDC_ANSWER);
    EVP_PKEY_free(other);
}

/* With the public key as a shared secret, as libraries that believe the header would. */
static struct slice
hmac_token(struct slice secret)
{
    struct slice text =
        arena_printf(a, "%s.%s", base64url_encode(a, SL("{\"alg\":\"HS256\",\"kid\":\"r\"}")).p,
                     base64url_encode(a, SL("{" CLAIMS "}")).p);
    unsigned char mac[32];
    EVP_PKEY     *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL,
                                                     (const unsigned char *)secret.p, secret.n);
    EVP_MD_CTX   *ctx = EVP_MD_CTX_new();
    size_t        n = sizeof mac;

    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, mac, &n, (const unsigned char *)text.p, text.n), 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return arena_printf(a, "%s.%s", text.p,
                        base64url_encode(a, (struct slice){ (char *)mac, n }).p);
}

static void
no_header_weakens_the_check(void **state)
{
    static const char *const headers[] = { "{\"alg\":\"none\",\"kid\":\"r\"}",
                                           "{\"alg\":\"None\"}",
                                           "{\"alg\":\"HS256\",\"kid\":\"r\"}",
                                           "{\"alg\":\"RS384\",\"kid\":\"r\"}",
                                           "{\"alg\":\"rs256\",\"kid\":\"r\"}",
                                           "{\"alg\":[\"RS256\"],\"kid\":\"r\"}",
                                           "{\"kid\":\"r\"}",
                                           "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"exp\"]}",
                                           "{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"r\"}",
                                           "\"RS256\"",
                                           "" };
    const char              *claims = "{" CLAIMS "}";
    struct slice             body = base64url_encode(a, slice_str(claims));
    (void)state;

    for (size_t i = 0; i < COUNT_OF(headers); i++)
        if (check(sign_jws_with(a, rsa, "RS256", headers[i], claims)) != ERR_OIDC_ANSWER)
            fail_msg("taken: %s", headers[i]);
    assert_int_equal(
        check(arena_printf(a, "%s.%s.", base64url_encode(a, SL("{\"alg\":\"none\"}")).p, body.p)),
        ERR_OIDC_ANSWER);
    /* Sound, and none of the three. */
    assert_int_equal(check(sign_jws(a, rsa, "RS384", claims)), ERR_OIDC_ANSWER);
    assert_int_equal(check(sign_jws(a, rsa, "RS512", claims)), ERR_OIDC_ANSWER);
    assert_int_equal(check(hmac_token(sign_pem(a, rsa))), ERR_OIDC_ANSWER);
    assert_int_equal(check(hmac_token(SL("obi-secret"))), ERR_OIDC_ANSWER);
    /* An algorithm of another kind of key than the one named; a key that the token brings itself. */
    assert_int_equal(
        check(sign_jws_with(a, ec, "ES256", "{\"alg\":\"ES256\",\"kid\":\"r\"}", claims)),
        ERR_OIDC_KEY);
    assert_int_equal(
        check(sign_jws_with(
            a, ec, "ES256",
            arena_printf(
                a, "{\"alg\":\"ES256\",\"kid\":\"x\",\"jwk\":%s,\"jku\":\"https://evil.example\"}",
                jwk_of(ec, "").p)
                .p,
            claims)),
        ERR_OIDC_KEY);
}

static void
each_claim_must_be_right(void **state)
{
    /* What replaces what in the good claims. */
    static const struct {
        const char *from, *to;
    } all[] = {
        { "https://id.example", "https://id.example/" },
        { "https://id.example", "https://evil.example" },
        { "\"iss\":\"https://id.example\",", "" },
        { "\"aud\":\"obi\"", "\"aud\":\"other\"" },
        { "\"aud\":\"obi\"", "\"aud\":[\"other\"]" },
        { "\"aud\":\"obi\"", "\"aud\":[]" },
        { "\"aud\":\"obi\"", "\"aud\":{\"obi\":\"obi\"}" },
        { "\"aud\":\"obi\"", "\"aud\":[\"obi\",\"other\"]" },
        { "\"aud\":\"obi\"", "\"aud\":[\"obi\",\"other\"],\"azp\":\"other\"" },
        { "\"aud\":\"obi\"", "\"aud\":\"obi\",\"azp\":\"other\"" },
        { "\"aud\":\"obi\"", "\"aud\":\"obi\",\"azp\":1" },
        { "\"aud\":\"obi\",", "" },
        { "n-0S6", "n-0S7" },
        { "n-0S6", "" },
        { "\"nonce\":\"n-0S6\",", "" },
        { "\"exp\":1800000300", "\"exp\":1799999940" },
        { "\"exp\":1800000300", "\"exp\":\"1800000300\"" },
        { ",\"exp\":1800000300", "" },
        { "\"iat\":1800000000", "\"iat\":1800000061" },
        { "\"iat\":1800000000", "\"iat\":1799999300" },
        { "\"iat\":1800000000,", "" },
        { "\"iat\":1800000000", "\"iat\":1800000000,\"nbf\":1800000061" },
        { "\"iat\":1800000000", "\"iat\":1800000000,\"nbf\":\"soon\"" },
        { "248289761001", "" },
        { "\"sub\":\"248289761001\"", "\"sub\":248289761001" },
        { "\"sub\":\"248289761001\",", "" },
        { "\"sub\":\"248289761001\"", "\"sub\":\"a\",\"sub\":\"b\"" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct slice good = SL(CLAIMS), from = slice_str(all[i].from);
        size_t       at;

        assert_true(slice_find(good, from, &at));
        if (check(token_of(
                arena_printf(a, "%.*s%s%s", (int)at, good.p, all[i].to, good.p + at + from.n).p)) !=
            ERR_OIDC_ANSWER)
            fail_msg("taken: %s for %s", all[i].to, all[i].from);
    }
}

static void
clocks_may_differ_by_a_minute_and_audiences_be_several(void **state)
{
    static const char *const good[] = {
        "\"aud\":[\"obi\"],\"iat\":1800000059,\"exp\":1799999941",
        "\"aud\":[\"other\",\"obi\"],\"azp\":\"obi\",\"iat\":1799999400,\"exp\":1800000300.5",
        "\"aud\":\"obi\",\"azp\":\"obi\",\"iat\":1800000000,\"nbf\":1800000059,\"exp\":9000000000",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_int_equal(
            check(token_of(
                arena_printf(a,
                             "\"iss\":\"https://id.example\",\"sub\":\"s\",\"nonce\":\"n-0S6\",%s",
                             good[i])
                    .p)),
            ERR_NONE);
}

static void
a_subject_has_at_most_255_bytes(void **state)
{
    char name[257];
    (void)state;

    memset(name, 's', 256);
    for (int n = 255; n <= 256; n++) {
        name[n] = '\0';
        assert_int_equal(
            check(token_of(arena_printf(a,
                                        "\"iss\":\"https://"
                                        "id.example\",\"aud\":\"obi\",\"sub\":\"%s\",\"nonce\":\"n-"
                                        "0S6\",\"iat\":1800000000,\"exp\":1800000300",
                                        name)
                               .p)),
            n == 255 ? ERR_NONE : ERR_OIDC_ANSWER);
        name[n] = 's';
    }
}

/* Every byte of a good token changed, left out, or the token cut there. */
static void
no_bent_token_is_taken(void **state)
{
    struct slice good = token_of(CLAIMS);
    (void)state;

    assert_int_equal(check(good), ERR_NONE);
    for (size_t at = 0; at < good.n; at++) {
        struct slice bent = arena_copy(a, good);

        assert_int_not_equal(check(slice_first(good, at)), ERR_NONE);
        ((char *)(uintptr_t)bent.p)[at] = bent.p[at] == 'A' ? 'B' : 'A';
        assert_int_not_equal(check(bent), ERR_NONE);
    }
    assert_int_not_equal(check(arena_printf(a, "%s.", good.p)), ERR_NONE);
    assert_int_not_equal(check(arena_printf(a, "%s=", good.p)), ERR_NONE);
    assert_int_not_equal(check(arena_printf(a, " %s", good.p)), ERR_NONE);
    assert_int_not_equal(check(SL("")), ERR_NONE);
    assert_int_not_equal(check(SL("..")), ERR_NONE);
    assert_int_not_equal(check(SL("e30.e30.e30")), ERR_NONE);
}

static void
keys_of_no_use_are_left_out_of_a_set(void **state)
{
    EVP_PKEY *weak = sign_key("1024");
    char     *zeros = arena_alloc(a, 20001);
    (void)state;

    memset(zeros, 'A', 20000);
    assert_int_equal(set_of(jwk_of(weak, ""))->count, 0);
    assert_int_equal(set_of(jwk_of(rsa, "\"use\":\"enc\","))->count, 0);
    assert_int_equal(set_of(jwk_of(rsa, "\"alg\":\"RSA-OAEP\","))->count, 0);
    assert_int_equal(set_of(jwk_of(rsa, "\"alg\":\"HS256\","))->count, 0);
    assert_int_equal(set_of(jwk_of(rsa, "\"use\":\"sig\",\"alg\":\"RS256\","))->count, 1);
    assert_int_equal(
        set_of(arena_printf(a, "{\"kty\":\"RSA\",\"n\":\"_%s\",\"e\":\"AQAB\"}", zeros))->count, 0);
    assert_int_equal(set_of(arena_printf(a, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}",
                                         number_of(rsa, "n", 0).p, zeros))
                         ->count,
                     0);
    assert_int_equal(
        set_of(
            SL("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"},{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":"
               "\"AA\",\"y\":\"AA\"},"
               "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"},{},null,1,[\"RSA\"],"
               "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"},{\"kty\":\"RSA\"},{\"kty\":"
               "\"RSA\",\"n\":1,\"e\":2}"))
            ->count,
        0);
    EVP_PKEY_free(weak);
}

static void
a_key_is_good_for_its_own_algorithm_alone(void **state)
{
    struct jwks *set = set_of(jwk_of(rsa, "\"alg\":\"RS512\",\"kid\":\"r\","));
    (void)state;

    assert_int_equal(set->count, 1);
    assert_int_equal(check_with(set, token_of(CLAIMS), &(struct id_token){ 0 }), ERR_OIDC_KEY);
}

static void
a_set_is_looked_at_up_to_its_limit(void **state)
{
    struct slice all = SL("");
    (void)state;

    for (int i = 0; i < JWKS_KEYS_MAX + 8; i++)
        all = arena_printf(a, "%.*s%s%s", SLICE_FMT(all), i == 0 ? "" : ",", jwk_of(ed, "").p);
    assert_int_equal(set_of(all)->count, JWKS_KEYS_MAX);
}

static void
what_is_no_set_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]", "null", "{\"keys\":[],\"keys\":[]}"
    };
    struct jwks *set;
    struct err   e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_not_equal(jwks_parse(a, slice_str(bad[i]), &set, &e), ERR_NONE);
}

static int
begin(void **state)
{
    (void)state;
    a = arena_new();
    rsa = sign_key("2048");
    ec = sign_key("P-256");
    ed = sign_key("ED25519");
    keys = set_of(arena_printf(a, "%s,%s,%s", jwk_of(rsa, "\"kid\":\"r\",").p,
                               jwk_of(ec, "\"kid\":\"e\",").p, jwk_of(ed, "\"kid\":\"d\",").p));
    assert_int_equal(keys->count, 3);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ed);
    arena_free(a);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_token_says_who_it_is_of),
        cmocka_unit_test(only_a_true_is_a_verified_address),
        cmocka_unit_test(each_algorithm_is_taken_with_its_key),
        cmocka_unit_test(a_key_that_is_not_known_is_asked_for_again_and_a_wrong_one_is_not),
        cmocka_unit_test(no_header_weakens_the_check),
        cmocka_unit_test(each_claim_must_be_right),
        cmocka_unit_test(clocks_may_differ_by_a_minute_and_audiences_be_several),
        cmocka_unit_test(a_subject_has_at_most_255_bytes),
        cmocka_unit_test(no_bent_token_is_taken),
        cmocka_unit_test(keys_of_no_use_are_left_out_of_a_set),
        cmocka_unit_test(a_key_is_good_for_its_own_algorithm_alone),
        cmocka_unit_test(a_set_is_looked_at_up_to_its_limit),
        cmocka_unit_test(what_is_no_set_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

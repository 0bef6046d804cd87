/* Signatures and keys: what holds, and above all what does not. */
#include "sign.h"

#include "core/signature.h"

static struct arena *a;

static bool
reads(struct slice pem, struct public_key *ret)
{
    enum cause_id why = CAUSE_NONE;
    bool          read = public_key_read(a, pem, ret, &why);

    if (!read)
        assert_int_not_equal(why, CAUSE_NONE);
    return read;
}

static void
each_algorithm_holds_with_its_own_key_alone(void **state)
{
    static const struct {
        const char *name, *kind;
    } all[] = { { "RS256", "2048" },
                { "RS384", "2048" },
                { "RS512", "2048" },
                { "ES256", "P-256" },
                { "EdDSA", "ED25519" } };
    struct slice text = SL("header.payload");
    (void)state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        EVP_PKEY         *key = sign_key(all[i].kind), *other = sign_key(all[i].kind);
        struct slice      made = sign_text(a, key, all[i].name, text), bent;
        struct public_key public_key, other_key;

        assert_true(reads(sign_pem(a, key), &public_key));
        assert_true(reads(sign_pem(a, other), &other_key));
        for (size_t k = 0; k < COUNT_OF(all); k++)
            assert_int_equal(signature_holds(&public_key,
                                             signature_algorithm_of(slice_str(all[k].name), false),
                                             text, made),
                             k == i);
        assert_false(signature_holds(
            &other_key, signature_algorithm_of(slice_str(all[i].name), false), text, made));
        assert_false(signature_holds(&public_key,
                                     signature_algorithm_of(slice_str(all[i].name), false),
                                     SL("header.payloae"), made));
        for (size_t at = 0; at < made.n; at += 13) {
            bent = arena_copy(a, made);
            ((char *)(uintptr_t)bent.p)[at] ^= 1;
            assert_false(signature_holds(
                &public_key, signature_algorithm_of(slice_str(all[i].name), false), text, bent));
        }
        assert_false(signature_holds(&public_key,
                                     signature_algorithm_of(slice_str(all[i].name), false), text,
                                     slice_first(made, made.n - 1)));
        assert_false(signature_holds(
            &public_key, signature_algorithm_of(slice_str(all[i].name), false), text, SL("")));
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
    }
}

/* r = 0, s = 0 and the like must not verify anything. */
static void
degenerate_ecdsa_signatures_hold_nothing(void **state)
{
    EVP_PKEY         *key = sign_key("P-256");
    struct public_key public_key;
    char              bytes[64];
    (void)state;

    assert_true(reads(sign_pem(a, key), &public_key));
    for (int r = 0; r < 256; r += 255)
        for (int s = 0; s < 256; s += 255) {
            memset(bytes, r, 32);
            memset(bytes + 32, s, 32);
            assert_false(signature_holds(&public_key, SIGNATURE_ES256, SL("text"),
                                         (struct slice){ bytes, sizeof bytes }));
        }
    EVP_PKEY_free(key);
}

static void
names_of_algorithms_are_exact_but_for_old_badges(void **state)
{
    static const char *const none[] = { "none",  "None", "HS256", "HS512",  "PS256",
                                        "ES384", "RS1",  "",      "RS256 ", "rs2567" };
    (void)state;

    assert_int_equal(signature_algorithm_of(SL("RS256"), false), SIGNATURE_RS256);
    assert_int_equal(signature_algorithm_of(SL("rs256"), false), SIGNATURE_UNKNOWN);
    assert_int_equal(signature_algorithm_of(SL("rs256"), true), SIGNATURE_RS256);
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        assert_int_equal(signature_algorithm_of(slice_str(none[i]), false), SIGNATURE_UNKNOWN);
        assert_int_equal(signature_algorithm_of(slice_str(none[i]), true), SIGNATURE_UNKNOWN);
    }
    assert_int_equal(signature_algorithm_of(SLICE_NONE, true), SIGNATURE_UNKNOWN);
}

static struct slice
pkcs1_pem(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int            n = i2d_PublicKey(key, &der);
    struct slice   body = base64_encode(a, (struct slice){ (char *)der, (size_t)n });

    OPENSSL_free(der);
    return arena_printf(a, "-----BEGIN RSA PUBLIC KEY-----\n%.*s\n-----END RSA PUBLIC KEY-----",
                        SLICE_FMT(body));
}

static void
keys_are_read_as_they_are_published(void **state)
{
    EVP_PKEY         *key = sign_key("2048");
    struct public_key public_key;
    struct slice      pem = sign_pem(a, key), flat = arena_copy(a, pem);
    (void)state;

    assert_true(reads(pem, &public_key));
    assert_int_equal(public_key.kind, KEY_RSA);
    assert_int_equal(public_key.bits, 2048);
    assert_true(reads(pkcs1_pem(key), &public_key));
    assert_true(
        reads(arena_printf(a, "Bag Attributes\n  x\n%.*s\n\n", SLICE_FMT(pem)), &public_key));
    for (size_t i = 0; i < flat.n; i++)
        if (flat.p[i] == '\n')
            ((char *)(uintptr_t)flat.p)[i] = ' ';
    assert_true(reads(flat, &public_key));
    EVP_PKEY_free(key);
}

static void
what_is_no_sound_key_is_none(void **state)
{
    static const char *const bad[] = { "",
                                       "hello",
                                       "-----BEGIN PUBLIC KEY-----",
                                       "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
                                       "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
                                       "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----" };
    static const char *const kinds[] = { "512", "P-384" };
    struct public_key        public_key;
    BIO                     *out = BIO_new(BIO_s_mem());
    EVP_PKEY                *key = sign_key("2048");
    char                    *p;
    long                     n;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(reads(slice_str(bad[i]), &public_key));
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        EVP_PKEY *other = sign_key(kinds[i]);

        assert_false(reads(sign_pem(a, other), &public_key));
        EVP_PKEY_free(other);
    }
    /* Whoever publishes a private key lets everybody sign. */
    assert_int_equal(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    n = BIO_get_mem_data(out, &p);
    assert_false(reads((struct slice){ p, (size_t)n }, &public_key));
    BIO_free(out);
    EVP_PKEY_free(key);
}

/* More keys than are kept, each used after the others have taken its place. */
static void
a_key_outlives_its_place_among_those_kept(void **state)
{
    enum { MANY = 70 };
    struct public_key keys[MANY];
    struct slice      made[MANY];
    (void)state;

    for (int i = 0; i < MANY; i++) {
        EVP_PKEY *key = sign_key("ED25519");

        made[i] = sign_text(a, key, "EdDSA", SL("text"));
        assert_true(reads(sign_pem(a, key), &keys[i]));
        EVP_PKEY_free(key);
    }
    for (int i = 0; i < MANY; i++)
        assert_true(signature_holds(&keys[i], SIGNATURE_EDDSA, SL("text"), made[i]));
}

static struct key_parts
parts_of(EVP_PKEY *key)
{
    size_t         n = 32;
    unsigned char *raw = arena_alloc(a, n);

    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return (struct key_parts){ KEY_RSA, .n = sign_number(a, key, "n", 0),
                                   .e = sign_number(a, key, "e", 0) };
    case EVP_PKEY_EC:
        return (struct key_parts){ KEY_P256, .x = sign_number(a, key, "qx", 32),
                                   .y = sign_number(a, key, "qy", 32) };
    default:
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &n), 1);
        return (struct key_parts){ KEY_ED25519, .x = { (char *)raw, n } };
    }
}

static bool
makes(const struct key_parts *parts, struct public_key *ret, enum cause_id *ret_why)
{
    bool made = public_key_make(a, parts, ret, ret_why);

    assert_int_equal(made, *ret_why == CAUSE_NONE);
    return made;
}

static void
a_key_made_of_its_parts_is_the_key(void **state)
{
    static const struct {
        const char *kind, *algorithm;
    } all[] = { { "2048", "RS256" }, { "ED25519", "EdDSA" }, { "P-256", "ES256" } };
    struct public_key key;
    enum cause_id     why;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        EVP_PKEY        *made = sign_key(all[i].kind);
        struct slice     signature = sign_text(a, made, all[i].algorithm, SL("text"));
        struct key_parts parts = parts_of(made);

        assert_true(makes(&parts, &key, &why));
        assert_true(signature_holds(&key,
                                    signature_algorithm_of(slice_str(all[i].algorithm), false),
                                    SL("text"), signature));
        EVP_PKEY_free(made);
    }
}

static void
what_are_parts_of_no_sound_key_makes_none(void **state)
{
    EVP_PKEY         *short_key = sign_key("512"), *rsa = sign_key("2048");
    struct key_parts  parts = parts_of(short_key), good = parts_of(rsa);
    struct slice      huge = { arena_alloc(a, 100000), 100000 };
    char              point[64] = { 1 };
    struct public_key key;
    enum cause_id     why;
    (void)state;

    assert_false(makes(&parts, &key, &why));
    assert_int_equal(why, CAUSE_KEY_SHORT);
    memset((char *)(uintptr_t)huge.p, 0xFF, huge.n);
    parts = (struct key_parts){ KEY_RSA, .n = huge, .e = good.e };
    assert_false(makes(&parts, &key, &why));
    assert_int_equal(why, CAUSE_KEY_LONG);
    for (int i = 0; i < 5; i++) {
        static const struct slice exponents[] = { SL(""), SL("\0"), SL("\1"), SL("\2"),
                                                  SL("\1\0\0\0\0\0\0\0\1") };

        parts = (struct key_parts){ KEY_RSA, .n = good.n, .e = exponents[i] };
        assert_false(makes(&parts, &key, &why));
        assert_int_equal(why, CAUSE_KEY_EXPONENT);
    }
    parts = (struct key_parts){ KEY_RSA, .n = SL(""), .e = good.e };
    assert_false(makes(&parts, &key, &why));
    parts = (struct key_parts){ KEY_P256, .x = { point, 32 }, .y = { point + 32, 32 } };
    assert_false(makes(&parts, &key, &why)); /* no point of the curve */
    parts = (struct key_parts){ KEY_P256, .x = { point, 31 }, .y = { point, 32 } };
    assert_false(makes(&parts, &key, &why));
    parts = (struct key_parts){ KEY_ED25519, .x = { point, 31 } };
    assert_false(makes(&parts, &key, &why));
    EVP_PKEY_free(short_key);
    EVP_PKEY_free(rsa);
}

static int
begin(void **state)
{
    (void)state;
    a = arena_new();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_holds_with_its_own_key_alone),
        cmocka_unit_test(degenerate_ecdsa_signatures_hold_nothing),
        cmocka_unit_test(names_of_algorithms_are_exact_but_for_old_badges),
        cmocka_unit_test(keys_are_read_as_they_are_published),
        cmocka_unit_test(what_is_no_sound_key_is_none),
        cmocka_unit_test(a_key_made_of_its_parts_is_the_key),
        cmocka_unit_test(what_are_parts_of_no_sound_key_makes_none),
        cmocka_unit_test(a_key_outlives_its_place_among_those_kept),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

/* Backed assertions: what signs somebody in, and above all what does not. The clock stands at NOW. */
#include "browserid.h"

#include "cache/cache.h"
#include "memcached.h"

#define NOW 1400000000000
#define MINUTE (60 * 1000)
#define DAY (24 * 3600 * 1000LL)

#define WELL_KNOWN(domain, principal) "https://" domain "/.well-known/browserid?domain=" principal

/* Made once: RSA takes its time. */
static struct pair idp, other_idp, rs128, rs64, ds128, ds256;

struct world {
    struct arena          *a;
    struct web             web;
    struct browserid_rules rules;
    struct browserid_claim claim;
    struct err             err;
    /* Of the next assertion. */
    const struct pair *issuer, *user;
    const char        *iss, *principal, *key_json, *certificate_alg, *assertion_alg, *aud;
    int64_t            certified, certified_until, until;
    const char        *certificate_more, *assertion_more; /* members, with a comma before each */
    const char        *certificate_exp, *assertion_exp;   /* instead of the times above */
};

static struct slice
support(struct arena *a, const char *key)
{
    return arena_printf(
        a, "{\"public-key\":%s,\"authentication\":\"/sign_in\",\"provisioning\":\"/provision\"}",
        key);
}

static struct world *
begin(void)
{
    struct arena *a = arena_new();
    struct world *w = ARENA_NEW(a, struct world);

    *w = (struct world){ .a = a,
                         .issuer = &idp,
                         .user = &ds128,
                         .iss = "idp.example",
                         .principal = "\"principal\":{\"email\":\"ann@idp.example\"}",
                         .aud = "https://rp.example",
                         .certified = NOW - MINUTE,
                         .certified_until = NOW + 60 * MINUTE,
                         .until = NOW + 2 * MINUTE,
                         .certificate_more = "",
                         .assertion_more = "" };
    w->web.fetcher = (struct fetcher){ web_get, &w->web };
    w->web.post = (struct browserid_post){ web_send, &w->web };
    w->rules = (struct browserid_rules){ .audience = SL("https://rp.example"),
                                         .now_ms = NOW,
                                         .fetcher = &w->web.fetcher };
    web_put(&w->web, WELL_KNOWN("idp.example", "idp.example"), support(a, idp.json));
    return w;
}

static void
end(struct world *w)
{
    arena_free(w->a);
}

static struct slice
certificate(struct world *w)
{
    struct slice exp = w->certificate_exp != NULL
                           ? slice_str(w->certificate_exp)
                           : arena_printf(w->a, ",\"exp\":%lld", (long long)w->certified_until);

    return token_of(w->a, w->issuer,
                    w->certificate_alg != NULL ? w->certificate_alg : w->issuer->algorithm,
                    arena_printf(w->a, "{\"iss\":\"%s\",\"iat\":%lld%s,\"public-key\":%s,%s%s}",
                                 w->iss, (long long)w->certified, exp.p,
                                 w->key_json != NULL ? w->key_json : w->user->json, w->principal,
                                 w->certificate_more));
}

static struct slice
assertion_payload(struct world *w)
{
    struct slice exp = w->assertion_exp != NULL
                           ? slice_str(w->assertion_exp)
                           : arena_printf(w->a, "\"exp\":%lld,", (long long)w->until);

    return arena_printf(w->a, "{%s\"aud\":\"%s\"%s}", exp.p, w->aud, w->assertion_more);
}

static struct slice
backed(struct world *w)
{
    return arena_printf(
        w->a, "%.*s~%.*s", SLICE_FMT(certificate(w)),
        SLICE_FMT(token_of(w->a, w->user,
                           w->assertion_alg != NULL ? w->assertion_alg : w->user->algorithm,
                           assertion_payload(w))));
}

static enum err_code
verify_text(struct world *w, struct slice text)
{
    w->err = (struct err){ 0 };
    w->claim = (struct browserid_claim){ .expires_ms = 0 };
    return auth_browserid_verify(w->a, &w->rules, text, &w->claim, &w->err);
}

#define HOLDS(w)                                                                                   \
    do {                                                                                           \
        if (verify_text((w), backed(w)) != ERR_NONE)                                               \
            fail_msg("refused: %s", (w)->err.cause);                                               \
    } while (0)
#define REFUSED_TEXT(w, text, why)                                                                 \
    do {                                                                                           \
        assert_int_equal(verify_text((w), (text)), ERR_BROWSERID);                                 \
        if (strstr((w)->err.cause, (why)) == NULL)                                                 \
            fail_msg("refused, but: %s", (w)->err.cause);                                          \
    } while (0)
#define REFUSED(w, why) REFUSED_TEXT((w), backed(w), (why))
/* One thing is changed, and with it it is refused. */
#define REFUSED_WITH(change, why)                                                                  \
    do {                                                                                           \
        struct world *w = begin();                                                                 \
        HOLDS(w);                                                                                  \
        change;                                                                                    \
        REFUSED(w, why);                                                                           \
        end(w);                                                                                    \
    } while (0)

/* ---- what holds ---------------------------------------------------------------------------------- */

static void
an_address_is_what_its_domain_certified(void **state)
{
    struct world *w = begin();
    (void)state;

    HOLDS(w);
    assert_slice_equal(w->claim.email, SL("ann@idp.example"));
    assert_slice_equal(w->claim.issuer, SL("idp.example"));
    assert_int_equal(w->claim.expires_ms, NOW + 2 * MINUTE);
    assert_int_equal(w->web.asked_count, 1);
    assert_string_equal(w->web.asked[0], WELL_KNOWN("idp.example", "idp.example"));
    w->principal = "\"sub\":\"bob@idp.example\"";
    HOLDS(w);
    assert_slice_equal(w->claim.email, SL("bob@idp.example"));
    end(w);
}

static void
a_visitors_key_may_be_any_of_four_kinds(void **state)
{
    const struct pair *const users[] = { &rs128, &idp, &ds128, &ds256 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(users); i++) {
        struct world *w = begin();

        w->user = users[i];
        HOLDS(w);
        w->assertion_more = ",\"iat\":1399999999999";
        HOLDS(w);
        end(w);
    }
}

static struct slice
base64url_bn(struct arena *a, EVP_PKEY *key, const char *param)
{
    unsigned char bytes[300];
    BIGNUM       *n = NULL;
    int           count;

    assert_int_equal(EVP_PKEY_get_bn_param(key, param, &n), 1);
    count = BN_bn2bin(n, bytes);
    BN_free(n);
    return base64url_encode(a, (struct slice){ (char *)bytes, (size_t)count });
}

static void
keys_are_read_in_the_newer_form_too(void **state)
{
    struct world *w = begin();
    (void)state;

    w->user = &rs128;
    w->key_json =
        arena_printf(w->a, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}",
                     arena_str(w->a, base64url_bn(w->a, rs128.key, OSSL_PKEY_PARAM_RSA_N)))
            .p;
    HOLDS(w);
    w->user = &ds256;
    w->key_json =
        arena_printf(w->a, "{\"kty\":\"DSA\",\"y\":\"%s\",\"p\":\"%s\",\"q\":\"%s\",\"g\":\"%s\"}",
                     arena_str(w->a, base64url_bn(w->a, ds256.key, OSSL_PKEY_PARAM_PUB_KEY)),
                     arena_str(w->a, base64url_bn(w->a, ds256.key, OSSL_PKEY_PARAM_FFC_P)),
                     arena_str(w->a, base64url_bn(w->a, ds256.key, OSSL_PKEY_PARAM_FFC_Q)),
                     arena_str(w->a, base64url_bn(w->a, ds256.key, OSSL_PKEY_PARAM_FFC_G)))
            .p;
    HOLDS(w);
    end(w);
}

/* A number's zeros at its beginning may be left out: of 2000 signatures some have them. */
static void
a_signature_may_lack_zeros_at_its_beginning(void **state)
{
    const struct pair *const users[] = { &rs128, &ds128 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(users); i++) {
        struct world *w = begin();
        struct slice  text, signature = SL("x");

        w->user = users[i];
        for (int n = 0; signature.p[0] != '\0'; n++) {
            w->assertion_more = arena_printf(w->a, ",\"n\":%d", n).p;
            text = signed_text(w->a, arena_printf(w->a, "{\"alg\":\"%s\"}", w->user->algorithm).p,
                               assertion_payload(w));
            signature = signature_of(w->a, w->user, text);
        }
        for (int skip = 0; skip <= 1; skip++) {
            struct slice both = arena_printf(
                w->a, "%.*s~%.*s", SLICE_FMT(certificate(w)),
                SLICE_FMT(token_with(w->a, text, slice_from(signature, (size_t)skip))));
            struct sha256 before = w->claim.once;

            if (verify_text(w, both) != ERR_NONE)
                fail_msg("refused: %s", w->err.cause);
            if (skip == 1)
                assert_memory_equal(&before, &w->claim.once, sizeof before);
        }
        end(w);
    }
}

/* ---- its form ------------------------------------------------------------------------------------ */

static void
what_has_another_form_is_refused(void **state)
{
    struct world *w = begin();
    struct slice  good = backed(w), one = certificate(w);
    (void)state;

    REFUSED_TEXT(w, SL(""), "no certificates provided");
    REFUSED_TEXT(w, SL("nonsense"), "no certificates provided");
    REFUSED_TEXT(w, arena_printf(w->a, "%s~%s", one.p, good.p), "certificate chaining is not yet");
    REFUSED_TEXT(w, SL("a.b~c.d.e"), "signed object must have three parts, this one has 2");
    REFUSED_TEXT(w, arena_printf(w->a, "%s.x", good.p), "three parts, this one has 4");
    REFUSED_TEXT(w, arena_printf(w->a, "%s~", one.p), "three parts, this one has 1");
    REFUSED_TEXT(w, arena_printf(w->a, "%s=", good.p), "signature segment");
    REFUSED_TEXT(w, arena_printf(w->a, "!%s", good.p), "header segment");
    REFUSED_TEXT(w, arena_printf(w->a, "e30.W10.~%s", one.p), "payload segment: malformed object");
    REFUSED_TEXT(w, arena_printf(w->a, "W10.e30.~%s", one.p), "header segment: malformed object");
    w->certificate_more = ",\"iss\":\"idp.example\"";
    REFUSED(w, "payload segment"); /* a name twice */
    end(w);
}

/* ---- keys and signatures --------------------------------------------------------------------------- */

static void
the_algorithm_is_the_keys(void **state)
{
    static const char *const names[] = { "RS256", "rs128", "none", "HS256", "DS256", "" };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        REFUSED_WITH(w->assertion_alg = names[i], "algorithms do not match");
        if (i > 0)
            REFUSED_WITH(w->certificate_alg = names[i], "algorithms do not match");
    }
}

static void
another_keys_signature_is_refused(void **state)
{
    (void)state;
    REFUSED_WITH(w->issuer = &other_idp, "invalid signature");
    REFUSED_WITH(
        {
            w->user = &rs128;
            w->key_json = ds128.json;
            w->assertion_alg = "DS128";
        },
        "invalid signature");
}

static void
every_changed_byte_is_seen(void **state)
{
    struct world *w = begin();
    (void)state;

    for (int i = 0; i < 2; i++) {
        struct slice good = backed(w);

        for (size_t at = 0; at < good.n; at += 37) {
            char *bent = arena_str(w->a, good);

            bent[at] = bent[at] == 'A' ? 'B' : 'A';
            w->web.asked_count = 0;
            assert_int_equal(verify_text(w, (struct slice){ bent, good.n }), ERR_BROWSERID);
        }
        w->user = &rs128;
    }
    end(w);
}

/* Short keys are for minutes: a certificate lives for hours, and its key for years. */
static void
an_issuers_key_must_be_long(void **state)
{
    const struct pair *const weak[] = { &rs128, &ds128 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(weak); i++) {
        struct world *w = begin();

        w->issuer = weak[i];
        web_put(&w->web, WELL_KNOWN("idp.example", "idp.example"), support(w->a, weak[i]->json));
        REFUSED(w, "the issuer's key is too short");
        end(w);
    }
    for (int i = 0; i < 1; i++) {
        struct world *w = begin();

        w->issuer = &ds256;
        web_put(&w->web, WELL_KNOWN("idp.example", "idp.example"), support(w->a, ds256.json));
        HOLDS(w);
        end(w);
    }
}

static const char *
dsa_key(struct world *w, const char *y, const char *p, const char *q, const char *g)
{
    return arena_printf(
               w->a, "{\"algorithm\":\"DS\",\"y\":\"%s\",\"p\":\"%s\",\"q\":\"%s\",\"g\":\"%s\"}",
               y, p, q, g)
        .p;
}

static void
keys_outside_of_the_rules_are_none(void **state)
{
    static const char *const none[] = {
        "{}",
        "null",
        "[]",
        "7",
        "{\"algorithm\":\"RS\"}",
        "{\"algorithm\":\"XX\",\"n\":\"7\"}",
        "{\"algorithm\":\"RS\",\"n\":\"12x\",\"e\":\"65537\"}",
        "{\"algorithm\":\"RS\",\"n\":\"-12\",\"e\":\"65537\"}",
        "{\"algorithm\":\"RS\",\"n\":12345678,\"e\":65537}",
        "{\"algorithm\":\"DS\",\"y\":\"\",\"p\":\"\",\"q\":\"\",\"g\":\"\"}",
    };
    const char *const *small = dsa_groups[0], *const *large = dsa_groups[1];
    struct slice       many;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(none); i++)
        REFUSED_WITH(w->key_json = none[i], "no public key that is taken");
    REFUSED_WITH({ w->user = &rs64; }, "no public key that is taken"); /* RS64 */
    /* p is itself minus two, q and g of the other group, y of no group. */
    REFUSED_WITH(w->key_json = dsa_key(w, "2", small[0], small[1], "1"), "no public key");
    REFUSED_WITH(w->key_json = dsa_key(w, "1", small[0], small[1], "1"), "no public key");
    REFUSED_WITH(w->key_json = dsa_key(w, "1", small[0], small[1], small[2]), "no public key");
    REFUSED_WITH(w->key_json = dsa_key(w, "0", small[0], small[1], small[2]), "no public key");
    REFUSED_WITH(w->key_json = dsa_key(w, "2", small[0], small[1], small[2]), "no public key");
    REFUSED_WITH(w->key_json = dsa_key(w, small[0], small[0], small[1], small[2]), "no public key");
    REFUSED_WITH(w->key_json = dsa_key(w, small[2], large[0], large[1], large[2]), "no public key");
    REFUSED_WITH(w->key_json = dsa_key(w, small[2], small[0], large[1], small[2]), "no public key");
    /* g itself is in the group: a key, if not of this signature. */
    REFUSED_WITH(w->key_json = dsa_key(w, small[2], small[0], small[1], small[2]),
                 "invalid signature");
    many = SL("9999999999999999");
    REFUSED_WITH(
        {
            struct slice n = SL("9");
            while (n.n < 701)
                n = arena_printf(w->a, "%.*s%.*s", SLICE_FMT(n), SLICE_FMT(many));
            w->key_json =
                arena_printf(w->a, "{\"algorithm\":\"RS\",\"n\":\"%s\",\"e\":\"65537\"}", n.p).p;
        },
        "no public key");
}

/* e = 3 has let padding be forged; an even one is none; one as long as n makes us work. */
static void
rsa_exponents_are_bounded(void **state)
{
    static const char
        *const bad[] = { "3",     "17", "65536", "65535",
                         "65538", "1",  "0",     "36893488147419103233" /* 2^65 + 1 */ };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        REFUSED_WITH(
            {
                char *at;
                w->user = &rs128;
                w->key_json = arena_str(w->a, slice_str(rs128.json));
                at = strstr(w->key_json, ",\"e\":");
                *at = '\0';
                w->key_json = arena_printf(w->a, "%s,\"e\":\"%s\"}", w->key_json, bad[i]).p;
            },
            "no public key");
}

/* s = q has no inverse, and a verifier that computes with it all the same finds r = 1 good for every text and key:
 * browserid-crypto 0.9.1 does. */
static void
degenerate_dsa_signatures_hold_nothing(void **state)
{
    const struct pair *const users[] = { &ds128, &ds256 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(users); i++) {
        struct world *w = begin();
        size_t        half = i == 0 ? 20 : 32, count = 0;
        struct slice  values[6], text, q;
        char         *bytes;

        assert_true(hex_decode(w->a, slice_str(dsa_groups[i][1]), &q));
        for (int kind = 0; kind < 6; kind++) { /* 0, 1, q - 1, q, q + 1, all ones */
            bytes = kind >= 2 && kind <= 4 ? arena_str(w->a, q) : arena_alloc(w->a, half);
            if (kind == 1)
                bytes[half - 1] = 1;
            if (kind == 2 || kind == 4)
                bytes[half - 1] = (char)(bytes[half - 1] + kind - 3);
            if (kind == 5)
                memset(bytes, 0xFF, half);
            values[count++] = (struct slice){ bytes, half };
        }
        w->user = users[i];
        text = signed_text(w->a, arena_printf(w->a, "{\"alg\":\"%s\"}", w->user->algorithm).p,
                           assertion_payload(w));
        for (size_t r = 0; r < count; r++)
            for (size_t s = 0; s < count; s++) {
                bytes = arena_alloc(w->a, 2 * half);
                memcpy(bytes, values[r].p, half);
                memcpy(bytes + half, values[s].p, half);
                REFUSED_TEXT(w,
                             arena_printf(w->a, "%.*s~%.*s", SLICE_FMT(certificate(w)),
                                          SLICE_FMT(token_with(w->a, text,
                                                               (struct slice){ bytes, 2 * half }))),
                             "invalid signature");
            }
        bytes = arena_alloc(w->a, 2 * half + 1); /* one byte too long */
        memcpy(bytes + 1, signature_of(w->a, w->user, text).p, 2 * half);
        REFUSED_TEXT(
            w,
            arena_printf(w->a, "%.*s~%.*s", SLICE_FMT(certificate(w)),
                         SLICE_FMT(token_with(w->a, text, (struct slice){ bytes, 2 * half + 1 }))),
            "invalid signature");
        end(w);
    }
}

/* ---- times --------------------------------------------------------------------------------------- */

static void
times_are_milliseconds_and_end(void **state)
{
    (void)state;
    REFUSED_WITH(w->certified = NOW + 1, "issued later than verification date");
    REFUSED_WITH(w->assertion_more = ",\"iat\":1400000000001", "issued later than");
    REFUSED_WITH(w->certified_until = NOW - 1, "expired");
    REFUSED_WITH(w->until = NOW - 1, "expired");
    REFUSED_WITH(w->until = NOW / 1000 + 120, "expired"); /* seconds, as a JWT has them */
    REFUSED_WITH(w->certificate_exp = "", "does not say when it expires");
    REFUSED_WITH(w->assertion_exp = "", "does not say when it expires");
    REFUSED_WITH(w->assertion_exp = "\"exp\":null,", "does not say when it expires");
    REFUSED_WITH(w->assertion_exp = "\"exp\":\"1400000060000\",", "does not say when it expires");
    REFUSED_WITH(w->assertion_exp = "\"exp\":1.4e12,", "does not say when it expires");
    REFUSED_WITH(w->assertion_more = ",\"iat\":\"yesterday\"", "iat is no time");
}

static void
times_are_meant_to_the_millisecond(void **state)
{
    struct world *w = begin();
    (void)state;

    w->certified = NOW;
    w->certified_until = NOW;
    w->until = NOW;
    HOLDS(w);
    w->certified_until = NOW + DAY;
    w->until = NOW + 5 * MINUTE;
    HOLDS(w);
    end(w);
}

static void
times_are_bounded(void **state)
{
    (void)state;
    REFUSED_WITH(w->certified_until = NOW + DAY + 1, "expires too late");
    REFUSED_WITH(w->until = NOW + 5 * MINUTE + 1, "expires too late");
    REFUSED_WITH(w->until = INT64_MAX, "expires too late");
}

/* ---- for whom ------------------------------------------------------------------------------------ */

static void
the_audience_is_ours(void **state)
{
    static const struct {
        const char *expected, *aud, *why; /* NULL: it holds */
    } all[] = {
        { "https://rp.example", "https://rp.example", NULL },
        { "https://rp.example", "https://rp.example/", NULL },
        { "https://rp.example", "https://rp.example:443", NULL },
        { "https://rp.example", "HTTPS://RP.example", NULL },
        { "https://rp.example:443", "https://rp.example", NULL },
        { "http://rp.example:8080", "http://rp.example:8080", NULL },
        { "http://rp.example", "http://rp.example:80", NULL },
        { "https://rp.example", "http://rp.example", "scheme mismatch" },
        { "https://rp.example", "rp.example", "scheme mismatch" },
        { "https://rp.example", "", "scheme mismatch" },
        { "https://rp.example", "https://rp.example:8443", "port mismatch" },
        { "https://rp.example:8443", "https://rp.example", "port mismatch" },
        { "https://rp.example", "https://evil.example", "domain mismatch" },
        { "https://rp.example", "https://rp.example.evil.example", "domain mismatch" },
        { "https://rp.example", "https://evil.example:443", "domain mismatch" },
        { "https://rp.example", "https://www.rp.example", "domain mismatch" },
        { "https://rp.example", "https://rp.example@evil.example", "scheme mismatch" },
        { "https://rp.example", "https://rp.example/path", "has non-empty path" },
        { "https://rp.example", "https://rp.example?x", "has non-empty path" },
        { "https://rp.example", "https://rp.example#x", "has non-empty path" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct world *w = begin();

        w->rules.audience = slice_str(all[i].expected);
        w->aud = all[i].aud;
        if (all[i].why == NULL)
            HOLDS(w);
        else
            REFUSED(w, all[i].why);
        if (all[i].why != NULL)
            assert_int_equal(w->web.asked_count, 0); /* nobody is asked about it */
        end(w);
    }
}

static void
addresses_have_one_spelling_of_their_domain(void **state)
{
    static const char *const bad[] = {
        "\"principal\":{}",
        "\"principal\":7",
        "\"principal\":{\"email\":7}",
        "\"principal\":{\"unverified-email\":\"ann@idp.example\"}",
        "\"principal\":{\"email\":\"ann\"}",
        "\"principal\":{\"email\":\"@idp.example\"}",
        "\"principal\":{\"email\":\"ann@\"}",
        "\"principal\":{\"email\":\"a@\"}",
        "\"principal\":{\"email\":\"ann@IDP.example\"}",
        "\"principal\":{\"email\":\"ann@idp.example@idp.example\"}",
        "\"principal\":{\"email\":\"ann@idp.example/x\"}",
        "\"principal\":{\"email\":\"ann@idp.example\\n\"}",
        "\"principal\":{\"email\":\"ann(x)@idp.example\"}",
        "\"principal\":{\"email\":\"\\\"ann\\\"@idp.example\"}",
        "\"principal\":{\"email\":\"ann @idp.example\"}",
        "\"principal\":{\"email\":\"\\u00e4@idp.example\"}",
        "\"principal\":{\"email\":\"ann@idp.example:0\"}",
        "\"principal\":{\"email\":\"ann@idp.example:70000\"}",
        "\"principal\":{\"email\":\"ann@-idp.example\"}",
        "\"principal\":{\"email\":\"ann@idp..example\"}",
        "\"principal\":{\"email\":\"ann@idp.example.\"}",
        "\"principal\":{\"email\":\"ann@id\\u00fc.example\"}",
        "\"other\":{\"email\":\"ann@idp.example\"}",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        REFUSED_WITH(w->principal = bad[i], "doesn't contain a verified email");
    REFUSED_WITH(
        {
            char *local = memset(arena_alloc(w->a, 300), 'a', 250);
            w->principal =
                arena_printf(w->a, "\"principal\":{\"email\":\"%s@idp.example\"}", local).p;
        },
        "doesn't contain a verified email");
}

/* ---- who may vouch ------------------------------------------------------------------------------- */

static void
nobody_else_vouches_for_a_domain_that_answers(void **state)
{
    struct world *w = begin();
    (void)state;

    web_put(&w->web, WELL_KNOWN("evil.example", "idp.example"), support(w->a, other_idp.json));
    w->issuer = &other_idp;
    w->iss = "evil.example";
    REFUSED(w, "untrusted issuer, expected 'idp.example', got 'evil.example'");
    /* Who that is is never even asked. */
    assert_int_equal(w->web.asked_count, 1);
    w->rules.fallback = SL("evil.example");
    REFUSED(w, "untrusted issuer, expected 'idp.example', got 'evil.example'");
    w->iss = "idp.example";
    REFUSED(w, "invalid signature");
    end(w);
}

static void
an_issuer_is_a_domain(void **state)
{
    (void)state;
    REFUSED_WITH(w->iss = "", "the certificate names no issuer");
    REFUSED_WITH(w->iss = "IDP.example", "the certificate names no issuer");
    REFUSED_WITH(w->iss = "https://idp.example", "the certificate names no issuer");
    REFUSED_WITH(w->iss = "idp.example/../x", "the certificate names no issuer");
}

static void
a_domain_delegates(void **state)
{
    struct world *w = begin();
    (void)state;

    w->principal = "\"principal\":{\"email\":\"ann@school.example\"}";
    web_put(&w->web, WELL_KNOWN("school.example", "school.example"),
            SL("{\"authority\":\"hub.example:8443\"}"));
    web_put(&w->web, WELL_KNOWN("hub.example:8443", "school.example"),
            SL("{\"authority\":\"idp.example\",\"public-key\":7}"));
    /* The principal's domain is asked about to the end. */
    web_put(&w->web, WELL_KNOWN("idp.example", "school.example"), support(w->a, idp.json));
    HOLDS(w);
    assert_int_equal(w->web.asked_count, 3);
    w->iss = "hub.example:8443";
    REFUSED(w, "untrusted issuer, expected 'idp.example', got 'hub.example:8443'");
    w->iss = "school.example";
    REFUSED(w, "untrusted issuer");
    end(w);
}

/* Five times, and never in a circle. */
static void
delegation_is_bounded(void **state)
{
    struct world *w = begin();
    (void)state;

    w->principal = "\"principal\":{\"email\":\"ann@d0.example\"}";
    for (int i = 0; i < 5; i++)
        web_put(
            &w->web,
            arena_printf(w->a, "https://d%d.example/.well-known/browserid?domain=d0.example", i).p,
            arena_printf(w->a, "{\"authority\":\"d%d.example\"}", i + 1));
    web_put(&w->web, WELL_KNOWN("d5.example", "d0.example"), support(w->a, idp.json));
    w->iss = "d5.example";
    HOLDS(w);
    web_put(&w->web, WELL_KNOWN("d5.example", "d0.example"), SL("{\"authority\":\"d6.example\"}"));
    web_put(&w->web, WELL_KNOWN("d6.example", "d0.example"), support(w->a, idp.json));
    w->iss = "d6.example";
    w->web.asked_count = 0;
    REFUSED(w, "Too many hops while delegating authority: d0.example > d1.example");
    web_put(&w->web, WELL_KNOWN("d1.example", "d0.example"), SL("{\"authority\":\"d0.example\"}"));
    w->web.asked_count = 0;
    REFUSED(w, "Circular reference in delegating authority: d0.example > d1.example");
    web_put(&w->web, WELL_KNOWN("d0.example", "d0.example"), SL("{\"authority\":\"d0.example\"}"));
    REFUSED(w, "Circular reference in delegating authority: d0.example");
    end(w);
}

static void
the_fallback_vouches_for_domains_that_do_not_answer(void **state)
{
    struct world *w = begin();
    (void)state;

    w->principal = "\"principal\":{\"email\":\"ann@mail.example\"}";
    REFUSED(w, "mail.example is not a browserid primary");
    web_put(&w->web, WELL_KNOWN("idp.example", "mail.example"), support(w->a, idp.json));
    REFUSED(w, "mail.example is not a browserid primary");
    w->rules.fallback = SL("idp.example");
    HOLDS(w);
    w->web.asked_count = 0;
    w->iss = "mail.example";
    REFUSED(w, "untrusted issuer, expected 'idp.example', got 'mail.example'");
    /* It may name a bridge for the domain, which then counts. */
    web_put(&w->web, WELL_KNOWN("idp.example", "mail.example"),
            SL("{\"authority\":\"bridge.example\"}"));
    web_put(&w->web, WELL_KNOWN("bridge.example", "mail.example"), support(w->a, idp.json));
    w->iss = "bridge.example";
    HOLDS(w);
    w->web.asked_count = 0;
    w->iss = "idp.example";
    REFUSED(w, "untrusted issuer, expected 'bridge.example', got 'idp.example'");
    end(w);
}

/* On purpose: whoever switches it off wants nobody signed in by it. In the library the fallback cannot vouch
 * either, and it has no key of its own. */
static void
for_a_domain_that_switched_it_off_nobody_vouches(void **state)
{
    struct world *w = begin();
    (void)state;

    w->rules.fallback = SL("fallback.example");
    web_put(&w->web, WELL_KNOWN("idp.example", "idp.example"), SL("{\"disabled\":true}"));
    web_put(&w->web, WELL_KNOWN("fallback.example", "idp.example"), support(w->a, idp.json));
    REFUSED(w, "idp.example has switched BrowserID off");
    w->iss = "fallback.example";
    REFUSED(w, "idp.example has switched BrowserID off");
    w->rules.trusted = (struct conf_list){ (struct slice[]){ SL("fallback.example") }, 1 };
    HOLDS(w);
    end(w);
}

static void
a_trusted_issuer_vouches_for_any_address(void **state)
{
    struct slice  trusted[] = { SL("one.example"), SL("idp.example") };
    struct world *w = begin();
    (void)state;

    w->rules.trusted = (struct conf_list){ trusted, 2 };
    w->principal = "\"principal\":{\"email\":\"ann@mail.example\"}";
    web_put(&w->web, WELL_KNOWN("idp.example", "mail.example"), support(w->a, idp.json));
    HOLDS(w);
    assert_int_equal(w->web.asked_count, 1);
    w->issuer = &other_idp;
    REFUSED(w, "invalid signature");
    w->principal = "\"principal\":{\"unverified-email\":\"ann@mail.example\"}";
    REFUSED(w, "doesn't contain a verified email");
    end(w);
}

/* The library would try the fallback's keys for a trusted issuer that is away. */
static void
the_fallbacks_keys_stand_in_for_nobody(void **state)
{
    struct world *w = begin();
    (void)state;

    w->rules.trusted = (struct conf_list){ (struct slice[]){ SL("away.example") }, 1 };
    w->rules.fallback = SL("idp.example");
    w->iss = "away.example";
    REFUSED(w, "away.example is not a browserid primary");
    end(w);
}

/* ---- support documents ----------------------------------------------------------------------------- */

static void
answers_that_are_no_support_are_none(void **state)
{
    static const struct {
        const char *type, *final_url, *why;
        int         status;
    } all[] = {
        { "application/json; charset=utf-8", NULL, NULL, 200 },
        { "text/html", NULL, "non \"application/json\" response", 200 },
        { "", NULL, "non \"application/json\" response", 200 },
        { " application/json", NULL, "non \"application/json\" response", 200 },
        { "application/json", "https://www.idp.example/", "redirection not supported", 200 },
        { "application/json", NULL, "redirection not supported", 302 },
        { "application/json", NULL, "non-200 response code", 404 },
        { "application/json", NULL, "non-200 response code", 201 },
        { "application/json", NULL, "non-200 response code", 500 },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct world    *w = begin();
        struct web_page *page = &w->web.pages[0];

        page->type = all[i].type;
        page->final_url = all[i].final_url;
        page->status = all[i].status;
        if (all[i].why == NULL)
            HOLDS(w);
        else
            REFUSED(w, all[i].why);
        end(w);
    }
}

#define PATHS "\"authentication\":\"/a\",\"provisioning\":\"/b\""

static void
support_documents_are_held_to_their_form(void **state)
{
    static const char *const bad[] = {
        "",
        "7",
        "null",
        "[]",
        "{",
        "{}",
        "{" PATHS "}",
        "{" PATHS ",\"public-key\":7}",
        "{" PATHS ",\"keys\":[]}",
        "{" PATHS ",\"keys\":7}",
        "{" PATHS ",\"keys\":[7]}",
        "{" PATHS ",\"keys\":[%s,{\"algorithm\":\"RS\"}]}",
        "{" PATHS ",\"public-key\":%s,\"keys\":{}}",
        "{" PATHS ",\"public-key\":{},\"keys\":[%s]}",
        "{\"authentication\":\"/a\",\"public-key\":%s}",
        "{\"provisioning\":\"/a\",\"public-key\":%s}",
        "{\"authentication\":\"a\",\"provisioning\":\"/b\",\"public-key\":%s}",
        "{\"authentication\":\"/a\",\"provisioning\":7,\"public-key\":%s}",
        "{\"authentication\":\"/a\",\"provisioning\":\"/b?c\",\"public-key\":%s}",
        "{\"disabled\":1," PATHS ",\"public-key\":%s}",
        "{\"disabled\":\"true\"," PATHS ",\"public-key\":%s}",
        "{\"disabled\":null," PATHS ",\"public-key\":%s}",
        "{\"authority\":7," PATHS ",\"public-key\":%s}",
        "{\"authority\":\"https://idp.example\"," PATHS ",\"public-key\":%s}",
        "{\"authority\":\"idp.example/x\"," PATHS ",\"public-key\":%s}",
        "{\"authority\":\"a@idp.example\"," PATHS ",\"public-key\":%s}",
        "{" PATHS ",\"keys\":[{\"use\":\"enc\"}]}",
    };
    static const char *const good[] = {
        "{" PATHS ",\"keys\":[%s]}",
        "{" PATHS ",\"keys\":[{\"use\":\"enc\"},%s]}",
        "{" PATHS ",\"disabled\":false,\"public-key\":%s,\"more\":{}}",
        "{" PATHS ",\"keys\":[%s],\"public-key\":null}",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad) + COUNT_OF(good); i++) {
        bool          is_bad = i < COUNT_OF(bad);
        struct world *w = begin();
        struct slice  form = slice_str(is_bad ? bad[i] : good[i - COUNT_OF(bad)]), body = form;
        size_t        at;

        if (slice_find(form, SL("%s"), &at))
            body = arena_printf(w->a, "%.*s%s%.*s", SLICE_FMT(slice_first(form, at)), idp.json,
                                SLICE_FMT(slice_from(form, at + 2)));
        web_put(&w->web, WELL_KNOWN("idp.example", "idp.example"), body);
        if (is_bad)
            REFUSED(w, "bad support document for 'idp.example'");
        else
            HOLDS(w);
        end(w);
    }
}

static void
any_of_several_keys_will_do(void **state)
{
    struct world *w = begin();
    (void)state;

    web_put(&w->web, WELL_KNOWN("idp.example", "idp.example"),
            arena_printf(w->a, "{" PATHS ",\"public-key\":%s,\"keys\":[%s,%s]}", other_idp.json,
                         ds128.json, idp.json));
    HOLDS(w);
    w->issuer = &other_idp;
    HOLDS(w);
    w->issuer = &ds256;
    REFUSED(w, "algorithms do not match");
    end(w);
}

/* ---- once, and kept ------------------------------------------------------------------------------ */

static void
two_assertions_are_two(void **state)
{
    struct world *w = begin();
    struct sha256 first;
    (void)state;

    HOLDS(w);
    first = w->claim.once;
    HOLDS(w); /* signed anew, with another random number: the same words */
    assert_memory_equal(&first, &w->claim.once, sizeof first);
    w->until++;
    HOLDS(w);
    assert_memory_not_equal(&first, &w->claim.once, sizeof first);
    w->until--;
    w->certified--;
    HOLDS(w);
    assert_memory_not_equal(&first, &w->claim.once, sizeof first);
    end(w);
}

static size_t
asked_twice(struct world *w, int64_t fresh_s)
{
    w->web.pages[0].fresh_s = fresh_s;
    w->web.asked_count = 0;
    HOLDS(w);
    HOLDS(w);
    return w->web.asked_count;
}

static void
support_is_kept_as_long_as_its_domain_says(void **state)
{
    struct slice  address = SL("unix:/tmp/obi-browserid-test.sock");
    pid_t         memcached = memcached_start(address.p + 5);
    struct conf   conf = { .cache_servers = { &address, 1 },
                           .cache_timeout_ms = 2000,
                           .cache_ttl_s = 60 };
    struct cache *cache = cache_new(&conf);
    struct world *w = begin();
    (void)state;

    w->rules.cache = cache;
    assert_int_equal(asked_twice(w, 0), 2); /* not at all */
    web_put(&w->web, WELL_KNOWN("idp.example", "idp.example"), SL("{}"))->fresh_s = 3600;
    REFUSED(w, "bad support document"); /* what is none is not kept */
    web_put(&w->web, WELL_KNOWN("idp.example", "idp.example"), support(w->a, idp.json));
    assert_int_equal(asked_twice(w, 3600), 1);
    w->web.count = 0;
    HOLDS(w);
    w->principal =
        "\"principal\":{\"email\":\"ann@mail.example\"}"; /* another domain, another answer */
    w->rules.fallback = SL("idp.example");
    REFUSED(w, "idp.example is not a browserid primary");
    end(w);
    cache_free(cache);
    memcached_end(memcached);
}

/* ---- a verifier elsewhere -------------------------------------------------------------------------- */

#define VERIFIER "https://verifier.example/verify"

static enum err_code
ask(struct world *w, const char *answer)
{
    web_put(&w->web, VERIFIER, slice_str(answer));
    w->web.asked_count = 0;
    w->err = (struct err){ 0 };
    return auth_browserid_ask(w->a, &w->rules, &w->web.post, SL(VERIFIER), backed(w), &w->claim,
                              &w->err);
}

static void
a_verifier_elsewhere_is_asked_as_the_original_asked(void **state)
{
    struct world *w = begin();
    struct slice  text = backed(w);
    (void)state;

    web_put(&w->web, VERIFIER,
            SL("{\"status\":\"okay\",\"email\":\"ann@idp.example\",\"audience\":"
               "\"https://rp.example\",\"expires\":1400000120000,\"issuer\":\"idp.example\"}"));
    assert_int_equal(
        auth_browserid_ask(w->a, &w->rules, &w->web.post, SL(VERIFIER), text, &w->claim, &w->err),
        ERR_NONE);
    assert_slice_equal(w->web.sent,
                       arena_printf(w->a, "assertion=%s&audience=https%%3A//rp.example", text.p));
    assert_slice_equal(w->claim.email, SL("ann@idp.example"));
    assert_int_equal(w->claim.expires_ms, 1400000120000);
    end(w);
}

#define OKAY "{\"status\":\"okay\",\"email\":\"ann@idp.example\","
#define OURS "\"audience\":\"https://rp.example\","

static void
another_answer_of_a_verifier_is_a_refusal(void **state)
{
    static const char *const bad[][2] = {
        { "{\"status\":\"failure\",\"reason\":\"expired\"}", "expired" },
        { "{\"status\":\"failure\"}", "verifier response not OK" },
        { "{}", "verifier response not OK" },
        { "okay", "no JSON" },
        { "", "no JSON" },
        { OKAY OURS "\"expires\":1399999999999}", "expired" },
        { OKAY OURS "\"expires\":\"soon\"}", "another question" },
        { OKAY "\"audience\":\"https://other.example\",\"expires\":1400000120000}",
          "another question" },
        { OKAY "\"expires\":1400000120000}", "another question" },
        { "{\"status\":\"okay\"," OURS "\"expires\":1400000120000}", "a verified email" },
        { "{\"status\":\"okay\",\"unverified-email\":\"ann@idp.example\"," OURS
          "\"expires\":1400000120000}",
          "a verified email" },
    };
    struct world *w = begin();
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(ask(w, bad[i][0]), ERR_BROWSERID);
        if (strstr(w->err.cause, bad[i][1]) == NULL)
            fail_msg("refused, but: %s", w->err.cause);
    }
    web_put(&w->web, VERIFIER, SL(OKAY OURS "\"expires\":1400000120000}"))->status = 503;
    w->web.asked_count = 0;
    assert_int_equal(auth_browserid_ask(w->a, &w->rules, &w->web.post, SL(VERIFIER), backed(w),
                                        &w->claim, &w->err),
                     ERR_BROWSERID);
    /* What is no backed assertion is not sent anywhere. */
    w->web.asked_count = 0;
    assert_int_equal(auth_browserid_ask(w->a, &w->rules, &w->web.post, SL(VERIFIER), SL("x"),
                                        &w->claim, &w->err),
                     ERR_BROWSERID);
    assert_int_equal(w->web.asked_count, 0);
    end(w);
}

static int
make_keys(void **state)
{
    (void)state;
    idp = pair_rsa("RS256", 2048);
    other_idp = pair_rsa("RS256", 2048);
    rs128 = pair_rsa("RS128", 1024);
    rs64 = pair_rsa("RS64", 512);
    ds128 = pair_dsa("DS128", dsa_groups[0]);
    ds256 = pair_dsa("DS256", dsa_groups[1]);
    return 0;
}

static int
end_keys(void **state)
{
    struct pair *const all[] = { &idp, &other_idp, &rs128, &rs64, &ds128, &ds256 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        EVP_PKEY_free(all[i]->key);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_what_its_domain_certified),
        cmocka_unit_test(a_visitors_key_may_be_any_of_four_kinds),
        cmocka_unit_test(keys_are_read_in_the_newer_form_too),
        cmocka_unit_test(a_signature_may_lack_zeros_at_its_beginning),
        cmocka_unit_test(what_has_another_form_is_refused),
        cmocka_unit_test(the_algorithm_is_the_keys),
        cmocka_unit_test(another_keys_signature_is_refused),
        cmocka_unit_test(every_changed_byte_is_seen),
        cmocka_unit_test(an_issuers_key_must_be_long),
        cmocka_unit_test(keys_outside_of_the_rules_are_none),
        cmocka_unit_test(rsa_exponents_are_bounded),
        cmocka_unit_test(degenerate_dsa_signatures_hold_nothing),
        cmocka_unit_test(times_are_milliseconds_and_end),
        cmocka_unit_test(times_are_meant_to_the_millisecond),
        cmocka_unit_test(times_are_bounded),
        cmocka_unit_test(the_audience_is_ours),
        cmocka_unit_test(addresses_have_one_spelling_of_their_domain),
        cmocka_unit_test(nobody_else_vouches_for_a_domain_that_answers),
        cmocka_unit_test(an_issuer_is_a_domain),
        cmocka_unit_test(a_domain_delegates),
        cmocka_unit_test(delegation_is_bounded),
        cmocka_unit_test(the_fallback_vouches_for_domains_that_do_not_answer),
        cmocka_unit_test(for_a_domain_that_switched_it_off_nobody_vouches),
        cmocka_unit_test(a_trusted_issuer_vouches_for_any_address),
        cmocka_unit_test(the_fallbacks_keys_stand_in_for_nobody),
        cmocka_unit_test(answers_that_are_no_support_are_none),
        cmocka_unit_test(support_documents_are_held_to_their_form),
        cmocka_unit_test(any_of_several_keys_will_do),
        cmocka_unit_test(two_assertions_are_two),
        cmocka_unit_test(support_is_kept_as_long_as_its_domain_says),
        cmocka_unit_test(a_verifier_elsewhere_is_asked_as_the_original_asked),
        cmocka_unit_test(another_answer_of_a_verifier_is_a_refusal),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_keys, end_keys);
}

/* What somebody might try: badges made to pass for an issuer's, to hide that they are over, or to keep a worker
 * busy. Each was seen to work once, or to come close; beside them stand good ones that a remedy must not refuse. */
#include <unistd.h>

#include "badge_keys.h"

#define KEY "https://issuer.example/key.json"
#define PEM "https://issuer.example/key.pem"
#define LIST "https://issuer.example/revoked.json"
#define EVIL "https://evil.example/a.json"
#define ID "urn:uuid:bf8d3c3d-fe60-487c-87a3-06440d0d0163"
#define NO_ID "urn:uuid:00000000-0000-4000-8000-000000000000"
#define CONTEXT "\"https://w3id.org/openbadges/v2\""
#define WITH(terms) "[" CONTEXT ",{" terms "}]"
#define EXPIRED ",\"expires\":\"2021-01-01T00:00:00Z\""
#define REC                                                                                        \
    "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":\"learner@example.org\"},"
#define CREATOR "\"verification\":{\"type\":\"SignedBadge\",\"creator\":\"" KEY "\"}"
/* An assertion of 2.0 without its beginning; of 1.0, with its ending. */
#define REST                                                                                       \
    "\"type\":\"Assertion\",\"badge\":\"" C "\"," REC "\"issuedOn\":\"2020-01-01T00:00:00Z\","
#define OLD(members, issued, verify)                                                               \
    "{" members "\"badge\":\"" C "\",\"issuedOn\":" issued "," REC "\"verify\":{" verify "}}"
#define OLD_HOSTED "\"type\":\"hosted\",\"url\":\"" A "\""
#define OLD_SIGNED(url)                                                                            \
    OLD("\"uid\":\"u-1\",", "1577836800", "\"type\":\"signed\",\"url\":\"" url "\"")
#define CLASS_05(issuer)                                                                           \
    "{\"version\":\"0.5.0\",\"name\":\"K\",\"description\":\"d\",\"image\":\"" PIC                 \
    "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":" issuer "}"
#define ISSUER_05 "{\"origin\":\"https://issuer.example\",\"name\":\"S\"}"
#define OF_05 "\"recipient\":\"learner@example.org\","
#define ON_05 "\"issued_on\":\"2020-01-01\","
#define LISTED(entries) "{" V2 "\"id\":\"" LIST "\",\"type\":\"RevocationList\"," entries "}"
#define LISTED_ID LISTED("\"revokedAssertions\":[\"" ID "\"]")
#define HAS_KEY ",\"publicKey\":\"" KEY "\""
#define HAS_LIST ",\"revocationList\":\"" LIST "\""

static EVP_PKEY *rsa, *other;

static void
expect(struct web *w, const char *what, const struct report *r, enum badge_status status,
       const char *key)
{
    bool good = status == STATUS_VALID;

    if (r->status != status || r->valid != good || (key != NULL && !says(r, key)) ||
        (!good && r->error_count == 0) || /* what can never be read is not unchecked */
        strcmp(report_outcome(r), good ? "valid" : "invalid") != 0)
        fail_msg("%s:\n%s", what, arena_str(w->a, report_lines(w->a, r)));
}

/* The form with that text where it has %s. */
static const char *
fill(struct web *w, const char *form, const char *text)
{
    size_t at;

    assert_true(slice_find(slice_str(form), SL("%s"), &at));
    return arena_printf(w->a, "%.*s%s%s", (int)at, form, text, form + at + 2).p;
}

/* ---- hosted -------------------------------------------------------------------------------------- */

static void
one_change_to_a_good_badge(void **state)
{
    static const struct {
        const char       *what, *url, *old, *new;
        enum badge_status status;
        const char       *key;
    } all[] = {
        { "a set hides expires", A, CONTEXT,
          WITH("\"expires\":{\"@id\":\"sec:expiration\",\"@type\":\"xsd:dateTime\","
               "\"@container\":\"@set\"}") EXPIRED,
          STATUS_EXPIRED, "expired" },
        { "an alias that is a set hides revoked", A, CONTEXT,
          WITH("\"gone\":{\"@id\":\"obi:revoked\",\"@container\":\"@set\"}") ",\"gone\":true",
          STATUS_REVOKED, "revoked" },
        { "a set of one badge", A, CONTEXT,
          WITH("\"evidence\":{\"@id\":\"obi:evidence\",\"@type\":\"@id\",\"@container\":\"@set\"},"
               "\"badge\":{\"@id\":\"obi:badge\",\"@type\":\"@id\",\"@container\":\"@set\"}"),
          STATUS_VALID, NULL },
        { "expires is no date", A, CONTEXT, WITH("\"expires\":\"sec:expiration\"") EXPIRED,
          STATUS_EXPIRED, "expired" },
        { "expires is a typed value", A, "\"issuedOn\"",
          "\"sec:expiration\":{\"@value\":\"2021-01-01T00:00:00Z\",\"@type\":\"xsd:dateTime\"},"
          "\"issuedOn\"",
          STATUS_EXPIRED, "expired" },
        { "issuedOn is a typed value", A, "\"2020-01-01T00:00:00Z\"",
          "{\"@value\":\"2020-01-01T00:00:00Z\",\"@type\":\"xsd:dateTime\"}", STATUS_VALID, NULL },
        { "@set", A, "\"badge\":\"" C "\"", "\"badge\":{\"@set\":[\"" C "\"]}", STATUS_VALID,
          NULL },
        { "revoked is an empty list", A, "\"issuedOn\"", "\"revoked\":[],\"issuedOn\"",
          STATUS_VALID, NULL },
        { "an image's id in a list", C, "\"image\":\"" PIC "\"",
          "\"image\":{\"type\":\"Image\",\"id\":[\"" PIC "\"]}", STATUS_VALID, NULL },
        { "a class with a URN", A, "\"badge\":\"" C "\"",
          "\"badge\":{\"id\":\"" ID
          "\",\"type\":\"BadgeClass\",\"name\":\"K\",\"description\":\"d\","
          "\"image\":\"" PIC "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":\"" I "\"}",
          STATUS_VALID, NULL },
        { "a hosted one with a URN", A, "\"id\":\"" A "\"", "\"id\":\"" ID "\"", STATUS_INVALID,
          "fetch-no-address" },
        { "two classes in one", A, "\"Assertion\"", "[\"BadgeClass\",\"Assertion\"]",
          STATUS_INVALID, "class-unknown" },
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        web_good(w);
        web_edit(w, all[i].url, all[i].old, all[i].new);
        expect(w, all[i].what, web_verify(w, A), all[i].status, all[i].key);
    }
}

static void
values_of_the_wrong_form(void **state)
{
    static const struct {
        const char *old, *form; /* of what replaces it, around the value */
        const char *values[16];
    } all[] = {
        { "\"issuedOn\"",
          "\"@language\":%s,\"issuedOn\"",
          { "\"eng\"", "\"iw\"", "\"zzz\"", "\"qaa\"", "\"x-private\"", "\"i-klingon\"" } },
        { "\"2020-01-01T00:00:00Z\"",
          "%s",
          { "\"0000-01-01T00:00:00Z\"", "\"10000-01-01T00:00:00Z\"", "\"2020-12-31T23:59:60Z\"",
            "1577836800", "-1", "1e300", "\"2020-01-01\"", "\"2020-02-30T00:00:00Z\"",
            "\"2020-01-01T25:00:00Z\"", "\"2020-01-01T00:00:00z\"", "\"9999-12-31T23:59:59-01:00\"",
            "true", "\"\"" } },
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        for (size_t k = 0; k < COUNT_OF(all[i].values) && all[i].values[k] != NULL; k++) {
            web_good(w);
            web_edit(w, A, all[i].old, fill(w, all[i].form, all[i].values[k]));
            expect(w, all[i].values[k], web_verify(w, A), STATUS_INVALID, "property-type");
        }
    web_good(w);
    web_edit(w, A, "\"2020-01-01T00:00:00Z\"", "[]");
    expect(w, "no date", web_verify(w, A), STATUS_INVALID, "property-missing");
}

static void
another_document_in_its_place(void **state)
{
    static const struct {
        const char       *what, *url, *body;
        enum badge_status status;
        const char       *key;
    } all[] = {
        { "1.0 with an id that is no address", A,
          OLD("\"uid\":\"u-1\",\"id\":\"u-1\",", "1577836800", OLD_HOSTED), STATUS_VALID, NULL },
        { "1.0 with no context but null", A,
          OLD("\"@context\":null,\"uid\":\"u-1\",", "1577836800", OLD_HOSTED), STATUS_VALID, NULL },
        { "1.0 of a time beyond all", A, OLD("\"uid\":\"u-1\",", "1e15", OLD_HOSTED),
          STATUS_INVALID, "property-type" },
        { "1.0 of no time", A, OLD("\"uid\":\"u-1\",", "\"inf\"", OLD_HOSTED), STATUS_INVALID,
          "property-type" },
        { "0.5 with no context but null", A,
          "{\"@context\":null," OF_05 ON_05 "\"badge\":" CLASS_05(ISSUER_05) "}", STATUS_VALID,
          NULL },
        { "0.5 with a linked issuer", EVIL, "{" OF_05 "\"badge\":" CLASS_05("\"" I "\"") "}",
          STATUS_INVALID, "scope-origin" },
        { "0.5 with a linked class", EVIL, "{" OF_05 ON_05 "\"badge\":\"" C "\"}", STATUS_INVALID,
          "scope-origin" },
        { "0.5 of another's origin", EVIL, "{" OF_05 ON_05 "\"badge\":" CLASS_05(ISSUER_05) "}",
          STATUS_INVALID, "scope-origin" },
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        web_good(w);
        web_put(w, all[i].url, all[i].body);
        expect(w, all[i].what, web_verify(w, all[i].url), all[i].status, all[i].key);
    }
}

/* Only what begins so speaks for the issuer. */
static void
startsWith_is_not_left(void **state)
{
    static const struct {
        const char *what, *url, *final_url, *key;
    } all[] = {
        { "by a redirect on the host", "https://issuer.example/alice/go?to=/mallory/a.json",
          "https://issuer.example/mallory/a.json", "scope-start" },
        { "by path parameters", "https://issuer.example/alice/..;/mallory/a.json",
          "https://issuer.example/alice/..;/mallory/a.json", "scope-path" },
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        web_good(w);
        web_edit(w, I, "\"email\"",
                 "\"verification\":{\"startsWith\":\"https://issuer.example/alice/\"},\"email\"");
        web_edit(w, A, A, all[i].url);
        web_redirect(w, all[i].url, all[i].final_url, arena_str(w->a, web_page(w, A)->body));
        expect(w, all[i].what, web_verify(w, all[i].url), STATUS_INVALID, all[i].key);
    }
}

/* The same badge on another host, which is nobody's. */
static void
put_on_evil(struct web *w, const char *context)
{
    web_good(w);
    web_put(w, EVIL, arena_str(w->a, web_page(w, A)->body));
    web_edit(w, EVIL, A, EVIL);
    web_edit(w, EVIL, CONTEXT, context);
}

static void
a_foreign_badge_and_its_contexts(void **state)
{
    static const char *const contexts[] = {
        CONTEXT,
        WITH("\"badge\":\"schema:x\",\"b\":{\"@id\":\"obi:badge\",\"@type\":\"@id\"}") ",\"b\":\"" C
                                                                                       "\"",
        WITH("\"verification\":\"schema:x\"") ",\"verify\":{\"type\":\"HostedBadge\"}",
        WITH("\"@vocab\":\"https://w3id.org/openbadges#\""),
        "[\"https://w3id.org/openbadges/v1\"," CONTEXT "]",
        "[[[" CONTEXT "]]]",
        "[null," CONTEXT "]",
    };
    struct web          *w = *state;
    const struct report *r;

    for (size_t i = 0; i < COUNT_OF(contexts); i++) {
        put_on_evil(w, contexts[i]);
        r = web_verify(w, EVIL);
        expect(w, contexts[i], r, STATUS_INVALID, "scope-origin");
        assert_int_equal(r->issuer_host.n, 0); /* nobody spoke for it */
    }
    /* One that calls itself A: what is at A counts. */
    put_on_evil(w, WITH("\"id\":\"schema:x\",\"real\":\"@id\"") ",\"real\":\"" A "\"");
    assert_slice_equal(web_verify(w, EVIL)->subject, SL(A));
}

static void
gone_with_other_id(void **state)
{
    struct web *w = *state;

    web_put(w, "https://issuer.example/b.json", arena_str(w->a, web_page(w, A)->body));
    web_page(w, "https://issuer.example/b.json")->status = 410;
    assert_int_equal(web_verify(w, "https://issuer.example/b.json")->status, STATUS_REVOKED);
}

/* An issuer's own blank id, of any length, would become its address. */
static void
long_blank_issuer_id(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    char                *id = arena_alloc(w->a, 5001);

    memset(id, 'a', 5000);
    id[5000] = 0;
    web_edit(w, C, "\"" I "\"",
             arena_printf(w->a,
                          "{\"id\":\"_:%s\",\"type\":\"Issuer\",\"name\":\"S\",\"url\":\"https://"
                          "issuer.example\"}",
                          id)
                 .p);
    r = web_verify(w, A);
    assert_valid(w, r);
    assert_true(r->issuer_url.n <= LIMIT_URL_BYTES);
}

/* ---- signed -------------------------------------------------------------------------------------- */

/* An issuer with a key, and with that more in its profile. */
static void
put_issuer(struct web *w, const char *more)
{
    web_good(w);
    web_edit(w, I, "\"type\":\"Issuer\"", arena_printf(w->a, "\"type\":\"Issuer\"%s", more).p);
    put_key(w, KEY, rsa);
    web_put(w, PEM, arena_str(w->a, sign_pem(w->a, rsa)));
}

static const struct report *
verify_signed(struct web *w, EVP_PKEY *key, const char *payload)
{
    return web_verify_for(w, arena_str(w->a, sign_jws(w->a, key, "RS256", payload)),
                          "learner@example.org");
}

static void
signed_by_the_issuers_key(void **state)
{
    static const struct {
        const char       *what, *more, *list, *payload;
        enum badge_status status;
        const char       *key;
    } all[] = {
        { "2.0 without an id", HAS_KEY, NULL, "{" V2 "\"uid\":\"u-1\"," REST CREATOR "}",
          STATUS_INVALID, "property-missing" },
        { "its id in a list", HAS_KEY HAS_LIST, LISTED_ID,
          "{" V2 "\"id\":[\"" ID "\"]," REST CREATOR "}", STATUS_REVOKED, "revoked-listed" },
        { "another id beside its graph", HAS_KEY HAS_LIST, LISTED_ID,
          "{" V2 "\"id\":\"" NO_ID "\",\"@graph\":[{\"id\":\"" ID "\"," REST CREATOR "}]}",
          STATUS_REVOKED, "revoked-listed" },
        { "its id renamed", HAS_KEY HAS_LIST, LISTED_ID,
          "{\"@context\":" WITH("\"id\":\"schema:identifier\"") ",\"id\":\"" NO_ID
                                                                "\",\"@id\":\"" ID
                                                                "\"," REST CREATOR "}",
          STATUS_REVOKED, "revoked-listed" },
        { "1.0, in a list of 2.0 under a compact name", HAS_LIST,
          LISTED("\"obi:revoked\":[{\"uid\":\"u-1\"}]"), OLD_SIGNED(PEM), STATUS_REVOKED,
          "revoked-listed" },
        { "an embedded key that only names the linked one",
          ",\"publicKey\":{\"id\":\"" KEY "\",\"type\":\"CryptographicKey\",\"owner\":\"" I "\"}",
          NULL, "{" V2 "\"id\":\"" ID "\"," REST CREATOR "}", STATUS_VALID, NULL },
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        put_issuer(w, all[i].more);
        if (all[i].list != NULL)
            web_put(w, LIST, all[i].list);
        expect(w, all[i].what, verify_signed(w, rsa, all[i].payload), all[i].status, all[i].key);
    }
}

/* A key's PEM inside a JSON text. */
static const char *
pem_in_json(struct web *w, EVP_PKEY *key)
{
    json_object *text =
        json_in_arena(w->a, json_object_new_string(arena_str(w->a, sign_pem(w->a, key))));
    struct slice quoted = json_print(w->a, text);

    return arena_str(w->a, slice_first(slice_from(quoted, 1), quoted.n - 2));
}

/* A class that stands in the assertion, with its issuer and that one's key. */
#define INSIDE(issuer_id)                                                                          \
    "{" V2 "\"id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":{\"id\":\"_:b\","                   \
    "\"type\":\"BadgeClass\",\"name\":\"K\",\"description\":\"d\",\"image\":\"" PIC                \
    "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":{" issuer_id                          \
    "\"type\":\"Issuer\",\"name\":\"S\",\"url\":\"https://issuer.example\",\"publicKey\":"         \
    "{\"id\":\"_:k\",\"publicKeyPem\":\"%s\"}}}," REC                                              \
    "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"verification\":{\"type\":\"SignedBadge\""

static void
signed_by_a_key_of_ones_own(void **state)
{
    static const struct {
        const char *what, *payload, *key; /* payload: with %s for the PEM */
    } all[] = {
        { "in creator, under the id of the issuer's",
          "{" V2 "\"id\":\"" ID "\"," REST "\"verification\":{\"type\":\"SignedBadge\","
          "\"creator\":{\"id\":\"" KEY "\",\"type\":\"CryptographicKey\","
          "\"publicKeyPem\":\"%s\"}}}",
          "jws-signature" },
        { "in an issuer that stands inside, with the issuer's address",
          INSIDE("\"id\":\"" I "\",") ",\"creator\":\"_:k\"}}", "key-foreign" },
        { "in an issuer that stands inside, without an address", INSIDE("") "}}", "jws-no-key" },
        { "with two verification types",
          "{" V2 "\"id\":\"" A "\"," REST
          "\"verification\":{\"type\":[\"SignedBadge\",\"HostedBadge\"],\"x\":\"%s\"}}",
          "verification-hosted" },
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        put_issuer(w, HAS_KEY);
        expect(w, all[i].what,
               verify_signed(w, other, fill(w, all[i].payload, pem_in_json(w, other))),
               STATUS_INVALID, all[i].key);
    }
}

/* 1.0 names a key by any address on the issuer's host; one that lists its keys, or says where it speaks, means
 * those. */
static void
an_old_key_that_anybody_could_put_on_the_host(void **state)
{
#define SEARCH "https://issuer.example/search?q=-----BEGIN%20PUBLIC%20KEY-----MIIB..."
#define UPLOAD "https://issuer.example/uploads/mallory/avatar.txt"
    static const struct {
        const char *what, *url, *more, *page, *payload; /* page: around the PEM */
        bool        one_line;
    } all[] = {
        { "a search page that shows what was searched", SEARCH, HAS_KEY HAS_LIST,
          "<!DOCTYPE html><html><body><p>You searched for <b>%s</b>: nothing "
          "found</p></body></html>",
          OLD_SIGNED(SEARCH), true },
        { "an upload, outside of startsWith", UPLOAD,
          HAS_KEY ",\"verification\":{\"startsWith\":\"https://issuer.example/official/\"}", "%s",
          OLD_SIGNED(UPLOAD), false },
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        char *pem = arena_str(w->a, sign_pem(w->a, other));

        for (char *p = pem; all[i].one_line && *p != '\0'; p++)
            if (*p == '\n')
                *p = ' ';
        put_issuer(w, all[i].more);
        web_put(w, LIST, LISTED("\"revokedAssertions\":[]"));
        web_put(w, all[i].url, fill(w, all[i].page, pem));
        expect(w, all[i].what, verify_signed(w, other, all[i].payload), STATUS_INVALID,
               "key-foreign");
    }
}

static void
more_than_eight_keys(void **state)
{
    struct web  *w = *state;
    json_object *keys = json_in_arena(w->a, json_object_new_array());

    for (int i = 0; i < 10; i++) {
        json_object *key = json_add_object(keys);

        json_put_text(key, "id", arena_printf(w->a, "https://issuer.example/issuer.json#k%d", i));
        json_put_text(key, "type", SL("CryptographicKey"));
        json_put_text(key, "publicKeyPem", sign_pem(w->a, i == 9 ? rsa : other));
    }
    put_issuer(w, arena_printf(w->a, ",\"publicKey\":%s", json_print(w->a, keys).p).p);
    assert_valid(w, verify_signed(w, rsa,
                                  "{" V2 "\"id\":\"" ID "\"," REST
                                  "\"verification\":{\"type\":\"SignedBadge\"}}"));
}

static void
badges_that_are_two_have_two_identities(void **state)
{
    struct web          *w = *state;
    const struct report *r1, *r2;

    /* By ids in lists. */
    put_issuer(w, HAS_KEY);
    r1 = verify_signed(w, rsa, "{" V2 "\"id\":[\"" ID "\"]," REST CREATOR "}");
    r2 = verify_signed(w, rsa, "{" V2 "\"id\":[\"" NO_ID "\"]," REST CREATOR "}");
    assert_valid(w, r1);
    assert_valid(w, r2);
    assert_false(slice_eq(report_identity(w->a, r1), report_identity(w->a, r2)));
    /* Of two issuers on one host who both use the uid u-1. */
    put_issuer(w, "");
    web_put(w, "https://issuer.example/bob/key.pem", arena_str(w->a, sign_pem(w->a, other)));
    web_put(w, "https://issuer.example/bob/class.json",
            "{\"name\":\"Other\",\"description\":\"d\",\"image\":\"" PIC
            "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":\"https://issuer.example/bob/"
            "issuer.json\"}");
    web_put(w, "https://issuer.example/bob/issuer.json",
            "{\"name\":\"Bob\",\"url\":\"https://issuer.example/bob\"}");
    r1 = verify_signed(w, rsa, OLD_SIGNED(PEM));
    r2 = verify_signed(w, other,
                       "{\"uid\":\"u-1\",\"badge\":\"https://issuer.example/bob/class.json\","
                       "\"issuedOn\":1577836800," REC "\"verify\":{\"type\":\"signed\",\"url\":"
                       "\"https://issuer.example/bob/key.pem\"}}");
    assert_valid(w, r1);
    assert_valid(w, r2);
    assert_false(slice_eq(report_identity(w->a, r1), report_identity(w->a, r2)));
}

/* ---- endorsements -------------------------------------------------------------------------------- */

#define HARVARD "https://harvard.example/"
#define ENDORSEMENT(id, claim)                                                                     \
    "{" V2 "\"id\":\"" id "\",\"type\":\"Endorsement\",\"claim\":" claim                           \
    ",\"issuedOn\":\"2020-01-01T00:00:00Z\",\"issuer\":\"" HARVARD "issuer.json\","                \
    "\"verification\":{\"type\":\"hosted\"}}"
#define GOOD_OF(id) "{\"id\":\"" id "\",\"endorsementComment\":\"good\"}"

static void
endorsements_in_anothers_name_are_warned_of(void **state)
{
    static const struct {
        const char *what, *endorsement, *url, *final_url, *body;
        const char *key; /* NULL: nothing is wrong with it */
    } all[] = {
        { "one that stands in the class", ENDORSEMENT(HARVARD "e1", GOOD_OF(C)), NULL, NULL, NULL,
          "endorsement-scope" },
        { "one behind a redirect that anybody can aim", "\"" HARVARD "go?to=evil\"",
          HARVARD "go?to=evil", "https://evil.example/e",
          ENDORSEMENT(HARVARD "go?to=evil", GOOD_OF(C)), "endorsement-scope" },
        { "one of something else", "\"" HARVARD "e1\"", HARVARD "e1", HARVARD "e1",
          ENDORSEMENT(HARVARD "e1", GOOD_OF("https://other.example/class.json")),
          "endorsement-other" },
        { "a claim that has only its id", "\"" HARVARD "e1\"", HARVARD "e1", HARVARD "e1",
          ENDORSEMENT(HARVARD "e1", "{\"id\":\"" C "\"}"), NULL },
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        const struct report *r;

        web_good(w);
        web_edit(w, C, "\"name\"",
                 arena_printf(w->a, "\"endorsement\":%s,\"name\"", all[i].endorsement).p);
        web_put(w, HARVARD "issuer.json",
                "{" V2 "\"id\":\"" HARVARD "issuer.json\",\"type\":\"Issuer\",\"name\":\"Harvard\","
                "\"url\":\"https://harvard.example\",\"email\":\"post@harvard.example\"}");
        if (all[i].url != NULL)
            web_redirect(w, all[i].url, all[i].final_url, all[i].body);
        r = web_verify(w, A);
        expect(w, all[i].what, r, STATUS_VALID, all[i].key);
        if (all[i].key == NULL)
            assert_int_equal(r->warning_count, 0);
    }
}

/* The profile of an endorser says that it has the issuer's key, which is another. */
static void
key_id_collision(void **state)
{
    struct web *w = *state;

    put_issuer(w, HAS_KEY);
    web_put(w, HARVARD "issuer.json",
            arena_printf(w->a,
                         "{" V2 "\"id\":\"" HARVARD "issuer.json\",\"type\":\"Issuer\","
                         "\"name\":\"E\",\"url\":\"https://harvard.example\",\"publicKey\":"
                         "{\"id\":\"" KEY "\",\"publicKeyPem\":\"%s\"}}",
                         pem_in_json(w, other))
                .p);
    expect(w, "by an endorsement",
           verify_signed(w, other,
                         "{" V2 "\"id\":\"" ID "\",\"endorsement\":" ENDORSEMENT(
                             HARVARD "e1", GOOD_OF(C)) "," REST CREATOR "}"),
           STATUS_INVALID, "jws-signature");
}

/* ---- stored -------------------------------------------------------------------------------------- */

static void
a_list_of_one_can_be_read_and_shown_again(void **state)
{
    static const char *const urls[] = { A, C, I };
    struct web              *w = *state;

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        SCOPED(json_drop) json_object *shown = NULL;
        const struct report           *r;
        struct badge_docs              docs;
        struct badge_graph             graph;
        struct err                     e = { 0 };

        web_good(w);
        web_put(w, urls[i],
                arena_printf(w->a, "[%s]", arena_str(w->a, web_page(w, urls[i])->body)).p);
        r = web_verify_for(w, A, "learner@example.org");
        assert_valid(w, r);
        docs = report_docs(w->a, r);
        assert_int_equal(badge_graph_of(w->a, &docs, &graph, &e), ERR_NONE);
        assert_int_equal(badge_displayed(w->a, &docs, &shown, &e), ERR_NONE);
    }
}

/* ---- amount of work ------------------------------------------------------------------------------ */

/* The item so many times, with commas between; `%zu` in it is 10000 and up. */
static const char *
repeat(struct web *w, const char *item, size_t n)
{
    struct sbuf b;
    size_t      at;
    bool        counts = slice_find(slice_str(item), SL("%zu"), &at);

    sbuf_init(&b, w->a);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            sbuf_add_char(&b, ',');
        if (counts)
            sbuf_printf(&b, "%.*s%zu%s", (int)at, item, 10000 + i, item + at + 3);
        else
            sbuf_add_str(&b, item);
    }
    return b.p;
}

static const char *
as(struct web *w, size_t n)
{
    char *text = arena_alloc(w->a, n + 1);

    memset(text, 'a', n);
    text[n] = 0;
    return text;
}

static double
rss_mb(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long  a, b = 0;

    if (fscanf(f, "%ld %ld", &a, &b) != 2)
        b = 0;
    fclose(f);
    return (double)b * 4096 / 1e6;
}

/* It is read, found to be not valid, and takes no more than that many megabytes, most of which the sanitizers take. */
static void
bounded(struct web *w, const char *payload)
{
    const char          *input = arena_str(w->a, sign_jws(w->a, rsa, "RS256", payload));
    double               before = rss_mb(), grown;
    const struct report *r = web_verify(w, input);

    grown = rss_mb() - before;
    assert_false(r->valid);
    assert_false(says(r, "input-too-large"));
    if (grown > 100)
        fail_msg("%.0f MB more", grown);
}

#define CTX "https://evil.example/ctx"
#define EXTENSION_OF(contexts)                                                                     \
    "{\"@context\":[" CONTEXT "," contexts "],\"type\":[\"Extension\",%s]}"
#define PUBLISHED "\"https://w3id.org/openbadges/extensions/"

static void
long_id_and_many_faults(void **state)
{
    static const struct {
        size_t      id, faults;
        const char *fault;
    } all[] = { { 65000, 30000, "5" }, { 60000, 20000, "%zu" } };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        bounded(w, arena_printf(w->a,
                                "{" V2 "\"id\":\"_:%s\",\"type\":\"Assertion\",\"evidence\":[%s]}",
                                as(w, all[i].id), repeat(w, all[i].fault, all[i].faults))
                       .p);
}

static void
long_vocab_and_many_names(void **state)
{
    struct web *w = *state;

    bounded(w, arena_printf(w->a,
                            "{\"@context\":[" CONTEXT ",{\"@vocab\":\"https://%s\"}],"
                            "\"type\":\"Assertion\",%s}",
                            as(w, 80000), repeat(w, "\"%zu\":0", 10000))
                   .p);
}

static void
many_terms_many_names(void **state)
{
    struct web *w = *state;
    struct sbuf contexts;

    sbuf_init(&contexts, w->a);
    for (int k = 0; k < 7; k++)
        sbuf_printf(&contexts, ",{%s}",
                    repeat(w, arena_printf(w->a, "\"k%d%%zu\":\"x:y\"", k).p, 500));
    bounded(w, arena_printf(w->a, "{\"@context\":[" CONTEXT "%s],\"type\":\"Assertion\",%s}",
                            contexts.p, repeat(w, "\"%zu\":0", 8000))
                   .p);
}

static void
many_types_of_an_extension(void **state)
{
    struct web *w = *state;

    web_put(w, CTX,
            arena_printf(w->a, "{\"@context\":{\"ext\":\"https://x.example/\"},\"junk\":[%s]}",
                         repeat(w, "0", 30000))
                .p);
    bounded(w, arena_printf(w->a, EXTENSION_OF("\"" CTX "\""), repeat(w, "\"a\"", 600)).p);
}

static void
many_types_of_published_extensions(void **state)
{
    struct web *w = *state;

    bounded(w, arena_printf(w->a,
                            EXTENSION_OF(PUBLISHED "exampleExtension/context.json\"," PUBLISHED
                                                   "applyLinkExtension/context.json\""),
                            repeat(w, "\"a\"", 30000))
                   .p);
}

static void
one_context_many_times(void **state)
{
    struct web *w = *state;

    web_put(w, CTX, arena_printf(w->a, "{\"@context\":{},\"junk\":[%s]}", repeat(w, "0", 30000)).p);
    bounded(w, arena_printf(w->a, "{" V2 "\"type\":\"Assertion\",\"evidence\":[%s]}",
                            repeat(w, "{\"@context\":\"" CTX "\"}", 1140))
                   .p);
}

static void
schema_work(void **state)
{
    struct web *w = *state;

    web_put(w, CTX,
            "{\"@context\":{\"T\":\"https://x.example/T\"},\"validation\":{\"validatesType\":\"T\","
            "\"validationSchema\":\"https://evil.example/schema\"}}");
    web_put(w, "https://evil.example/schema",
            arena_printf(w->a, "{\"definitions\":{\"e\":{\"enum\":[%s]}},\"anyOf\":[%s]}",
                         repeat(w, "0", 12000), repeat(w, "{\"$ref\":\"#/definitions/e\"}", 1900))
                .p);
    bounded(w, arena_printf(w->a, EXTENSION_OF("\"" CTX "\""), repeat(w, "\"T\"", 31)).p);
}

/* More faults than there is room for do not crowd out that it was revoked. */
static void
revoked_beyond_all_messages(void **state)
{
    static const char *const faults[] = {
        "%zu",
        "{\"@context\":[" PUBLISHED "exampleExtension/context.json\"],\"type\":[\"Extension\","
        "\"extensions:ExampleExtension\"],\"exampleProperty\":5}",
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        web_good(w);
        web_edit(w, A, "\"issuedOn\"",
                 arena_printf(w->a, "\"revoked\":true,\"evidence\":[%s],\"issuedOn\"",
                              repeat(w, faults[i], 210))
                     .p);
        assert_int_equal(web_verify(w, A)->status, STATUS_REVOKED);
        web_edit(w, A, "\"badge\":\"" C "\"", "\"badge\":\"http:x\"");
        assert_int_equal(web_verify(w, A)->status, STATUS_REVOKED);
    }
}

static int
begin(void **state)
{
    (void)state;
    rsa = sign_key("2048");
    other = sign_key("2048");
    return 0;
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(one_change_to_a_good_badge),
        WEB_TEST(values_of_the_wrong_form),
        WEB_TEST(another_document_in_its_place),
        WEB_TEST(startsWith_is_not_left),
        WEB_TEST(a_foreign_badge_and_its_contexts),
        WEB_TEST(gone_with_other_id),
        WEB_TEST(long_blank_issuer_id),
        WEB_TEST(signed_by_the_issuers_key),
        WEB_TEST(signed_by_a_key_of_ones_own),
        WEB_TEST(an_old_key_that_anybody_could_put_on_the_host),
        WEB_TEST(more_than_eight_keys),
        WEB_TEST(badges_that_are_two_have_two_identities),
        WEB_TEST(endorsements_in_anothers_name_are_warned_of),
        WEB_TEST(key_id_collision),
        WEB_TEST(a_list_of_one_can_be_read_and_shown_again),
        WEB_TEST(long_id_and_many_faults),
        WEB_TEST(long_vocab_and_many_names),
        WEB_TEST(many_terms_many_names),
        WEB_TEST(many_types_of_an_extension),
        WEB_TEST(many_types_of_published_extensions),
        WEB_TEST(one_context_many_times),
        WEB_TEST(schema_work),
        WEB_TEST(revoked_beyond_all_messages),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, begin, NULL);
}

/* What somebody might try: badges made to pass for an issuer's, to hide that they are over, or to keep a worker
 * busy. Each was seen to work once, or to come close. */
#include <unistd.h>
#include "badge_keys.h"

#define KEY "https://issuer.example/key.json"
#define PEM "https://issuer.example/key.pem"
#define LIST "https://issuer.example/revoked.json"
#define ID "urn:uuid:bf8d3c3d-fe60-487c-87a3-06440d0d0163"
#define REC                                                                                        \
    "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":\"learner@example.org\"},"
#define CREATOR "\"verification\":{\"type\":\"SignedBadge\",\"creator\":\"" KEY "\"}"

static EVP_PKEY *rsa, *other;

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
static void
put_issuer(struct web *w, const char *more)
{
    web_good(w);
    web_edit(w, I, "\"type\":\"Issuer\"", arena_printf(w->a, "\"type\":\"Issuer\"%s", more).p);
    put_key(w, KEY, rsa);
}
static const struct report *
jws(struct web *w, EVP_PKEY *key, const char *payload)
{
    return web_verify_for(w, arena_str(w->a, sign_jws(w->a, key, "RS256", payload)),
                          "learner@example.org");
}
static void
must_not(struct web *w, const struct report *r)
{
    (void)w;
    if (r->status == STATUS_VALID || r->valid)
        fail_msg("accepted");
}

/* 2.0 issuer with declared keys, forged 1.0 JWS, key reflected by a page on the issuer's host. */
static void
reflected_key_in_html(void **state)
{
    struct web *w = *state;
    const char *search = "https://issuer.example/search?q=-----BEGIN%20PUBLIC%20KEY-----MIIB...";
    char       *pem;

    put_issuer(w, ",\"publicKey\":\"" KEY "\",\"revocationList\":\"" LIST "\"");
    web_put(w, LIST,
            "{" V2 "\"id\":\"" LIST "\",\"type\":\"RevocationList\",\"revokedAssertions\":[]}");
    pem = arena_str(w->a, sign_pem(w->a, other));
    for (char *p = pem; *p; p++)
        if (*p == '\n')
            *p = ' ';
    web_put(w, search,
            arena_printf(w->a,
                         "<!DOCTYPE html><html><body><p>You searched for <b>%s</b>: nothing "
                         "found</p></body></html>",
                         pem)
                .p);
    must_not(
        w, jws(w, other,
               arena_printf(w->a,
                            "{\"uid\":\"forged-1\",\"badge\":\"" C "\",\"issuedOn\":1577836800," REC
                            "\"verify\":{\"type\":\"signed\",\"url\":\"%s\"}}",
                            search)
                   .p));
}
/* the same, a plain file somebody uploaded; the issuer says in startsWith that only /official/ speaks for it. */
static void
old_key_ignores_publicKey_and_startsWith(void **state)
{
    struct web *w = *state;
    const char *up = "https://issuer.example/uploads/mallory/avatar.txt";

    put_issuer(w, ",\"publicKey\":\"" KEY
                  "\",\"verification\":{\"startsWith\":\"https://issuer.example/official/\"}");
    web_put(w, up, arena_str(w->a, sign_pem(w->a, other)));
    must_not(
        w, jws(w, other,
               arena_printf(w->a,
                            "{\"uid\":\"forged-1\",\"badge\":\"" C "\",\"issuedOn\":1577836800," REC
                            "\"verify\":{\"type\":\"signed\",\"url\":\"%s\"}}",
                            up)
                   .p));
}
/* startsWith and a redirect on the same host out of the tenant's folder. */
static void
redirect_inside_the_host_leaves_startsWith(void **state)
{
    struct web *w = *state;
    const char *go = "https://issuer.example/alice/go?to=/mallory/a.json";

    web_edit(w, I, "\"email\"",
             "\"verification\":{\"startsWith\":\"https://issuer.example/alice/\"},\"email\"");
    web_edit(w, A, A, go);
    web_redirect(w, go, "https://issuer.example/mallory/a.json",
                 arena_str(w->a, web_page(w, A)->body));
    must_not(w, web_verify(w, go));
}
static void
path_parameters_climb(void **state)
{
    struct web *w = *state;
    const char *u = "https://issuer.example/alice/..;/mallory/a.json";

    web_edit(w, I, "\"email\"",
             "\"verification\":{\"startsWith\":\"https://issuer.example/alice/\"},\"email\"");
    web_edit(w, A, A, u);
    web_put(w, u, arena_str(w->a, web_page(w, A)->body));
    must_not(w, web_verify(w, u));
}
/* an expired badge whose context gives `expires` a @container of @set (JSON-LD: the same property). */
static void
container_set_hides_expires(void **state)
{
    struct web *w = *state;
    web_edit(w, A, "\"@context\":\"https://w3id.org/openbadges/v2\"",
             "\"@context\":[\"https://w3id.org/openbadges/"
             "v2\",{\"expires\":{\"@id\":\"sec:expiration\",\"@type\":\"xsd:dateTime\",\"@"
             "container\":\"@set\"}}],\"expires\":\"2021-01-01T00:00:00Z\"");
    must_not(w, web_verify(w, A));
}
static void
container_set_hides_revoked_alias(void **state)
{
    struct web *w = *state;
    web_edit(w, A, "\"@context\":\"https://w3id.org/openbadges/v2\"",
             "\"@context\":[\"https://w3id.org/openbadges/"
             "v2\",{\"gone\":{\"@id\":\"obi:revoked\",\"@container\":\"@set\"}}],\"gone\":true");
    must_not(w, web_verify(w, A));
}
static void
container_set_on_badge_is_good(void **state)
{
    struct web *w = *state;
    web_edit(
        w, A, "\"@context\":\"https://w3id.org/openbadges/v2\"",
        "\"@context\":[\"https://w3id.org/openbadges/"
        "v2\",{\"evidence\":{\"@id\":\"obi:evidence\",\"@type\":\"@id\",\"@container\":\"@set\"},"
        "\"badge\":{\"@id\":\"obi:badge\",\"@type\":\"@id\",\"@container\":\"@set\"}}]");
    assert_valid(w, web_verify(w, A));
}
static void
expires_without_coercion(void **state)
{
    struct web *w = *state;
    web_edit(w, A, "\"@context\":\"https://w3id.org/openbadges/v2\"",
             "\"@context\":[\"https://w3id.org/openbadges/"
             "v2\",{\"expires\":\"sec:expiration\"}],\"expires\":\"2021-01-01T00:00:00Z\"");
    must_not(w, web_verify(w, A));
}
static void
expires_typed_value(void **state)
{
    struct web *w = *state;
    web_edit(w, A, "\"issuedOn\"",
             "\"sec:expiration\":{\"@value\":\"2021-01-01T00:00:00Z\",\"@type\":\"xsd:dateTime\"},"
             "\"issuedOn\"");
    must_not(w, web_verify(w, A));
}
/* 2.0 requires an id; a JWS without one but with a uid. */
static void
signed_2_0_without_id(void **state)
{
    struct web *w = *state;
    put_issuer(w, ",\"publicKey\":\"" KEY "\"");
    must_not(w, jws(w, rsa,
                    "{" V2 "\"type\":\"Assertion\",\"badge\":\"" C "\",\"uid\":\"u-1\"," REC
                    "\"issuedOn\":\"2020-01-01T00:00:00Z\"," CREATOR "}"));
}
/* id in an array: valid JSON-LD of the same; revocation and identity do not see it. */
static void
id_in_array_evades_revocation(void **state)
{
    struct web *w = *state;
    put_issuer(w, ",\"publicKey\":\"" KEY "\",\"revocationList\":\"" LIST "\"");
    web_put(w, LIST,
            "{" V2 "\"id\":\"" LIST "\",\"type\":\"RevocationList\",\"revokedAssertions\":[\"" ID
            "\"]}");
    must_not(w, jws(w, rsa,
                    "{" V2 "\"id\":[\"" ID "\"],\"type\":\"Assertion\",\"badge\":\"" C "\"," REC
                    "\"issuedOn\":\"2020-01-01T00:00:00Z\"," CREATOR "}"));
}
static void
outer_id_beside_graph_evades_revocation(void **state)
{
    struct web *w = *state;
    put_issuer(w, ",\"publicKey\":\"" KEY "\",\"revocationList\":\"" LIST "\"");
    web_put(w, LIST,
            "{" V2 "\"id\":\"" LIST "\",\"type\":\"RevocationList\",\"revokedAssertions\":[\"" ID
            "\"]}");
    must_not(
        w, jws(w, rsa,
               "{" V2
               "\"id\":\"urn:uuid:00000000-0000-4000-8000-000000000000\",\"@graph\":[{\"id\":\"" ID
               "\",\"type\":\"Assertion\",\"badge\":\"" C "\"," REC
               "\"issuedOn\":\"2020-01-01T00:00:00Z\"," CREATOR "}]}"));
}
static void
renamed_id_evades_revocation(void **state)
{
    struct web *w = *state;
    put_issuer(w, ",\"publicKey\":\"" KEY "\",\"revocationList\":\"" LIST "\"");
    web_put(w, LIST,
            "{" V2 "\"id\":\"" LIST "\",\"type\":\"RevocationList\",\"revokedAssertions\":[\"" ID
            "\"]}");
    must_not(w, jws(w, rsa,
                    "{\"@context\":[\"https://w3id.org/openbadges/"
                    "v2\",{\"id\":\"schema:identifier\"}],\"id\":\"urn:uuid:00000000-0000-4000-"
                    "8000-000000000000\",\"@id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":\"" C
                    "\"," REC "\"issuedOn\":\"2020-01-01T00:00:00Z\"," CREATOR "}"));
}
static void
array_ids_give_one_identity(void **state)
{
    struct web          *w = *state;
    const struct report *r1, *r2;
    put_issuer(w, ",\"publicKey\":\"" KEY "\"");
    r1 = jws(w, rsa,
             "{" V2 "\"id\":[\"" ID "\"],\"type\":\"Assertion\",\"badge\":\"" C "\"," REC
             "\"issuedOn\":\"2020-01-01T00:00:00Z\"," CREATOR "}");
    r2 = jws(w, rsa,
             "{" V2 "\"id\":[\"urn:uuid:00000000-0000-4000-8000-000000000000\"],\"type\":"
             "\"Assertion\",\"badge\":\"" C "\"," REC
             "\"issuedOn\":\"2020-01-02T00:00:00Z\"," CREATOR "}");
    if (r1->status == STATUS_VALID && r2->status == STATUS_VALID &&
        slice_eq(report_identity(w->a, r1), report_identity(w->a, r2)))
        fail_msg("two valid badges, one identity");
}
/* an image object whose id stands in a list: no message says why it is invalid. */
static void
invalid_without_a_message(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    web_edit(w, C, "\"image\":\"" PIC "\"", "\"image\":{\"type\":\"Image\",\"id\":[\"" PIC "\"]}");
    r = web_verify(w, A);
    if (!r->valid && r->error_count == 0)
        fail_msg("invalid without an error");
}
/* old list with the 2.0 list under another name. */
static void
old_assertion_list_2_0_compact_iri(void **state)
{
    struct web *w = *state;
    put_issuer(w, ",\"revocationList\":\"" LIST "\"");
    web_put(w, PEM, arena_str(w->a, sign_pem(w->a, rsa)));
    web_put(w, LIST,
            "{" V2 "\"id\":\"" LIST
            "\",\"type\":\"RevocationList\",\"obi:revoked\":[{\"uid\":\"u-1\"}]}");
    must_not(w, jws(w, rsa,
                    "{\"uid\":\"u-1\",\"badge\":\"" C "\",\"issuedOn\":1577836800," REC
                    "\"verify\":{\"type\":\"signed\",\"url\":\"" PEM "\"}}"));
}
/* endorsements. */
static const struct report *
with_endorsement(struct web *w, const char *endorsement)
{
    web_edit(w, C, "\"name\"", arena_printf(w->a, "\"endorsement\":%s,\"name\"", endorsement).p);
    web_put(
        w, "https://harvard.example/issuer.json",
        "{" V2
        "\"id\":\"https://harvard.example/issuer.json\",\"type\":\"Issuer\",\"name\":\"Harvard\","
        "\"url\":\"https://harvard.example\",\"email\":\"post@harvard.example\"}");
    return web_verify(w, A);
}
#define END(id, claim)                                                                             \
    "{" V2 "\"id\":\"" id "\",\"type\":\"Endorsement\",\"claim\":{\"id\":\"" claim                 \
    "\",\"endorsementComment\":\"good\"},"                                                         \
    "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"issuer\":\"https://harvard.example/"                  \
    "issuer.json\",\"verification\":{\"type\":\"hosted\"}}"
static void
embedded_endorsement_in_anothers_name(void **state)
{
    struct web          *w = *state;
    const struct report *r = with_endorsement(w, END("https://harvard.example/e1", C));
    if (!says(r, "endorsement-scope"))
        fail_msg("no warning");
}
static void
redirected_endorsement(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    web_redirect(w, "https://harvard.example/go?to=evil", "https://evil.example/e",
                 END("https://harvard.example/go?to=evil", C));
    r = with_endorsement(w, "\"https://harvard.example/go?to=evil\"");
    if (!says(r, "endorsement-scope") && !says(r, "fetch-away"))
        fail_msg("no warning");
}
static void
endorsement_of_something_else(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    web_put(w, "https://harvard.example/e1",
            END("https://harvard.example/e1", "https://other.example/class.json"));
    r = with_endorsement(w, "\"https://harvard.example/e1\"");
    if (r->warning_count == 0 && r->error_count == 0)
        fail_msg("no word");
}
/* offline reads otherwise. */
static void
a_list_of_one_cannot_be_read_again(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    struct badge_docs    d;
    struct badge_graph   g;
    struct err           e = { 0 };
    web_put(w, A, arena_printf(w->a, "[%s]", arena_str(w->a, web_page(w, A)->body)).p);
    r = web_verify_for(w, A, "learner@example.org");
    assert_valid(w, r);
    d = report_docs(w->a, r);
    assert_int_equal(badge_graph_of(w->a, &d, &g, &e), ERR_NONE);
}
/* amount of work. */
static struct slice
repeat(struct web *w, const char *item, size_t n)
{
    struct sbuf b;
    sbuf_init(&b, w->a);
    for (size_t i = 0; i < n; i++) {
        if (i)
            sbuf_add_char(&b, ',');
        sbuf_add_str(&b, item);
    }
    return sbuf_slice(&b);
}
/* No more than that many megabytes, most of which the sanitizers take. */
static void
bounded(struct web *w, const char *input)
{
    double before = rss_mb(), grown;

    assert_false(web_verify(w, input)->valid);
    grown = rss_mb() - before;
    if (grown > 100)
        fail_msg("%.0f MB more", grown);
}
static void
long_id_and_many_faults(void **state)
{
    struct web *w = *state;
    char       *id = arena_alloc(w->a, 70000);
    memset(id, 'a', 65000);
    id[65000] = 0;
    bounded(w, arena_str(
                   w->a,
                   sign_jws(w->a, rsa, "RS256",
                            arena_printf(
                                w->a,
                                "{" V2 "\"id\":\"_:%s\",\"type\":\"Assertion\",\"evidence\":[%s]}",
                                id, arena_str(w->a, repeat(w, "5", 30000)))
                                .p)));
}
static void
long_id_and_faults_that_differ(void **state)
{
    struct web *w = *state;
    struct sbuf b;
    char       *id = arena_alloc(w->a, 70000);
    memset(id, 'a', 60000);
    id[60000] = 0;
    sbuf_init(&b, w->a);
    for (size_t i = 0; i < 20000; i++)
        sbuf_printf(&b, "%s%zu", i ? "," : "", 10000 + i);
    bounded(w, arena_str(
                   w->a,
                   sign_jws(w->a, rsa, "RS256",
                            arena_printf(
                                w->a,
                                "{" V2 "\"id\":\"_:%s\",\"type\":\"Assertion\",\"evidence\":[%s]}",
                                id, arena_str(w->a, sbuf_slice(&b)))
                                .p)));
}
static void
long_vocab_and_many_names(void **state)
{
    struct web *w = *state;
    struct sbuf b;
    char       *v = arena_alloc(w->a, 90001);
    memset(v, 'a', 80000);
    v[80000] = 0;
    sbuf_init(&b, w->a);
    for (size_t i = 0; i < 12000; i++)
        sbuf_printf(&b, ",\"%zx\":0", 4096 + i);
    bounded(w, arena_str(w->a,
                         sign_jws(w->a, rsa, "RS256",
                                  arena_printf(
                                      w->a,
                                      "{\"@context\":[\"https://w3id.org/openbadges/"
                                      "v2\",{\"@vocab\":\"https://%s\"}],\"type\":\"Assertion\"%s}",
                                      v, arena_str(w->a, sbuf_slice(&b)))
                                      .p)));
}
static void
many_types_of_an_extension(void **state)
{
    struct web *w = *state;
    char       *big = arena_str(w->a, repeat(w, "0", 30000));
    web_put(
        w, "https://evil.example/ctx",
        arena_printf(w->a, "{\"@context\":{\"ext\":\"https://x.example/\"},\"junk\":[%s]}", big).p);
    bounded(w, arena_str(w->a,
                         sign_jws(w->a, rsa, "RS256",
                                  arena_printf(
                                      w->a,
                                      "{\"@context\":[\"https://w3id.org/openbadges/v2\",\"https://"
                                      "evil.example/ctx\"],\"type\":[\"Extension\",%s]}",
                                      arena_str(w->a, repeat(w, "\"a\"", 600)))
                                      .p)));
}
static void
many_types_builtin_no_network(void **state)
{
    struct web *w = *state;
    bounded(
        w, arena_str(w->a,
                     sign_jws(w->a, rsa, "RS256",
                              arena_printf(
                                  w->a,
                                  "{\"@context\":[\"https://w3id.org/openbadges/v2\",\"https://"
                                  "w3id.org/openbadges/extensions/exampleExtension/"
                                  "context.json\",\"https://w3id.org/openbadges/extensions/"
                                  "applyLinkExtension/context.json\"],\"type\":[\"Extension\",%s]}",
                                  arena_str(w->a, repeat(w, "\"a\"", 30000)))
                                  .p)));
}
static void
one_context_many_times(void **state)
{
    struct web *w = *state;
    char       *big = arena_str(w->a, repeat(w, "0", 30000));
    web_put(w, "https://evil.example/ctx",
            arena_printf(w->a, "{\"@context\":{},\"junk\":[%s]}", big).p);
    bounded(
        w, arena_str(
               w->a,
               sign_jws(w->a, rsa, "RS256",
                        arena_printf(
                            w->a, "{" V2 "\"type\":\"Assertion\",\"evidence\":[%s]}",
                            arena_str(w->a, repeat(w, "{\"@context\":\"https://evil.example/ctx\"}",
                                                   1140)))
                            .p)));
}
static void
schema_work(void **state)
{
    struct web *w = *state;
    web_put(w, "https://evil.example/ctx",
            "{\"@context\":{\"T\":\"https://x.example/"
            "T\"},\"validation\":{\"validatesType\":\"T\",\"validationSchema\":\"https://"
            "evil.example/schema\"}}");
    web_put(w, "https://evil.example/schema",
            arena_printf(w->a, "{\"definitions\":{\"e\":{\"enum\":[%s]}},\"anyOf\":[%s]}",
                         arena_str(w->a, repeat(w, "0", 12000)),
                         arena_str(w->a, repeat(w, "{\"$ref\":\"#/definitions/e\"}", 1900)))
                .p);
    bounded(w, arena_str(w->a,
                         sign_jws(w->a, rsa, "RS256",
                                  arena_printf(
                                      w->a,
                                      "{\"@context\":[\"https://w3id.org/openbadges/v2\",\"https://"
                                      "evil.example/ctx\"],\"type\":[\"Extension\",%s]}",
                                      arena_str(w->a, repeat(w, "\"T\"", 31)))
                                      .p)));
}
static void
many_terms_many_names(void **state)
{
    struct web *w = *state;
    struct sbuf b, c;
    sbuf_init(&b, w->a);
    sbuf_init(&c, w->a);
    for (size_t k = 0; k < 7; k++) {
        sbuf_printf(&c, ",{");
        for (size_t i = 0; i < 500; i++)
            sbuf_printf(&c, "%s\"k%zx%zx\":\"x:y\"", i ? "," : "", k, 256 + i);
        sbuf_printf(&c, "}");
    }
    for (size_t i = 0; i < (size_t)(8000); i++)
        sbuf_printf(&b, ",\"%zx\":0", 65536 + i);
    bounded(w, arena_str(w->a, sign_jws(w->a, rsa, "RS256",
                                        arena_printf(w->a,
                                                     "{\"@context\":[\"https://w3id.org/openbadges/"
                                                     "v2\"%s],\"type\":\"Assertion\"%s}",
                                                     arena_str(w->a, sbuf_slice(&c)),
                                                     arena_str(w->a, sbuf_slice(&b)))
                                            .p)));
}
/* issuer's own blank id, of any length, becomes issuer_url. */
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
static void
long_urn_like_class(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    char                *q = arena_alloc(w->a, 5001);
    memset(q, 'a', 5000);
    q[5000] = 0;
    (void)q;
    web_edit(w, A, "\"badge\":\"" C "\"",
             "\"badge\":{\"id\":\"" ID
             "\",\"type\":\"BadgeClass\",\"name\":\"K\",\"description\":\"d\",\"image\":\"" PIC
             "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":\"" I "\"}");
    r = web_verify(w, A);
    assert_valid(w, r);
}
/* what can never be read is no failure to reach a server. */
static void
hosted_urn_id_is_invalid(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    web_edit(w, A, "\"id\":\"" A "\"", "\"id\":\"" ID "\"");
    r = web_verify(w, A);
    assert_refused(w, r, "fetch-no-address");
    assert_string_equal(report_outcome(r), "invalid");
}
static void
an_old_document_with_an_id_that_is_no_address(void **state)
{
    struct web *w = *state;
    web_put(w, A,
            "{\"uid\":\"u-1\",\"id\":\"u-1\",\"badge\":\"" C "\",\"issuedOn\":1577836800," REC
            "\"verify\":{\"type\":\"hosted\",\"url\":\"" A "\"}}");
    assert_valid(w, web_verify(w, A));
}
/* issuer_host of a badge for which nobody spoke. */
static void
issuer_host_of_a_foreign_badge(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    web_put(w, "https://evil.example/a.json", arena_str(w->a, web_page(w, A)->body));
    web_edit(w, "https://evil.example/a.json", A, "https://evil.example/a.json");
    r = web_verify(w, "https://evil.example/a.json");
    assert_refused(w, r, "scope-origin");
    if (r->issuer_host.n > 0)
        fail_msg("host %.*s", SLICE_FMT(r->issuer_host));
}
/* which types, languages. */
static void
two_classes_in_one(void **state)
{
    struct web *w = *state;
    web_edit(w, A, "\"Assertion\"", "[\"BadgeClass\",\"Assertion\"]");
    must_not(w, web_verify(w, A));
}
static void
language_eng(void **state)
{
    static const char *const bad[] = { "eng", "iw", "zzz", "qaa", "x-private", "i-klingon" };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct web *w = *state;
        web_good(w);
        web_edit(w, A, "\"issuedOn\"",
                 arena_printf(w->a, "\"@language\":\"%s\",\"issuedOn\"", bad[i]).p);
        if (web_verify(w, A)->valid)
            fail_msg("%s", bad[i]);
    }
}
static void
embedded_key_that_only_names_the_linked_one(void **state)
{
    struct web *w = *state;
    put_issuer(w, ",\"publicKey\":{\"id\":\"" KEY "\",\"type\":\"CryptographicKey\",\"owner\":\"" I
                  "\"}");
    assert_valid(w, jws(w, rsa,
                        "{" V2 "\"id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":\"" C "\"," REC
                        "\"issuedOn\":\"2020-01-01T00:00:00Z\"," CREATOR "}"));
}
static void
more_than_eight_keys(void **state)
{
    struct web *w = *state;
    struct sbuf b;
    char       *pem = arena_str(w->a, sign_pem(w->a, other)),
         *good = arena_str(w->a, sign_pem(w->a, rsa));
    json_object *k = json_in_arena(w->a, json_object_new_array());
    for (int i = 0; i < 10; i++) {
        json_object *o = json_object_new_object();
        json_put_text(o, "id", arena_printf(w->a, "https://issuer.example/issuer.json#k%d", i));
        json_put_text(o, "type", SL("CryptographicKey"));
        json_put_text(o, "publicKeyPem", slice_str(i == 9 ? good : pem));
        json_object_array_add(k, o);
    }
    (void)b;
    put_issuer(w, arena_printf(w->a, ",\"publicKey\":%s", json_print(w->a, k).p).p);
    assert_valid(
        w,
        jws(w, rsa,
            "{" V2 "\"id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":\"" C "\"," REC
            "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"verification\":{\"type\":\"SignedBadge\"}}"));
}
static void
set_objects(void **state)
{
    struct web *w = *state;
    web_edit(w, A, "\"badge\":\"" C "\"", "\"badge\":{\"@set\":[\"" C "\"]}");
    assert_valid(w, web_verify(w, A));
}
static void
status_hides_beyond_messages_max(void **state)
{
    struct web          *w = *state;
    struct sbuf          b;
    const struct report *r;
    sbuf_init(&b, w->a);
    for (int i = 0; i < 210; i++)
        sbuf_printf(&b,
                    "%s{\"@context\":[\"https://w3id.org/openbadges/extensions/exampleExtension/"
                    "context.json\"],\"type\":[\"Extension\",\"extensions:ExampleExtension\"],"
                    "\"exampleProperty\":5}",
                    i ? "," : "");
    web_edit(w, A, "\"issuedOn\"", "\"revoked\":true,\"issuedOn\"");
    web_edit(w, A, "\"badge\":\"" C "\"", "\"badge\":\"http:x\"");
    web_edit(w, A, "\"issuedOn\"", "\"evidence\":[1],\"issuedOn\"");
    r = web_verify(w, A);
    assert_int_equal(r->status, STATUS_REVOKED);
}
/* 200 faults of one status before the revocation. */
static void
revoked_beyond_messages_max(void **state)
{
    struct web          *w = *state;
    struct sbuf          b;
    const struct report *r;
    sbuf_init(&b, w->a);
    for (int i = 0; i < 210; i++)
        sbuf_printf(&b, "%s%d", i ? "," : "", i);
    web_edit(w, A, "\"issuedOn\"",
             arena_printf(w->a, "\"revoked\":true,\"evidence\":[%s],\"issuedOn\"",
                          arena_str(w->a, sbuf_slice(&b)))
                 .p);
    r = web_verify(w, A);
    assert_int_equal(r->status, STATUS_REVOKED);
}
static void
revoked_empty_list_is_not_revoked(void **state)
{
    struct web *w = *state;
    web_edit(w, A, "\"issuedOn\"", "\"revoked\":[],\"issuedOn\"");
    assert_valid(w, web_verify(w, A));
}
static void
the_oldest_with_a_linked_issuer(void **state)
{
    struct web *w = *state;
    web_put(w, "https://evil.example/a.json",
            "{\"recipient\":\"learner@example.org\",\"badge\":{\"version\":\"0.5.0\",\"name\":"
            "\"K\",\"description\":\"d\",\"image\":\"" PIC
            "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":\"" I "\"}}");
    must_not(w, web_verify(w, "https://evil.example/a.json"));
    web_put(w, "https://evil.example/a.json",
            "{\"recipient\":\"learner@example.org\",\"issued_on\":\"2020-01-01\",\"badge\":\"" C
            "\"}");
    must_not(w, web_verify(w, "https://evil.example/a.json"));
    web_put(w, "https://evil.example/a.json",
            "{\"recipient\":\"learner@example.org\",\"issued_on\":\"2020-01-01\",\"badge\":{"
            "\"version\":\"0.5.0\",\"name\":\"K\",\"description\":\"d\",\"image\":\"" PIC
            "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":{\"origin\":\"https://"
            "issuer.example\",\"name\":\"S\"}}}");
    must_not(w, web_verify(w, "https://evil.example/a.json"));
}
static void
forged_signed(void **state)
{
    static const char *const p[] = {
        /* own key object in creator under the issuer's key id */
        "{" V2 "\"id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":\"" C "\"," REC
        "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"verification\":{\"type\":\"SignedBadge\","
        "\"creator\":{\"id\":\"" KEY "\",\"type\":\"CryptographicKey\",\"publicKeyPem\":\"%s\"}}}",
        /* issuer embedded with the issuer's address and own key */
        "{" V2 "\"id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":{\"id\":\"_:b\",\"type\":"
        "\"BadgeClass\",\"name\":\"K\",\"description\":\"d\",\"image\":\"" PIC
        "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":{\"id\":\"" I
        "\",\"type\":\"Issuer\",\"name\":\"S\",\"url\":\"https://"
        "issuer.example\",\"publicKey\":{\"id\":\"_:k\",\"publicKeyPem\":\"%s\"}}}," REC
        "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"verification\":{\"type\":\"SignedBadge\","
        "\"creator\":\"_:k\"}}",
        /* issuer without address */
        "{" V2 "\"id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":{\"id\":\"_:b\",\"type\":"
        "\"BadgeClass\",\"name\":\"K\",\"description\":\"d\",\"image\":\"" PIC
        "\",\"criteria\":\"https://issuer.example/"
        "k\",\"issuer\":{\"type\":\"Issuer\",\"name\":\"S\",\"url\":\"https://"
        "issuer.example\",\"publicKey\":{\"id\":\"_:k\",\"publicKeyPem\":\"%s\"}}}," REC
        "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"verification\":{\"type\":\"SignedBadge\"}}",
        /* two verification types */
        "{" V2 "\"id\":\"" A "\",\"type\":\"Assertion\",\"badge\":\"" C "\"," REC
        "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"verification\":{\"type\":[\"SignedBadge\","
        "\"HostedBadge\"],\"x\":\"%s\"}}",
    };
    struct web  *w = *state;
    json_object *t =
        json_in_arena(w->a, json_object_new_string(arena_str(w->a, sign_pem(w->a, other))));
    char *pem = arena_str(w->a, json_print(w->a, t));
    pem[strlen(pem) - 1] = 0;
    pem++;
    put_issuer(w, ",\"publicKey\":\"" KEY "\"");
    for (size_t i = 0; i < COUNT_OF(p); i++) {
        size_t at;
        assert_true(slice_find(slice_str(p[i]), SL("%s"), &at));
        must_not(
            w, jws(w, other, arena_printf(w->a, "%.*s%s%s", (int)at, p[i], pem, p[i] + at + 2).p));
    }
}
/* Evil's profile lists the issuer's key under a name of its own, embedded with evil's PEM; badge class of the issuer. */
static void
key_id_collision(void **state)
{
    struct web  *w = *state;
    json_object *o = json_in_arena(w->a, json_object_new_object());
    put_issuer(w, ",\"publicKey\":\"" KEY "\"");
    json_put_text(o, "id", SL(KEY));
    json_put_text(o, "publicKeyPem", sign_pem(w->a, other));
    /* endorsement by evil, read before? It must not fill the key cache of the issuer. */
    web_put(
        w, "https://evil.example/i",
        arena_printf(
            w->a,
            "{" V2
            "\"id\":\"https://evil.example/i\",\"type\":\"Issuer\",\"name\":\"E\",\"url\":\"https:/"
            "/evil.example\",\"publicKey\":%s}",
            json_print(w->a, o).p)
            .p);
    must_not(w,
             jws(w, other,
                 "{" V2 "\"id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":\"" C "\"," REC
                 "\"endorsement\":" END("https://harvard.example/e1",
                                        C) ",\"issuedOn\":\"2020-01-01T00:00:00Z\"," CREATOR "}"));
}
static void
gone_with_other_id(void **state)
{
    struct web *w = *state;
    web_put(w, "https://issuer.example/b.json", arena_str(w->a, web_page(w, A)->body));
    web_page(w, "https://issuer.example/b.json")->status = 410;
    assert_int_equal(web_verify(w, "https://issuer.example/b.json")->status, STATUS_REVOKED);
}

static void
a_claim_may_have_only_its_id(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    web_put(w, "https://harvard.example/e1",
            "{" V2
            "\"id\":\"https://harvard.example/e1\",\"type\":\"Endorsement\",\"claim\":{\"id\":\"" C
            "\"},"
            "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"issuer\":\"https://harvard.example/"
            "issuer.json\",\"verification\":{\"type\":\"hosted\"}}");
    r = with_endorsement(w, "\"https://harvard.example/e1\"");
    assert_valid(w, r);
}
static void
typed_values(void **state)
{
    struct web *w = *state;
    web_edit(w, A, "\"2020-01-01T00:00:00Z\"",
             "{\"@value\":\"2020-01-01T00:00:00Z\",\"@type\":\"xsd:dateTime\"}");
    assert_valid(w, web_verify(w, A));
}
static void
null_context_is_1_0(void **state)
{
    struct web *w = *state;
    web_put(w, A,
            "{\"@context\":null,\"uid\":\"u-1\",\"badge\":\"" C "\",\"issuedOn\":1577836800," REC
            "\"verify\":{\"type\":\"hosted\",\"url\":\"" A "\"}}");
    assert_valid(w, web_verify(w, A));
}
static void
null_context_is_0_5(void **state)
{
    struct web *w = *state;
    web_put(w, A,
            "{\"@context\":null,\"recipient\":\"learner@example.org\",\"issued_on\":\"2020-01-01\","
            "\"badge\":{\"version\":\"0.5.0\",\"name\":\"K\",\"description\":\"d\",\"image\":\"" PIC
            "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":{\"origin\":\"https://"
            "issuer.example\",\"name\":\"S\"}}}");
    assert_valid(w, web_verify(w, A));
}
/* Two issuers on one host (tenants) that both use uid u-1. */
static void
two_badges_of_tenants_one_identity(void **state)
{
    struct web          *w = *state;
    const struct report *r1, *r2;
    const char          *c2 = "https://issuer.example/bob/class.json",
               *i2 = "https://issuer.example/bob/issuer.json";
    web_put(w, PEM, arena_str(w->a, sign_pem(w->a, rsa)));
    web_put(w, "https://issuer.example/bob/key.pem", arena_str(w->a, sign_pem(w->a, other)));
    web_put(w, c2,
            "{\"name\":\"Other\",\"description\":\"d\",\"image\":\"" PIC
            "\",\"criteria\":\"https://issuer.example/k\",\"issuer\":\"https://issuer.example/bob/"
            "issuer.json\"}");
    web_put(w, i2, "{\"name\":\"Bob\",\"url\":\"https://issuer.example/bob\"}");
    r1 = jws(w, rsa,
             "{\"uid\":\"u-1\",\"badge\":\"" C "\",\"issuedOn\":1577836800," REC
             "\"verify\":{\"type\":\"signed\",\"url\":\"" PEM "\"}}");
    r2 = jws(w, other,
             "{\"uid\":\"u-1\",\"badge\":\"https://issuer.example/bob/"
             "class.json\",\"issuedOn\":1577836800," REC
             "\"verify\":{\"type\":\"signed\",\"url\":\"https://issuer.example/bob/key.pem\"}}");
    assert_valid(w, r1);
    assert_valid(w, r2);
    if (slice_eq(report_identity(w->a, r1), report_identity(w->a, r2)))
        fail_msg("one identity for two badges of two issuers");
}
static void
display_of_a_list_of_one(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    struct badge_docs    d;
    json_object         *o = NULL;
    struct err           e = { 0 };
    web_put(w, I, arena_printf(w->a, "[%s]", arena_str(w->a, web_page(w, I)->body)).p);
    r = web_verify_for(w, A, "learner@example.org");
    assert_valid(w, r);
    d = report_docs(w->a, r);
    assert_int_equal(badge_displayed(w->a, &d, &o, &e), ERR_NONE);
    json_object_put(o);
}
static void
dates(void **state)
{
    static const char *const bad[] = { "\"0000-01-01T00:00:00Z\"",
                                       "\"10000-01-01T00:00:00Z\"",
                                       "\"2020-12-31T23:59:60Z\"",
                                       "1577836800",
                                       "-1",
                                       "1e300",
                                       "\"2020-01-01\"",
                                       "\"2020-02-30T00:00:00Z\"",
                                       "\"2020-01-01T25:00:00Z\"",
                                       "\"2020-01-01T00:00:00z\"",
                                       "\"9999-12-31T23:59:59-01:00\"",
                                       "true",
                                       "[]",
                                       "\"\"" };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct web *w = *state;
        web_good(w);
        web_edit(w, A, "\"2020-01-01T00:00:00Z\"", bad[i]);
        must_not(w, web_verify(w, A));
    }
    for (size_t i = 0; i < 2; i++) {
        static const char *const old[] = { "1e15", "\"inf\"" };
        struct web              *w = *state;
        web_put(w, A,
                arena_printf(w->a,
                             "{\"uid\":\"u-1\",\"badge\":\"" C "\",\"issuedOn\":%s," REC
                             "\"verify\":{\"type\":\"hosted\",\"url\":\"" A "\"}}",
                             old[i])
                    .p);
        must_not(w, web_verify(w, A));
    }
}
static void
context_tricks_on_a_foreign_badge(void **state)
{
    static const char *const ctx[] = {
        "[\"https://w3id.org/openbadges/v2\",{\"id\":\"schema:x\",\"real\":\"@id\"}],\"real\":\"" A
        "\"",
        "[\"https://w3id.org/openbadges/"
        "v2\",{\"badge\":\"schema:x\",\"b\":{\"@id\":\"obi:badge\",\"@type\":\"@id\"}}],\"b\":\"" C
        "\"",
        "[\"https://w3id.org/openbadges/"
        "v2\",{\"verification\":\"schema:x\"}],\"verify\":{\"type\":\"HostedBadge\"}",
        "[\"https://w3id.org/openbadges/v2\",{\"@vocab\":\"https://w3id.org/openbadges#\"}]",
        "[\"https://w3id.org/openbadges/v1\",\"https://w3id.org/openbadges/v2\"]",
        "[[[\"https://w3id.org/openbadges/v2\"]]]",
        "[null,\"https://w3id.org/openbadges/v2\"]",
    };
    for (size_t i = 0; i < COUNT_OF(ctx); i++) {
        struct web *w = *state;
        const char *u = "https://evil.example/a.json";
        web_good(w);
        web_put(w, u, arena_str(w->a, web_page(w, A)->body));
        web_edit(w, u, A, u);
        web_edit(w, u, "\"https://w3id.org/openbadges/v2\"", ctx[i]);
        if (i == 0) /* calls itself A: what is at A counts, and may be valid */
            assert_slice_equal(web_verify(w, u)->subject, SL(A));
        else
            must_not(w, web_verify(w, u));
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
        WEB_TEST(reflected_key_in_html),
        WEB_TEST(old_key_ignores_publicKey_and_startsWith),
        WEB_TEST(redirect_inside_the_host_leaves_startsWith),
        WEB_TEST(path_parameters_climb),
        WEB_TEST(container_set_hides_expires),
        WEB_TEST(container_set_hides_revoked_alias),
        WEB_TEST(container_set_on_badge_is_good),
        WEB_TEST(expires_without_coercion),
        WEB_TEST(expires_typed_value),
        WEB_TEST(signed_2_0_without_id),
        WEB_TEST(id_in_array_evades_revocation),
        WEB_TEST(outer_id_beside_graph_evades_revocation),
        WEB_TEST(renamed_id_evades_revocation),
        WEB_TEST(array_ids_give_one_identity),
        WEB_TEST(invalid_without_a_message),
        WEB_TEST(old_assertion_list_2_0_compact_iri),
        WEB_TEST(embedded_endorsement_in_anothers_name),
        WEB_TEST(redirected_endorsement),
        WEB_TEST(endorsement_of_something_else),
        WEB_TEST(a_list_of_one_cannot_be_read_again),
        WEB_TEST(long_id_and_many_faults),
        WEB_TEST(long_id_and_faults_that_differ),
        WEB_TEST(long_vocab_and_many_names),
        WEB_TEST(many_types_of_an_extension),
        WEB_TEST(many_types_builtin_no_network),
        WEB_TEST(one_context_many_times),
        WEB_TEST(schema_work),
        WEB_TEST(many_terms_many_names),
        WEB_TEST(long_blank_issuer_id),
        WEB_TEST(long_urn_like_class),
        WEB_TEST(hosted_urn_id_is_invalid),
        WEB_TEST(an_old_document_with_an_id_that_is_no_address),
        WEB_TEST(issuer_host_of_a_foreign_badge),
        WEB_TEST(two_classes_in_one),
        WEB_TEST(language_eng),
        WEB_TEST(embedded_key_that_only_names_the_linked_one),
        WEB_TEST(more_than_eight_keys),
        WEB_TEST(set_objects),
        WEB_TEST(status_hides_beyond_messages_max),
        WEB_TEST(revoked_beyond_messages_max),
        WEB_TEST(revoked_empty_list_is_not_revoked),
        WEB_TEST(the_oldest_with_a_linked_issuer),
        WEB_TEST(forged_signed),
        WEB_TEST(key_id_collision),
        WEB_TEST(gone_with_other_id),
        WEB_TEST(a_claim_may_have_only_its_id),
        WEB_TEST(typed_values),
        WEB_TEST(null_context_is_1_0),
        WEB_TEST(null_context_is_0_5),
        WEB_TEST(two_badges_of_tenants_one_identity),
        WEB_TEST(display_of_a_list_of_one),
        WEB_TEST(dates),
        WEB_TEST(context_tricks_on_a_foreign_badge),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, begin, NULL);
}

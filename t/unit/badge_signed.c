/* Signed badges: none is valid unless a key that its issuer's own profile names has signed it, and the issuer
 * has not taken it back. */
#include "badge_keys.h"

#define KEY "https://issuer.example/key.json"
#define PEM "https://issuer.example/key.pem"
#define LIST "https://issuer.example/revoked.json"
#define ID "urn:uuid:bf8d3c3d-fe60-487c-87a3-06440d0d0163"
#define BODY                                                                                       \
    V2 "\"id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":\"" C "\",\"uid\":\"u-1\","             \
       "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":\"learner@example.org\"}," \
       "\"issuedOn\":\"2020-01-01T00:00:00Z\","
#define CREATOR "\"verification\":{\"type\":\"SignedBadge\",\"creator\":\"" KEY "\"}"
#define GOOD "{" BODY CREATOR "}"
#define OLD                                                                                        \
    "{\"uid\":\"u-1\",\"badge\":\"" C "\",\"issuedOn\":1577836800,"                                \
    "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":\"learner@example.org\"},"    \
    "\"verify\":{\"type\":\"signed\",\"url\":\"" PEM "\"}}"

static EVP_PKEY *rsa, *other, *weak, *ec, *ed;

/* An issuer with a key, and with that more in its profile. */
static void
put_issuer(struct web *w, const char *more)
{
    web_good(w);
    web_edit(w, I, "\"type\":\"Issuer\"", arena_printf(w->a, "\"type\":\"Issuer\"%s", more).p);
    put_key(w, KEY, rsa);
}

static struct slice
good(struct web *w)
{
    put_issuer(w, ",\"publicKey\":\"" KEY "\"");
    return sign_jws(w->a, rsa, "RS256", GOOD);
}

static const struct report *
verify_jws(struct web *w, struct slice jws)
{
    return web_verify_for(w, arena_str(w->a, jws), "learner@example.org");
}

static void
a_badge_that_the_issuers_key_signed_is_valid(void **state)
{
    struct web          *w = *state;
    struct slice         jws = good(w);
    const struct report *r = verify_jws(w, jws);

    assert_valid(w, r);
    assert_true(r->is_signed);
    assert_string_equal(r->input_type, "jws");
    assert_slice_equal(r->subject, SL(ID));
    assert_slice_equal(r->issuer_host, SL("issuer.example"));
    assert_slice_equal(r->assertion_text, jws);
    assert_slice_equal(r->recipient.value, SL("learner@example.org"));
    assert_refused(w, web_verify_for(w, arena_str(w->a, jws), "thief@evil.example"),
                   "recipient-mismatch");
}

static void
every_algorithm_that_fits_its_key_is_taken(void **state)
{
    struct web *w = *state;
    const struct {
        const char *name;
        EVP_PKEY   *key;
    } all[] = {
        { "RS256", rsa }, { "RS384", rsa }, { "RS512", rsa }, { "ES256", ec }, { "EdDSA", ed }
    };

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        good(w);
        put_key(w, KEY, all[i].key);
        assert_valid(w, verify_jws(w, sign_jws(w->a, all[i].key, all[i].name, GOOD)));
    }
}

static void
a_key_of_another_kind_than_the_algorithm_is_refused(void **state)
{
    struct web *w = *state;

    good(w);
    assert_refused(w, verify_jws(w, sign_jws_with(w->a, rsa, "RS256", "{\"alg\":\"ES256\"}", GOOD)),
                   "jws-key");
    assert_refused(w, verify_jws(w, sign_jws_with(w->a, rsa, "RS256", "{\"alg\":\"RS512\"}", GOOD)),
                   "jws-signature");
}

static void
no_signature_and_shared_secrets_are_refused(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"PS256\"}",
        "{\"alg\":\"rs256\"}",
        "{\"alg\":null}",
        "{}",
        "{\"alg\":[\"RS256\"]}",
    };
    struct web *w = *state;

    good(w);
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        assert_refused(w, verify_jws(w, sign_jws_with(w->a, rsa, "RS256", headers[i], GOOD)),
                       "jws-algorithm");
}

static void
a_header_that_changes_the_rules_is_refused(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}",
        "{\"alg\":\"RS256\",\"crit\":[]}",
        "{\"alg\":\"RS256\",\"alg\":\"none\"}",
        "[\"RS256\"]",
        "RS256",
    };
    struct web *w = *state;

    good(w);
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        assert_refused(w, verify_jws(w, sign_jws_with(w->a, rsa, "RS256", headers[i], GOOD)),
                       "jws-header");
}

/* A key that the header brings along is anybody's. */
static void
a_key_in_the_header_counts_for_nothing(void **state)
{
    struct web  *w = *state;
    struct slice header = arena_printf(
        w->a, "{\"alg\":\"RS256\",\"jku\":\"https://evil.example/k\",\"jwk\":{\"kty\":\"RSA\"}}");

    good(w);
    assert_refused(w, verify_jws(w, sign_jws_with(w->a, other, "RS256", header.p, GOOD)),
                   "jws-signature");
    assert_valid(w, verify_jws(w, sign_jws_with(w->a, rsa, "RS256", header.p, GOOD)));
}

static void
what_was_changed_after_signing_is_refused(void **state)
{
    struct web  *w = *state;
    struct slice jws = good(w), forged, payload, header, rest;
    size_t       valid = 0;

    rest = jws;
    assert_true(slice_next(&rest, '.', &header) && slice_next(&rest, '.', &payload));
    forged = arena_printf(
        w->a, "%.*s.%.*s.%.*s", SLICE_FMT(header),
        SLICE_FMT(base64url_encode(w->a, SL("{" BODY CREATOR ",\"narrative\":\"added\"}"))),
        SLICE_FMT(rest));
    assert_refused(w, verify_jws(w, forged), "jws-signature");
    for (size_t at = 0; at < jws.n; at += 29) {
        struct slice bent = arena_copy(w->a, jws);
        char        *p = arena_str(w->a, bent);

        p[at] = p[at] == 'A' ? 'B' : 'A';
        valid += web_verify(w, p)->valid && p[at] != jws.p[at];
    }
    assert_int_equal(valid, 0);
}

static void
somebody_elses_key_is_refused(void **state)
{
    struct web *w = *state;

    good(w);
    assert_refused(w, verify_jws(w, sign_jws(w->a, other, "RS256", GOOD)), "jws-signature");
    /* A key that its issuer does not name, though it signed the badge and says whose it is. */
    good(w);
    put_key(w, "https://evil.example/key.json", other);
    assert_refused(
        w,
        verify_jws(w, sign_jws(w->a, other, "RS256",
                               "{" BODY "\"verification\":{\"type\":\"SignedBadge\",\"creator\":"
                               "\"https://evil.example/key.json\"}}")),
        "key-foreign");
}

/* D25: a key object in the hosted profile counts; one in the badge does not. */
static void
a_key_that_stands_in_the_hosted_profile_counts(void **state)
{
    struct web  *w = *state;
    json_object *pem =
        json_in_arena(w->a, json_object_new_string(arena_str(w->a, sign_pem(w->a, rsa))));
    const char *quoted = json_print(w->a, pem).p;
    const char *key =
        arena_printf(w->a,
                     "{\"id\":\"" I "#key\",\"type\":\"CryptographicKey\",\"owner\":\"" I
                     "\",\"publicKeyPem\":%s}",
                     quoted)
            .p;
    const char *payload =
        "{" BODY "\"verification\":{\"type\":\"SignedBadge\",\"creator\":\"" I "#key\"}}";

    put_issuer(w, arena_printf(w->a, ",\"publicKey\":%s", key).p);
    assert_valid(w, verify_jws(w, sign_jws(w->a, rsa, "RS256", payload)));
    assert_refused(w, verify_jws(w, sign_jws(w->a, other, "RS256", payload)), "jws-signature");
    put_issuer(w, "");
    assert_refused(w,
                   verify_jws(w, sign_jws(w->a, rsa, "RS256",
                                          arena_printf(w->a,
                                                       "{" BODY "\"verification\":{\"type\":"
                                                       "\"SignedBadge\",\"creator\":%s}}",
                                                       key)
                                              .p)),
                   "key-foreign");
}

/* An issuer that stands in the badge says whatever the badge's maker likes. */
static void
an_issuer_inside_a_signed_badge_has_no_keys(void **state)
{
    struct web *w = *state;

    put_issuer(w, "");
    put_key(w, KEY, other);
    assert_refused(
        w,
        verify_jws(
            w, sign_jws(w->a, other, "RS256",
                        "{" V2 "\"id\":\"" ID "\",\"type\":\"Assertion\","
                        "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":"
                        "\"learner@example.org\"},\"issuedOn\":\"2020-01-01T00:00:00Z\"," CREATOR
                        ",\"badge\":{\"type\":\"BadgeClass\",\"name\":\"n\",\"description\":\"d\","
                        "\"image\":\"" PIC "\",\"criteria\":\"https://issuer.example/knots\","
                        "\"issuer\":{\"type\":\"Issuer\",\"name\":\"Sailors\",\"url\":"
                        "\"https://issuer.example\",\"publicKey\":\"" KEY "\"}}}")),
        "key-foreign");
}

/* D03, D04, R42 */
static void
without_a_creator_any_key_of_the_issuer_will_do(void **state)
{
    struct web  *w = *state;
    const char  *payload = "{" BODY "\"verification\":{\"type\":\"SignedBadge\"}}";
    struct slice jws = sign_jws(w->a, rsa, "RS256", payload);

    put_issuer(w, ",\"publicKey\":\"" KEY "\"");
    assert_valid(w, verify_jws(w, jws));
    put_issuer(w, ",\"publicKey\":[\"https://issuer.example/key2.json\",\"" KEY "\"]");
    put_key(w, "https://issuer.example/key2.json", other);
    assert_valid(w, verify_jws(w, jws));
    assert_valid(w, verify_jws(w, sign_jws(w->a, rsa, "RS256", GOOD)));
    assert_refused(w, verify_jws(w, sign_jws(w->a, ed, "EdDSA", payload)), "jws-signature");
    put_issuer(w, "");
    assert_refused(w, verify_jws(w, jws), "jws-no-key"); /* D02 */
}

static void
a_key_that_cannot_be_had_leaves_the_badge_unchecked(void **state)
{
    struct web  *w = *state;
    struct slice jws = good(w);

    web_page(w, KEY)->status = 503;
    assert_string_equal(report_outcome(verify_jws(w, jws)), "unchecked");
    web_edit(w, I, "\"" KEY "\"", "[\"" KEY "\",\"https://issuer.example/key2.json\"]");
    put_key(w, "https://issuer.example/key2.json", other);
    assert_string_equal(report_outcome(verify_jws(
                            w, sign_jws(w->a, rsa, "RS256",
                                        "{" BODY "\"verification\":{\"type\":\"SignedBadge\"}}"))),
                        "unchecked");
    web_page(w, KEY)->status = 404;
    assert_refused(w, verify_jws(w, jws), "fetch-status");
    web_page(w, KEY)->status = 200;
    web_put(w, KEY, "{" V2 "\"id\":\"" KEY "\",\"type\":\"CryptographicKey\"}");
    assert_refused(w, verify_jws(w, jws), "jws-no-key");
    web_put(w, KEY, sign_pem(w->a, rsa).p); /* PEM itself is for 1.x */
    assert_refused(w, verify_jws(w, jws), "fetch-not-json");
    web_put(w, KEY,
            "{" V2 "\"id\":\"" KEY "\",\"type\":\"CryptographicKey\",\"publicKeyPem\":\"x\"}");
    assert_refused(w, verify_jws(w, jws), "jws-key");
}

static void
a_short_key_and_another_owner_are_warned_of(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    good(w);
    put_key(w, KEY, weak);
    r = verify_jws(w, sign_jws(w->a, weak, "RS256", GOOD));
    assert_valid(w, r);
    assert_true(says(r, "key-weak"));
    assert_false(says(r, "key-owner"));
    web_edit(w, KEY, "\"owner\":\"" I "\"", "\"owner\":\"https://issuer.example/other\"");
    r = verify_jws(w, sign_jws(w->a, weak, "RS256", GOOD));
    assert_valid(w, r);
    assert_true(says(r, "key-owner")); /* D26 */
}

/* A JWS whose payload says that it is hosted has been fetched from nowhere and checked by nobody. */
static void
a_signed_badge_may_not_say_it_is_hosted(void **state)
{
    static const char *const types[] = { "\"HostedBadge\"", "[\"SignedBadge\",\"HostedBadge\"]",
                                         "\"hosted\"", "\"Other\"" };
    struct web              *w = *state;

    good(w);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const char *payload =
            arena_printf(w->a,
                         "{" V2 "\"id\":\"" A "\",\"type\":\"Assertion\",\"badge\":\"" C "\","
                         "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":"
                         "\"learner@example.org\"},\"issuedOn\":\"2020-01-01T00:00:00Z\","
                         "\"verification\":{\"type\":%s}}",
                         types[i])
                .p;

        assert_refused(w, verify_jws(w, sign_jws(w->a, other, "RS256", payload)),
                       "verification-hosted");
    }
}

/* D06: JSON that a host serves is not signed by being served. */
static void
a_hosted_badge_may_not_say_it_is_signed(void **state)
{
    struct web *w = *state;

    good(w);
    web_edit(w, A, "HostedBadge", "SignedBadge");
    assert_refused(w, web_verify(w, A), "verification-signed");
}

static void
a_payload_that_is_no_object_is_refused(void **state)
{
    struct web *w = *state;

    good(w);
    assert_refused(w, verify_jws(w, sign_jws(w->a, rsa, "RS256", "hello")), "jws-malformed");
    assert_refused(w, verify_jws(w, sign_jws(w->a, rsa, "RS256", "[]")), "not-object");
    assert_refused(w, web_verify(w, "e30.e31.e30"), "jws-malformed"); /* unused bits are set */
}

/* Revocation. */

static const struct report *
verify_listed(struct web *w, const char *list)
{
    put_issuer(w, ",\"publicKey\":\"" KEY "\",\"revocationList\":\"" LIST "\"");
    web_put(
        w, LIST,
        arena_printf(w->a, "{" V2 "\"id\":\"" LIST "\",\"type\":\"RevocationList\"%s}", list).p);
    return verify_jws(w, sign_jws(w->a, rsa, "RS256", GOOD));
}

static void
what_the_issuer_lists_is_revoked(void **state)
{
    static const char *const lists[] = {
        "\"" ID "\"",
        "[\"" ID "\"]",
        "{\"id\":\"" ID "\"}",
        "[\"urn:uuid:bf8d3c3d-fe60-487c-87a3-06440d0d0164\",{\"id\":\"" ID
        "\",\"revocationReason\":\"cheated\"}]",
        "[{\"uid\":\"u-1\"}]", /* D29 */
    };
    struct web          *w = *state;
    const struct report *r;

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        r = verify_listed(w, arena_printf(w->a, ",\"revokedAssertions\":%s", lists[i]).p);
        assert_refused(w, r, "revoked-listed");
        assert_int_equal(r->status, STATUS_REVOKED);
    }
    r = verify_listed(w, ",\"revokedAssertions\":[{\"id\":\"" ID
                         "\",\"revocationReason\":\"cheated\"}]");
    assert_slice_equal(report_deciding(r)->received, SL("The reason given: cheated"));
}

static void
what_the_issuer_does_not_list_is_not(void **state)
{
    struct web *w = *state;

    assert_valid(w, verify_listed(w, ",\"revokedAssertions\":[]"));
    assert_valid(w,
                 verify_listed(
                     w, ",\"revokedAssertions\":[\"https://issuer.example/x\",{\"uid\":\"u-2\"}]"));
}

static void
a_list_that_cannot_be_read_leaves_nothing_valid(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    struct slice         jws;

    assert_refused(w, verify_listed(w, ""), "revocation-list");
    assert_refused(w, verify_listed(w, ",\"revokedAssertions\":[\"x\"]"), "revocation-entry");
    assert_refused(w, verify_listed(w, ",\"revokedAssertions\":[{}]"), "revocation-entry");
    assert_refused(w, verify_listed(w, ",\"revokedAssertions\":[{\"uid\":1}]"), "revocation-entry");
    assert_refused(w, verify_listed(w, ",\"revokedAssertions\":[7]"), "revocation-entry");
    put_issuer(w, ",\"publicKey\":\"" KEY "\",\"revocationList\":\"" LIST "\"");
    jws = sign_jws(w->a, rsa, "RS256", GOOD);
    web_page(w, LIST)->status = 503;
    r = verify_jws(w, jws);
    assert_refused(w, r, "fetch-unavailable");
    assert_int_equal(r->status, STATUS_UNCHECKED);
    put_issuer(w, ",\"publicKey\":\"" KEY "\",\"revocationList\":7");
    assert_refused(w, verify_jws(w, jws), "property-type");
}

/* A hosted badge is revoked where it is hosted; nobody asks a list about it. */
static void
a_hosted_badge_needs_no_list(void **state)
{
    struct web *w = *state;

    put_issuer(w, ",\"revocationList\":\"https://issuer.example/nowhere.json\"");
    assert_valid(w, web_verify(w, A));
}

/* Open Badges 1.0 and 1.1 (D15). */

static struct slice
old(struct web *w, const char *more)
{
    web_good(w);
    web_put(w, C,
            "{\"name\":\"Knots\",\"description\":\"Ties knots\",\"image\":\"" PIC "\","
            "\"criteria\":\"https://issuer.example/knots\",\"issuer\":\"" I "\"}");
    web_put(
        w, I,
        arena_printf(w->a, "{\"name\":\"Sailors\",\"url\":\"https://issuer.example\"%s}", more).p);
    web_put(w, PEM, sign_pem(w->a, rsa).p);
    return sign_jws(w->a, rsa, "RS256", OLD);
}

static void
an_old_signed_badge_is_verified_by_the_key_at_its_issuers(void **state)
{
    struct web          *w = *state;
    struct slice         jws = old(w, "");
    const struct report *r = verify_jws(w, jws);

    assert_valid(w, r);
    assert_string_equal(r->version, "1.0");
    assert_slice_equal(r->subject, SL("_:u-1"));
    assert_valid(w, verify_jws(w, sign_jws_with(w->a, rsa, "RS256", "{\"alg\":\"rs256\"}", OLD)));
    assert_refused(w, verify_jws(w, sign_jws(w->a, other, "RS256", OLD)), "jws-signature");
    put_key(w, PEM, rsa); /* the key object of 1.1 */
    assert_valid(w, verify_jws(w, jws));
    web_put(w, PEM, "hello");
    assert_refused(w, verify_jws(w, jws), "jws-key");
    web_page(w, PEM)->status = 404;
    assert_refused(w, verify_jws(w, jws), "fetch-status");
}

/* 496: anybody could name a key of their own and somebody else's issuer. */
static void
an_old_key_must_be_on_its_issuers_host(void **state)
{
    struct web *w = *state;

    old(w, "");
    web_put(w, "https://evil.example/key.pem", sign_pem(w->a, other).p);
    assert_refused(
        w,
        verify_jws(w, sign_jws(w->a, other, "RS256",
                               "{\"uid\":\"u-1\",\"badge\":\"" C
                               "\",\"issuedOn\":1577836800,\"recipient\":{\"type\":"
                               "\"email\",\"hashed\":false,\"identity\":"
                               "\"learner@example.org\"},\"verify\":{\"type\":\"signed\","
                               "\"url\":\"https://evil.example/key.pem\"}}")),
        "key-foreign");
    web_redirect(w, PEM, "https://evil.example/key.pem", sign_pem(w->a, other).p);
    assert_refused(w, verify_jws(w, sign_jws(w->a, other, "RS256", OLD)), "fetch-away");
}

static void
an_old_list_names_uids(void **state)
{
    struct web          *w = *state;
    struct slice         jws = old(w, ",\"revocationList\":\"" LIST "\"");
    const struct report *r;

    web_put(w, LIST, "{\"u-2\":\"lost\"}");
    assert_valid(w, verify_jws(w, jws));
    web_put(w, LIST, "{\"u-1\":\"cheated\"}");
    r = verify_jws(w, jws);
    assert_int_equal(r->status, STATUS_REVOKED);
    assert_slice_equal(report_deciding(r)->received, SL("The reason given: cheated"));
    web_put(w, LIST, "[\"u-1\"]");
    assert_false(verify_jws(w, jws)->valid);
}

static void
an_old_signed_badge_without_a_uid_is_refused(void **state)
{
    struct web *w = *state;

    old(w, "");
    assert_refused(w,
                   verify_jws(w, sign_jws(w->a, rsa, "RS256",
                                          "{\"badge\":\"" C "\",\"issuedOn\":1577836800,"
                                          "\"recipient\":{\"type\":\"email\",\"hashed\":false,"
                                          "\"identity\":\"learner@example.org\"},\"verify\":"
                                          "{\"type\":\"signed\",\"url\":\"" PEM "\"}}")),
                   "property-missing");
}

/* What is stored. */

static void
a_signed_badge_is_read_again_from_what_was_stored(void **state)
{
    struct web          *w = *state;
    const struct report *r = verify_jws(w, good(w));
    struct badge_docs    docs = report_docs(w->a, r);
    struct badge_graph   graph;
    json_object         *shown;
    struct slice         text;
    size_t               at;
    struct err           e;

    assert_int_equal(badge_graph_of(w->a, &docs, &graph, &e), ERR_NONE);
    assert_slice_equal(json_get_text(graph.badge, "name"), SL("Knots"));
    assert_int_equal(graph.issued_on_s, r->issued_on_s);
    assert_int_equal(badge_displayed(w->a, &docs, &shown, &e), ERR_NONE);
    text = json_print(w->a, json_in_arena(w->a, shown));
    assert_slice_equal(json_get_text(json_get(shown, "verify"), "type"), SL("signed"));
    assert_false(slice_find(text, SL("learner@example.org"), &at));
}

static void
two_issuers_may_use_one_id(void **state)
{
    struct web          *w = *state;
    const struct report *r = verify_jws(w, good(w));
    struct report        copy = *r;

    copy.issuer_url = SL("https://issuer.example/other.json");
    assert_false(slice_eq(report_identity(w->a, r), report_identity(w->a, &copy)));
    copy = *r;
    copy.is_signed = false;
    assert_false(slice_eq(report_identity(w->a, r), report_identity(w->a, &copy)));
}

static int
begin(void **state)
{
    (void)state;
    rsa = sign_key("2048");
    other = sign_key("2048");
    weak = sign_key("1024");
    ec = sign_key("P-256");
    ed = sign_key("ED25519");
    return 0;
}

static int
end(void **state)
{
    EVP_PKEY *const all[] = { rsa, other, weak, ec, ed };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++)
        EVP_PKEY_free(all[i]);
    return 0;
}

static void
a_creator_that_is_no_key_is_refused(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    good(w);
    r = verify_jws(w, sign_jws(w->a, rsa, "RS256",
                               "{" BODY
                               "\"verification\":{\"type\":\"SignedBadge\",\"creator\":{\"type\":"
                               "\"CryptographicKey\",\"publicKeyPem\":\"x\"}}}"));
    assert_refused(w, r, "jws-no-key");
    assert_true(says(r, "key-foreign"));
}

static void
an_old_signed_badge_must_say_where_its_key_is(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    old(w, "");
    r = verify_jws(w, sign_jws(w->a, rsa, "RS256",
                               "{\"uid\":\"u-1\",\"badge\":\"" C "\",\"issuedOn\":1577836800,"
                               "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":"
                               "\"learner@example.org\"},\"verify\":{\"type\":\"signed\"}}"));
    assert_refused(w, r, "property-missing");
    assert_true(says_of(r, "property-missing", "verify.url"));
    assert_false(says(r, "key-foreign"));
}

static void
a_lists_id_is_one_address(void **state)
{
    struct web  *w = *state;
    struct slice jws = sign_jws(w->a, rsa, "RS256", GOOD);

    assert_valid(w, verify_listed(w, ",\"revokedAssertions\":[]"));
    web_edit(w, LIST, "\"id\":\"" LIST "\"", "\"id\":7");
    assert_true(says_of(verify_jws(w, jws), "property-type", "id"));
    web_edit(w, LIST, "\"id\":7", "\"id\":[\"" LIST "\",\"" I "\"]");
    assert_true(says_of(verify_jws(w, jws), "property-many", "id"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(a_badge_that_the_issuers_key_signed_is_valid),
        WEB_TEST(every_algorithm_that_fits_its_key_is_taken),
        WEB_TEST(a_key_of_another_kind_than_the_algorithm_is_refused),
        WEB_TEST(no_signature_and_shared_secrets_are_refused),
        WEB_TEST(a_header_that_changes_the_rules_is_refused),
        WEB_TEST(a_key_in_the_header_counts_for_nothing),
        WEB_TEST(what_was_changed_after_signing_is_refused),
        WEB_TEST(somebody_elses_key_is_refused),
        WEB_TEST(a_key_that_stands_in_the_hosted_profile_counts),
        WEB_TEST(an_issuer_inside_a_signed_badge_has_no_keys),
        WEB_TEST(without_a_creator_any_key_of_the_issuer_will_do),
        WEB_TEST(a_key_that_cannot_be_had_leaves_the_badge_unchecked),
        WEB_TEST(a_short_key_and_another_owner_are_warned_of),
        WEB_TEST(a_signed_badge_may_not_say_it_is_hosted),
        WEB_TEST(a_hosted_badge_may_not_say_it_is_signed),
        WEB_TEST(a_payload_that_is_no_object_is_refused),
        WEB_TEST(what_the_issuer_lists_is_revoked),
        WEB_TEST(what_the_issuer_does_not_list_is_not),
        WEB_TEST(a_list_that_cannot_be_read_leaves_nothing_valid),
        WEB_TEST(a_hosted_badge_needs_no_list),
        WEB_TEST(an_old_signed_badge_is_verified_by_the_key_at_its_issuers),
        WEB_TEST(an_old_key_must_be_on_its_issuers_host),
        WEB_TEST(an_old_list_names_uids),
        WEB_TEST(an_old_signed_badge_without_a_uid_is_refused),
        WEB_TEST(a_signed_badge_is_read_again_from_what_was_stored),
        WEB_TEST(two_issuers_may_use_one_id),
        WEB_TEST(a_creator_that_is_no_key_is_refused),
        WEB_TEST(an_old_signed_badge_must_say_where_its_key_is),
        WEB_TEST(a_lists_id_is_one_address),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

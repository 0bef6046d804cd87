/* Badges that would be somebody else's, or nobody's: none of these may ever be called valid. */
#include "badge_web.h"

#define EVIL "https://evil.example/a.json"

/* The good assertion, word for word but for where it lives. */
static void
put_evil(struct web *w)
{
    web_put(
        w, EVIL,
        "{" V2 "\"id\":\"" EVIL "\",\"type\":\"Assertion\",\"badge\":\"" C "\","
        "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":\"learner@example.org\"},"
        "\"verification\":{\"type\":\"HostedBadge\"},\"issuedOn\":\"2020-01-01T00:00:00Z\"}");
}

static void
the_good_badge_is_valid(void **state)
{
    struct web          *w = *state;
    const struct report *r = web_verify_for(w, A, "learner@example.org");

    assert_valid(w, r);
    assert_slice_equal(r->recipient.value, SL("learner@example.org"));
    assert_slice_equal(r->issuer_host, SL("issuer.example"));
    assert_slice_equal(r->picture, SL(SVG));
}

static void
another_hosts_assertion_of_our_issuer_is_not(void **state)
{
    struct web *w = *state;

    put_evil(w);
    assert_refused(w, web_verify(w, EVIL), "scope-origin");
}

/* Served by evil, but calling itself the issuer's: what the issuer serves there counts, and that is
 * somebody else's badge. */
static void
a_borrowed_id_leads_to_the_real_document(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    web_put(
        w, EVIL,
        "{" V2 "\"id\":\"" A "\",\"type\":\"Assertion\",\"badge\":\"" C "\","
        "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":\"thief@evil.example\"},"
        "\"verification\":{\"type\":\"HostedBadge\"},\"issuedOn\":\"2020-01-01T00:00:00Z\"}");
    r = web_verify_for(w, EVIL, "thief@evil.example");
    assert_refused(w, r, "recipient-mismatch");
    assert_true(says(r, "id-mismatch"));
    assert_slice_equal(r->subject, SL(A));
}

static void
ids_that_name_each_other_end(void **state)
{
    struct web *w = *state;

    put_evil(w);
    web_edit(w, EVIL, "\"id\":\"" EVIL "\"", "\"id\":\"" A "\"");
    web_edit(w, A, "\"id\":\"" A "\"", "\"id\":\"" EVIL "\"");
    assert_refused(w, web_verify(w, EVIL), "id-loop");
}

/* https://issuer.example/go?to=… sends anywhere, as many sites do. */
static void
an_open_redirect_lends_no_host_to_an_assertion(void **state)
{
    struct web *w = *state;
    const char *go = "https://issuer.example/go?to=evil";

    web_redirect(w, go, EVIL,
                 "{" V2 "\"id\":\"https://issuer.example/go?to=evil\",\"type\":\"Assertion\","
                 "\"badge\":\"" C "\",\"recipient\":{\"type\":\"email\",\"hashed\":false,"
                 "\"identity\":\"thief@evil.example\"},\"verification\":{\"type\":\"HostedBadge\"},"
                 "\"issuedOn\":\"2020-01-01T00:00:00Z\"}");
    assert_refused(w, web_verify(w, go), "fetch-away");
}

static void
an_open_redirect_lends_no_host_to_an_issuer(void **state)
{
    struct web *w = *state;

    put_evil(w);
    web_edit(w, EVIL, C, "https://evil.example/class.json");
    web_put(w, "https://evil.example/class.json",
            "{" V2
            "\"id\":\"https://evil.example/class.json\",\"type\":\"BadgeClass\",\"name\":\"Knots\","
            "\"description\":\"d\",\"image\":\"" PIC
            "\",\"criteria\":\"https://issuer.example/knots\","
            "\"issuer\":\"https://issuer.example/go?to=profile\"}");
    web_redirect(w, "https://issuer.example/go?to=profile", "https://evil.example/profile.json",
                 "{" V2 "\"id\":\"https://issuer.example/go?to=profile\",\"type\":\"Issuer\","
                 "\"name\":\"Sailors\",\"url\":\"https://issuer.example\","
                 "\"email\":\"post@issuer.example\","
                 "\"verification\":{\"allowedOrigins\":[\"evil.example\"]}}");
    assert_refused(w, web_verify(w, EVIL), "fetch-away");
}

static void
moving_to_https_or_www_is_no_other_site(void **state)
{
    struct web *w = *state;

    web_page(w, A)->final_url = "https://www.issuer.example/a.json";
    web_page(w, I)->final_url = "http://issuer.example/issuer.json";
    assert_valid(w, web_verify(w, A));
}

/* The profile's id decides, whatever web site it names. */
static void
an_issuers_url_is_not_its_host(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    web_edit(w, I, "\"url\":\"https://issuer.example\"", "\"url\":\"https://harvard.example\"");
    r = web_verify(w, A);
    assert_valid(w, r);
    assert_true(says(r, "issuer-url-host"));
    assert_slice_equal(r->issuer_host, SL("issuer.example"));
}

static void
an_issuer_inside_the_badge_is_whoever_hosts_it(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    web_edit(w, C, "\"" I "\"",
             "{\"type\":\"Issuer\",\"name\":\"Harvard\",\"url\":\"https://harvard.example\","
             "\"verification\":{\"allowedOrigins\":\"harvard.example\"}}");
    r = web_verify(w, A);
    assert_valid(w, r);
    assert_true(says(r, "issuer-no-http"));
    assert_true(says(r, "scope-unbound"));
    assert_slice_equal(r->issuer_host, SL("issuer.example"));
    /* The class may be anybody's: the host named is where the assertion is. */
    put_evil(w);
    assert_slice_equal(web_verify(w, EVIL)->issuer_host, SL("evil.example"));
    web_edit(w, C, "{\"type\":\"Issuer\",",
             "{\"type\":\"Issuer\",\"id\":\"urn:uuid:9d278beb-36cf-4bc8-888d-674ff9843d72\",");
    assert_refused(w, web_verify(w, A), "embedded-bad-id");
}

/* A copy inside the badge that says more than the hosted profile does not count. */
static void
an_issuer_inside_with_an_address_is_fetched(void **state)
{
    struct web *w = *state;

    put_evil(w);
    web_edit(w, EVIL, C, "https://evil.example/class.json");
    web_put(w, "https://evil.example/class.json",
            "{" V2
            "\"id\":\"https://evil.example/class.json\",\"type\":\"BadgeClass\",\"name\":\"Knots\","
            "\"description\":\"d\",\"image\":\"" PIC
            "\",\"criteria\":\"https://issuer.example/knots\","
            "\"issuer\":{\"id\":\"" I "\",\"type\":\"Issuer\",\"name\":\"Sailors\","
            "\"url\":\"https://"
            "issuer.example\",\"verification\":{\"allowedOrigins\":\"evil.example\"}}}");
    assert_refused(w, web_verify(w, EVIL), "scope-origin");
}

static void
hosts_that_only_look_alike_do_not_speak(void **state)
{
    static const char *const urls[] = {
        "https://issuer.example.evil.example/a.json",
        "https://evilissuer.example/a.json",
        "https://issuer.example:8443/a.json",
        "https://issuer.example@evil.example/a.json",
        "https://issuer.example./a.json",
        "http://issuer.example:443/a.json",
    };

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct web *w;
        void       *fresh = NULL;
        (void)state;

        web_setup(&fresh);
        w = fresh;
        put_evil(w);
        web_put(w, urls[i], arena_str(w->a, web_page(w, EVIL)->body));
        web_edit(w, urls[i], EVIL, urls[i]);
        assert_false(web_verify(w, urls[i])->valid);
        web_teardown(&fresh);
    }
}

static void
an_issuer_says_where_its_badges_begin(void **state)
{
    struct web *w = *state;

    web_edit(w, I, "\"email\"",
             "\"verification\":{\"startsWith\":[\"https://x.example/\",\"https://issuer.example/"
             "a\"]},\"email\"");
    assert_valid(w, web_verify(w, A));
    web_edit(w, I, "https://issuer.example/a\"", "https://issuer.example/alice/\"");
    assert_refused(w, web_verify(w, A), "scope-start");
}

/* On a host with many tenants the path is all that tells them apart. */
static void
a_path_that_climbs_out_of_a_tenant_is_refused(void **state)
{
    static const char *const urls[] = {
        "https://issuer.example/alice/../mallory/a.json",
        "https://issuer.example/alice/%2e%2E/mallory/a.json",
        "https://issuer.example/alice/.%2e/mallory/a.json",
        "https://issuer.example/alice/x%2F..%2f..%2Fmallory/a.json",
        "https://issuer.example/alice/..%5cmallory/a.json",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct web *w;
        void       *fresh = NULL;

        web_setup(&fresh);
        w = fresh;
        web_edit(w, I, "\"email\"",
                 "\"verification\":{\"startsWith\":\"https://issuer.example/alice/\"},\"email\"");
        web_edit(w, A, A, urls[i]);
        web_put(w, urls[i], arena_str(w->a, web_page(w, A)->body));
        assert_refused(w, web_verify(w, urls[i]), "scope-path");
        web_teardown(&fresh);
    }
}

static void
allowed_origins_replace_the_issuers_own(void **state)
{
    struct web *w = *state;

    web_edit(w, I, "\"email\"",
             "\"verification\":{\"allowedOrigins\":[\"other.example\"]},\"email\"");
    assert_refused(w, web_verify(w, A), "scope-origin");
    web_edit(w, I, "other.example", "ISSUER.example");
    assert_valid(w, web_verify(w, A));
    web_edit(w, I, "[\"ISSUER.example\"]", "[]");
    assert_valid(w, web_verify(w, A));
    web_edit(w, I, "[]", "[\"issuer.example\",\"http://evil.example\"]");
    assert_refused(w, web_verify(w, A), "property-type");
}

static void
only_hosting_that_is_named_is_trusted(void **state)
{
    struct web *w = *state;

    web_edit(w, A, "\"HostedBadge\"", "\"SignedBadge\"");
    assert_refused(w, web_verify(w, A), "verification-signed");
    web_edit(w, A, "\"SignedBadge\"", "\"TrustMe\"");
    assert_refused(w, web_verify(w, A), "verification-unknown");
    web_edit(w, A, "{\"type\":\"TrustMe\"}", "{}");
    assert_refused(w, web_verify(w, A), "verification-unknown");
    web_edit(w, A, "\"verification\":{}", "\"verification\":[]");
    assert_refused(w, web_verify(w, A), "property-missing");
    assert_false(says(web_verify(w, A), "verification-unknown"));
    web_edit(w, A, "\"verification\":[]", "\"verification\":\"" A "\"");
    assert_refused(w, web_verify(w, A), "property-type");
}

static void
two_verifications_are_checked_as_hosted(void **state)
{
    struct web *w = *state;

    put_evil(w);
    web_edit(w, EVIL, "\"HostedBadge\"", "[\"x:Other\",\"HostedBadge\"]");
    assert_refused(w, web_verify(w, EVIL), "scope-origin");
}

/* What json-c alone would take as the last, others as the first. */
static void
a_name_said_twice_makes_no_badge(void **state)
{
    struct web *w = *state;

    web_edit(w, A, "\"type\":\"Assertion\"",
             "\"type\":\"Assertion\",\"badge\":\"https://evil.example/c\"");
    assert_refused(w, web_verify(w, A), "fetch-not-json");
    web_good(w);
    web_edit(w, A, "\"type\":\"Assertion\"", "\"type\":\"Assertion\",\"\\u0069d\":\"" EVIL "\"");
    assert_refused(w, web_verify(w, A), "fetch-not-json");
    web_good(w);
    web_edit(w, A, "\"type\":\"Assertion\"",
             "\"type\":\"Assertion\",\"obi:badge\":{\"id\":\"https://evil.example/c\"}");
    assert_refused(w, web_verify(w, A), "term-twice");
    web_good(w);
    web_edit(w, A, "\"type\":\"Assertion\"",
             "\"type\":\"Assertion\",\"@id\":\"https://evil.example/a\"");
    assert_refused(w, web_verify(w, A), "term-twice");
}

/* A context may rename anything, but what it renames is what is checked. */
static void
a_context_that_swaps_names_is_followed(void **state)
{
    struct web *w = *state;

    web_edit(
        w, A, "\"@context\":\"https://w3id.org/openbadges/v2\"",
        "\"@context\":[\"https://w3id.org/openbadges/v2\",{\"badge\":\"https://x.example/y\"}]");
    assert_refused(w, web_verify(w, A), "property-missing");
}

static void
json_handed_in_only_says_where_to_look(void **state)
{
    struct web          *w = *state;
    const struct report *r =
        web_verify_for(w,
                       "{\"id\":\"" A "\",\"recipient\":{\"type\":\"email\",\"hashed\":false,"
                       "\"identity\":\"thief@evil.example\"}}",
                       "thief@evil.example");

    assert_refused(w, r, "recipient-mismatch");
    assert_refused(w, web_verify(w, "{\"recipient\":\"thief@evil.example\",\"badge\":{}}"),
                   "input-no-url");
    assert_refused(w, web_verify(w, "{\"id\":\"" A "\""), "input-malformed");
}

static void
what_is_no_badge_is_unknown(void **state)
{
    struct web *w = *state;

    assert_refused(w, web_verify(w, "hello"), "input-unknown");
    assert_refused(w, web_verify(w, "a.b"), "input-unknown");
    assert_refused(w, web_verify(w, ""), "input-unknown");
}

/* R33: a name that means nothing outside the document leads to no criteria. */
static void
criteria_are_an_address_or_a_narrative(void **state)
{
    struct web *w = *state;

    web_edit(w, C, "\"https://issuer.example/knots\"", "{\"id\":\"_:b0\",\"type\":\"Criteria\"}");
    assert_refused(w, web_verify(w, A), "criteria-empty");
    web_edit(w, C, "\"type\":\"Criteria\"", "\"type\":\"Criteria\",\"narrative\":\"Tie one\"");
    assert_valid(w, web_verify(w, A));
    web_edit(w, C, "\"_:b0\",\"type\":\"Criteria\",\"narrative\":\"Tie one\"",
             "\"https://issuer.example/knots\",\"type\":\"Criteria\"");
    assert_valid(w, web_verify(w, A));
}

/* D08 */
static void
an_issuer_without_an_email_is_warned_of(void **state)
{
    struct web          *w = *state;
    const struct report *r = web_verify(w, A);

    assert_false(says(r, "issuer-email"));
    web_edit(w, I, "post@issuer.example", "no address");
    r = web_verify(w, A);
    assert_valid(w, r);
    assert_true(says(r, "issuer-email"));
    web_edit(w, I, "openbadges/v2", "openbadges/v1"); /* the older ones ask for none */
    assert_false(says(web_verify(w, A), "issuer-email"));
}

/* D32 */
static void
an_endorsement_from_elsewhere_is_warned_of(void **state)
{
    static const char *const urls[] = { "https://issuer.example/e.json",
                                        "https://evil.example/e.json" };

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct web          *w = *state;
        const struct report *r;

        web_good(w);
        web_put(w, urls[i],
                arena_printf(w->a,
                             "{" V2 "\"id\":\"%s\",\"type\":\"Endorsement\",\"claim\":{\"id\":\"" A
                             "\",\"endorsementComment\":\"Good\"},\"issuer\":\"" I "\","
                             "\"issuedOn\":\"2020-01-01T00:00:00Z\"}",
                             urls[i])
                    .p);
        web_edit(w, A, "\"issuedOn\"",
                 arena_printf(w->a, "\"endorsement\":\"%s\",\"issuedOn\"", urls[i]).p);
        r = web_verify(w, A);
        assert_valid(w, r);
        assert_int_equal(says(r, "endorsement-scope"), i == 1);
    }
}

/* What cannot be read is complained of once, and nothing is read out of it. */
static void
a_document_that_says_a_name_twice_is_not_looked_into(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    web_edit(w, A, "\"type\":\"Assertion\"", "\"type\":\"Assertion\",\"@id\":\"" A "\"");
    r = web_verify(w, A);
    assert_refused(w, r, "term-twice");
    assert_int_equal(r->message_count, 1);
    assert_null(r->assertion);
}

static void
each_spelling_of_the_contexts_is_built_in(void **state)
{
    static const struct {
        const char *url, *version;
    } all[] = {
        { "https://w3id.org/openbadges/v1", "1.1" },
        { "http://w3id.org/openbadges/v1", "1.1" },
        { "https://w3id.org/openbadges/v2", "2.0" },
        { "http://w3id.org/openbadges/v2", "2.0" },
        { "https://openbadgespec.org/v1/context.json", "1.1" },
        { "http://openbadgespec.org/v1/context.json", "1.1" },
        { "https://openbadgespec.org/v2/context.json", "2.0" },
        { "http://openbadgespec.org/v2/context.json", "2.0" },
    };
    struct web          *w = *state;
    const struct report *r;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        web_good(w);
        web_edit(w, A, "https://w3id.org/openbadges/v2", all[i].url);
        if (all[i].version[0] == '1')
            web_edit(w, A, "\"verification\"", "\"verify\"");
        r = web_verify(w, A);
        assert_valid(w, r);
        assert_string_equal(r->version, all[i].version);
    }
}

/* Says by which contexts, besides that of Open Badges, the assertion is to be read. */
static const struct report *
verify_read_by(struct web *w, struct slice contexts)
{
    web_good(w);
    web_edit(
        w, A, "\"https://w3id.org/openbadges/v2\"",
        arena_printf(w->a, "[\"https://w3id.org/openbadges/v2\",%.*s]", SLICE_FMT(contexts)).p);
    return web_verify(w, A);
}

/* So many contexts, each of so many terms. */
static struct slice
contexts_of(struct web *w, int contexts, int terms)
{
    struct sbuf b;

    sbuf_init(&b, w->a);
    for (int c = 0; c < contexts; c++)
        for (int t = 0; t < terms; t++)
            sbuf_printf(&b, "%s\"t%d\":\"https://x.example/%d\"%s",
                        t > 0   ? ","
                        : c > 0 ? ",{"
                                : "{",
                        t, t, t == terms - 1 ? "}" : "");
    return sbuf_slice(&b);
}

/* Passing over such a term would hide what it says. */
static void
a_term_that_makes_something_else_of_a_value_is_refused(void **state)
{
    struct web *w = *state;

    assert_valid(
        w,
        verify_read_by(w, SL("{\"x\":{\"@id\":\"https://x.example/x\",\"@container\":\"@set\"}}")));
    assert_refused(
        w,
        verify_read_by(w, SL("{\"x\":{\"@id\":\"https://x.example/x\",\"@container\":\"@list\"}}")),
        "context-bad");
    assert_refused(w, verify_read_by(w, SL("{\"x\":{\"@reverse\":\"https://x.example/x\"}}")),
                   "context-bad");
}

static void
contexts_and_their_terms_are_few(void **state)
{
    struct web *w = *state;

    assert_valid(w, verify_read_by(w, contexts_of(w, 1, 512)));
    assert_refused(w, verify_read_by(w, contexts_of(w, 1, 513)), "context-bad");
    assert_valid(w, verify_read_by(w, contexts_of(w, 8, 512)));
    assert_refused(w, verify_read_by(w, contexts_of(w, 9, 456)), "context-bad");
    assert_valid(w, verify_read_by(w, contexts_of(w, 11, 1)));
    assert_refused(w, verify_read_by(w, contexts_of(w, 12, 1)), "context-bad");
}

/* They are kept with a badge that is stored. */
static void
linked_contexts_together_are_no_longer_than_can_be_kept(void **state)
{
    struct web *w = *state;
    char       *blanks = arena_alloc(w->a, LIMIT_JSON_BYTES);

    memset(blanks, ' ', LIMIT_JSON_BYTES - 20);
    for (int i = 0; i < 3; i++)
        web_put(w, arena_printf(w->a, "https://x.example/%d", i).p,
                arena_printf(w->a, "{\"@context\":{}%s}", blanks).p);
    assert_valid(w, verify_read_by(w, SL("\"https://x.example/0\",\"https://x.example/1\"")));
    assert_refused(w,
                   verify_read_by(w, SL("\"https://x.example/0\",\"https://x.example/1\","
                                        "\"https://x.example/2\"")),
                   "context-unread");
}

static void
a_context_that_leads_to_itself_ends(void **state)
{
    struct web *w = *state;

    web_put(w, "https://x.example/c", "{\"@context\":\"https://x.example/d\"}");
    web_put(w, "https://x.example/d", "{\"@context\":{\"t\":\"https://x.example/t\"}}");
    assert_valid(w, verify_read_by(w, SL("\"https://x.example/c\"")));
    web_put(w, "https://x.example/d", "{\"@context\":\"https://x.example/c\"}");
    assert_refused(w, verify_read_by(w, SL("\"https://x.example/c\"")), "context-bad");
    web_put(w, "https://x.example/d", "{\"context\":{}}");
    assert_refused(w, verify_read_by(w, SL("\"https://x.example/c\"")), "context-bad");
}

static void
a_context_is_an_address_or_an_object(void **state)
{
    struct web *w = *state;

    assert_valid(w, verify_read_by(w, SL("{}")));
    assert_refused(w, verify_read_by(w, SL("7")), "context-bad");
    assert_refused(w, verify_read_by(w, SL("true")), "context-bad");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(the_good_badge_is_valid),
        WEB_TEST(another_hosts_assertion_of_our_issuer_is_not),
        WEB_TEST(a_borrowed_id_leads_to_the_real_document),
        WEB_TEST(ids_that_name_each_other_end),
        WEB_TEST(an_open_redirect_lends_no_host_to_an_assertion),
        WEB_TEST(an_open_redirect_lends_no_host_to_an_issuer),
        WEB_TEST(moving_to_https_or_www_is_no_other_site),
        WEB_TEST(an_issuers_url_is_not_its_host),
        WEB_TEST(an_issuer_inside_the_badge_is_whoever_hosts_it),
        WEB_TEST(an_issuer_inside_with_an_address_is_fetched),
        WEB_TEST(hosts_that_only_look_alike_do_not_speak),
        WEB_TEST(an_issuer_says_where_its_badges_begin),
        WEB_TEST(a_path_that_climbs_out_of_a_tenant_is_refused),
        WEB_TEST(allowed_origins_replace_the_issuers_own),
        WEB_TEST(only_hosting_that_is_named_is_trusted),
        WEB_TEST(two_verifications_are_checked_as_hosted),
        WEB_TEST(a_name_said_twice_makes_no_badge),
        WEB_TEST(a_context_that_swaps_names_is_followed),
        WEB_TEST(json_handed_in_only_says_where_to_look),
        WEB_TEST(what_is_no_badge_is_unknown),
        WEB_TEST(criteria_are_an_address_or_a_narrative),
        WEB_TEST(an_issuer_without_an_email_is_warned_of),
        WEB_TEST(an_endorsement_from_elsewhere_is_warned_of),
        WEB_TEST(a_document_that_says_a_name_twice_is_not_looked_into),
        WEB_TEST(each_spelling_of_the_contexts_is_built_in),
        WEB_TEST(a_term_that_makes_something_else_of_a_value_is_refused),
        WEB_TEST(contexts_and_their_terms_are_few),
        WEB_TEST(linked_contexts_together_are_no_longer_than_can_be_kept),
        WEB_TEST(a_context_that_leads_to_itself_ends),
        WEB_TEST(a_context_is_an_address_or_an_object),
    };

    return RUN_TAP(tests);
}

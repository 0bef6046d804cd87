/* The older versions, and what every version needs: each failure names document, address, field, status. */
#include "badge_web.h"

#define OLD "https://issuer.example/old.json"

static void
put_05(struct web *w)
{
    web_put(
        w, OLD,
        "{\"recipient\":\"learner@example.org\",\"issued_on\":\"2012-01-01\","
        "\"evidence\":\"/work\",\"badge\":{\"version\":\"0.5.0\",\"name\":\"Knots\","
        "\"description\":\"d\",\"image\":\"/badge.svg\",\"criteria\":\"/knots\","
        "\"issuer\":{\"origin\":\"https://issuer.example\",\"name\":\"Sailors\",\"org\":\"Guild\","
        "\"contact\":null}}}");
}

static void
put_10(struct web *w)
{
    web_put(w, A,
            "{\"uid\":\"7\",\"recipient\":{\"type\":\"email\",\"hashed\":false,"
            "\"identity\":\"learner@example.org\"},\"badge\":\"" C "\",\"issuedOn\":1400000000,"
            "\"verify\":{\"type\":\"hosted\",\"url\":\"" A "\"}}");
    web_put(w, C,
            "{\"name\":\"Knots\",\"description\":\"d\",\"image\":\"" PIC "\","
            "\"criteria\":\"https://issuer.example/knots\",\"issuer\":\"" I "\","
            "\"alignment\":[{\"name\":\"n\",\"url\":\"https://x.example/\"}]}");
    web_put(w, I, "{\"name\":\"Sailors\",\"url\":\"https://issuer.example\"}");
}

static void
version_0_5_is_verified_and_normalised(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    put_05(w);
    r = web_verify_for(w, OLD, "learner@example.org");
    assert_valid(w, r);
    assert_string_equal(r->version, "0.5");
    assert_true(says(r, "scope-unbound"));
    assert_slice_equal(r->issuer_host, SL("issuer.example"));
    assert_slice_equal(json_get_text(r->badge, "image"), SL(PIC));
    assert_slice_equal(json_get_text(r->issuer, "name"), SL("Sailors: Guild"));
    assert_int_equal(r->issued_on_s, 1325376000);
    assert_int_equal(r->badge_text.n, 0);
    assert_slice_equal(r->picture, SL(SVG));
}

/* Without this any host could speak for any issuer: in 0.5 all is in one document. */
static void
version_0_5_elsewhere_than_its_origin_is_refused(void **state)
{
    struct web *w = *state;

    put_05(w);
    web_edit(w, OLD, "\"origin\":\"https://issuer.example\"",
             "\"origin\":\"https://harvard.example\"");
    assert_refused(w, web_verify(w, OLD), "scope-origin");
    web_edit(w, OLD, "https://harvard.example", "http://issuer.example/");
    web_put(w, "http://issuer.example/badge.svg", SVG);
    assert_valid(w, web_verify(w, OLD));
    web_page(w, OLD)->final_url = "https://evil.example/old.json";
    assert_refused(w, web_verify(w, OLD), "fetch-away");
    web_page(w, OLD)->final_url = OLD;
    web_edit(w, OLD, "\"origin\":\"http://issuer.example/\",", "");
    assert_refused(w, web_verify(w, OLD), "property-missing");
}

/* A badge of 0.5 that borrows the parts of later versions is judged by neither's gaps. */
static void
version_0_5_with_a_linked_class_is_refused(void **state)
{
    struct web *w = *state;

    web_put(w, OLD,
            "{\"recipient\":\"learner@example.org\",\"issued_on\":\"2012-01-01\",\"badge\":\"" C
            "\"}");
    assert_refused(w, web_verify(w, OLD), "scope-origin");
    web_put(w, OLD,
            "{\"recipient\":\"learner@example.org\",\"issued_on\":\"2012-01-01\",\"badge\":"
            "{\"name\":\"n\",\"description\":\"d\",\"image\":\"" PIC "\","
            "\"criteria\":\"https://x.example/\",\"issuer\":\"" I "\"}}");
    assert_refused(w, web_verify(w, OLD), "scope-origin");
}

static void
version_1_0_is_verified_and_normalised(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    put_10(w);
    r = web_verify_for(w, A, "learner@example.org");
    assert_valid(w, r);
    assert_string_equal(r->version, "1.0");
    assert_slice_equal(json_get_text(r->assertion, "issuedOn"), SL("2014-05-13T16:53:20Z"));
    assert_slice_equal(json_get_text(json_get(r->badge, "alignment"), "targetUrl"),
                       SL("https://x.example/"));
    /* A copy elsewhere, or under another query, is the same badge: what verify.url answers. */
    web_put(w, A "?again", arena_str(w->a, web_page(w, A)->body));
    r = web_verify(w, A "?again");
    assert_valid(w, r);
    assert_slice_equal(r->subject, SL(A));
    web_edit(w, A, "\"type\":\"hosted\"", "\"type\":\"signed\"");
    assert_refused(w, web_verify(w, A), "verification-signed");
}

static void
version_1_1_knows_no_names_of_2_0(void **state)
{
    struct web *w = *state;

    web_edit(w, A, "openbadges/v2", "openbadges/v1");
    assert_refused(w, web_verify(w, A), "property-missing");
    web_edit(w, A, "\"verification\"", "\"verify\"");
    assert_valid(w, web_verify(w, A));
    assert_string_equal(web_verify(w, A)->version, "1.1");
}

static void
a_class_or_an_issuer_can_be_asked_about_alone(void **state)
{
    struct web *w = *state;

    assert_true(web_verify(w, C)->valid);
    assert_true(web_verify(w, I)->valid);
    assert_slice_equal(web_verify(w, I)->subject, SL(I));
    assert_null(web_verify(w, C)->assertion);
    assert_int_not_equal(web_verify(w, C)->status, STATUS_VALID); /* it is nobody's badge */
    web_edit(w, C, "\"name\":\"Knots\",", "");
    assert_refused(w, web_verify(w, C), "property-missing");
}

static void
what_is_of_no_class_is_refused(void **state)
{
    struct web *w = *state;

    web_edit(w, A, "\"type\":\"Assertion\",", "");
    assert_refused(w, web_verify(w, A), "class-unknown");
    web_put(w, A, "[]");
    assert_refused(w, web_verify(w, A), "not-object");
    web_put(w, A, "null");
    assert_refused(w, web_verify(w, A), "not-object");
    web_put(w, A,
            "{\"@context\":[\"https://www.w3.org/ns/credentials/"
            "v2\"],\"type\":[\"VerifiableCredential\"]}");
    assert_false(web_verify(w, A)->valid);
}

static const struct report_message *
message(const struct report *r, const char *key)
{
    for (size_t i = 0; i < r->message_count; i++)
        if (strcmp(r->messages[i].key, key) == 0)
            return &r->messages[i];
    return NULL;
}

static void
a_failed_step_names_document_address_field_and_status(void **state)
{
    struct web                  *w = *state;
    const struct report         *r;
    const struct report_message *m;
    struct err                   e;

    web_page(w, I)->status = 503;
    r = web_verify(w, A);
    m = message(r, "fetch-unavailable");
    assert_non_null(m);
    assert_slice_equal(m->node, SL(C));
    assert_slice_equal(m->prop, SL("issuer"));
    assert_slice_equal(m->url, SL(I));
    assert_int_equal(m->status, 503);
    assert_int_equal(r->status, STATUS_UNCHECKED);
    assert_int_equal(report_must_be_valid(r, &e), ERR_ASSERTION_UNREACHABLE);
    assert_string_equal(e.url, I);
    assert_string_equal(e.field, "issuer");
    assert_string_equal(e.received, "503");

    web_good(w);
    web_page(w, I)->status = 200;
    web_edit(w, C, "\"name\":\"Knots\"", "\"name\":7");
    r = web_verify(w, A);
    m = message(r, "property-type");
    assert_non_null(m);
    assert_slice_equal(m->node, SL(C));
    assert_slice_equal(m->prop, SL("name"));
    assert_slice_equal(m->received, SL("7"));
    assert_int_equal(report_must_be_valid(r, &e), ERR_ASSERTION_MALFORMED);
}

static void
every_document_is_in_the_report_with_its_hash(void **state)
{
    struct web              *w = *state;
    const struct report     *r = web_verify(w, A);
    static const char *const roles[] = { "assertion", "badge", "issuer", "image" };

    assert_int_equal(r->document_count, COUNT_OF(roles));
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        assert_int_equal(r->documents[i].got.status, 200);
        assert_int_equal(r->documents[i].got.at_s, NOW);
        assert_int_equal(r->documents[i].sha256_hex.n, 64);
    }
    assert_string_equal(r->documents[0].role, "assertion");
    assert_int_equal(w->gets, 4);
    /* What is handed in is listed as what it turned out to be. */
    r = web_verify(w, C);
    for (size_t i = 0; i < r->document_count; i++)
        assert_string_equal(r->documents[i].role, roles[i + 1]);
    assert_string_equal(web_verify(w, I)->documents[0].role, "issuer");
    web_put(w, "https://issuer.example/e.json",
            "{" V2 "\"id\":\"https://issuer.example/e.json\",\"type\":\"Evidence\"}");
    assert_string_equal(web_verify(w, "https://issuer.example/e.json")->documents[0].role, "input");
}

/* An issuer cannot make us fetch without end. */
/* A class inside the assertion may have no name but a blank one; it is part of what its host serves. */
static void
a_class_inside_the_assertion_is_part_of_it(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    web_edit(w, A, "\"" C "\"",
             "{\"id\":\"_:b0\",\"type\":\"BadgeClass\",\"name\":\"Inside\",\"description\":\"d\","
             "\"image\":\"" PIC "\",\"criteria\":\"https://issuer.example/knots\",\"issuer\":\"" I
             "\"}");
    r = web_verify(w, A);
    assert_valid(w, r);
    assert_true(says(r, "embedded-no-id"));
    assert_slice_equal(json_get_text(r->badge, "name"), SL("Inside"));
    assert_int_equal(r->badge_url.n, 0);
    assert_int_equal(r->badge_text.n, 0);
    assert_slice_equal(r->issuer_url, SL(I));
}

/* Without an id, by what it is and where it stands. */
static void
messages_name_what_is_inside(void **state)
{
    static const char *const sentences[] = {
        "issuer of BadgeClass in " A " stands in the document itself and has no id of its own.",
        "name of BadgeClass in " A " is 7, which is no text.",
        "BadgeClass in " A " has no description, which it must have.",
        "Profile in " A " has no name, which it must have.",
        "startsWith of VerificationObject in " A " is \"a\", which is no web address.",
    };
    struct web          *w = *state;
    const struct report *r;
    json_object         *messages;
    size_t               at;

    web_edit(w, A, "\"" C "\"",
             "{\"type\":\"BadgeClass\",\"name\":7,\"image\":\"" PIC "\",\"criteria\":"
             "\"https://issuer.example/knots\",\"issuer\":{\"type\":\"Issuer\",\"url\":"
             "\"https://issuer.example\",\"verification\":{\"type\":[\"VerificationObject\","
             "\"HostedBadge\"],\"startsWith\":[\"a\",\"b\"]}}}");
    r = web_verify(w, A);
    for (size_t i = 0; i < COUNT_OF(sentences); i++)
        if (!slice_find(report_lines(w->a, r), slice_str(sentences[i]), &at))
            fail_msg("no \"%s\" in:\n%s", sentences[i], arena_str(w->a, report_lines(w->a, r)));
    messages = json_get(json_get(json_in_arena(w->a, report_json(w->a, r)), "report"), "messages");
    for (size_t i = 0; i < r->message_count; i++)
        if (slice_eq(r->messages[i].prop, SL("description"))) {
            json_object *m = json_object_array_get_idx(messages, i);

            assert_null(json_get(m, "node_id"));
            assert_slice_equal(json_get_text(m, "nodeType"), SL("BadgeClass"));
            assert_slice_equal(json_get_text(m, "nodeIn"), SL(A));
        }
}

static void
the_number_of_documents_is_bounded(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    struct sbuf          b;

    sbuf_init(&b, w->a);
    for (int i = 0; i < 60; i++)
        sbuf_printf(&b, "%s\"https://issuer.example/e%d.json\"", i == 0 ? "" : ",", i);
    web_edit(w, A, "\"issuedOn\"", arena_printf(w->a, "\"endorsement\":[%s],\"issuedOn\"", b.p).p);
    r = web_verify(w, A);
    assert_true(says(r, "fetch-budget"));
    assert_false(r->valid);
    assert_int_equal(r->status, STATUS_VALID); /* endorsements say nothing against a badge */
    assert_true(w->gets <= LIMIT_FETCH_DOCUMENTS);
}

/* A document may take a hundred times its size once it is parsed. */
static void
what_documents_take_is_bounded(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    struct sbuf          urls, heavy;
    size_t               light;

    light = (web_verify(w, A), w->gets);
    sbuf_init(&urls, w->a);
    sbuf_init(&heavy, w->a);
    for (int i = 0; i < LIMIT_JSON_NESTED - 10; i++)
        sbuf_add_str(&heavy, ",{}");
    for (int i = 0; i < 30; i++) {
        const char *url = arena_printf(w->a, "https://issuer.example/e%d.json", i).p;

        sbuf_printf(&urls, "%s\"%s\"", i == 0 ? "" : ",", url);
        web_put(w, url,
                arena_printf(w->a, "{" V2 "\"id\":\"%s\",\"type\":\"Endorsement\",\"x\":[0%s]}",
                             url, heavy.p)
                    .p);
    }
    web_edit(w, A, "\"issuedOn\"",
             arena_printf(w->a, "\"endorsement\":[%s],\"issuedOn\"", urls.p).p);
    w->gets = 0;
    r = web_verify(w, A);
    assert_true(says(r, "fetch-bytes"));
    assert_false(says(r, "fetch-budget"));
    assert_int_equal(r->status, STATUS_VALID);
    assert_in_range(w->gets, light + 3, light + 8);
}

/* An issuer's keys are read before the picture. */
static void
a_picture_beyond_what_documents_may_take_is_not_fetched(void **state)
{
    struct web *w = *state;
    struct sbuf urls;
    const char *large = arena_printf(w->a, "\"%0*d\"", LIMIT_JSON_BYTES - 2, 0).p;

    sbuf_init(&urls, w->a);
    for (int i = 0; i < LIMIT_FETCH_BYTES / LIMIT_JSON_BYTES / 2; i++) {
        const char *url = arena_printf(w->a, "https://issuer.example/k%d.json", i).p;

        sbuf_printf(&urls, "%s\"%s\"", i == 0 ? "" : ",", url);
        web_put(w, url, large);
    }
    web_edit(w, I, "\"email\"", arena_printf(w->a, "\"publicKey\":[%s],\"email\"", urls.p).p);
    assert_true(says_of(web_verify(w, A), "fetch-bytes", "image"));
}

static void
a_picture_must_be_there_and_decode(void **state)
{
    struct web *w = *state;

    web_put(w, PIC, "<html/>");
    assert_refused(w, web_verify(w, A), "image-unreadable");
    web_put(w, PIC, "\xFF\xD8\xFF\xE0 a JPEG");
    assert_refused(w, web_verify(w, A), "image-unreadable");
    web_put(w, PIC, "\x89PNG\r\n\x1A\n cut off");
    assert_refused(w, web_verify(w, A), "image-unreadable");
    web_page(w, PIC)->status = 404;
    assert_refused(w, web_verify(w, A), "image-status");
    web_edit(w, C, PIC, "https://nowhere.example/x.png");
    assert_refused(w, web_verify(w, A), "image-unfetched");
    web_edit(w, C, "\"image\":\"https://nowhere.example/x.png\",", "");
    assert_refused(w, web_verify(w, A), "image-missing");
    web_edit(w, C, "\"description\"",
             "\"image\":\"data:image/svg+xml,%3Csvg "
             "xmlns='http://www.w3.org/2000/svg'/%3E\",\"description\"");
    assert_refused(w, web_verify(w, A), "property-type"); /* blanks belong into no URI */
    web_edit(w, C, "%3Csvg xmlns", "%3Csvg%20xmlns");
    assert_valid(w, web_verify(w, A));
    web_edit(w, C, "data:image/svg+xml,", "data:text/html,");
    assert_refused(w, web_verify(w, A), "image-data-uri");
}

/* The picture shown is the one the issuer gives, whatever picture the badge was baked into. */
static void
a_baked_picture_brings_no_picture_of_its_own(void **state)
{
    struct web                 *w = *state;
    const struct verify_options options = { .fetch = &w->fetcher, .now_s = NOW };
    const struct report        *r;
    struct slice                baked;
    struct err                  e;

    assert_int_equal(
        badge_bake(w->a,
                   SL("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>Diploma</title></svg>"),
                   web_page(w, A)->body, SLICE_NONE, &baked, &e),
        ERR_NONE);
    r = badge_verify(w->a, baked, &options);
    assert_valid(w, r);
    assert_slice_equal(r->picture, SL(SVG));
}

static void
the_same_badge_has_one_identity(void **state)
{
    struct web  *w = *state;
    struct slice one, again, other;

    one = report_identity(w->a, web_verify(w, A));
    again = report_identity(w->a, web_verify(w, "{\"id\":\"" A "#x\"}"));
    put_05(w);
    other = report_identity(w->a, web_verify(w, OLD));
    assert_int_equal(one.n, 32);
    assert_slice_equal(one, again);
    assert_memory_not_equal(one.p, other.p, 32);
}

static void
the_report_is_json_and_lines(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    json_object         *json;
    struct slice         lines;
    size_t               at;

    web_edit(w, C, "Knots",
             "Kn\\u001b[31mots\xC2\x9B"
             "1m");
    r = web_verify_for(w, A, "learner@example.org");
    assert_valid(w, r);
    json = json_in_arena(w->a, report_json(w->a, r));
    assert_true(json_get_bool(json_get(json, "report"), "valid"));
    assert_slice_equal(json_get_text(json_get(json, "report"), "outcome"), SL("valid"));
    assert_slice_equal(json_get_text(json_get(json, "input"), "input_type"), SL("url"));
    assert_int_equal(json_object_array_length(json_get(json, "graph")), 3);
    lines = report_lines(w->a, r);
    assert_true(slice_find(lines, SL("outcome   valid\nstatus    valid\n"), &at));
    assert_true(slice_find(lines, SL("Kn?[31mots?1m"), &at)); /* no escape reaches a terminal */
}

static void
a_badge_of_3_0_is_left_unchecked(void **state)
{
    static const char *const all[] = {
        "{\"type\":\"VerifiableCredential\"}",
        "{\"type\":\"OpenBadgeCredential\"}",
        "{\"type\":[\"x:Other\",\"AchievementCredential\"]}",
        "{\"type\":[\"VerifiablePresentation\"]}",
        "{\"@context\":\"https://www.w3.org/2018/credentials/v1\",\"type\":\"Assertion\"}",
        "{\"@context\":[\"https://www.w3.org/ns/credentials/v2\"],\"type\":\"Assertion\"}",
        "{\"vc\":{}}",
    };
    struct web          *w = *state;
    const struct report *r;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        web_put(w, A, all[i]);
        r = web_verify(w, A);
        assert_refused(w, r, "version-unsupported");
        assert_int_equal(r->message_count, 1);
        assert_int_equal(r->status, STATUS_UNCHECKED);
    }
}

/* They have no type that says so. */
static void
a_class_and_an_issuer_of_1_0_are_known_by_what_they_have(void **state)
{
    struct web *w = *state;

    put_10(w);
    assert_true(web_verify(w, C)->valid);
    assert_true(web_verify(w, I)->valid);
    web_put(w, I, "{\"name\":\"Sailors\"}");
    assert_refused(w, web_verify(w, I), "class-unknown");
}

static void
only_a_classs_alignment_of_1_0_is_rewritten(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    put_10(w);
    web_edit(w, C, "\"name\":\"n\"", "\"name\":\"n\",\"description\":\"Of n\"");
    web_edit(w, A, "\"uid\"", "\"alignment\":{\"name\":\"n\",\"x:y\":1},\"uid\"");
    r = web_verify(w, A);
    assert_valid(w, r);
    assert_slice_equal(json_get_text(json_get(r->badge, "alignment"), "targetDescription"),
                       SL("Of n"));
    assert_non_null(json_get(r->assertion, "alignment"));
    assert_null(json_get(json_get(r->assertion, "alignment"), "targetName"));
}

static void
a_picture_that_cannot_be_seen_now_leaves_the_badge_unchecked(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    web_page(w, PIC)->status = 503;
    r = web_verify(w, A);
    assert_refused(w, r, "image-unavailable");
    assert_int_equal(r->status, STATUS_UNCHECKED);
}

/* The class's picture is the one that is shown. */
static void
a_picture_of_the_assertions_own_that_does_not_decode_is_warned_of(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    web_put(w, "https://issuer.example/own.png", "<html/>");
    web_edit(w, A, "\"issuedOn\"", "\"image\":\"https://issuer.example/own.png\",\"issuedOn\"");
    r = web_verify(w, A);
    assert_valid(w, r);
    assert_true(says(r, "image-own-unreadable"));
    assert_slice_equal(r->picture, SL(SVG));
}

static void
a_picture_in_a_data_uri_must_decode(void **state)
{
    struct web *w = *state;

    web_edit(w, C, PIC, "data:image/png;base64,AAAA");
    assert_refused(w, web_verify(w, A), "image-unreadable");
}

static void
two_pictures_are_too_many_and_not_none(void **state)
{
    struct web *w = *state;

    web_edit(w, C, "\"" PIC "\"", "[\"" PIC "\",\"https://issuer.example/other.svg\"]");
    assert_refused(w, web_verify(w, A), "property-many");
    assert_false(says(web_verify(w, A), "image-missing"));
}

/* An issuer's keys are read before the picture. */
static void
a_picture_beyond_the_number_of_documents_is_not_fetched(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    struct sbuf          b;

    sbuf_init(&b, w->a);
    for (int i = 0; i < LIMIT_FETCH_DOCUMENTS; i++)
        sbuf_printf(&b, "%s\"https://issuer.example/k%d.json\"", i == 0 ? "" : ",", i);
    web_edit(w, I, "\"email\"", arena_printf(w->a, "\"publicKey\":[%s],\"email\"", b.p).p);
    r = web_verify(w, A);
    assert_refused(w, r, "fetch-budget");
    assert_true(says_of(r, "fetch-budget", "publicKey"));
    assert_true(says_of(r, "fetch-budget", "image"));
    assert_int_equal(r->picture.n, 0);
}

static void
a_document_that_does_not_answer_leaves_the_badge_unchecked(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    web_edit(w, C, I, "https://gone.example/issuer.json");
    r = web_verify(w, A);
    assert_refused(w, r, "fetch-failed");
    assert_int_equal(r->status, STATUS_UNCHECKED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(version_0_5_is_verified_and_normalised),
        WEB_TEST(version_0_5_elsewhere_than_its_origin_is_refused),
        WEB_TEST(version_0_5_with_a_linked_class_is_refused),
        WEB_TEST(version_1_0_is_verified_and_normalised),
        WEB_TEST(version_1_1_knows_no_names_of_2_0),
        WEB_TEST(a_class_or_an_issuer_can_be_asked_about_alone),
        WEB_TEST(what_is_of_no_class_is_refused),
        WEB_TEST(a_failed_step_names_document_address_field_and_status),
        WEB_TEST(every_document_is_in_the_report_with_its_hash),
        WEB_TEST(a_class_inside_the_assertion_is_part_of_it),
        WEB_TEST(messages_name_what_is_inside),
        WEB_TEST(the_number_of_documents_is_bounded),
        WEB_TEST(what_documents_take_is_bounded),
        WEB_TEST(a_picture_beyond_what_documents_may_take_is_not_fetched),
        WEB_TEST(a_picture_must_be_there_and_decode),
        WEB_TEST(a_baked_picture_brings_no_picture_of_its_own),
        WEB_TEST(the_same_badge_has_one_identity),
        WEB_TEST(the_report_is_json_and_lines),
        WEB_TEST(a_badge_of_3_0_is_left_unchecked),
        WEB_TEST(a_class_and_an_issuer_of_1_0_are_known_by_what_they_have),
        WEB_TEST(only_a_classs_alignment_of_1_0_is_rewritten),
        WEB_TEST(a_picture_that_cannot_be_seen_now_leaves_the_badge_unchecked),
        WEB_TEST(a_picture_of_the_assertions_own_that_does_not_decode_is_warned_of),
        WEB_TEST(a_picture_in_a_data_uri_must_decode),
        WEB_TEST(two_pictures_are_too_many_and_not_none),
        WEB_TEST(a_picture_beyond_the_number_of_documents_is_not_fetched),
        WEB_TEST(a_document_that_does_not_answer_leaves_the_badge_unchecked),
    };

    return RUN_TAP(tests);
}

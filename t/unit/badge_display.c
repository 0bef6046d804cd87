/* What everybody may see of a badge: the display API's JSON, and no address of anybody in it. */
#include "badge_web.h"

#include "../../src/badge/badge_int.h"

#include "core/digest.h"

static json_object *
shown(struct web *w, const char *url)
{
    const struct report    *r = web_verify(w, url);
    const struct badge_docs docs = report_docs(w->a, r);
    json_object            *doc;
    struct err              e;

    assert_valid(w, r);
    assert_int_equal(badge_displayed(w->a, &docs, &doc, &e), ERR_NONE);
    return json_in_arena(w->a, doc);
}

static void
assert_no_address(struct web *w, json_object *doc)
{
    assert_false(slice_has_char(json_print(w->a, doc), '@'));
}

static void
version_2_0_is_shown_in_the_old_names(void **state)
{
    struct web  *w = *state;
    json_object *doc = shown(w, A), *badge = json_get(doc, "badge"),
                *issuer = json_get(badge, "issuer");
    struct slice recipient = json_get_text(doc, "recipient");

    assert_slice_equal(json_get_text(badge, "name"), SL("Knots"));
    assert_slice_equal(json_get_text(badge, "_location"), SL(C));
    assert_slice_equal(json_get_text(issuer, "name"), SL("Sailors"));
    assert_slice_equal(json_get_text(issuer, "_location"), SL(I));
    assert_slice_equal(json_get_text(issuer, "origin"), SL("https://issuer.example"));
    assert_slice_equal(json_get_text(doc, "issued_on"), SL("2020-01-01T00:00:00Z"));
    assert_slice_equal(json_get_text(json_get(doc, "verify"), "url"), SL(A));
    assert_true(slice_starts(recipient, SL("sha256$")));
    assert_slice_equal(json_get_text(json_get(doc, "_originalRecipient"), "identity"), recipient);
}

/* Whoever knows the address can tell that it is the recipient's; nobody can read it. */
static void
a_plain_recipient_is_shown_as_a_salted_hash(void **state)
{
    struct web  *w = *state;
    json_object *doc = shown(w, A);
    struct slice salt = json_get_text(doc, "salt");
    struct slice text = arena_printf(w->a, "learner@example.org%.*s", SLICE_FMT(salt));

    assert_int_equal(salt.n, 16);
    assert_slice_equal(
        json_get_text(doc, "recipient"),
        arena_printf(w->a, "sha256$%.*s", SLICE_FMT(digest_hex(w->a, "sha256", text))));
    /* The same document each time, or no cache would ever match. */
    assert_slice_equal(json_print(w->a, doc), json_print(w->a, shown(w, A)));
}

static void
no_address_is_left_wherever_it_stands(void **state)
{
    struct web *w = *state;

    web_edit(w, A, "\"issuedOn\"",
             "\"narrative\":\"By Learner@Example.ORG, see <learner@example.org>.\","
             "\"evidence\":[\"https://x.example/?u=learner%40example.org&v=1\","
             "{\"name\":\"mail learner@example.org\"}],\"schema:x\":\"learner@example.org\","
             "\"http://x.example/learner@example.org\":1,\"issuedOn\"");
    assert_no_address(w, shown(w, A));
}

static void
version_0_5_is_shown_as_it_is_without_addresses(void **state)
{
    struct web  *w = *state;
    json_object *doc;

    web_put(
        w, A,
        "{\"recipient\":\"learner@example.org\",\"issued_on\":\"2012-01-01\",\"badge\":{"
        "\"version\":\"0.5.0\",\"name\":\"Knots\",\"description\":\"d\",\"image\":\"/badge.svg\","
        "\"criteria\":\"/knots\",\"issuer\":{\"origin\":\"https://issuer.example\","
        "\"name\":\"Sailors\",\"contact\":\"post@issuer.example\"}}}");
    doc = shown(w, A);
    assert_no_address(w, doc);
    assert_slice_equal(json_get_text(doc, "issued_on"), SL("2012-01-01"));
    assert_slice_equal(json_get_text(json_get(json_get(doc, "badge"), "issuer"), "origin"),
                       SL("https://issuer.example"));
    assert_null(json_get(doc, "_originalRecipient"));
}

static void
hashes_are_shown_with_their_salt(void **state)
{
    struct web  *w = *state;
    json_object *doc;
    const char  *hash = "sha256$ecf5409f3f4b91ab60cc5ef4c02aef7032354375e70cf4d8e43f6a1d29891942";

    web_edit(
        w, A, "\"hashed\":false,\"identity\":\"learner@example.org\"",
        arena_printf(w->a, "\"hashed\":true,\"salt\":\"deadsea\",\"identity\":\"%s\"", hash).p);
    doc = shown(w, A);
    assert_slice_equal(json_get_text(doc, "recipient"), slice_str(hash));
    assert_slice_equal(json_get_text(doc, "salt"), SL("deadsea"));
}

static void
addresses_are_told_from_what_only_has_the_sign(void **state)
{
    static const char *const pairs[][2] = {
        { "https://medium.example/@user/post", "https://medium.example/@user/post" },
        { "a@b", "a@b" },
        { "write to a.b+c@d-e.example.", "write to [e-mail address]." },
        { "x@y.example,z@y.example", "[e-mail address],[e-mail address]" },
        { "x%40y.example", "[e-mail address]" },
        { "@x.example", "@x.example" },
        { "\xC3\xA4@\xC3\xB6.example", "[e-mail address]" },
        { "", "" },
        { "@", "@" },
        { "a@b.", "a@b." },
        { "a@@b.example", "a@@b.example" },
        { "a@b.example@c.example", "[e-mail address]@c.example" },
    };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        assert_slice_equal(badge_text_without_emails(w->a, slice_str(pairs[i][0])),
                           slice_str(pairs[i][1]));
}

static void
what_is_stored_can_be_read_again_without_its_issuer(void **state)
{
    struct web             *w = *state;
    const struct badge_docs docs = report_docs(w->a, web_verify(w, A));
    struct badge_docs       broken = docs;
    struct badge_graph      graph;
    struct err              e;
    size_t                  gets = w->gets;

    assert_int_equal(badge_graph_of(w->a, &docs, &graph, &e), ERR_NONE);
    assert_string_equal(graph.version, "2.0");
    assert_slice_equal(json_get_text(graph.badge, "name"), SL("Knots"));
    assert_slice_equal(json_get_text(graph.issuer, "name"), SL("Sailors"));
    assert_int_equal(graph.issued_on_s, 1577836800);
    assert_int_equal(w->gets, gets);
    broken.issuer_text = SL("{");
    assert_int_equal(badge_graph_of(w->a, &broken, &graph, &e), ERR_ASSERTION_MALFORMED);
}

#define TERMS "https://terms.example/"

/* The three documents of a badge in the words of contexts that its issuer links, one of which leads on. */
static void
in_own_words(struct web *w)
{
    web_put(w, TERMS "all",
            "{\"@context\":[\"" TERMS "dates\",{\"obi\":\"https://w3id.org/openbadges#\","
            "\"schema\":\"http://schema.org/\",\"art\":\"@type\",\"an\":\"obi:recipient\","
            "\"klasse\":{\"@id\":\"obi:badge\",\"@type\":\"@id\"},\"titel\":\"schema:name\","
            "\"was\":\"schema:description\",\"bild\":{\"@id\":\"schema:image\",\"@type\":\"@id\"},"
            "\"wofuer\":{\"@id\":\"obi:criteria\",\"@type\":\"@id\"},"
            "\"von\":{\"@id\":\"obi:issuer\",\"@type\":\"@id\"}}],\"note\":\"of the server\"}");
    web_put(w, TERMS "dates",
            "{\"@context\":{\"am\":{\"@id\":\"https://w3id.org/openbadges#issueDate\","
            "\"@type\":\"http://www.w3.org/2001/XMLSchema#dateTime\"}}}");
    web_put(w, A,
            "{\"@context\":[\"https://w3id.org/openbadges/v2\",\"" TERMS "all\"],\"id\":\"" A
            "\",\"art\":\"Assertion\",\"klasse\":\"" C "\",\"an\":{\"type\":\"email\","
            "\"hashed\":false,\"identity\":\"learner@example.org\"},"
            "\"verification\":{\"type\":\"HostedBadge\"},\"am\":\"2020-01-01T00:00:00Z\"}");
    web_put(w, C,
            "{\"@context\":[\"https://w3id.org/openbadges/v2\",\"" TERMS "all\"],\"id\":\"" C
            "\",\"art\":\"BadgeClass\",\"titel\":\"Knoten\",\"was\":\"Knotet\",\"bild\":\"" PIC
            "\",\"wofuer\":\"https://issuer.example/knots\",\"von\":\"" I "\"}");
    web_put(w, I,
            "{\"@context\":[\"https://w3id.org/openbadges/v2\",\"" TERMS "all\"],\"id\":\"" I
            "\",\"art\":\"Issuer\",\"titel\":\"Seeleute\",\"url\":\"https://issuer.example\","
            "\"email\":\"post@issuer.example\"}");
}

static void
linked_contexts_are_read_again_as_they_were(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    struct badge_docs    docs;
    struct badge_graph   graph;
    json_object         *doc, *badge;
    struct err           e;
    size_t               gets;

    in_own_words(w);
    r = web_verify_for(w, A, "learner@example.org");
    assert_valid(w, r);
    docs = report_docs(w->a, r);
    gets = w->gets;
    assert_int_equal(badge_graph_of(w->a, &docs, &graph, &e), ERR_NONE);
    assert_slice_equal(json_print(w->a, graph.assertion), json_print(w->a, r->assertion));
    assert_slice_equal(json_print(w->a, graph.badge), json_print(w->a, r->badge));
    assert_slice_equal(json_print(w->a, graph.issuer), json_print(w->a, r->issuer));
    assert_int_equal(graph.issued_on_s, r->issued_on_s);
    doc = shown(w, A);
    badge = json_get(doc, "badge");
    assert_slice_equal(json_get_text(badge, "name"), SL("Knoten"));
    assert_slice_equal(json_get_text(badge, "criteria"), SL("https://issuer.example/knots"));
    assert_slice_equal(json_get_text(json_get(badge, "issuer"), "name"), SL("Seeleute"));
    assert_true(slice_starts(json_get_text(doc, "recipient"), SL("sha256$")));
    assert_no_address(w, doc);
    assert_int_equal(w->gets, 2 * gets); /* by the second verification alone */
    /* What nobody kept adds nothing, and takes nothing along. */
    docs.contexts = SL("");
    assert_int_equal(badge_graph_of(w->a, &docs, &graph, &e), ERR_NONE);
    assert_null(json_get(graph.badge, "name"));
}

/* The words of 1.x are the display API's; those of an issuer's own are not. */
static void
version_1_1_by_a_linked_context_is_shown_in_names_that_are_known(void **state)
{
    struct web  *w = *state;
    json_object *doc;

    web_put(w, "https://issuer.example/v1/terms",
            "{\"@context\":[\"https://w3id.org/openbadges/v1\",{\"titel\":\"schema:name\"}]}");
    web_edit(w, C, "https://w3id.org/openbadges/v2", "https://issuer.example/v1/terms");
    web_edit(w, C, "\"name\"", "\"titel\"");
    doc = shown(w, A);
    assert_slice_equal(json_get_text(json_get(doc, "badge"), "name"), SL("Knots"));
}

/* The display's JSON of stored documents, in an arena of its own that ends before the text is looked at. */
static struct slice
read_again(struct web *w, const struct badge_docs *docs)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    json_object                     *doc = NULL;
    struct err                       e;

    assert_int_equal(badge_displayed(a, docs, &doc, &e), ERR_NONE);
    return json_print(w->a, json_in_arena(a, doc));
}

/* A worker keeps classes that it has read. Neither the badge before nor how many came between may be seen. */
static void
what_is_shown_is_the_same_whatever_was_read_before(void **state)
{
    struct web        *w = *state;
    struct badge_docs  docs = report_docs(w->a, web_verify(w, A)), other = docs;
    const struct slice first = read_again(w, &docs), name = SL("\"Knots\"");
    size_t             at, found;

    assert_true(slice_find(docs.class_text, name, &at));
    assert_slice_equal(read_again(w, &docs), first);
    for (int i = 1; i < 500; i++) {
        other.class_text = arena_printf(w->a, "%.*s\"Knots %d\"%.*s", (int)at, docs.class_text.p, i,
                                        SLICE_FMT(slice_from(docs.class_text, at + name.n)));
        assert_true(
            slice_find(read_again(w, &other), arena_printf(w->a, "\"Knots %d\"", i), &found));
        assert_slice_equal(read_again(w, &docs), first);
    }
    other = docs;
    other.class_url = SL("https://elsewhere.example/class");
    assert_true(slice_find(read_again(w, &other),
                           SL("\"_location\":\"https://elsewhere.example/class\""), &found));
    other = docs;
    other.issuer_text = SL("{");
    assert_int_equal(badge_displayed(w->a, &other, &(json_object *){ NULL }, &(struct err){ 0 }),
                     ERR_ASSERTION_MALFORMED);
    assert_slice_equal(read_again(w, &docs), first);
}

static bool
is_kept(struct web *w, const struct badge_docs *docs)
{
    static const struct verify_options options = { .now_s = 1 };
    struct work                        work;

    work_init(&work, w->a, &options);
    return class_kept_take(&work, docs);
}

static void
classes_are_kept_unless_they_are_large(void **state)
{
    struct web       *w = *state;
    struct badge_docs docs = report_docs(w->a, web_verify(w, A)), large = docs;
    struct sbuf       b;

    read_again(w, &docs);
    assert_true(is_kept(w, &docs));
    /* A few kB that take over LIMIT_KEPT_CLASS_BYTES when they are parsed. */
    sbuf_init(&b, w->a);
    sbuf_add(&b, slice_first(docs.class_text, docs.class_text.n - 1));
    sbuf_add_str(&b, ",\"tags\":[\"t\"");
    for (int i = 0; i < 1000; i++)
        sbuf_add_str(&b, ",\"t\"");
    sbuf_add_str(&b, "]}");
    large.class_text = sbuf_slice(&b);
    assert_in_range(large.class_text.n, 1, 16 * KIB);
    read_again(w, &large);
    assert_false(is_kept(w, &large));
}

static void
pages_show_the_recipient_that_the_display_api_shows(void **state)
{
    struct web             *w = *state;
    const struct badge_docs docs = report_docs(w->a, web_verify(w, A));
    struct badge_graph      graph;
    struct err              e;

    assert_int_equal(badge_graph_of(w->a, &docs, &graph, &e), ERR_NONE);
    assert_slice_equal(badge_recipient_shown(w->a, &graph),
                       json_get_text(shown(w, A), "recipient"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(version_2_0_is_shown_in_the_old_names),
        WEB_TEST(a_plain_recipient_is_shown_as_a_salted_hash),
        WEB_TEST(no_address_is_left_wherever_it_stands),
        WEB_TEST(version_0_5_is_shown_as_it_is_without_addresses),
        WEB_TEST(hashes_are_shown_with_their_salt),
        WEB_TEST(addresses_are_told_from_what_only_has_the_sign),
        WEB_TEST(what_is_stored_can_be_read_again_without_its_issuer),
        WEB_TEST(linked_contexts_are_read_again_as_they_were),
        WEB_TEST(version_1_1_by_a_linked_context_is_shown_in_names_that_are_known),
        WEB_TEST(what_is_shown_is_the_same_whatever_was_read_before),
        WEB_TEST(classes_are_kept_unless_they_are_large),
        WEB_TEST(pages_show_the_recipient_that_the_display_api_shows),
    };

    return RUN_TAP(tests);
}

/* Extensions: held against the schema that their context names; what cannot be held so is not valid. */
#include "badge_web.h"

#define CTX "https://ext.example/context.json"
#define SCHEMA "https://ext.example/schema.json"

/* Puts an extension into the badge class. */
static const struct report *
verify_with(struct web *w, const char *extension)
{
    web_good(w);
    web_edit(w, C, "\"name\"", arena_printf(w->a, "\"extensions:x\":%s,\"name\"", extension).p);
    web_put(w, CTX,
            "{\"@context\":{\"extensions\":\"https://w3id.org/openbadges/extensions#\","
            "\"colour\":\"extensions:colour\",\"sizes\":\"extensions:sizes\"},"
            "\"obi:validation\":[{\"obi:validatesType\":\"extensions:Paint\","
            "\"obi:validationSchema\":\"" SCHEMA "\"}]}");
    return web_verify(w, A);
}

static void
put_schema(struct web *w, const char *schema)
{
    web_put(w, SCHEMA, schema);
}

#define PAINT(more)                                                                                \
    "{\"@context\":\"" CTX "\",\"type\":[\"Extension\",\"extensions:Paint\"]" more "}"

static void
an_extension_is_what_its_schema_asks_for(void **state)
{
    struct web *w = *state;

    put_schema(
        w, "{\"type\":\"object\",\"properties\":{\"colour\":{\"type\":\"string\"},"
           "\"sizes\":{\"type\":\"array\",\"items\":{\"type\":[\"integer\",\"null\"]}},"
           "\"at\":{\"format\":\"uri\"},\"kind\":{\"enum\":[\"a\",1]}},\"required\":[\"colour\"]}");
    assert_valid(w, verify_with(w, PAINT(",\"colour\":\"red\"")));
    assert_valid(w, verify_with(w, PAINT(",\"colour\":\"red\",\"sizes\":[1,2,null],\"kind\":1")));
    assert_refused(w, verify_with(w, PAINT("")), "extension-invalid");
    assert_refused(w, verify_with(w, PAINT(",\"colour\":7")), "extension-invalid");
    assert_refused(w, verify_with(w, PAINT(",\"colour\":\"red\",\"sizes\":[1,\"2\"]")),
                   "extension-invalid");
    assert_refused(w, verify_with(w, PAINT(",\"colour\":\"red\",\"at\":\"not one\"")),
                   "extension-invalid");
    assert_refused(w, verify_with(w, PAINT(",\"colour\":\"red\",\"kind\":\"b\"")),
                   "extension-invalid");
}

static void
a_type_that_no_context_knows_is_refused(void **state)
{
    struct web *w = *state;

    put_schema(w, "{}");
    assert_valid(w, verify_with(w, PAINT("")));
    assert_refused(
        w,
        verify_with(w, "{\"@context\":\"" CTX "\",\"type\":[\"Extension\",\"extensions:Other\"]}"),
        "extension-unknown");
    assert_refused(w, verify_with(w, "{\"@context\":\"" CTX "\",\"type\":\"Extension\"}"),
                   "extension-unknown");
    assert_valid(w, verify_with(w, "{\"@context\":[\"" CTX "\"],\"type\":[\"Extension\","
                                   "\"https://w3id.org/openbadges/extensions#Paint\"]}"));
}

static void
what_cannot_be_checked_is_not_valid(void **state)
{
    struct web *w = *state;

    put_schema(w, "{\"pattern\":\"^a\"}");
    assert_refused(w, verify_with(w, PAINT("")), "extension-unchecked");
    put_schema(w, "{\"properties\":{\"colour\":{\"$ref\":\"#/definitions/x\"}}}");
    assert_refused(w, verify_with(w, PAINT(",\"colour\":1")), "extension-unchecked");
    put_schema(w, "{\"properties\":{\"colour\":{\"$ref\":\"https://x.example/s\"}}}");
    assert_refused(w, verify_with(w, PAINT(",\"colour\":1")), "extension-unchecked");
    put_schema(w, "{\"$ref\":\"#\"}");
    assert_refused(w, verify_with(w, PAINT(",\"colour\":1")), "extension-unchecked");
    put_schema(w, "{\"not\":{\"pattern\":\"x\"}}");
    assert_refused(w, verify_with(w, PAINT("")), "extension-unchecked");
    put_schema(w, "{\"anyOf\":[{},{\"pattern\":\"x\"}]}");
    assert_refused(w, verify_with(w, PAINT("")), "extension-unchecked");
    put_schema(w,
               "{\"required\":[\"colour\"]}"); /* what a name of the object's own may stand for */
    assert_refused(w,
                   verify_with(w, "{\"@context\":[\"" CTX "\",{\"hue\":\"extensions:colour\"}],"
                                  "\"type\":[\"Extension\",\"extensions:Paint\"],\"hue\":1}"),
                   "extension-unchecked");
    put_schema(w, "no JSON");
    assert_refused(w, verify_with(w, PAINT("")), "context-unread");
    web_page(w, SCHEMA)->status = 404;
    assert_refused(w, verify_with(w, PAINT("")), "context-unread");
}

static void
a_context_that_is_not_there_makes_the_badge_unreadable(void **state)
{
    struct web *w = *state;

    assert_refused(
        w,
        verify_with(w,
                    "{\"@context\":\"https://gone.example/c\",\"type\":[\"Extension\",\"x:y\"]}"),
        "context-unread");
}

static json_object *
why_of(struct web *w, const struct report *r, const char *list, size_t index)
{
    json_object *report = json_get(json_in_arena(w->a, report_json(w->a, r)), "report");

    return json_get(json_object_array_get_idx(json_get(report, list), index), "why");
}

/* By ids, so that a page can say it in another language. */
static void
the_report_names_what_it_says_as_received(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    put_schema(w, "{\"required\":[\"colour\"]}");
    r = verify_with(w, PAINT(""));
    assert_slice_equal(r->messages[0].received, SL("colour is missing."));
    assert_slice_equal(json_print(w->a, why_of(w, r, "messages", 0)),
                       SL("{\"id\":\"SCHEMA_REQUIRED\",\"args\":[\"colour\"]}"));
    r = verify_with(w,
                    "{\"@context\":\"https://gone.example/c\",\"type\":[\"Extension\",\"x:y\"]}");
    assert_slice_equal(r->messages[0].received, SL("That site could not be reached."));
    assert_slice_equal(json_print(w->a, why_of(w, r, "messages", 0)),
                       SL("{\"error\":\"FETCH_CONNECT\"}"));
    assert_slice_equal(json_print(w->a, why_of(w, r, "documents", r->document_count - 1)),
                       SL("{\"error\":\"FETCH_CONNECT\"}"));
}

/* Any context of the document may know it, also one that is read later. */
static void
a_context_beside_the_extension_will_do(void **state)
{
    struct web *w = *state;

    put_schema(w, "{\"required\":[\"colour\"]}");
    assert_refused(w, verify_with(w, "{\"type\":[\"Extension\",\"extensions:Paint\"]}"),
                   "extension-unknown");
    assert_refused(w,
                   verify_with(w, "[{\"type\":[\"Extension\",\"extensions:Paint\"]}," PAINT(
                                      ",\"colour\":1") "]"),
                   "extension-invalid");
    assert_valid(w, verify_with(w, "[{\"type\":[\"Extension\",\"extensions:Paint\"],"
                                   "\"colour\":2}," PAINT(",\"colour\":1") "]"));
}

static void
published_extensions_need_nobodys_server(void **state)
{
    static const struct {
        const char *context, *type, *good, *bad;
    } all[] = {
        { "https://w3id.org/openbadges/extensions/exampleExtension/context.json",
          "extensions:ExampleExtension", "\"exampleProperty\":\"x\"", "\"exampleProperty\":1" },
        { "https://openbadgespec.org/extensions/applyLinkExtension/context.json",
          "extensions:ApplyLink", "\"url\":\"http://a.example/\"", "\"url\":\"not one\"" },
        { "http://w3id.org/openbadges/extensions/geoCoordinatesExtension/context.json",
          "extensions:GeoCoordinates",
          "\"description\":\"d\",\"geo\":{\"latitude\":1.5,\"longitude\":2}",
          "\"description\":\"d\",\"geo\":{\"latitude\":1.5}" },
        { "https://w3id.org/openbadges/extensions/accessibilityExtension/context.json",
          "extensions:Accessibility", "\"accessibilityControl\":[\"fullKeyboardControl\"]",
          "\"accessibilityAPI\":7" },
        { "https://openbadgespec.org/extensions/originalCreatorExtension/context.json",
          "extensions:OriginalCreator", "\"url\":\"https://a.example/i\"", "\"name\":\"n\"" },
        { "https://openbadgespec.org/extensions/licenseExtension/context.json",
          "extensions:LicenseExtension", "\"id\":\"CC-BY\"", "\"legalCode\":[]" },
        { "https://openbadgespec.org/extensions/recipientProfile/context.json",
          "extensions:RecipientProfile", "\"name\":\"n\"", "\"publicKey\":\"no uri\"" },
        { "https://w3id.org/openbadges/extensions/endorsement/context.json",
          "extensions:Endorsement", "\"endorsedObject\":{}", "\"endorsedObject\":1" },
        { "https://purl.imsglobal.org/spec/ob-accred/v1p0/context/",
          "extensions:IssuerAccreditation",
          "\"name\":\"n\",\"contactInstructions\":\"c\",\"url\":\"http://"
          "a.example\",\"address\":{}",
          "\"name\":\"n\"" },
        { "https://purl.imsglobal.org/spec/ob-exdesc/v1p0/context/",
          "extensions:ExtraDescriptionExtension", "\"name\":\"n\",\"narrative\":\"t\"",
          "\"name\":\"n\"" },
        { "https://purl.imsglobal.org/spec/ob-assessment/v1p0/context/",
          "extensions:AssessmentExtension", "\"description\":\"d\",\"assessments\":[{}]",
          "\"description\":\"d\"" },
    };
    struct web *w = *state;
    const char *form = "{\"@context\":\"%s\",\"type\":[\"Extension\",\"%s\"],%s}";

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        assert_valid(
            w,
            verify_with(w, arena_printf(w->a, form, all[i].context, all[i].type, all[i].good).p));
        assert_refused(
            w, verify_with(w, arena_printf(w->a, form, all[i].context, all[i].type, all[i].bad).p),
            "extension-invalid");
    }
}

static const char *
many(struct web *w, const char *item, size_t count)
{
    struct sbuf b;

    sbuf_init(&b, w->a);
    for (size_t i = 0; i < count; i++)
        sbuf_printf(&b, "%s%s", i == 0 ? "" : ",", item);
    return arena_str(w->a, sbuf_slice(&b));
}

/* What takes too long to check is not checked, and nothing that was not is valid. */
static void
the_work_of_extensions_is_bounded(void **state)
{
    struct web *w = *state;

    put_schema(w, "{}");
    assert_valid(
        w,
        verify_with(w, arena_printf(w->a, "{\"@context\":\"" CTX "\",\"type\":[\"Extension\",%s]}",
                                    many(w, "\"extensions:Paint\"", 15))
                           .p));
    assert_refused(
        w,
        verify_with(w, arena_printf(w->a, "{\"@context\":\"" CTX "\",\"type\":[\"Extension\",%s]}",
                                    many(w, "\"extensions:Paint\"", 16))
                           .p),
        "extension-unchecked");
    put_schema(
        w, arena_printf(w->a,
                        "{\"definitions\":{\"e\":{\"properties\":{\"colour\":{\"enum\":[%s,1]}}}},"
                        "\"allOf\":[%s]}",
                        many(w, "0", 24000), many(w, "{\"$ref\":\"#/definitions/e\"}", 5))
               .p);
    assert_refused(w, verify_with(w, PAINT(",\"colour\":1")), "extension-unchecked");
    put_schema(w, arena_printf(w->a, "{\"definitions\":{\"e\":{\"required\":[%s]}},\"allOf\":[%s]}",
                               many(w, "\"colour\"", 20000),
                               many(w, "{\"$ref\":\"#/definitions/e\"}", 6))
                      .p);
    assert_refused(w, verify_with(w, PAINT(",\"colour\":1")), "extension-unchecked");
}

/* Each with a value of `colour` for which it holds and one for which it does not. */
static void
keywords_of_draft_4_hold(void **state)
{
    static const struct {
        const char *schema, *good, *bad;
    } all[] = {
        { "{\"minimum\":2}", "2", "1" },
        { "{\"maximum\":2}", "2", "2.5" },
        { "{\"minLength\":2}", "\"\xC3\xA4\xC3\xA4\"", "\"\xC3\xA4\"" },
        { "{\"maxLength\":1}", "\"\xC3\xA4\"", "\"ab\"" },
        { "{\"minItems\":1}", "[1]", "[]" },
        { "{\"maxItems\":1}", "[1]", "[1,2]" },
        { "{\"minProperties\":1}", "{\"a\":1}", "{}" },
        { "{\"maxProperties\":1}", "{\"a\":1}", "{\"a\":1,\"b\":2}" },
        { "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "\"a\"", "1" },
        { "{\"oneOf\":[{\"type\":\"number\"},{\"minimum\":2}]}", "1", "3" },
        { "{\"allOf\":[{\"type\":\"number\"},{\"minimum\":2}]}", "2", "1" },
        { "{\"not\":{\"type\":\"string\"}}", "1", "\"a\"" },
        { "{\"$ref\":\"#/definitions/n\"}", "1", "\"a\"" },
        { "{\"enum\":[1,\"b\"]}", "\"b\"", "2" },
        { "{\"format\":\"date-time\"}", "\"2020-01-01T00:00:00Z\"", "\"2020\"" },
        { "{\"format\":\"email\"}", "\"a@b\"", "\"b\"" },
        { "{\"type\":\"boolean\"}", "false", "0" },
        { "{\"$schema\":\"s\",\"id\":\"i\",\"title\":\"t\",\"description\":\"d\",\"default\":1,"
          "\"type\":\"string\"}",
          "\"a\"", "1" },
        /* What speaks of another type says nothing. */
        { "{\"format\":\"uri\"}", "7", "\"no uri\"" },
        { "{\"minLength\":2}", "7", "\"a\"" },
        { "{\"properties\":{\"a\":{\"type\":\"null\"}}}", "\"a\"", "{\"a\":1}" },
    };
    struct web *w = *state;
    const char *form = ",\"colour\":%s";

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        put_schema(w, arena_printf(w->a,
                                   "{\"properties\":{\"colour\":%s},\"definitions\":{\"n\":{"
                                   "\"type\":\"number\"}}}",
                                   all[i].schema)
                          .p);
        assert_valid(
            w, verify_with(
                   w, arena_printf(w->a, PAINT("%s"), arena_printf(w->a, form, all[i].good).p).p));
        assert_refused(
            w,
            verify_with(w,
                        arena_printf(w->a, PAINT("%s"), arena_printf(w->a, form, all[i].bad).p).p),
            "extension-invalid");
    }
}

/* A schema that cannot be followed to its end decides nothing, also not against the badge. */
static void
what_is_not_known_weighs_more_than_what_fails(void **state)
{
    static const struct {
        const char *schema, *keyword;
    } all[] = {
        { "{\"pattern\":\"x\",\"required\":[\"size\"]}", "pattern" },
        { "{\"required\":[\"size\"],\"pattern\":\"x\"}", "pattern" },
        { "{\"pattern\":\"x\",\"multipleOf\":2}", "pattern" },
        { "{\"required\":true}", "required" },
        { "{\"items\":[{}]}", "items" },
        { "{\"properties\":7}", "properties" },
        { "{\"$ref\":\"/definitions\",\"definitions\":{}}", "$ref" },
        { "{\"format\":\"x\",\"properties\":{\"colour\":{\"format\":\"phone\"}}}", "format" },
    };
    struct web          *w = *state;
    const struct report *r;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        put_schema(w, all[i].schema);
        r = verify_with(w, PAINT(",\"colour\":\"red\""));
        assert_refused(w, r, "extension-unchecked");
        assert_false(says(r, "extension-invalid"));
        assert_slice_equal(report_deciding(r)->received,
                           arena_printf(w->a, "its schema uses \"%s\".", all[i].keyword));
    }
}

static void
a_context_may_write_its_names_out(void **state)
{
    struct web *w = *state;

    put_schema(w, "{\"required\":[\"colour\"]}");
    (void)verify_with(w, PAINT(""));
    web_edit(w, CTX, "obi:validation\"", "https://w3id.org/openbadges#validation\"");
    web_edit(w, CTX, "obi:validatesType", "https://w3id.org/openbadges#validatesType");
    web_edit(w, CTX, "obi:validationSchema", "https://w3id.org/openbadges#validationSchema");
    assert_refused(w, web_verify(w, A), "extension-invalid");
    web_edit(w, C, "\"extensions:Paint\"]", "\"extensions:Paint\"],\"colour\":1");
    assert_valid(w, web_verify(w, A));
}

static void
there_may_be_64_extensions_in_a_document(void **state)
{
    struct web *w = *state;
    struct sbuf b;

    put_schema(w, "{}");
    sbuf_init(&b, w->a);
    for (int i = 0; i < 64; i++)
        sbuf_printf(&b, "%s%s", i == 0 ? "" : ",", PAINT(""));
    assert_valid(w, verify_with(w, arena_printf(w->a, "[%s]", b.p).p));
    assert_refused(w, verify_with(w, arena_printf(w->a, "[%s,%s]", b.p, PAINT("")).p),
                   "extension-unchecked");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(an_extension_is_what_its_schema_asks_for),
        WEB_TEST(a_type_that_no_context_knows_is_refused),
        WEB_TEST(what_cannot_be_checked_is_not_valid),
        WEB_TEST(a_context_that_is_not_there_makes_the_badge_unreadable),
        WEB_TEST(the_report_names_what_it_says_as_received),
        WEB_TEST(a_context_beside_the_extension_will_do),
        WEB_TEST(keywords_of_draft_4_hold),
        WEB_TEST(the_work_of_extensions_is_bounded),
        WEB_TEST(published_extensions_need_nobodys_server),
        WEB_TEST(what_is_not_known_weighs_more_than_what_fails),
        WEB_TEST(a_context_may_write_its_names_out),
        WEB_TEST(there_may_be_64_extensions_in_a_document),
    };

    return RUN_TAP(tests);
}

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
    put_schema(w, "{}");
    assert_refused(w, verify_with(w, "{\"type\":[\"Extension\",\"extensions:Paint\"]}"),
                   "extension-unchecked");
    assert_refused(w,
                   verify_with(w, "{\"@context\":[\"" CTX "\",{\"hue\":\"extensions:colour\"}],"
                                  "\"type\":[\"Extension\",\"extensions:Paint\"]}"),
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(an_extension_is_what_its_schema_asks_for),
        WEB_TEST(a_type_that_no_context_knows_is_refused),
        WEB_TEST(what_cannot_be_checked_is_not_valid),
        WEB_TEST(a_context_that_is_not_there_makes_the_badge_unreadable),
    };

    return RUN_TAP(tests);
}

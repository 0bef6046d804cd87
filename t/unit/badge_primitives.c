/* Rule R17: what counts as a telephone number, a language, an id, an address and a host name. */
#include "badge_web.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz-0123456789"
#define L61 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi"
#define UUID_FROM(first, third, fourth) first "-1f1e-" third "-" fourth "-000000000001"

/* With the value in the property, which is put in front of `at`, the badge has or has not a fault of type. */
static void
expect(struct web *w, const char *form, const char *page, const char *at, const char *prop,
       const char *value, bool good)
{
    const struct report *r;

    web_good(w);
    web_edit(w, page, at, arena_printf(w->a, "%s,%s", arena_printf(w->a, form, value).p, at).p);
    r = web_verify(w, A);
    if (says_of(r, "property-type", prop) == good || r->valid != good)
        fail_msg("`%s` is %s %s:\n%s", value, good ? "no" : "a", prop,
                 arena_str(w->a, report_lines(w->a, r)));
}

#define EXPECT_EACH(w, form, page, at, prop, values, good)                                         \
    for (size_t i = 0; i < COUNT_OF(values); i++)                                                  \
    expect((w), (form), (page), (at), (prop), (values)[i], (good))

static void
a_telephone_number_is_2_to_15_digits_and_an_extension(void **state)
{
    static const char *const good[] = { "+14155552671", "12", "123456789012345", "12;ext=034" };
    static const char *const bad[] = {
        "",          "+",        "1",      "+0123",           "0800", "12x", "12;ext=",
        "12;ext=1a", "12,ext=1", "+1 415", "1234567890123456"
    };

    EXPECT_EACH(*state, "\"telephone\":\"%s\"", I, "\"email\"", "telephone", good, true);
    EXPECT_EACH(*state, "\"telephone\":\"%s\"", I, "\"email\"", "telephone", bad, false);
}

static void
a_language_is_one_of_iso_639_and_subtags(void **state)
{
    static const char *const good[] = {
        "en", "DE", "gsw", "zh-Hant-TW", "de-1996", "en-x-private"
    };
    static const char *const bad[] = { "",       "e",    "xx",           "e1",      "d1e",
                                       "zzz",    "qaa",  "engl",         "en-",     "en--GB",
                                       "en-a_b", "en-x", "en-123456789", "english", "eng",
                                       "deu",    "GER" };

    EXPECT_EACH(*state, "\"@language\":\"%s\"", A, "\"issuedOn\"", "@language", good, true);
    EXPECT_EACH(*state, "\"@language\":\"%s\"", A, "\"issuedOn\"", "@language", bad, false);
}

static void
an_id_is_an_address_or_a_uuid_of_rfc_4122(void **state)
{
    static const char *const good[] = {
        "https://e.example/1",
        "_:b1",
        "urn:uuid:" UUID_FROM("6a5bd3b8", "1d2c", "8a3b"),
        "URN:UUID:" UUID_FROM("6A5BD3B8", "5D2C", "BA3B"),
    };
    static const char *const bad[] = {
        "e/1",
        "urn:isbn:1",
        "urn:uuix:" UUID_FROM("6a5bd3b8", "1d2c", "8a3b"),
        "urn:uuid:" UUID_FROM("6a5bd3b8", "0d2c", "8a3b"),
        "urn:uuid:" UUID_FROM("6a5bd3b8", "6d2c", "8a3b"),
        "urn:uuid:" UUID_FROM("6a5bd3b8", "1d2c", "7a3b"),
        "urn:uuid:" UUID_FROM("6a5bd3b8", "1d2c", "ca3b"),
        "urn:uuid:" UUID_FROM("6a5bd3bg", "1d2c", "8a3b"),
        "urn:uuid:" UUID_FROM("6a5bd3b8", "1d2c", "8a3b") "0",
        "urn:uuid:6a5bd3b8-1f1e-1d2c-8a3b",
        "urn:uuid:6a5bd3b801f1e01d2c08a3b0000000000001",
        "urn:uuid:",
    };

    EXPECT_EACH(*state, "\"evidence\":{\"id\":\"%s\",\"name\":\"n\"}", A, "\"issuedOn\"", "id",
                good, true);
    EXPECT_EACH(*state, "\"evidence\":{\"id\":\"%s\",\"name\":\"n\"}", A, "\"issuedOn\"", "id", bad,
                false);
}

/* As the reference has it, which takes more in a query than the standard does. */
static void
a_web_address_may_have_anything_but_blanks_in_its_query(void **state)
{
    static const char *const good[] = { "https://t.example/1", "http://t.example/?a#b",
                                        "https://t.example/?q={x}|y" };
    static const char *const bad[] = { "t.example",
                                       "ftp://t.example/",
                                       "https://t.example/{x}",
                                       "https://t.example/?q={x}#f",
                                       "https://t.example/?q=a b",
                                       "https://t.example/?q=a\x7F",
                                       "https://t.example/?q=\xC3\xA4",
                                       "t.example/?q={x}" };

    EXPECT_EACH(*state, "\"alignment\":{\"targetName\":\"n\",\"targetUrl\":\"%s\"}", C, "\"name\"",
                "targetUrl", good, true);
    EXPECT_EACH(*state, "\"alignment\":{\"targetName\":\"n\",\"targetUrl\":\"%s\"}", C, "\"name\"",
                "targetUrl", bad, false);
}

static void
an_origin_is_a_host_name_with_a_dot(void **state)
{
    static const char *const good[] = { "a.bc", "x-1.2.Example", L63 "." L63 "." L63 "." L61 };
    static const char *const bad[] = { "",
                                       "localhost",
                                       "a.b",
                                       "a..example",
                                       ".example",
                                       "-a.example",
                                       "a-.example",
                                       "a_b.example",
                                       "a.e1",
                                       "127.0.0.1",
                                       "a.example:443",
                                       L63 "a.example",
                                       L63 "." L63 "." L63 "." L61 "j" };

    EXPECT_EACH(*state, "\"verification\":{\"allowedOrigins\":[\"issuer.example\",\"%s\"]}", I,
                "\"email\"", "allowedOrigins", good, true);
    EXPECT_EACH(*state, "\"verification\":{\"allowedOrigins\":[\"issuer.example\",\"%s\"]}", I,
                "\"email\"", "allowedOrigins", bad, false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(a_telephone_number_is_2_to_15_digits_and_an_extension),
        WEB_TEST(a_language_is_one_of_iso_639_and_subtags),
        WEB_TEST(an_id_is_an_address_or_a_uuid_of_rfc_4122),
        WEB_TEST(a_web_address_may_have_anything_but_blanks_in_its_query),
        WEB_TEST(an_origin_is_a_host_name_with_a_dot),
    };

    return RUN_TAP(tests);
}

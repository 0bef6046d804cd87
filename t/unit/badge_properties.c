/* Rules R16 to R18: each property of each class. One badge has them all; each in turn is left out, is something
 * else, and is two. */
#include "badge_web.h"

#define ENDORSES_A "https://issuer.example/endorses-a.json"
#define ENDORSES_C "https://issuer.example/endorses-c.json"
#define ENDORSES_I "https://issuer.example/endorses-i.json"
#define KEY_OF_I "https://issuer.example/key.json"
#define UUID "urn:uuid:6a5bd3b8-1f1e-4d2c-9a3b-000000000001"

static void
put_endorsement(struct web *w, const char *url, const char *id)
{
    web_put(w, url,
            arena_printf(w->a,
                         "{" V2 "\"id\":\"%s\",\"type\":\"Endorsement\",\"claim\":{\"id\":\"%s\","
                         "\"endorsementComment\":\"Good\"},\"issuedOn\":\"2020-06-01T00:00:00Z\","
                         "\"issuer\":\"" I "\",\"verification\":{\"type\":\"HostedBadge\"},"
                         "\"@language\":\"en\",\"version\":\"7\"}",
                         url, id)
                .p);
}

static void
put_everything(struct web *w)
{
    web_put(w, A,
            "{" V2 "\"id\":\"" A "\",\"type\":\"Assertion\",\"badge\":\"" C "\","
            "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"salt\":\"s\","
            "\"identity\":\"learner@example.org\"},"
            "\"verification\":{\"type\":\"HostedBadge\",\"creator\":\"" KEY_OF_I "\"},"
            "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"expires\":\"2040-01-01T00:00:00Z\","
            "\"revoked\":false,\"image\":\"" PIC "\",\"narrative\":\"Of A\","
            "\"evidence\":{\"id\":\"https://e.example/1\",\"narrative\":\"Of evidence\","
            "\"name\":\"Evidence\",\"description\":\"Seen\",\"genre\":\"Photo\","
            "\"audience\":\"All\"},\"@language\":\"en-GB\",\"version\":\"2.1\","
            "\"related\":{\"id\":\"https://r.example/a\",\"name\":\"Like "
            "it\"},\"endorsement\":\"" ENDORSES_A "\"}");
    web_put(w, C,
            "{" V2 "\"id\":\"" C "\",\"type\":\"BadgeClass\",\"name\":\"Knots\","
            "\"description\":\"Ties knots\",\"image\":{\"id\":\"" PIC "\",\"caption\":\"A knot\","
            "\"author\":\"https://painter.example/\"},\"criteria\":{\"id\":"
            "\"https://c.example/1\",\"narrative\":\"Of criteria\"},\"issuer\":\"" I "\","
            "\"alignment\":{\"targetName\":\"Rope\",\"targetUrl\":\"https://t.example/1\","
            "\"targetDescription\":\"Of rope\",\"targetFramework\":\"Ropes\","
            "\"targetCode\":\"R1\"},\"tags\":\"sea\",\"@language\":\"de\",\"version\":3,"
            "\"related\":\"https://r.example/c\",\"endorsement\":\"" ENDORSES_C "\"}");
    web_put(w, I,
            "{" V2 "\"id\":\"" I "\",\"type\":\"Profile\",\"name\":\"Sailors\","
            "\"description\":\"They sail\",\"image\":\"https://issuer.example/logo.png\","
            "\"url\":\"https://issuer.example\",\"email\":\"post@issuer.example\","
            "\"telephone\":\"+14155552671\",\"publicKey\":{\"id\":\"" KEY_OF_I "\","
            "\"owner\":\"" I "\",\"publicKeyPem\":\"pem\"},\"verification\":{\"startsWith\":"
            "\"https://issuer.example/a\",\"allowedOrigins\":\"issuer.example\"},"
            "\"@language\":\"fr\",\"version\":4,\"related\":\"https://r.example/i\","
            "\"endorsement\":\"" ENDORSES_I "\"}");
    put_endorsement(w, ENDORSES_A, A);
    put_endorsement(w, ENDORSES_C, C);
    put_endorsement(w, ENDORSES_I, I);
    web_put(w, KEY_OF_I,
            "{" V2 "\"id\":\"" KEY_OF_I "\",\"type\":\"CryptographicKey\",\"owner\":\"" I "\","
            "\"publicKeyPem\":\"pem\"}");
}

enum {
    OPTIONAL = 0,
    REQUIRED = 1,
    MANY = 2,
    ALWAYS = 4,  /* its document's address stands for it */
    PICTURE = 8, /* required, and another rule says so */
};

static const struct {
    const char *page, *name, *value;
    unsigned    flags;
    const char *bad;  /* NULL: anything goes */
    const char *also; /* NULL, or another form that is good */
} properties[] = {
    { A, "id", "\"" A "\"", ALWAYS, "7", NULL },
    { A, "recipient",
      "{\"type\":\"email\",\"hashed\":false,\"salt\":\"s\",\"identity\":\"learner@example.org\"}",
      REQUIRED, "\"learner@example.org\"", NULL },
    { A, "badge", "\"" C "\"", REQUIRED, "\"no address\"", NULL },
    { A, "verification", "{\"type\":\"HostedBadge\",\"creator\":\"" KEY_OF_I "\"}", REQUIRED,
      "\"HostedBadge\"", NULL },
    { A, "issuedOn", "\"2020-01-01T00:00:00Z\"", REQUIRED, "\"2020-01-01\"", NULL },
    { A, "expires", "\"2040-01-01T00:00:00Z\"", OPTIONAL, "\"2040-01-01\"", NULL },
    { A, "image", "\"" PIC "\"", OPTIONAL, "\"no address\"", "{\"id\":\"" PIC "\"}" },
    { A, "revoked", "false", OPTIONAL, "\"false\"", NULL },
    { A, "narrative", "\"Of A\"", OPTIONAL, NULL, "7" },
    { A, "evidence",
      "{\"id\":\"https://e.example/1\",\"narrative\":\"Of "
      "evidence\",\"name\":\"Evidence\",\"description\":\"Seen\",\"genre\":\"Photo\",\"audience\":"
      "\"All\"}",
      MANY, "\"no address\"", "\"https://e.example/2\"" },
    { A, "@language", "\"en-GB\"", OPTIONAL, "\"english\"", NULL },
    { A, "version", "\"2.1\"", OPTIONAL, "true", "2" },
    { A, "related", "{\"id\":\"https://r.example/a\",\"name\":\"Like it\"}", MANY, "\"no address\"",
      "\"https://r.example/a\"" },
    { A, "endorsement", "\"" ENDORSES_A "\"", MANY, "\"no address\"", NULL },

    { C, "issuer", "\"" I "\"", REQUIRED, "\"no address\"", NULL },
    { C, "id", "\"" C "\"", ALWAYS, "7", NULL },
    { C, "name", "\"Knots\"", REQUIRED, "7", NULL },
    { C, "description", "\"Ties knots\"", REQUIRED, "{\"a\":1}", NULL },
    { C, "image",
      "{\"id\":\"" PIC "\",\"caption\":\"A knot\",\"author\":\"https://painter.example/\"}",
      PICTURE, "\"no address\"", "\"" PIC "\"" },
    { C, "criteria", "{\"id\":\"https://c.example/1\",\"narrative\":\"Of criteria\"}", REQUIRED,
      "\"no address\"", "\"https://c.example/2\"" },
    { C, "alignment",
      "{\"targetName\":\"Rope\",\"targetUrl\":\"https://t.example/"
      "1\",\"targetDescription\":\"Of rope\",\"targetFramework\":\"Ropes\",\"targetCode\":\"R1\"}",
      MANY, "\"https://t.example/1\"", NULL },
    { C, "tags", "\"sea\"", MANY, "7", NULL },
    { C, "@language", "\"de\"", OPTIONAL, "\"x-private\"", NULL },
    { C, "version", "3", OPTIONAL, "true", "\"3\"" },
    { C, "related", "\"https://r.example/c\"", MANY, "\"no address\"",
      "{\"id\":\"https://r.example/c\"}" },
    { C, "endorsement", "\"" ENDORSES_C "\"", MANY, "\"no address\"", NULL },

    { I, "id", "\"" I "\"", ALWAYS, "7", NULL },
    { I, "name", "\"Sailors\"", REQUIRED, "7", NULL },
    { I, "description", "\"They sail\"", OPTIONAL, "7", NULL },
    { I, "image", "\"https://issuer.example/logo.png\"", OPTIONAL, "\"no address\"",
      "\"data:image/png;base64,AA==\"" },
    { I, "url", "\"https://issuer.example\"", REQUIRED, "\"issuer.example\"", NULL },
    { I, "telephone", "\"+14155552671\"", OPTIONAL, "\"0800 1\"", NULL },
    { I, "publicKey", "{\"id\":\"" KEY_OF_I "\",\"owner\":\"" I "\",\"publicKeyPem\":\"pem\"}",
      MANY, "\"no address\"", "\"" KEY_OF_I "\"" },
    { I, "verification",
      "{\"startsWith\":\"https://issuer.example/a\",\"allowedOrigins\":\"issuer.example\"}",
      OPTIONAL, "\"none\"", NULL },
    { I, "@language", "\"fr\"", OPTIONAL, "\"zzz\"", NULL },
    { I, "version", "4", OPTIONAL, "true", "\"4\"" },
    { I, "related", "\"https://r.example/i\"", MANY, "\"no address\"", NULL },
    { I, "endorsement", "\"" ENDORSES_I "\"", MANY, "\"no address\"", NULL },

    /* IdentityObject */
    { A, "identity", "\"learner@example.org\"", REQUIRED, "7", NULL },
    { A, "hashed", "false", REQUIRED, "\"false\"", NULL },
    { A, "salt", "\"s\"", OPTIONAL, "7", NULL },
    /* VerificationObject, of a badge and of an issuer */
    { A, "creator", "\"" KEY_OF_I "\"", OPTIONAL, "\"no address\"", NULL },
    { I, "startsWith", "\"https://issuer.example/a\"", MANY, "7", NULL },
    { I, "allowedOrigins", "\"issuer.example\"", MANY, "\"https://issuer.example\"", NULL },
    /* Evidence */
    { A, "id", "\"https://e.example/1\"", OPTIONAL, "\"no address\"", "\"" UUID "\"" },
    { A, "narrative", "\"Of evidence\"", OPTIONAL, NULL, NULL },
    { A, "name", "\"Evidence\"", OPTIONAL, "7", NULL },
    { A, "description", "\"Seen\"", OPTIONAL, "7", NULL },
    { A, "genre", "\"Photo\"", OPTIONAL, "7", NULL },
    { A, "audience", "\"All\"", OPTIONAL, "7", NULL },
    /* Image */
    { C, "id", "\"" PIC "\"", REQUIRED, "\"no address\"",
      "\"data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E\"" },
    { C, "caption", "\"A knot\"", OPTIONAL, "7", NULL },
    { C, "author", "\"https://painter.example/\"", OPTIONAL, "\"no address\"", "\"" UUID "\"" },
    /* Criteria */
    { C, "id", "\"https://c.example/1\"", OPTIONAL, "\"no address\"", "\"" UUID "\"" },
    { C, "narrative", "\"Of criteria\"", OPTIONAL, NULL, NULL },
    /* AlignmentObject */
    { C, "targetName", "\"Rope\"", REQUIRED, "7", NULL },
    { C, "targetUrl", "\"https://t.example/1\"", REQUIRED, "\"" UUID "\"", NULL },
    { C, "targetDescription", "\"Of rope\"", OPTIONAL, "7", NULL },
    { C, "targetFramework", "\"Ropes\"", OPTIONAL, "7", NULL },
    { C, "targetCode", "\"R1\"", OPTIONAL, "7", NULL },
    /* What is related */
    { A, "id", "\"https://r.example/a\"", REQUIRED, "\"no address\"", "\"" UUID "\"" },
    /* CryptographicKey */
    { I, "id", "\"" KEY_OF_I "\"", OPTIONAL, "\"no address\"", NULL },
    { I, "owner", "\"" I "\"", OPTIONAL, "\"no address\"", NULL },
    { I, "publicKeyPem", "\"pem\"", OPTIONAL, "7", NULL },
    /* Endorsement and its claim */
    { ENDORSES_A, "id", "\"" ENDORSES_A "\"", ALWAYS, "7", NULL },
    { ENDORSES_A, "claim", "{\"id\":\"" A "\",\"endorsementComment\":\"Good\"}", REQUIRED,
      "\"no address\"", NULL },
    { ENDORSES_A, "issuedOn", "\"2020-06-01T00:00:00Z\"", REQUIRED, "\"2020-06-01\"", NULL },
    { ENDORSES_A, "issuer", "\"" I "\"", REQUIRED, "\"no address\"", NULL },
    { ENDORSES_A, "@language", "\"en\"", OPTIONAL, "\"iw-\"", NULL },
    { ENDORSES_A, "version", "\"7\"", OPTIONAL, "true", "7" },
    { ENDORSES_A, "id", "\"" A "\"", REQUIRED, "\"no address\"", "\"https://other.example/\"" },
    { ENDORSES_A, "endorsementComment", "\"Good\"", OPTIONAL, NULL, NULL },
};

/* With the property as `member` instead, or left out (""), the badge is good (key NULL), or not for that reason. */
static void
expect(struct web *w, size_t i, const char *member, const char *key)
{
    const char *old = arena_printf(w->a, "\"%s\":%s", properties[i].name, properties[i].value).p;
    const struct report *r;
    struct slice         before;

    put_everything(w);
    before = web_page(w, properties[i].page)->body;
    web_edit(w, properties[i].page, old, member);
    if (member[0] == '\0') { /* and its comma */
        web_page(w, properties[i].page)->body = before;
        web_edit(w, properties[i].page, old, "\"unknown:x\":0");
    }
    r = web_verify(w, A);
    if (key == NULL ? !r->valid : r->valid || !says_of(r, key, properties[i].name))
        fail_msg("%s of %s as `%s` is not %s:\n%s", properties[i].name, properties[i].page, member,
                 key == NULL ? "good" : key, arena_str(w->a, report_lines(w->a, r)));
}

static struct slice
as(struct web *w, size_t i, const char *before, const char *value, const char *after)
{
    return arena_printf(w->a, "\"%s\":%s%s%s", properties[i].name, before, value, after);
}

static void
a_badge_with_every_property_is_valid(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    put_everything(w);
    r = web_verify(w, A);
    assert_valid(w, r);
    for (size_t i = 0; i < r->message_count; i++)
        assert_int_not_equal(r->messages[i].level, REPORT_LEVEL_ERROR);
}

static void
each_property_that_is_required_must_be_there(void **state)
{
    for (size_t i = 0; i < COUNT_OF(properties); i++)
        expect(*state, i, "",
               properties[i].flags & REQUIRED  ? "property-missing"
               : properties[i].flags & PICTURE ? "image-missing"
                                               : NULL);
}

static void
each_property_must_be_of_its_type(void **state)
{
    for (size_t i = 0; i < COUNT_OF(properties); i++) {
        if (properties[i].bad != NULL)
            expect(*state, i, as(*state, i, "", properties[i].bad, "").p, "property-type");
        if (properties[i].also != NULL)
            expect(*state, i, as(*state, i, "", properties[i].also, "").p, NULL);
    }
}

static void
each_property_may_be_two_only_where_many_are_allowed(void **state)
{
    for (size_t i = 0; i < COUNT_OF(properties); i++) {
        struct slice more = arena_printf(((struct web *)*state)->a, ",%s]", properties[i].value);

        expect(*state, i, as(*state, i, "[", properties[i].value, more.p).p,
               properties[i].flags & MANY ? NULL : "property-many");
        expect(*state, i, as(*state, i, "[", properties[i].value, "]").p, NULL);
    }
}

/* R15: what stands in a document without an address has no id to be found under. */
static void
an_endorsement_inside_has_an_id(void **state)
{
    struct web *w = *state;

    put_everything(w);
    web_edit(w, A, "\"" ENDORSES_A "\"",
             "{\"type\":\"Endorsement\",\"claim\":{\"id\":\"" A "\"},"
             "\"issuedOn\":\"2020-06-01T00:00:00Z\",\"issuer\":\"" I "\"}");
    assert_true(says_of(web_verify(w, A), "property-missing", "id"));
}

/* It counts as it stands, also when it has an address: nothing is fetched for it. */
static void
an_endorsement_inside_counts_as_it_stands(void **state)
{
    static const char *const pages[] = { A, C, I };
    static const char *const outside[] = { ENDORSES_A, ENDORSES_C, ENDORSES_I };
    const char              *inside = "{\"id\":\"https://gone.example/e\",\"type\":\"Endorsement\","
                                      "\"claim\":{\"id\":\"" A "\",\"endorsementComment\":\"Good\"},"
                                      "\"issuedOn\":\"2020-06-01T00:00:00Z\",\"issuer\":\"" I "\"}";

    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        struct web          *w = *state;
        const struct report *r;

        put_everything(w);
        web_edit(w, pages[i], arena_printf(w->a, "\"%s\"", outside[i]).p, inside);
        r = web_verify(w, A);
        assert_valid(w, r);
        assert_false(says(r, "embedded-no-id"));
    }
}

static void
null_in_a_list_is_nothing(void **state)
{
    struct web *w = *state;

    put_everything(w);
    web_edit(w, C, "\"tags\":\"sea\"", "\"tags\":[\"sea\",null,\"rope\"]");
    assert_valid(w, web_verify(w, A));
    web_edit(w, C, "\"name\":\"Knots\"", "\"name\":[null]");
    assert_refused(w, web_verify(w, A), "property-missing");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(a_badge_with_every_property_is_valid),
        WEB_TEST(each_property_that_is_required_must_be_there),
        WEB_TEST(each_property_must_be_of_its_type),
        WEB_TEST(each_property_may_be_two_only_where_many_are_allowed),
        WEB_TEST(an_endorsement_inside_has_an_id),
        WEB_TEST(an_endorsement_inside_counts_as_it_stands),
        WEB_TEST(null_in_a_list_is_nothing),
    };

    return RUN_TAP(tests);
}

/* Whose badge it is: what matches, and above all what does not. */
#include "badge_web.h"

#include "core/digest.h"

#define ME "learner@example.org"

/* Gives the assertion this recipient and asks whether it is one of ours. */
static const struct report *
verify_recipient(struct web *w, const char *recipient, const char *email)
{
    web_good(w);
    web_edit(w, A, "{\"type\":\"email\",\"hashed\":false,\"identity\":\"learner@example.org\"}",
             recipient);
    return web_verify_for(w, A, email);
}

static const char *
hashed(struct web *w, const char *algorithm, const char *text, const char *more)
{
    return arena_printf(w->a, "{\"type\":\"email\",\"hashed\":true,\"identity\":\"%s$%s\"%s}",
                        algorithm, digest_hex(w->a, algorithm, slice_str(text)).p, more)
        .p;
}

static void
hashes_of_the_address_and_salt_match(void **state)
{
    struct web *w = *state;

    assert_valid(w, verify_recipient(w, hashed(w, "sha256", ME, ""), ME));
    assert_valid(w, verify_recipient(w, hashed(w, "md5", ME, ""), ME));
    assert_valid(w, verify_recipient(w, hashed(w, "sha256", ME "salt", ",\"salt\":\"salt\""), ME));
    assert_valid(
        w, verify_recipient(w, hashed(w, "sha256", ME "\xC3\xA4", ",\"salt\":\"\xC3\xA4\""), ME));
    assert_valid(w, verify_recipient(w, hashed(w, "sha256", ME, ",\"salt\":\"\""), ME));
    assert_valid(w, verify_recipient(w, hashed(w, "sha256", ME, ",\"salt\":null"), ME));
}

static void
letter_cases_that_people_type_match(void **state)
{
    struct web              *w = *state;
    static const char *const cases[] = { "learner.one@example.org", "LEARNER.ONE@EXAMPLE.ORG",
                                         "Learner.one@example.org", "Learner.One@Example.Org",
                                         "LEARNER.ONE@example.org", "LeArNeR.oNe@example.org" };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_valid(w, verify_recipient(w, hashed(w, "sha256", cases[i], ""),
                                         i == 5 ? cases[5] : "learner.one@EXAMPLE.org"));
    assert_refused(w,
                   verify_recipient(w, hashed(w, "sha256", "lEARNER.ONE@example.org", ""),
                                    "learner.one@example.org"),
                   "recipient-mismatch");
    assert_valid(
        w,
        verify_recipient(
            w, "{\"type\":\"email\",\"hashed\":false,\"identity\":\"Learner@EXAMPLE.org\"}", ME));
}

static void
an_upper_case_hash_matches_but_not_its_name(void **state)
{
    struct web *w = *state;

    assert_valid(w,
                 verify_recipient(
                     w,
                     "{\"type\":\"email\",\"hashed\":true,\"salt\":\"deadsea\",\"identity\":"
                     "\"sha256$ECF5409F3F4B91AB60CC5EF4C02AEF7032354375E70CF4D8E43F6A1D29891942\"}",
                     "nobody@example.org"));
    assert_refused(
        w,
        verify_recipient(
            w,
            "{\"type\":\"email\",\"hashed\":true,\"salt\":\"deadsea\",\"identity\":"
            "\"SHA256$ecf5409f3f4b91ab60cc5ef4c02aef7032354375e70cf4d8e43f6a1d29891942\"}",
            "nobody@example.org"),
        "identity-no-hash");
}

static void
another_persons_badge_is_refused(void **state)
{
    struct web *w = *state;

    assert_refused(w, web_verify_for(w, A, "other@example.org"), "recipient-mismatch");
    assert_refused(w, verify_recipient(w, hashed(w, "sha256", "other@example.org", ""), ME),
                   "recipient-mismatch");
    /* A hash over part of the address, or with the salt on the wrong side. */
    assert_refused(w, verify_recipient(w, hashed(w, "sha256", "learner@example.or", ""), ME),
                   "recipient-mismatch");
    assert_refused(w, verify_recipient(w, hashed(w, "sha256", "salt" ME, ",\"salt\":\"salt\""), ME),
                   "recipient-mismatch");
    assert_refused(w, verify_recipient(w, hashed(w, "sha256", ME, ",\"salt\":\"salt\""), ME),
                   "recipient-mismatch");
    assert_refused(w, verify_recipient(w, hashed(w, "sha256", "", ""), ""), "recipient-mismatch");
    assert_refused(w, verify_recipient(w, hashed(w, "sha256", "", ""), ME), "recipient-mismatch");
}

/* Folding more than ASCII would make two people's addresses one: the Kelvin sign is no k, the long s no s. */
static void
only_ascii_letters_have_case(void **state)
{
    struct web *w = *state;

    assert_refused(
        w,
        verify_recipient(
            w, "{\"type\":\"email\",\"hashed\":false,\"identity\":\"\xE2\x84\xAA@example.org\"}",
            "k@example.org"),
        "recipient-mismatch");
    assert_refused(
        w,
        verify_recipient(
            w, "{\"type\":\"email\",\"hashed\":false,\"identity\":\"\xC5\xBF@example.org\"}",
            "s@example.org"),
        "recipient-mismatch");
    assert_refused(
        w,
        verify_recipient(
            w, "{\"type\":\"email\",\"hashed\":false,\"identity\":\"\xC3\x84@example.org\"}",
            "\xC3\xA4@example.org"),
        "recipient-mismatch");
    assert_refused(
        w,
        verify_recipient(
            w, "{\"type\":\"email\",\"hashed\":false,\"identity\":\" learner@example.org\"}", ME),
        "recipient-mismatch");
    /* Bit 0x20 is case only for letters. */
    assert_refused(w,
                   verify_recipient(
                       w, "{\"type\":\"email\",\"hashed\":false,\"identity\":\"a`b@example.org\"}",
                       "a@b@example.org"),
                   "recipient-mismatch");
}

static void
a_list_of_recipients_is_nobody(void **state)
{
    struct web *w = *state;
    const char *me = "{\"type\":\"email\",\"hashed\":false,\"identity\":\"" ME "\"}";

    assert_refused(w, verify_recipient(w, arena_printf(w->a, "[%s,%s]", me, me).p, ME),
                   "property-many");
    assert_refused(w,
                   verify_recipient(w,
                                    "{\"type\":\"email\",\"hashed\":false,\"identity\":[\"" ME
                                    "\",\"x@example.org\"]}",
                                    ME),
                   "property-many");
    assert_refused(w,
                   verify_recipient(w,
                                    "{\"type\":\"email\",\"hashed\":true,\"identity\":[\"" ME
                                    "\",\"x@example.org\"]}",
                                    ME),
                   "property-many");
    assert_refused(w, verify_recipient(w, "\"" ME "\"", ME), "property-type");
    assert_refused(w, verify_recipient(w, "[]", ME), "property-missing");
    assert_refused(w, verify_recipient(w, "null", ME), "property-missing");
}

static void
what_is_said_of_the_hash_must_be_so(void **state)
{
    struct web *w = *state;
    const char *plain = hashed(w, "sha256", ME, ""), *sha1 = hashed(w, "sha1", ME, "");
    struct sbuf b;
    size_t      at;

    assert_true(slice_find(slice_str(plain), SL("true"), &at));
    sbuf_init(&b, w->a);
    sbuf_printf(&b, "%.*sfalse%s", (int)at, plain, plain + at + 4);
    assert_refused(w, verify_recipient(w, b.p, ME), "identity-hash");
    assert_refused(w, verify_recipient(w, sha1, ME), "identity-no-hash");
    assert_refused(w, verify_recipient(w, hashed(w, "sha512", ME, ""), ME), "identity-no-hash");
    assert_refused(
        w, verify_recipient(w, "{\"type\":\"email\",\"hashed\":true,\"identity\":\"" ME "\"}", ME),
        "identity-no-hash");
    assert_refused(w,
                   verify_recipient(
                       w, "{\"type\":\"email\",\"hashed\":\"false\",\"identity\":\"" ME "\"}", ME),
                   "property-type");
    assert_refused(w, verify_recipient(w, "{\"type\":\"email\",\"identity\":\"" ME "\"}", ME),
                   "property-missing");
    assert_refused(
        w, verify_recipient(w, "{\"type\":\"email\",\"hashed\":true,\"identity\":\"md5$\"}", ME),
        "identity-no-hash");
}

static void
a_salt_is_text(void **state)
{
    struct web *w = *state;

    assert_refused(w, verify_recipient(w, hashed(w, "sha256", ME, ",\"salt\":7"), ME),
                   "property-type");
    assert_refused(w, verify_recipient(w, hashed(w, "sha256", ME "7", ",\"salt\":7"), ME),
                   "property-type");
    assert_refused(w, verify_recipient(w, hashed(w, "sha256", ME, ",\"salt\":[\"\",\"x\"]"), ME),
                   "property-many");
    assert_refused(w, verify_recipient(w, hashed(w, "sha256", ME, ",\"salt\":{}"), ME),
                   "property-type");
}

/* An identity of another type is not an address, even when it reads like one. */
static void
only_addresses_are_matched(void **state)
{
    struct web *w = *state;

    assert_refused(
        w, verify_recipient(w, "{\"type\":\"url\",\"hashed\":false,\"identity\":\"" ME "\"}", ME),
        "recipient-not-asked");
    assert_refused(w, verify_recipient(w, "{\"hashed\":false,\"identity\":\"" ME "\"}", ME),
                   "recipient-not-asked");
    assert_refused(
        w, verify_recipient(w, "{\"type\":\"Email\",\"hashed\":false,\"identity\":\"" ME "\"}", ME),
        "recipient-not-asked");
    assert_valid(w, verify_recipient(
                        w, "{\"type\":[\"email\"],\"hashed\":false,\"identity\":\"" ME "\"}", ME));
}

/* The function by itself holds what the rules around it hold too. */
static void
what_is_no_recipient_matches_nobody(void **state)
{
    static const char *const bad[] = {
        "null",
        "[]",
        "\"" ME "\"",
        "{}",
        "{\"type\":\"url\",\"hashed\":false,\"identity\":\"" ME "\"}",
        "{\"type\":\"email\",\"hashed\":true,\"identity\":\"" ME "\"}",
        "{\"type\":\"email\",\"hashed\":false,\"salt\":1,\"identity\":\"" ME "\"}",
    };
    struct web            *w = *state;
    const struct recipient me = { SL("email"), SL(ME) };
    bool                   other;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(recipient_match(w->a, json_in_arena(w->a, json_tokener_parse(bad[i])), &me,
                                         1, true, &other),
                         -1);
    assert_int_equal(recipient_match(w->a, NULL, NULL, 0, true, &other), -1);
}

static void
the_address_that_matched_is_named(void **state)
{
    struct web            *w = *state;
    const struct recipient asked[] = { { SL("email"), SL("x@example.org") },
                                       { SL("email"), SL("LEARNER@example.org") },
                                       { SL("email"), SL("learner@example.org") } };
    struct verify_options  options = { &w->fetcher, asked, 3, true, NOW };
    const struct report   *r = badge_verify(w->a, SL(A), &options);

    assert_valid(w, r);
    assert_slice_equal(r->recipient.value, asked[2].value);
    assert_false(r->recipient_in_other_case);
    assert_true(r->plain_identity);
    options.recipient_count = 2;
    r = badge_verify(w->a, SL(A), &options);
    assert_slice_equal(r->recipient.value, asked[1].value);
    assert_true(r->recipient_in_other_case);
    options.letter_cases = false;
    assert_refused(w, badge_verify(w->a, SL(A), &options), "recipient-mismatch");
    r = verify_recipient(w, hashed(w, "sha256", ME, ""), ME);
    assert_false(r->plain_identity);
}

static void
the_hash_is_in_hexadecimal(void **state)
{
    struct web *w = *state;

    assert_valid(w, verify_recipient(w,
                                     "{\"type\":\"email\",\"hashed\":true,\"identity\":"
                                     "\"md5$0123456789abcdefABCDEF0123456789\"}",
                                     NULL));
    assert_refused(w,
                   verify_recipient(w,
                                    "{\"type\":\"email\",\"hashed\":true,\"identity\":"
                                    "\"md5$0123456789abcdefghABCDEF01234567\"}",
                                    NULL),
                   "identity-no-hash");
}

/* R27: the names of Open Badges need no remark, any other property may be asked about. */
static void
each_kind_of_recipient_may_be_asked_about(void **state)
{
    static const struct {
        const char *type;
        bool        usual;
    } all[] = { { "email", true },
                { "id", true },
                { "url", true },
                { "telephone", true },
                { "studentId", false } };
    struct web *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        const struct recipient      asked = { slice_str(all[i].type), SL(ME) };
        const struct verify_options options = { &w->fetcher, &asked, 1, true, NOW };
        const struct report        *r;

        web_good(w);
        web_edit(w, A, "\"type\":\"email\"", arena_printf(w->a, "\"type\":\"%s\"", all[i].type).p);
        r = badge_verify(w->a, SL(A), &options);
        assert_valid(w, r);
        assert_slice_equal(r->recipient.type, asked.type);
        assert_int_equal(says(r, "recipient-type"), !all[i].usual);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(hashes_of_the_address_and_salt_match),
        WEB_TEST(letter_cases_that_people_type_match),
        WEB_TEST(an_upper_case_hash_matches_but_not_its_name),
        WEB_TEST(another_persons_badge_is_refused),
        WEB_TEST(only_ascii_letters_have_case),
        WEB_TEST(a_list_of_recipients_is_nobody),
        WEB_TEST(what_is_said_of_the_hash_must_be_so),
        WEB_TEST(a_salt_is_text),
        WEB_TEST(only_addresses_are_matched),
        WEB_TEST(what_is_no_recipient_matches_nobody),
        WEB_TEST(the_address_that_matched_is_named),
        WEB_TEST(the_hash_is_in_hexadecimal),
        WEB_TEST(each_kind_of_recipient_may_be_asked_about),
    };

    return RUN_TAP(tests);
}

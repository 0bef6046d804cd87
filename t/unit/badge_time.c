/* Dates, expiry and revocation. */
#include "badge_web.h"

static bool
reads(const char *json, bool lenient, int64_t *ret)
{
    json_object *value = json_tokener_parse(json);
    bool         good = badge_date(value, lenient, ret);

    json_object_put(value);
    return good;
}

static void
dates_of_2_0_have_time_and_zone(void **state)
{
    static const struct {
        const char *json;
        int64_t     unix_s;
    } good[] = {
        { "\"1970-01-01T00:00:00Z\"", 0 },
        { "\"1977-06-10T12:00:00+0800\"", 234763200 },
        { "\"1977-06-10T12:00:00+08:00\"", 234763200 },
        { "\"1977-06-10T12:00:00-08\"", 234820800 },
        { "\"19770610T120000Z\"", 234792000 },
        { "\"1977-06-10T12:00Z\"", 234792000 },
        { "\"1977-06-10T12:00:00.9999Z\"", 234792000 },
        { "\"1977-W23-5T12:00:00Z\"", 234792000 },
        { "\"1977-161T12:00:00Z\"", 234792000 },
        { "\"1977-06-09T24:00:00Z\"", 234748800 },
        { "\"2024-02-29T00:00:00Z\"", 1709164800 },
        { "\"2020-W53-7T00:00:00Z\"", 1609632000 },
    };
    static const char *const bad[] = {
        "\"1977-06-10\"",
        "\"1977-06-10T12:00:00\"",
        "\"1977-06-10 12:00:00Z\"",
        "\"1977-06-10T12:00:60Z\"",
        "\"1977-06-10T25:00:00Z\"",
        "\"1977-13-10T12:00:00Z\"",
        "\"1977-02-29T12:00:00Z\"",
        "\"1977-06-10T12:00:00z\"",
        "\"1977-06-10T12:00:00\xE2\x88\x92"
        "0800\"",
        "\"1977-06-10T12:00:00Zx\"",
        "\"notadate\"",
        "\"\"",
        "1500000000",
        "\"1500000000\"",
        "true",
        "{}",
        "\"1977-06-10T24:00:01Z\"",
        "\"1977-W54-1T00:00:00Z\"",
        "\"2021-W53-1T00:00:00Z\"",
        "\"1977-366T00:00:00Z\"",
        "\"0000-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59-23:59\"",
        "\"1977-06-10T12:00:00.Z\"",
    };
    int64_t when;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!reads(good[i].json, false, &when))
            fail_msg("%s is no date", good[i].json);
        assert_int_equal(when, good[i].unix_s);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (reads(bad[i], false, &when))
            fail_msg("%s is a date", bad[i]);
}

static void
older_dates_are_seconds_or_a_day_too(void **state)
{
    static const char *const bad[] = { "\"2013-02\"",     "\"1e9\"",   "\"inf\"",
                                       "\"nan\"",         "\"0x10\"",  "9999999999999",
                                       "-99999999999999", "\"1.2.3\"", "\"-\"",
                                       "1e300",           "true",      "\"yesterday\"",
                                       "\"2013-02-30\"" };
    int64_t                  when;
    (void)state;

    assert_true(reads("1400000000", true, &when) && when == 1400000000);
    assert_true(reads("\"1400000000\"", true, &when) && when == 1400000000);
    assert_true(reads("1400000000.5", true, &when) && when == 1400000000);
    assert_true(reads("\"2013-02-18\"", true, &when) && when == 1361145600);
    assert_true(reads("\"2013-02-18T18:10+0500\"", true, &when) && when == 1361193000);
    assert_true(reads("\"2013-02-18T18:10:00\"", true, &when) && when == 1361211000);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (reads(bad[i], true, &when))
            fail_msg("%s is a date", bad[i]);
}

/* Says when the badge expires, in 2.0. */
static const struct report *
expiring(struct web *w, const char *json)
{
    web_good(w);
    web_edit(w, A, "\"issuedOn\"", arena_printf(w->a, "\"expires\":%s,\"issuedOn\"", json).p);
    return web_verify(w, A);
}

static void
what_has_expired_is_not_valid(void **state)
{
    struct web          *w = *state;
    const struct report *r = expiring(w, "\"2023-11-14T22:13:19Z\"");

    assert_refused(w, r, "expired");
    assert_int_equal(r->status, STATUS_EXPIRED);
    assert_int_equal(r->expires_s, NOW - 1);
    assert_valid(w, expiring(w, "\"2023-11-14T22:13:21Z\""));
    assert_valid(w, expiring(w, "null"));
    assert_refused(w, expiring(w, "\"2023-11-14T23:13:19+01:00\""), "expired");
    assert_refused(w, expiring(w, "\"2019-01-01T00:00:00Z\""), "expires-before-issued");
}

static void
an_expiry_that_cannot_be_read_is_not_never(void **state)
{
    static const char *const odd[] = { "\"\"",
                                       "\"never\"",
                                       "\"2030\"",
                                       "1",
                                       "0",
                                       "true",
                                       "{}",
                                       "\"2030-01-01\"",
                                       "\"2020-13-01T00:00:00Z\"",
                                       "[\"2030-01-01T00:00:00Z\",\"2031-01-01T00:00:00Z\"]" };
    struct web              *w = *state;

    for (size_t i = 0; i < COUNT_OF(odd); i++)
        assert_false(expiring(w, odd[i])->valid);
}

/* Milliseconds, which some issuers write, would be the year 50000 in seconds: an error, not for ever. */
static void
an_old_expiry_in_milliseconds_is_not_for_ever(void **state)
{
    struct web *w = *state;

    web_edit(w, A, "openbadges/v2", "openbadges/v1");
    web_edit(w, A, "\"verification\"", "\"verify\"");
    assert_valid(w, web_verify(w, A));
    web_edit(w, A, "\"issuedOn\"", "\"expires\":1500000000000,\"issuedOn\"");
    assert_refused(w, web_verify(w, A), "property-type");
    web_edit(w, A, "1500000000000", "1600000000");
    assert_refused(w, web_verify(w, A), "expired");
}

static void
what_was_not_issued_yet_is_not_valid(void **state)
{
    struct web *w = *state;

    web_edit(w, A, "2020-01-01", "2030-01-01");
    assert_refused(w, web_verify(w, A), "issued-in-future");
    web_edit(w, A, "\"2030-01-01T00:00:00Z\"", "\"soon\"");
    assert_refused(w, web_verify(w, A), "property-type");
}

static const struct report *
revoked(struct web *w, const char *more)
{
    web_good(w);
    web_edit(w, A, "\"issuedOn\"", arena_printf(w->a, "%s,\"issuedOn\"", more).p);
    return web_verify(w, A);
}

static void
what_was_revoked_is_not_valid(void **state)
{
    static const char *const said[] = { "\"revoked\":true",
                                        "\"revoked\":\"true\"",
                                        "\"revoked\":1",
                                        "\"obi:revoked\":{\"@value\":true},\"revoked\":true",
                                        "\"revoked\":[true]",
                                        "\"revoked\":[true,false]",
                                        "\"revoked\":true,\"revocationReason\":\"cheated\"" };
    struct web              *w = *state;
    const struct report     *r;

    for (size_t i = 0; i < COUNT_OF(said); i++) {
        r = revoked(w, said[i]);
        assert_refused(w, r, "revoked");
        assert_int_equal(r->status, STATUS_REVOKED);
    }
    assert_valid(w, revoked(w, "\"revoked\":false"));
    assert_valid(w, revoked(w, "\"revoked\":null"));
}

static void
gone_is_revoked(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    struct err           e;

    web_page(w, A)->status = 410;
    r = web_verify(w, A);
    assert_refused(w, r, "revoked-gone");
    assert_int_equal(r->status, STATUS_REVOKED);
    assert_int_equal(report_must_be_valid(r, &e), ERR_ASSERTION_INVALID);
    assert_string_equal(e.url, A);
    assert_string_equal(e.received, "410");
    /* That the class has gone revokes nobody's badge; it cannot be verified either. */
    web_page(w, A)->status = 200;
    web_page(w, C)->status = 410;
    assert_int_equal(web_verify(w, A)->status, STATUS_INVALID);
}

static void
revocation_holds_under_the_old_context_and_without_one(void **state)
{
    struct web *w = *state;

    web_edit(w, A, "openbadges/v2", "openbadges/v1");
    web_edit(w, A, "\"verification\"", "\"revoked\":true,\"verify\"");
    assert_refused(w, web_verify(w, A), "revoked");
    web_edit(w, A, "\"@context\":\"https://w3id.org/openbadges/v1\",", "");
    assert_refused(w, web_verify(w, A), "revoked");
    web_put(w, A, "{\"revoked\":true}");
    assert_false(web_verify(w, A)->valid);
}

static void
each_month_has_its_length(void **state)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    (void)state;

    for (int month = 1; month <= 12; month++)
        for (int more = 0; more <= 1; more++) {
            char    text[40];
            int64_t when;

            (void)snprintf(text, sizeof text, "\"2023-%02d-%02dT00:00:00Z\"", month,
                           lengths[month - 1] + more);
            if (reads(text, false, &when) != (more == 0))
                fail_msg("%s is %s date", text, more == 0 ? "no" : "a");
        }
}

static void
seconds_may_be_written_in_39_characters(void **state)
{
    int64_t when;
    (void)state;

    assert_true(reads("\"000000000000000000000000000001400000000\"", true, &when));
    assert_int_equal(when, 1400000000);
    assert_false(reads("\"0000000000000000000000000000001400000000\"", true, &when));
}

/* The kind of trouble that says most about the badge. */
static void
an_expired_badge_that_is_wrong_besides_is_invalid(void **state)
{
    struct web          *w = *state;
    const struct report *r = expiring(w, "\"2023-11-14T22:13:19Z\"");

    assert_int_equal(r->status, STATUS_EXPIRED);
    web_edit(w, C, "\"Knots\"", "7");
    assert_int_equal(web_verify(w, A)->status, STATUS_INVALID);
    web_edit(w, A, "\"issuedOn\"", "\"revoked\":true,\"issuedOn\"");
    assert_int_equal(web_verify(w, A)->status, STATUS_REVOKED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(dates_of_2_0_have_time_and_zone),
        WEB_TEST(older_dates_are_seconds_or_a_day_too),
        WEB_TEST(what_has_expired_is_not_valid),
        WEB_TEST(an_expiry_that_cannot_be_read_is_not_never),
        WEB_TEST(an_old_expiry_in_milliseconds_is_not_for_ever),
        WEB_TEST(what_was_not_issued_yet_is_not_valid),
        WEB_TEST(what_was_revoked_is_not_valid),
        WEB_TEST(gone_is_revoked),
        WEB_TEST(revocation_holds_under_the_old_context_and_without_one),
        WEB_TEST(each_month_has_its_length),
        WEB_TEST(seconds_may_be_written_in_39_characters),
        WEB_TEST(an_expired_badge_that_is_wrong_besides_is_invalid),
    };

    return RUN_TAP(tests);
}

/* A stored signed badge, which no server hosts, is checked again by what its issuer says of it now. */
#include "badge_keys.h"
#include "store_badges.h"

#include "import/import.h"
#include "jobs/recheck.h"
#include "store/recheck.h"

#define KEY "https://issuer.example/key.json"
#define LIST "https://issuer.example/revoked.json"
#define ID "urn:uuid:bf8d3c3d-fe60-487c-87a3-06440d0d0163"
#define REVOKED(entries)                                                                           \
    "{" V2 "\"id\":\"" LIST "\",\"type\":\"RevocationList\",\"issuer\":\"" I                       \
    "\",\"revokedAssertions\":[" entries "]}"

enum { DAY_S = 86400 };

static struct fixture   *f;
static struct rechecker *rechecker;
static struct web        web;
static EVP_PKEY         *rsa, *other;
static uint64_t          user, badge;

/* A badge of an issuer with one key and a list, imported as a JWS; with that more in its assertion. */
static void
one_badge(const char *more)
{
    struct import_result result = { 0 };
    const char          *payload;

    server_sql("primary",
               "DELETE FROM badge; DELETE FROM check_host; DELETE FROM badge_history; DELETE FROM "
               "badge_check; DELETE FROM badge_document");
    web = (struct web){ .a = f->a };
    web.fetcher = (struct fetcher){ web_get, &web };
    web_good(&web);
    web_edit(&web, I, "\"type\":\"Issuer\"",
             "\"type\":\"Issuer\",\"publicKey\":\"" KEY "\",\"revocationList\":\"" LIST "\"");
    put_key(&web, KEY, rsa);
    web_put(&web, LIST, REVOKED(""));
    payload = arena_printf(f->a,
                           "{" V2 "\"id\":\"" ID "\",\"type\":\"Assertion\",\"badge\":\"" C "\","
                           "\"recipient\":{\"type\":\"email\",\"hashed\":false,"
                           "\"identity\":\"learner@example.org\"},%s"
                           "\"issuedOn\":\"2020-01-01T00:00:00Z\",\"verification\":"
                           "{\"type\":\"SignedBadge\",\"creator\":\"" KEY "\"}}",
                           more)
                  .p;
    next_request(f, SLICE_NONE, true);
    user = a_user(f, "learner").id;
    OK(import_bytes(f->a, f->db, &web.fetcher, user, sign_jws(f->a, rsa, "RS256", payload), &result,
                    &f->e));
    assert_int_equal(result.outcome, IMPORT_ADDED);
    badge = result.id;
    rechecker_free(rechecker);
    OK(rechecker_new(f->conf, &web.fetcher, &rechecker, &f->e));
}

static struct badge_full
after_days(int days)
{
    struct badge_full full;

    clock_sleep_ms((int64_t)days * DAY_S * 1000);
    OK(recheck_once(rechecker, &f->e));
    next_request(f, SLICE_NONE, true);
    OK(store_badge_get(f->db, user, badge, &full, &f->e));
    return full;
}

static void
assert_stands(struct badge_full full, const char *status, const char *reason)
{
    assert_slice_equal(full.row.status, slice_str(status));
    assert_slice_equal(full.row.reason, slice_str(reason));
}

static void
one_that_is_as_it_was_stays_valid_and_stands_in_its_issuers_queue(void **state)
{
    struct badge_full full;
    int64_t           now_s = clock_now_s();
    (void)state;

    one_badge("");
    full = after_days(2);
    assert_stands(full, "valid", "");
    assert_in_range(full.row.checked_at_s, now_s + 2 * DAY_S, now_s + 2 * DAY_S + 60);
    assert_int_equal(full.hosted_url.n, 0);
    assert_int_equal(
        root_number(arena_printf(f->a, "SELECT COUNT(*) FROM badge WHERE check_host = %llu",
                                 (unsigned long long)store_host_id(SL(I)))
                        .p),
        1);
}

static void
one_that_its_issuer_lists_is_revoked_since_then_and_for_that_reason(void **state)
{
    struct badge_event *events;
    struct badge_full   full;
    struct slice        kept;
    const char          list[] = REVOKED("{\"id\":\"" ID "\",\"revocationReason\":\"A mix-up.\"}");
    size_t              count, at;
    int64_t             now_s;
    (void)state;

    one_badge("");
    web_put(&web, LIST, list);
    now_s = clock_now_s();
    full = after_days(2);
    assert_stands(full, "revoked", "revoked-listed");
    assert_in_range(full.row.status_at_s, now_s + 2 * DAY_S, now_s + 2 * DAY_S + 60);
    assert_true(slice_find(full.report, SL("A mix-up."), &at));
    OK(store_badge_history(f->db, user, badge, 5, &events, &count, &f->e));
    assert_int_equal(count, 1);
    assert_slice_equal(events[0].status, SL("revoked"));
    assert_int_equal(events[0].at_s, full.row.status_at_s);
    /* The list that says so is kept. */
    OK(store_badge_document(f->db, user, badge, digest_hex(f->a, "sha256", slice_str(list)), &kept,
                            &f->e));
    assert_slice_equal(kept, slice_str(list));
    /* An outage takes nothing back; its issuer may. */
    web_page(&web, LIST)->status = 503;
    assert_stands(after_days(2), "revoked", "revoked-listed");
    web_page(&web, LIST)->status = 200;
    web_put(&web, LIST, REVOKED(""));
    assert_stands(after_days(2), "valid", "");
}

/* What is not there, or cannot be reached, says nothing about the badge. */
static void
one_whose_documents_are_gone_is_unchecked(void **state)
{
    static const char *const urls[] = { KEY, LIST, C, I, PIC };
    static const struct {
        int         status;
        const char *reason;
    } answers[] = { { 404, "not-hosted" }, { 503, "http-503" }, { 429, "http-429" } };
    (void)state;

    for (size_t u = 0; u < COUNT_OF(urls); u++) {
        one_badge("");
        for (size_t i = 0; i < COUNT_OF(answers); i++) {
            web_page(&web, urls[u])->status = answers[i].status;
            assert_stands(after_days(2), "unchecked", answers[i].reason);
        }
        web_page(&web, urls[u])->status = 200;
        assert_stands(after_days(2), "valid", "");
    }
}

static void
one_whose_issuer_has_gone_is_unchecked_and_invalid_a_month_after_it_was_not_there(void **state)
{
    (void)state;

    one_badge("");
    web.count = 0; /* nobody answers */
    assert_stands(after_days(2), "unchecked", "fetch-connect");
    assert_stands(after_days(40), "unchecked", "fetch-connect");
    one_badge("");
    web_page(&web, KEY)->status = 404;
    assert_stands(after_days(2), "unchecked", "not-hosted");
    assert_stands(after_days(28), "unchecked", "not-hosted");
    assert_stands(after_days(4), "invalid", "not-hosted");
}

static void
one_whose_key_its_issuer_gave_up_is_invalid(void **state)
{
    (void)state;

    one_badge("");
    put_key(&web, KEY, other);
    assert_stands(after_days(2), "invalid", "jws-signature");
    put_key(&web, KEY, rsa);
    assert_stands(after_days(2), "valid", "");
    web_edit(&web, I, "\"publicKey\":\"" KEY "\"",
             "\"publicKey\":\"https://issuer.example/new.json\"");
    put_key(&web, "https://issuer.example/new.json", other);
    assert_stands(after_days(2), "invalid", "key-foreign");
}

static void
one_whose_time_is_over_has_expired_whoever_answers(void **state)
{
    struct badge_full full;
    (void)state;

    one_badge(arena_printf(f->a, "\"expires\":\"%.*s\",",
                           SLICE_FMT(clock_iso8601(f->a, clock_now_s() + 10 * DAY_S)))
                  .p);
    assert_stands(after_days(2), "valid", "");
    web.count = 0;
    assert_stands(after_days(2), "unchecked", "fetch-connect");
    full = after_days(10);
    assert_stands(full, "expired", "expired");
}

static int
begin(void **state)
{
    if (fixture_begin(state, "recheck.per_minute = 60000\n") != 0)
        return -1;
    f = *state;
    log_set_level(ERR_LEVEL_ERROR + 1);
    clock_virtual();
    rsa = sign_key("2048");
    other = sign_key("2048");
    return 0;
}

static int
end(void **state)
{
    rechecker_free(rechecker);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other);
    return fixture_end(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_as_it_was_stays_valid_and_stands_in_its_issuers_queue),
        cmocka_unit_test(one_that_its_issuer_lists_is_revoked_since_then_and_for_that_reason),
        cmocka_unit_test(one_whose_documents_are_gone_is_unchecked),
        cmocka_unit_test(
            one_whose_issuer_has_gone_is_unchecked_and_invalid_a_month_after_it_was_not_there),
        cmocka_unit_test(one_whose_key_its_issuer_gave_up_is_invalid),
        cmocka_unit_test(one_whose_time_is_over_has_expired_whoever_answers),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

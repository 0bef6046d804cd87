/* A badge comes into a backpack whole, once, and only into that of whom it was issued to. */
#include "badge_web.h"
#include "store_server.h"

#include "import/import.h"

static void
new_web(struct web *w, struct fixture *f)
{
    *w = (struct web){ .a = f->a };
    w->fetcher = (struct fetcher){ web_get, w };
    web_good(w);
}

static struct import_result
import_at(struct fixture *f, struct web *w, struct user user, const char *url)
{
    struct import_result result = { 0 };

    OK(import_url(f->a, f->db, &w->fetcher, user.id, slice_str(url), &result, &f->e));
    assert_non_null(result.report);
    return result;
}

static uint64_t
badges_of(struct fixture *f, struct user user)
{
    uint64_t count = 99;

    OK(store_badge_count(f->db, user.id, &count, &f->e));
    return count;
}

static void
a_valid_badge_is_stored_as_it_was_fetched(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "learner");
    struct web           w;
    struct import_result result;
    struct badge_full    badge;

    new_web(&w, f);
    result = import_at(f, &w, user, " " A "\n");
    assert_int_equal(result.outcome, IMPORT_ADDED);
    assert_true(result.plain_identity);
    OK(store_badge_get(f->db, user.id, result.id, &badge, &f->e));
    assert_slice_equal(badge.hosted_url, SL(A));
    assert_slice_equal(badge.assertion, web_page(&w, A)->body);
    assert_slice_equal(badge.class_text, web_page(&w, C)->body);
    assert_slice_equal(badge.issuer_text, web_page(&w, I)->body);
    assert_slice_equal(badge.email, SL("learner@example.org"));
    assert_slice_equal(badge.row.class_name, SL("Knots"));
    assert_slice_equal(badge.row.issuer_host, SL("issuer.example"));
    assert_slice_equal(badge.row.status, SL("valid"));
    assert_slice_equal(badge.row.version, SL("2.0"));
    assert_true(badge.row.plain_identity);
    assert_int_equal(badge.row.issued_on_s, 1577836800);
    assert_true(badge.report.n > 100);
}

static void
the_same_badge_again_is_told_and_linked(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "learner");
    struct web           w;
    struct import_result first, again;
    uint64_t             count;

    new_web(&w, f);
    first = import_at(f, &w, user, A);
    count = badges_of(f, user);
    OK(import_bytes(f->a, f->db, &w.fetcher, user.id, SL("{\"id\":\"" A "\"}"), &again, &f->e));
    assert_int_equal(again.outcome, IMPORT_EXISTS);
    assert_int_equal(again.id, first.id);
    assert_int_equal(badges_of(f, user), count);
}

static void
what_is_refused_leaves_nothing_and_says_why(void **state)
{
    struct fixture      *f = *state;
    struct user          other = a_user(f, "other");
    struct web           w;
    struct import_result result;
    json_object         *line;

    new_web(&w, f);
    result = import_at(f, &w, other, A);
    assert_int_equal(result.outcome, IMPORT_REFUSED);
    assert_int_equal(result.why.code, ERR_RECIPIENT_MISMATCH);
    assert_string_equal(result.why.url, A);
    assert_string_equal(result.why.field, "recipient.identity");
    web_page(&w, C)->status = 404;
    result = import_at(f, &w, a_user(f, "new"), A);
    assert_int_equal(result.outcome, IMPORT_REFUSED);
    assert_int_equal(result.why.code, ERR_ASSERTION_UNREACHABLE);
    assert_string_equal(result.why.url, C);
    line = json_in_arena(f->a, import_json(f->a, &result));
    assert_slice_equal(json_get_text(line, "outcome"), SL("refused"));
    assert_slice_equal(json_get_text(line, "url"), SL(C));
    assert_slice_equal(json_get_text(line, "field"), SL("badge"));
    assert_int_equal(json_object_get_int(json_get(line, "httpStatus")), 404);
    assert_int_equal(badges_of(f, other), 0);
    assert_int_equal(badges_of(f, a_user(f, "new")), 0);
}

static void
expired_and_revoked_badges_are_refused(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "late");
    struct web           w;
    struct import_result result;

    new_web(&w, f);
    web_edit(&w, A, "learner@", "late@");
    web_edit(&w, A, "\"issuedOn\"", "\"expires\":\"2020-02-01T00:00:00Z\",\"issuedOn\"");
    result = import_at(f, &w, user, A);
    assert_int_equal(result.outcome, IMPORT_REFUSED);
    assert_int_equal(result.report->status, STATUS_EXPIRED);
    web_page(&w, A)->status = 410;
    result = import_at(f, &w, user, A);
    assert_int_equal(result.outcome, IMPORT_REFUSED);
    assert_int_equal(result.report->status, STATUS_REVOKED);
    assert_int_equal(badges_of(f, user), 0);
}

static void
what_is_no_web_address_is_refused_unfetched(void **state)
{
    static const char *const bad[] = { "",
                                       "ftp://issuer.example/a",
                                       "javascript:alert(1)",
                                       "/etc/passwd",
                                       "{\"id\":\"" A "\"}",
                                       "http://u:p@issuer.example/a.json" };
    struct fixture          *f = *state;
    struct user              user = a_user(f, "learner");
    struct web               w;

    new_web(&w, f);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct import_result result = import_at(f, &w, user, bad[i]);

        assert_int_equal(result.outcome, IMPORT_REFUSED);
        assert_int_equal(result.why.code, ERR_FIELD_INVALID);
    }
    assert_int_equal(w.gets, 0);
}

static void
looking_says_what_an_import_would_and_stores_nothing(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "learner"), other = a_user(f, "other");
    struct web           w;
    struct import_result seen;
    uint64_t             before = badges_of(f, user);

    new_web(&w, f);
    OK(import_look(f->a, f->db, &w.fetcher, other.id, SL(A), &seen, &f->e));
    assert_int_equal(seen.outcome, IMPORT_REFUSED);
    OK(import_look(f->a, f->db, &w.fetcher, user.id, SL(A), &seen, &f->e));
    assert_int_equal(seen.outcome, IMPORT_OFFERED);
    assert_int_equal(badges_of(f, user), before);
    OK(import_keep(f->a, f->db, user.id, &seen, &f->e));
    assert_int_equal(seen.outcome, IMPORT_ADDED);
    assert_int_equal(badges_of(f, user), before + 1);
    OK(import_keep(f->a, f->db, user.id, &seen, &f->e));
    assert_int_equal(seen.outcome, IMPORT_ADDED);
    before = seen.id;
    OK(import_look(f->a, f->db, &w.fetcher, user.id, SL(A), &seen, &f->e));
    assert_int_equal(seen.outcome, IMPORT_EXISTS);
    assert_int_equal(seen.id, before);
    OK(store_badge_remove(f->db, user.id, seen.id, &f->e));
}

static void
linked_contexts_come_along(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "learner");
    struct web           w;
    struct import_result result;
    struct badge_full    badge, *shown;
    uint64_t             collection;
    size_t               count;
    const char           kept[] = "https://issuer.example/terms\n"
                                  "{\"@context\":{\"titel\":\"schema:name\"}}\n";

    new_web(&w, f);
    web_put(&w, "https://issuer.example/terms",
            "{\"about\":\"names\", \"@context\": {\"titel\": \"schema:name\"}}");
    web_put(&w, "https://issuer.example/b.json", web_page(&w, A)->body.p);
    web_edit(&w, "https://issuer.example/b.json", A, "https://issuer.example/b.json");
    web_edit(&w, C, "\"https://w3id.org/openbadges/v2\"",
             "[\"https://w3id.org/openbadges/v2\",\"https://issuer.example/terms\"]");
    web_edit(&w, C, "\"name\"", "\"titel\"");
    result = import_at(f, &w, user, "https://issuer.example/b.json");
    assert_int_equal(result.outcome, IMPORT_ADDED);
    OK(store_badge_get(f->db, user.id, result.id, &badge, &f->e));
    assert_slice_equal(badge.contexts, slice_str(kept));
    OK(store_collection_add(f->db, user.id, SL("Seen"), SL(""), VISIBILITY_PUBLIC, &collection,
                            &f->e));
    OK(store_collection_put_badge(f->db, user.id, collection, result.id, &f->e));
    OK(store_collection_badges_full(f->db, user.id, collection, &shown, &count, &f->e));
    assert_int_equal(count, 1);
    assert_slice_equal(shown[0].contexts, slice_str(kept));
}

/* A person without any address matches nothing, rather than everything. */
static void
nobody_without_an_address_gets_a_badge(void **state)
{
    struct fixture      *f = *state;
    struct web           w;
    struct import_result result;
    struct user          nobody = { .id = 12345 };

    new_web(&w, f);
    result = import_at(f, &w, nobody, A);
    assert_int_equal(result.outcome, IMPORT_REFUSED);
    assert_int_equal(result.why.code, ERR_RECIPIENT_MISMATCH);
}

static int
begin(void **state)
{
    return fixture_begin(state, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking_says_what_an_import_would_and_stores_nothing),
        cmocka_unit_test(a_valid_badge_is_stored_as_it_was_fetched),
        cmocka_unit_test(the_same_badge_again_is_told_and_linked),
        cmocka_unit_test(what_is_refused_leaves_nothing_and_says_why),
        cmocka_unit_test(expired_and_revoked_badges_are_refused),
        cmocka_unit_test(what_is_no_web_address_is_refused_unfetched),
        cmocka_unit_test(linked_contexts_come_along),
        cmocka_unit_test(nobody_without_an_address_gets_a_badge),
    };

    return RUN_TAP_WITH(tests, begin);
}

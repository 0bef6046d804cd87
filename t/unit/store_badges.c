/* Badges and what they share. */
#include "store_badges.h"

static void
a_badge_comes_back_as_it_went_in(void **state)
{
    struct fixture   *f = *state;
    struct user       user = a_user(f, "whole");
    struct badge_new  in = new_badge(f, user, 1);
    struct badge_full out;
    uint64_t          id;

    in.expires_s = 1800000000;
    in.plain_identity = true;
    OK(store_badge_add(f->db, user.id, &in, &id, &f->e));
    OK(store_badge_get(f->db, user.id, id, &out, &f->e));
    assert_int_equal(out.user, user.id);
    assert_int_equal(out.row.id, id);
    assert_slice_equal(out.row.class_name, in.class_name);
    assert_slice_equal(out.row.issuer_name, in.issuer_name);
    assert_slice_equal(out.row.issuer_host, in.issuer_host);
    assert_slice_equal(out.row.status, SL("valid"));
    assert_slice_equal(out.row.version, SL("2.0"));
    assert_int_equal(out.row.picture_hash.n, 64);
    assert_int_equal(out.row.picture_kind, PICTURE_PNG);
    assert_int_equal(out.row.visibility, VISIBILITY_PRIVATE);
    assert_int_equal(out.row.path.n, 0);
    assert_true(out.row.plain_identity);
    assert_int_equal(out.row.issued_on_s, 1700000000);
    assert_int_equal(out.row.expires_s, 1800000000);
    assert_int_equal(out.row.checked_at_s, 1700000001);
    assert_in_range(clock_now_s() - out.row.created_at_s, 0, 5);
    assert_slice_equal(out.hosted_url, in.hosted_url);
    assert_slice_equal(out.assertion, in.assertion);
    assert_slice_equal(out.class_url, in.class_url);
    assert_slice_equal(out.class_text, in.class_text);
    assert_slice_equal(out.issuer_url, in.issuer_url);
    assert_slice_equal(out.issuer_text, in.issuer_text);
    assert_slice_equal(out.email, user.email);
    assert_slice_equal(out.report, in.report);
}

static void
dates_not_said_are_zero_and_texts_may_be_empty(void **state)
{
    struct fixture   *f = *state;
    struct user       user = a_user(f, "sparse");
    struct badge_new  in = new_badge(f, user, 1);
    struct badge_full out;
    uint64_t          id;

    in.issued_on_s = 0;
    in.class_url = in.class_text = in.issuer_url = in.issuer_text = in.report = SLICE_NONE;
    in.hosted_url = SLICE_NONE;
    OK(store_badge_add(f->db, user.id, &in, &id, &f->e));
    OK(store_badge_get(f->db, user.id, id, &out, &f->e));
    assert_int_equal(out.row.issued_on_s, 0);
    assert_int_equal(out.row.expires_s, 0);
    assert_int_equal(out.class_text.n, 0);
    assert_int_equal(out.hosted_url.n, 0);
    assert_int_equal(out.report.n, 0);
}

static void
the_same_badge_again_is_named_and_nothing_is_added(void **state)
{
    struct fixture  *f = *state;
    struct user      user = a_user(f, "again");
    struct badge_new badge = new_badge(f, user, 1);
    uint64_t         first = add_badge(f, user, 1), second = 0, count;
    long             uses = root_number("SELECT SUM(uses) FROM shared");

    assert_int_equal(store_badge_add(f->db, user.id, &badge, &second, &f->e), ERR_BADGE_EXISTS);
    assert_int_equal(second, first);
    OK(store_badge_count(f->db, user.id, &count, &f->e));
    assert_int_equal(count, 1);
    assert_int_equal(root_number("SELECT SUM(uses) FROM shared"), uses);
}

static void
a_badge_for_somebody_elses_address_is_refused(void **state)
{
    struct fixture  *f = *state;
    struct user      user = a_user(f, "mine"), other = a_user(f, "theirs");
    struct badge_new badge = new_badge(f, other, 1);
    uint64_t         id;

    assert_int_equal(store_badge_add(f->db, user.id, &badge, &id, &f->e), ERR_RECIPIENT_MISMATCH);
    assert_int_equal(store_badge_add(f->db, 99, &badge, &id, &f->e), ERR_NOT_FOUND);
}

static void
a_list_is_newest_first_and_goes_on(void **state)
{
    struct fixture   *f = *state;
    struct user       user = a_user(f, "lister");
    struct badge_row *rows;
    size_t            count;
    uint64_t          ids[5];

    for (int i = 0; i < 5; i++) {
        ids[i] = add_badge(f, user, i);
        usleep(1500); /* ids grow with milliseconds */
    }
    OK(store_badge_list(f->db, user.id, 0, 3, &rows, &count, &f->e));
    assert_int_equal(count, 3);
    assert_int_equal(rows[0].id, ids[4]);
    assert_int_equal(rows[2].id, ids[2]);
    OK(store_badge_list(f->db, user.id, rows[2].id, 3, &rows, &count, &f->e));
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].id, ids[0]);
}

static void
documents_and_pictures_are_kept_once_and_go_with_the_last(void **state)
{
    struct fixture  *f = *state;
    struct user      one = a_user(f, "share1"), two = a_user(f, "share2");
    struct badge_new first = new_badge(f, one, 1), second = new_badge(f, two, 2);
    long             classes = root_number("SELECT COUNT(*) FROM class");
    long             pictures = root_number("SELECT COUNT(*) FROM picture");
    uint64_t         a, b;

    first.picture = second.picture = SL("a picture of these two");
    first.class_text = second.class_text = SL("{\"of\":\"these two\"}");
    OK(store_badge_add(f->db, one.id, &first, &a, &f->e));
    OK(store_badge_add(f->db, two.id, &second, &b, &f->e));
    assert_int_equal(root_number("SELECT COUNT(*) FROM class"), classes + 1);
    assert_int_equal(root_number("SELECT COUNT(*) FROM picture"), pictures + 1);
    OK(store_badge_remove(f->db, one.id, a, &f->e));
    assert_int_equal(root_number("SELECT COUNT(*) FROM picture"), pictures + 1);
    OK(store_badge_remove(f->db, two.id, b, &f->e));
    assert_int_equal(root_number("SELECT COUNT(*) FROM class"), classes);
    assert_int_equal(root_number("SELECT COUNT(*) FROM picture"), pictures);
}

static void
nobody_reaches_another_persons_badge_by_its_id(void **state)
{
    struct fixture      *f = *state;
    struct user          owner = a_user(f, "owner"), thief = a_user(f, "thief");
    uint64_t             id = add_badge(f, owner, 1), collection, *in;
    struct badge_full    full;
    struct badge_picture picture;
    struct slice         path;
    size_t               count;

    OK(store_badge_get(f->db, owner.id, id, &full, &f->e));
    OK(store_collection_add(f->db, thief.id, SL("C"), SL(""), VISIBILITY_PUBLIC, &collection,
                            &f->e));
    assert_int_equal(store_badge_get(f->db, thief.id, id, &full, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_badge_remove(f->db, thief.id, id, &f->e), ERR_NOT_FOUND);
    assert_int_equal(
        store_badge_set_visibility(f->db, thief.id, id, VISIBILITY_PUBLIC, &path, &f->e),
        ERR_NOT_FOUND);
    assert_int_equal(store_collection_put_badge(f->db, thief.id, collection, id, &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_badge_picture(f->db, thief.id, full.row.picture_hash, &picture, &f->e),
                     ERR_NOT_FOUND);
    OK(store_badge_picture(f->db, owner.id, full.row.picture_hash, &picture, &f->e));
    OK(store_badge_collections(f->db, thief.id, id, &in, &count, &f->e));
    assert_int_equal(count, 0);
}

static void
a_page_of_a_badge_has_one_address_and_is_there_unless_private(void **state)
{
    struct fixture   *f = *state;
    struct user       user = a_user(f, "pager");
    uint64_t          id = add_badge(f, user, 1);
    struct badge_full full;
    struct slice      path, again;

    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_PRIVATE, &path, &f->e));
    assert_int_equal(path.n, 0);
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_LINK, &path, &f->e));
    assert_int_equal(path.n, 22);
    OK(store_badge_by_path(f->db, path, &full, &f->e));
    assert_int_equal(full.row.id, id);
    assert_slice_equal(full.row.path, path);
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_PRIVATE, &again, &f->e));
    assert_int_equal(store_badge_by_path(f->db, path, &full, &f->e), ERR_NOT_FOUND);
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_PUBLIC, &again, &f->e));
    assert_slice_equal(again, path);
}

static enum err_code
see(struct fixture *f, struct slice hash)
{
    struct badge_picture picture;

    return store_badge_picture(f->db, 0, hash, &picture, &f->e);
}

static void
a_picture_is_public_only_while_something_that_shows_it_is(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "pictured");
    uint64_t             id = add_badge(f, user, 1), collection;
    struct badge_full    full;
    struct badge_picture picture;
    struct slice         path, hash;

    OK(store_badge_get(f->db, user.id, id, &full, &f->e));
    hash = full.row.picture_hash;
    assert_int_equal(see(f, hash), ERR_NOT_FOUND);
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_LINK, &path, &f->e));
    OK(store_badge_picture(f->db, 0, hash, &picture, &f->e));
    assert_slice_equal(picture.source, SL("\x89PNG not really"));
    assert_slice_equal(picture.assertion, full.assertion);
    assert_slice_equal(picture.hosted_url, full.hosted_url);
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_PRIVATE, &path, &f->e));
    assert_int_equal(see(f, hash), ERR_NOT_FOUND);

    OK(store_collection_add(f->db, user.id, SL("C"), SL(""), VISIBILITY_LINK, &collection, &f->e));
    assert_int_equal(see(f, hash), ERR_NOT_FOUND);
    OK(store_collection_put_badge(f->db, user.id, collection, id, &f->e));
    OK(see(f, hash));
    OK(store_collection_change(f->db, user.id, collection, SL("C"), SL(""), VISIBILITY_PRIVATE,
                               SLICE_NONE, &f->e));
    assert_int_equal(see(f, hash), ERR_NOT_FOUND);
    assert_int_equal(see(f, SL("zz")), ERR_NOT_FOUND);
}

static void
removing_a_badge_takes_it_out_of_everything(void **state)
{
    struct fixture   *f = *state;
    struct user       user = a_user(f, "remover");
    uint64_t          id = add_badge(f, user, 1), collection;
    struct badge_full full;
    struct badge_row *rows;
    struct slice      path;
    size_t            count;

    OK(store_collection_add(f->db, user.id, SL("C"), SL(""), VISIBILITY_PUBLIC, &collection,
                            &f->e));
    OK(store_collection_put_badge(f->db, user.id, collection, id, &f->e));
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_PUBLIC, &path, &f->e));
    OK(store_badge_remove(f->db, user.id, id, &f->e));
    assert_int_equal(store_badge_get(f->db, user.id, id, &full, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_badge_by_path(f->db, path, &full, &f->e), ERR_NOT_FOUND);
    OK(store_collection_badges(f->db, user.id, collection, &rows, &count, &f->e));
    assert_int_equal(count, 0);
    assert_int_equal(store_badge_remove(f->db, user.id, id, &f->e), ERR_NOT_FOUND);
}

static void
removing_a_person_leaves_nothing_of_theirs(void **state)
{
    struct fixture          *f = *state;
    long                     shared = root_number("SELECT COUNT(*) FROM shared"), after;
    struct user              user = a_user(f, "leaver");
    uint64_t                 collection, id;
    struct badge_new         own = new_badge(f, user, 7);
    struct slice             path;
    static const char *const tables[] = { "user_email",      "session",    "badge",
                                          "badge_report",    "badge_path", "collection",
                                          "collection_badge" };

    own.picture = SL("only the leaver's");
    own.class_text = SL("only the leaver's");
    OK(store_badge_add(f->db, user.id, &own, &id, &f->e));
    add_badge(f, user, 8);
    OK(store_badge_set_visibility(f->db, user.id, id, VISIBILITY_PUBLIC, &path, &f->e));
    OK(store_collection_add(f->db, user.id, SL("C"), SL(""), VISIBILITY_PUBLIC, &collection,
                            &f->e));
    OK(store_collection_put_badge(f->db, user.id, collection, id, &f->e));
    OK(store_session_add(f->db, user.id, SL("leaver's"), SL(""), &f->e));
    OK(store_signin_add(
        f->db, &(struct signin_ask){ user.email, SL("leaver's"), SL("1"), SL("b"), SL(""), 0 },
        SL("s"), SL("t"), &f->e));
    OK(store_user_remove(f->db, user.id, &f->e));
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        assert_int_equal(
            root_number(arena_printf(f->a, "SELECT COUNT(*) FROM %s WHERE user_id = %llu",
                                     tables[i], (unsigned long long)user.id)
                            .p),
            0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM outbox WHERE send_to LIKE 'leaver%'"), 0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM signin WHERE email_key LIKE 'leaver%'"), 0);
    after = root_number("SELECT COUNT(*) FROM shared");
    assert_int_equal(after, shared);
    assert_int_equal(root_number("SELECT COUNT(*) FROM class c LEFT JOIN shared s ON s.id = c.id"
                                 " WHERE s.id IS NULL"),
                     0);
    assert_int_equal(store_user_remove(f->db, user.id, &f->e), ERR_NOT_FOUND);
}

/* Two tabs, many times: each process adds badges of one class, half of them the same as the other's. */
static void
two_at_once_lose_nothing_and_double_nothing(void **state)
{
    struct fixture *f = *state;
    struct user     users[2] = { a_user(f, "tabs"), a_user(f, "tabs2") };
    uint64_t        count;
    pid_t           children[4];
    long            broken;

    for (int i = 0; i < 4; i++)
        if ((children[i] = fork()) == 0) {
            struct arena *a = arena_new();
            struct store *s = store_new(f->conf);
            int           wrong = 0;

            f->db = db_lease(s, a, SLICE_NONE, true);
            for (int n = 0; n < 20; n++) {
                struct badge_new badge = new_badge(f, users[i % 2], n);
                uint64_t         id;
                enum err_code    rc = store_badge_add(f->db, users[i % 2].id, &badge, &id, &f->e);

                wrong += rc != ERR_NONE && rc != ERR_BADGE_EXISTS;
            }
            _exit(wrong);
        }
    for (int i = 0; i < 4; i++) {
        int status;

        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < 2; i++) {
        OK(store_badge_count(f->db, users[i].id, &count, &f->e));
        assert_int_equal(count, 20);
    }
    broken = root_number("SELECT COUNT(*) FROM shared s WHERE s.uses <>"
                         " (SELECT COUNT(*) FROM badge b WHERE b.class_id = s.id)"
                         " + (SELECT COUNT(*) FROM badge b WHERE b.picture_id = s.id)");
    assert_int_equal(broken, 0);
}

static void
what_is_too_large_is_refused_and_leaves_nothing(void **state)
{
    struct fixture  *f = *state;
    struct user      user = a_user(f, "large");
    struct badge_new badge = new_badge(f, user, 1);
    char            *url = arena_alloc(f->a, 3000);
    uint64_t         id, count;

    memset(url, 'u', 3000);
    badge.hosted_url = (struct slice){ url, 3000 };
    badge.class_text = SL("only of the large one");
    assert_int_equal(store_badge_add(f->db, user.id, &badge, &id, &f->e), ERR_TOO_LARGE);
    badge = new_badge(f, user, 1);
    badge.picture = (struct slice){ arena_alloc(f->a, 17 * MIB), 17 * MIB };
    assert_int_not_equal(store_badge_add(f->db, user.id, &badge, &id, &f->e), ERR_NONE);
    OK(store_badge_count(f->db, user.id, &count, &f->e));
    assert_int_equal(count, 0);
    badge.picture.n = LIMIT_IMAGE_BYTES;
    OK(store_badge_add(f->db, user.id, &badge, &id, &f->e));
}

static void
names_for_lists_are_cut_between_characters(void **state)
{
    struct fixture   *f = *state;
    struct user       user = a_user(f, "names");
    struct badge_new  badge = new_badge(f, user, 1);
    struct badge_full full;
    char             *name = arena_alloc(f->a, 3001);
    uint64_t          id;

    for (int i = 0; i < 1000; i++)
        memcpy(name + 1 + 3 * i, "\xE2\x9C\x93", 3);
    name[0] = 'x';
    badge.class_name = (struct slice){ name, 3001 };
    OK(store_badge_add(f->db, user.id, &badge, &id, &f->e));
    OK(store_badge_get(f->db, user.id, id, &full, &f->e));
    assert_int_equal(full.row.class_name.n, 1000);
    assert_true(slice_is_utf8(full.row.class_name));
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
        cmocka_unit_test(a_badge_comes_back_as_it_went_in),
        cmocka_unit_test(dates_not_said_are_zero_and_texts_may_be_empty),
        cmocka_unit_test(the_same_badge_again_is_named_and_nothing_is_added),
        cmocka_unit_test(a_badge_for_somebody_elses_address_is_refused),
        cmocka_unit_test(a_list_is_newest_first_and_goes_on),
        cmocka_unit_test(documents_and_pictures_are_kept_once_and_go_with_the_last),
        cmocka_unit_test(nobody_reaches_another_persons_badge_by_its_id),
        cmocka_unit_test(a_page_of_a_badge_has_one_address_and_is_there_unless_private),
        cmocka_unit_test(a_picture_is_public_only_while_something_that_shows_it_is),
        cmocka_unit_test(removing_a_badge_takes_it_out_of_everything),
        cmocka_unit_test(removing_a_person_leaves_nothing_of_theirs),
        cmocka_unit_test(two_at_once_lose_nothing_and_double_nothing),
        cmocka_unit_test(what_is_too_large_is_refused_and_leaves_nothing),
        cmocka_unit_test(names_for_lists_are_cut_between_characters),
    };

    return RUN_TAP_WITH(tests, begin);
}

/* Collections and the order in them. */
#include "store_badges.h"

#include "core/rand.h"

static uint64_t
a_collection(struct fixture *f, struct user user, enum visibility visibility)
{
    uint64_t id = 0;

    OK(store_collection_add(f->db, user.id, SL("Name"), SL("Text"), visibility, &id, &f->e));
    return id;
}

static void
a_collection_comes_back_as_it_went_in(void **state)
{
    struct fixture   *f = *state;
    struct user       user = a_user(f, "coll");
    struct collection c, by_path;
    uint64_t          id = a_collection(f, user, VISIBILITY_LINK);

    OK(store_collection_get(f->db, user.id, id, &c, &f->e));
    assert_slice_equal(c.name, SL("Name"));
    assert_slice_equal(c.description, SL("Text"));
    assert_int_equal(c.visibility, VISIBILITY_LINK);
    assert_int_equal(c.path.n, 22);
    assert_int_equal(c.badge_count, 0);
    OK(store_collection_by_path(f->db, c.path, &by_path, &f->e));
    assert_int_equal(by_path.id, id);
    assert_int_equal(by_path.user, user.id);
}

static void
a_private_one_has_no_address_for_others(void **state)
{
    struct fixture   *f = *state;
    struct user       user = a_user(f, "private");
    struct collection c;
    uint64_t          id = a_collection(f, user, VISIBILITY_PRIVATE);

    OK(store_collection_get(f->db, user.id, id, &c, &f->e));
    assert_int_equal(store_collection_by_path(f->db, c.path, &c, &f->e), ERR_NOT_FOUND);
}

static void
nobody_reaches_another_persons_collection(void **state)
{
    struct fixture    *f = *state;
    struct user        owner = a_user(f, "cowner"), thief = a_user(f, "cthief");
    uint64_t           id = a_collection(f, owner, VISIBILITY_PUBLIC);
    uint64_t           badge = add_badge(f, thief, 1);
    struct collection  c;
    struct badge_row  *rows;
    struct badge_full *full;
    size_t             count;

    assert_int_equal(store_collection_get(f->db, thief.id, id, &c, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_collection_change(f->db, thief.id, id, SL("X"), SL(""),
                                             VISIBILITY_PUBLIC, SLICE_NONE, &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_collection_put_badge(f->db, thief.id, id, badge, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_collection_drop_badge(f->db, thief.id, id, badge, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_collection_move_badge(f->db, thief.id, id, badge, 1, &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_collection_remove(f->db, thief.id, id, &f->e), ERR_NOT_FOUND);
    OK(store_collection_badges(f->db, thief.id, id, &rows, &count, &f->e));
    assert_int_equal(count, 0);
    OK(store_collection_badges_full(f->db, thief.id, id, &full, &count, &f->e));
    assert_int_equal(count, 0);
}

static void
a_chosen_path_is_taken_once(void **state)
{
    struct fixture   *f = *state;
    struct user       one = a_user(f, "path1"), two = a_user(f, "path2");
    uint64_t          a = a_collection(f, one, VISIBILITY_PUBLIC);
    uint64_t          b = a_collection(f, two, VISIBILITY_PUBLIC);
    struct collection c;

    OK(store_collection_change(f->db, one.id, a, SL("N"), SL("D"), VISIBILITY_PUBLIC, SL("my-path"),
                               &f->e));
    OK(store_collection_by_path(f->db, SL("my-path"), &c, &f->e));
    assert_int_equal(c.id, a);
    assert_int_equal(store_collection_change(f->db, two.id, b, SL("N"), SL("D"), VISIBILITY_PUBLIC,
                                             SL("my-path"), &f->e),
                     ERR_STORE_DUPLICATE);
    assert_string_equal(f->e.field, "path");
    OK(store_collection_change(f->db, one.id, a, SL("N2"), SL("D"), VISIBILITY_PUBLIC, SLICE_NONE,
                               &f->e));
    OK(store_collection_by_path(f->db, SL("my-path"), &c, &f->e));
    assert_slice_equal(c.name, SL("N2"));
    assert_int_equal(store_collection_by_path(f->db, SL("MY-PATH"), &c, &f->e), ERR_NOT_FOUND);
}

static void
a_path_needs_no_escaping(void **state)
{
    struct fixture          *f = *state;
    struct user              user = a_user(f, "badpath");
    uint64_t                 id = a_collection(f, user, VISIBILITY_PUBLIC);
    static const char *const bad[] = {
        "a b",
        "ab/c",
        "..",
        "a\nb",
        "a.json",
        "caf\xC3\xA9",
        "0123456789012345678901234567890123456789012345678901234567890123456789"
    };

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(store_collection_change(f->db, user.id, id, SL("N"), SL("D"),
                                                 VISIBILITY_PUBLIC, slice_str(bad[i]), &f->e),
                         ERR_FIELD_INVALID);
        assert_string_equal(f->e.field, "path");
    }
}

static void
a_list_is_in_the_order_of_making_and_by_visibility(void **state)
{
    struct fixture    *f = *state;
    struct user        user = a_user(f, "clist");
    uint64_t           first = a_collection(f, user, VISIBILITY_PRIVATE);
    uint64_t           second, third;
    struct collection *list;
    size_t             count;

    usleep(1500);
    second = a_collection(f, user, VISIBILITY_LINK);
    usleep(1500);
    third = a_collection(f, user, VISIBILITY_PUBLIC);
    OK(store_collection_list(f->db, user.id, VISIBILITY_PRIVATE, &list, &count, &f->e));
    assert_int_equal(count, 3);
    assert_int_equal(list[0].id, first);
    assert_int_equal(list[1].id, second);
    assert_int_equal(list[2].id, third);
    OK(store_collection_list(f->db, user.id, VISIBILITY_PUBLIC, &list, &count, &f->e));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].id, third);
}

/* The order of the collection as the digits that `ids` have in it. */
static const char *
order(struct fixture *f, struct user user, uint64_t collection, const uint64_t *ids)
{
    struct badge_row *rows;
    size_t            count;
    char             *text = arena_alloc(f->a, 16);

    OK(store_collection_badges(f->db, user.id, collection, &rows, &count, &f->e));
    for (size_t i = 0; i < count; i++)
        for (int n = 0; n < 5; n++)
            if (rows[i].id == ids[n])
                text[i] = (char)('0' + n);
    return text;
}

static void
the_order_is_the_owners(void **state)
{
    struct fixture *f = *state;
    struct user     user = a_user(f, "order");
    uint64_t        c = a_collection(f, user, VISIBILITY_PUBLIC), ids[5];
    static const struct {
        int         badge, by;
        const char *order;
    } moves[] = {
        { 0, 1, "10234" },   { 4, -1, "10243" },        { 3, -100, "31024" },
        { 3, 100, "10243" }, { 2, 2, "10432" },         { 1, -1, "10432" },
        { 2, 1, "10432" },   { 0, 0, "10432" },         { 2, -4, "21043" },
        { 0, 1, "21403" },   { 4, INT32_MIN, "42103" }, { 4, INT32_MAX, "21034" },
    };

    for (int i = 0; i < 5; i++) {
        ids[i] = add_badge(f, user, i);
        OK(store_collection_put_badge(f->db, user.id, c, ids[i], &f->e));
    }
    OK(store_collection_put_badge(f->db, user.id, c, ids[0], &f->e)); /* is in already */
    assert_string_equal(order(f, user, c, ids), "01234");
    for (size_t i = 0; i < COUNT_OF(moves); i++) {
        OK(store_collection_move_badge(f->db, user.id, c, ids[moves[i].badge], moves[i].by, &f->e));
        assert_string_equal(order(f, user, c, ids), moves[i].order);
    }
    OK(store_collection_drop_badge(f->db, user.id, c, ids[0], &f->e));
    assert_string_equal(order(f, user, c, ids), "2134");
    OK(store_collection_drop_badge(f->db, user.id, c, ids[0], &f->e)); /* it is out: no fault */
    assert_int_equal(store_collection_move_badge(f->db, user.id, c, ids[0], 1, &f->e),
                     ERR_NOT_FOUND);
    OK(store_collection_put_badge(f->db, user.id, c, ids[0], &f->e));
    assert_string_equal(order(f, user, c, ids), "21340");
}

static void
documents_of_a_collection_are_each_badges_own(void **state)
{
    struct fixture    *f = *state;
    struct user        user = a_user(f, "docs");
    uint64_t           c = a_collection(f, user, VISIBILITY_PUBLIC), ids[3];
    struct badge_full *full;
    size_t             count;

    for (int i = 0; i < 3; i++) {
        struct badge_new badge = new_badge(f, user, i);

        badge.class_text = arena_printf(f->a, "{\"class\":%d}", i % 2);
        OK(store_badge_add(f->db, user.id, &badge, &ids[i], &f->e));
        OK(store_collection_put_badge(f->db, user.id, c, ids[i], &f->e));
    }
    OK(store_collection_badges_full(f->db, user.id, c, &full, &count, &f->e));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        struct badge_full one;

        assert_int_equal(full[i].row.id, ids[i]);
        OK(store_badge_get(f->db, user.id, ids[i], &one, &f->e));
        assert_slice_equal(full[i].class_text, one.class_text);
        assert_slice_equal(full[i].assertion, one.assertion);
        assert_slice_equal(full[i].email, user.email);
    }
}

/* Six badges of four megabytes each: what is shown of one ends at its limit, and the connection is good after. */
static void
huge_documents_are_shown_up_to_a_limit_and_never_held_at_once(void **state)
{
    struct fixture    *f = *state;
    struct user        user = a_user(f, "hugedocs");
    uint64_t           c = a_collection(f, user, VISIBILITY_PUBLIC), id;
    struct badge_full *full;
    size_t             count;
    char              *bytes = arena_alloc(f->a, 4 * MIB);

    for (int i = 0; i < 6; i++) {
        struct badge_new badge = new_badge(f, user, i);

        rand_bytes(bytes, 4 * MIB);
        badge.assertion = (struct slice){ bytes, 4 * MIB };
        OK(store_badge_add(f->db, user.id, &badge, &id, &f->e));
        OK(store_collection_put_badge(f->db, user.id, c, id, &f->e));
    }
    for (int i = 0; i < 2; i++) {
        OK(store_collection_badges_full(f->db, user.id, c, &full, &count, &f->e));
        assert_in_range(count, 1, LIMIT_COLLECTION_BYTES / (4 * MIB));
        OK(store_user_by_id(f->db, user.id, &user, &f->e));
    }
    OK(store_user_remove(f->db, user.id, &f->e));
}

static void
a_badge_names_its_collections(void **state)
{
    struct fixture *f = *state;
    struct user     user = a_user(f, "names-coll");
    uint64_t        badge = add_badge(f, user, 1), c1 = a_collection(f, user, VISIBILITY_PRIVATE);
    uint64_t        c2 = a_collection(f, user, VISIBILITY_PUBLIC), *in;
    size_t          count;

    OK(store_collection_put_badge(f->db, user.id, c1, badge, &f->e));
    OK(store_collection_put_badge(f->db, user.id, c2, badge, &f->e));
    OK(store_badge_collections(f->db, user.id, badge, &in, &count, &f->e));
    assert_int_equal(count, 2);
    OK(store_collection_remove(f->db, user.id, c1, &f->e));
    OK(store_badge_collections(f->db, user.id, badge, &in, &count, &f->e));
    assert_int_equal(count, 1);
    assert_int_equal(in[0], c2);
}

static void
only_people_with_something_public_are_found(void **state)
{
    struct fixture *f = *state;
    struct user     user = a_user(f, "findme");
    uint64_t        id = a_collection(f, user, VISIBILITY_LINK), found;

    assert_int_equal(store_user_find_public(f->db, SL("findme@example.org"), &found, &f->e),
                     ERR_NOT_FOUND);
    OK(store_collection_change(f->db, user.id, id, SL("N"), SL(""), VISIBILITY_PUBLIC, SLICE_NONE,
                               &f->e));
    OK(store_user_find_public(f->db, SL("FindMe@example.org"), &found, &f->e));
    assert_int_equal(found, user.id);
    OK(store_user_set_findable(f->db, user.id, false, &f->e));
    assert_int_equal(store_user_find_public(f->db, SL("findme@example.org"), &found, &f->e),
                     ERR_NOT_FOUND);
}

static void
names_and_texts_are_held_to_their_limits(void **state)
{
    struct fixture *f = *state;
    struct user     user = a_user(f, "limits");
    char           *text = arena_alloc(f->a, LIMIT_COLLECTION_TEXT_CHARS + 1);
    uint64_t        id;

    memset(text, 'x', LIMIT_COLLECTION_TEXT_CHARS + 1);
    assert_int_equal(
        store_collection_add(f->db, user.id, SL(""), SL(""), VISIBILITY_PRIVATE, &id, &f->e),
        ERR_FIELD_INVALID);
    assert_int_equal(store_collection_add(f->db, user.id,
                                          (struct slice){ text, LIMIT_COLLECTION_NAME_CHARS + 1 },
                                          SL(""), VISIBILITY_PRIVATE, &id, &f->e),
                     ERR_FIELD_INVALID);
    assert_int_equal(store_collection_add(f->db, user.id, SL("N"),
                                          (struct slice){ text, LIMIT_COLLECTION_TEXT_CHARS + 1 },
                                          VISIBILITY_PRIVATE, &id, &f->e),
                     ERR_FIELD_INVALID);
    for (size_t i = 0; i < 300; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    OK(store_collection_add(f->db, user.id, (struct slice){ text, 300 },
                            (struct slice){ text, LIMIT_COLLECTION_TEXT_CHARS }, VISIBILITY_PRIVATE,
                            &id, &f->e));
}

static void
more_collections_than_the_limit_are_refused(void **state)
{
    struct fixture *f = *state;
    struct user     user = a_user(f, "toomany");
    uint64_t        id;

    server_sql(
        "primary",
        arena_printf(f->a,
                     "INSERT INTO collection SELECT %llu, seq, 0, CONCAT('p', seq), 'n', '', 0"
                     " FROM seq_1_to_999",
                     (unsigned long long)user.id)
            .p);
    OK(store_collection_add(f->db, user.id, SL("N"), SL(""), VISIBILITY_PRIVATE, &id, &f->e));
    assert_int_equal(
        store_collection_add(f->db, user.id, SL("N"), SL(""), VISIBILITY_PRIVATE, &id, &f->e),
        ERR_CONFLICT);
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
        cmocka_unit_test(a_collection_comes_back_as_it_went_in),
        cmocka_unit_test(a_private_one_has_no_address_for_others),
        cmocka_unit_test(nobody_reaches_another_persons_collection),
        cmocka_unit_test(a_chosen_path_is_taken_once),
        cmocka_unit_test(a_path_needs_no_escaping),
        cmocka_unit_test(a_list_is_in_the_order_of_making_and_by_visibility),
        cmocka_unit_test(the_order_is_the_owners),
        cmocka_unit_test(documents_of_a_collection_are_each_badges_own),
        cmocka_unit_test(huge_documents_are_shown_up_to_a_limit_and_never_held_at_once),
        cmocka_unit_test(a_badge_names_its_collections),
        cmocka_unit_test(only_people_with_something_public_are_found),
        cmocka_unit_test(names_and_texts_are_held_to_their_limits),
        cmocka_unit_test(more_collections_than_the_limit_are_refused),
    };

    return RUN_TAP_WITH(tests, begin);
}

/* Rows by the hundred are the same rows. */
#include "store_badges.h"

#include "store/bulk.h"

enum { BADGES = 700 }; /* more than one statement's rows, and not a whole number of them */

/* A user with many badges of one class, all in a public collection. */
static enum err_code
load(struct fixture *f, uint64_t user, const char *name, const struct badge_new *like)
{
    struct arena       *kept = arena_new(), *batch = arena_new();
    struct bulk        *bulk = bulk_new(f->db, kept);
    struct slice        email = arena_printf(f->a, "%s@example.org", name);
    struct bulk_content content;
    enum err_code       rc;

    OK(bulk_content_add(bulk, like, &content, &f->e));
    OK(bulk_begin(bulk, batch, &f->e));
    rc = bulk_user(bulk, user, email, 1700000000, &f->e);
    for (uint64_t n = 1; n <= BADGES && rc == ERR_NONE; n++) {
        struct badge_new badge = *like;
        struct sha256    identity = sha256_of(arena_printf(batch, "%llu", (unsigned long long)n));

        badge.identity = arena_copy(batch, (struct slice){ (char *)identity.bytes, 32 });
        badge.assertion = arena_printf(batch, "{\"number\":%llu}", (unsigned long long)n);
        if ((rc = bulk_badge(bulk, user, n, &badge, &content, &f->e)) == ERR_NONE)
            rc = bulk_member(bulk, user, 5, n, (int64_t)n, &f->e);
    }
    if (rc == ERR_NONE)
        rc = bulk_collection(bulk, user, 5, SL("All"), arena_printf(batch, "bulk-%s", name),
                             VISIBILITY_PUBLIC, 1700000000, &f->e);
    if (rc == ERR_NONE)
        rc = bulk_end(bulk, &f->e);
    if (rc != ERR_NONE)
        bulk_undo(bulk);
    {
        struct err other;

        assert_int_equal(bulk_content_drop(bulk, &content, &other), ERR_NONE);
    }
    arena_free(batch);
    arena_free(kept);
    return rc;
}

static void
a_batch_is_what_single_writes_would_have_made(void **state)
{
    struct fixture      *f = *state;
    struct badge_new     like = new_badge(f, (struct user){ .id = 1 }, 1), same;
    struct badge_full    full;
    struct badge_picture picture;
    struct badge_row    *rows;
    struct user          user;
    struct collection    c;
    uint64_t             count, found, id;
    size_t               n;

    OK(load(f, 77, "bulk", &like));
    OK(store_user_by_email(f->db, SL("bulk@example.org"), &user, &f->e));
    assert_int_equal(user.id, 77);
    OK(store_badge_count(f->db, 77, &count, &f->e));
    assert_int_equal(count, BADGES);
    OK(store_collection_by_path(f->db, SL("bulk-bulk"), &c, &f->e));
    assert_int_equal(c.badge_count, BADGES);
    OK(store_collection_badges(f->db, 77, 5, &rows, &n, &f->e));
    assert_int_equal(rows[BADGES - 1].id, BADGES);
    OK(store_badge_get(f->db, 77, 300, &full, &f->e));
    assert_slice_equal(full.assertion, SL("{\"number\":300}"));
    assert_slice_equal(full.class_text, like.class_text);
    assert_slice_equal(full.email, SL("bulk@example.org"));
    OK(store_badge_picture(f->db, 0, full.row.picture_hash, &picture, &f->e));
    assert_slice_equal(picture.source, like.picture);
    OK(store_user_find_public(f->db, SL("bulk@example.org"), &found, &f->e));

    /* The same picture and assertion have the same name however they came in. */
    same = like;
    same.email = SL("bulk@example.org");
    same.identity = SL("another identity of 32 bytes....");
    same.assertion = SL("{\"number\":300}");
    OK(store_badge_add(f->db, 77, &same, &id, &f->e));
    OK(store_badge_get(f->db, 77, id, &full, &f->e));
    assert_slice_equal(full.row.picture_hash, rows[299].picture_hash);
}

static void
content_is_counted_and_goes_with_the_last_badge(void **state)
{
    struct fixture  *f = *state;
    struct badge_new like = new_badge(f, (struct user){ .id = 1 }, 1);
    long             shared = root_number("SELECT COUNT(*) FROM shared");

    like.picture = SL("a picture of this test");
    like.class_text = SL("a class of this test");
    OK(load(f, 78, "counted", &like));
    assert_int_equal(root_number("SELECT COUNT(*) FROM shared"), shared + 2);
    assert_int_equal(
        root_number("SELECT MIN(s.uses) FROM shared s JOIN badge b ON b.class_id = s.id"
                    " WHERE b.user_id = 78"),
        BADGES);
    OK(store_user_remove(f->db, 78, &f->e));
    assert_int_equal(root_number("SELECT COUNT(*) FROM shared"), shared);
}

static void
a_batch_that_meets_somebody_leaves_nothing(void **state)
{
    struct fixture  *f = *state;
    struct badge_new like = new_badge(f, (struct user){ .id = 1 }, 1);

    OK(load(f, 79, "met", &like));
    assert_int_equal(load(f, 79, "met", &like), ERR_STORE_DUPLICATE);
    assert_int_equal(load(f, 80, "met", &like), ERR_STORE_DUPLICATE); /* the address is taken */
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge WHERE user_id = 80"), 0);
    assert_int_equal(root_number("SELECT COUNT(*) FROM badge WHERE user_id = 79"), BADGES);
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
        cmocka_unit_test(a_batch_is_what_single_writes_would_have_made),
        cmocka_unit_test(content_is_counted_and_goes_with_the_last_badge),
        cmocka_unit_test(a_batch_that_meets_somebody_leaves_nothing),
    };

    return RUN_TAP_WITH(tests, begin);
}

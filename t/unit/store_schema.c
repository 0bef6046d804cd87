/* Each migration meets the rows that the schema before it left, and the release before goes on with it. */
#include "store_badges.h"

/* A badge as the release of 0001 writes it, the n-th of user 7. */
static void
add_as_first_release(int n)
{
    char line[1000];

    snprintf(line, sizeof line,
             "INSERT INTO badge (user_id, id, identity, picture_hash, picture_id, class_id,"
             " email_number, picture_kind, visibility, plain_identity, version, status,"
             " issued_on_s, expires_s, checked_at_s, hosted_url, assertion)"
             " VALUES (7, %d, LPAD(%d, 8, 'i'), LPAD(%d, 32, 'p'), 1, 2, 0, 1, 0, 0, '2.0',"
             " 'valid', NULL, NULL, 1700000000, 'https://issuer.example/a', '')",
             n, n, n);
    server_sql("primary", line);
}

static void
migrate(struct fixture *f, struct slice folder)
{
    struct store *owner = store_new_as_owner(f->conf);

    OK(store_migrate(db_lease(owner, f->request, SLICE_NONE, true), folder, NULL, NULL, &f->e));
    arena_empty(f->request);
    store_free(owner);
    f->db = db_lease(f->store, f->request, SLICE_NONE, true);
}

static void
the_second_schema_takes_the_rows_of_the_first_and_its_writes(void **state)
{
    struct fixture   *f = *state;
    struct slice      first = arena_printf(f->a, "%s/first", test_dir);
    struct badge_row *rows;
    struct badge_full badge;
    struct signin     link;
    size_t            count;

    if (system(arena_printf(f->a, "mkdir %s && cp '" OBI_SOURCE_DIR "/schema/0001-first.sql' %s",
                            first.p, first.p)
                   .p) != 0)
        fail_msg("%s", first.p);
    arena_empty(f->request);
    server_sql("primary", "DROP DATABASE obi; CREATE DATABASE obi");
    migrate(f, first);
    server_sql("primary", "INSERT INTO user VALUES (7, 1, 1, 0); INSERT INTO class VALUES"
                          " (2, 'Knots', 'Issuer', 'issuer.example', '', '', '', '')");
    server_sql("primary", "INSERT INTO signin VALUES ('a@b.example', UNHEX(SHA2('a link', 256)),"
                          " 'A@b.example', 4000000000)");
    add_as_first_release(1);
    migrate(f, SL(OBI_SOURCE_DIR "/schema"));
    add_as_first_release(2);
    OK(store_badge_list(f->db, 7, 0, 10, &rows, &count, &f->e));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_slice_equal(rows[i].status, SL("valid"));
        assert_int_equal(rows[i].reason.n, 0);
        assert_int_equal(rows[i].status_at_s, rows[i].created_at_s);
    }
    OK(store_badge_get(f->db, 7, 1, &badge, &f->e));
    assert_int_equal(badge.contexts.n, 0);
    OK(store_signin_use(f->db, 0, SL("a link"), &link, &f->e));
    assert_slice_equal(link.email, SL("A@b.example"));
    OK(store_check_schema(f->db, &f->e));
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
        cmocka_unit_test(the_second_schema_takes_the_rows_of_the_first_and_its_writes),
    };

    return RUN_TAP_WITH(tests, begin);
}

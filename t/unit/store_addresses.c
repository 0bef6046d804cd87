/* Several addresses of one person; giving one up; two accounts becoming one. */
#include "store/address.h"

#include "store_badges.h"

static struct slice
at(struct fixture *f, const char *name)
{
    return arena_printf(f->a, "%s@example.org", name);
}

static struct user
with_addresses(struct fixture *f, const char *first, const char *second)
{
    struct user user = a_user(f, first);

    OK(store_address_add(f->db, user.id, at(f, second), &f->e));
    return user;
}

/* "a*,b": the addresses' names in order, the primary one marked. */
static const char *
list_of(struct fixture *f, uint64_t user)
{
    struct address *all;
    struct slice    text = SL(""), name, rest;
    size_t          count;

    OK(store_address_list(f->db, user, &all, &count, &f->e));
    for (size_t i = 0; i < count; i++) {
        rest = all[i].email;
        slice_next(&rest, '@', &name);
        text = arena_printf(f->a, "%.*s%s%.*s%s", SLICE_FMT(text), i > 0 ? "," : "",
                            SLICE_FMT(name), all[i].primary ? "*" : "");
    }
    return text.n > 0 ? text.p : "";
}

static void
every_address_of_a_person_finds_them(void **state)
{
    struct fixture *f = *state;
    struct user     user = with_addresses(f, "school", "home"), found;
    struct slice   *emails;
    size_t          count;

    OK(store_user_for_email(f->db, at(f, "HOME"), &found, &f->e));
    assert_int_equal(found.id, user.id);
    assert_slice_equal(found.email, at(f, "school"));
    OK(store_user_emails(f->db, user.id, &emails, &count, &f->e));
    assert_int_equal(count, 2);
    assert_string_equal(list_of(f, user.id), "school*,home");
    OK(store_address_add(f->db, user.id, at(f, "Home"), &f->e)); /* again: nothing changes */
    assert_string_equal(list_of(f, user.id), "school*,home");
    OK(store_address_set_primary(f->db, user.id, at(f, "home"), &f->e));
    assert_string_equal(list_of(f, user.id), "school,home*");
    OK(store_user_by_id(f->db, user.id, &found, &f->e));
    assert_slice_equal(found.email, at(f, "home"));
}

static void
an_address_belongs_to_one_person(void **state)
{
    struct fixture        *f = *state;
    struct user            one = a_user(f, "one"), other = a_user(f, "other");
    struct address_removal removal;
    uint64_t               owner;

    assert_int_equal(store_address_add(f->db, one.id, at(f, "OTHER"), &f->e), ERR_STORE_DUPLICATE);
    assert_int_equal(store_address_set_primary(f->db, one.id, at(f, "other"), &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_address_look(f->db, one.id, at(f, "other"), &removal, &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_address_remove(f->db, one.id, at(f, "other"), &removal, &f->e),
                     ERR_NOT_FOUND);
    assert_string_equal(list_of(f, other.id), "other*");
    OK(store_address_owner(f->db, at(f, "Other"), &owner, &f->e));
    assert_int_equal(owner, other.id);
    OK(store_address_owner(f->db, at(f, "nobody's"), &owner, &f->e));
    assert_int_equal(owner, 0);
}

/* Several processes at once, each for a person of its own: one gets the address. */
static void
of_many_that_add_an_address_at_once_one_gets_it(void **state)
{
    struct fixture *f = *state;
    struct user     users[6];
    pid_t           children[COUNT_OF(users)];
    int             got = 0;

    for (size_t i = 0; i < COUNT_OF(users); i++)
        users[i] = a_user(f, arena_printf(f->a, "racer%zu", i).p);
    for (size_t i = 0; i < COUNT_OF(children); i++)
        if ((children[i] = fork()) == 0) {
            struct db    *db = db_lease(store_new(f->conf), arena_new(), SLICE_NONE, true);
            enum err_code rc = db_ping(db, &f->e);

            if (rc == ERR_NONE)
                rc = store_address_add(db, users[i].id, SL("raced@example.org"), &f->e);
            _exit(rc == ERR_NONE ? 1 : rc == ERR_STORE_DUPLICATE ? 0 : 3);
        }
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        int status;

        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 3);
        got += WEXITSTATUS(status);
    }
    assert_int_equal(got, 1);
}

static void
the_number_of_addresses_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct user     user = a_user(f, "many0");

    for (int i = 1; i < LIMIT_EMAILS; i++)
        OK(store_address_add(f->db, user.id, at(f, arena_printf(f->a, "many%d", i).p), &f->e));
    assert_int_equal(store_address_add(f->db, user.id, at(f, "one-too-many"), &f->e), ERR_CONFLICT);
}

static void
the_only_address_stays(void **state)
{
    struct fixture        *f = *state;
    struct user            user = with_addresses(f, "first", "second"), found;
    struct address_removal removal;

    OK(store_address_look(f->db, user.id, at(f, "first"), &removal, &f->e));
    assert_slice_equal(removal.primary, at(f, "second"));
    OK(store_address_remove(f->db, user.id, at(f, "FIRST"), &removal, &f->e));
    assert_slice_equal(removal.email, at(f, "first"));
    assert_string_equal(list_of(f, user.id), "second*");
    OK(store_user_by_id(f->db, user.id, &found, &f->e));
    assert_slice_equal(found.email, at(f, "second"));
    assert_int_equal(store_address_look(f->db, user.id, at(f, "second"), &removal, &f->e),
                     ERR_CONFLICT);
    assert_int_equal(store_address_remove(f->db, user.id, at(f, "second"), &removal, &f->e),
                     ERR_CONFLICT);
    OK(store_user_for_email(f->db, at(f, "first"), &found, &f->e)); /* somebody else's now */
    assert_int_not_equal(found.id, user.id);
}

static struct slice
email_of_badge(struct fixture *f, uint64_t user, uint64_t id)
{
    struct badge_full badge;

    OK(store_badge_get(f->db, user, id, &badge, &f->e));
    return badge.email;
}

static void
badges_of_an_address_that_is_given_up_stay_and_know_it(void **state)
{
    struct fixture        *f = *state;
    struct user            user = with_addresses(f, "pupil", "grown"), found;
    struct address_removal removal;
    struct badge_new       late = new_badge(f, user, 3);
    uint64_t               one = add_badge(f, user, 1), two = add_badge(f, user, 2), id;

    OK(store_address_remove(f->db, user.id, at(f, "pupil"), &removal, &f->e));
    assert_int_equal(removal.badges, 2);
    assert_slice_equal(email_of_badge(f, user.id, one), at(f, "pupil"));
    assert_int_equal(store_badge_add(f->db, user.id, &late, &id, &f->e), ERR_RECIPIENT_MISMATCH);
    OK(store_address_add(f->db, user.id, at(f, "newest"), &f->e));
    assert_slice_equal(email_of_badge(f, user.id, one),
                       at(f, "pupil")); /* no number is used twice */
    OK(store_badge_remove(f->db, user.id, one, &f->e));
    assert_slice_equal(email_of_badge(f, user.id, two), at(f, "pupil"));
    OK(store_user_for_email(f->db, at(f, "pupil"), &found, &f->e));
    assert_int_not_equal(found.id, user.id);
    OK(store_badge_remove(f->db, user.id, two, &f->e));
    assert_int_equal(root_number("SELECT COUNT(*) FROM former_email WHERE email_key LIKE 'pupil%'"),
                     0);
}

static void
an_address_that_comes_back_has_its_badges_again(void **state)
{
    struct fixture        *f = *state;
    struct user            user = with_addresses(f, "left", "kept");
    struct address_removal removal;
    uint64_t               badge = add_badge(f, user, 1);

    OK(store_address_remove(f->db, user.id, at(f, "left"), &removal, &f->e));
    OK(store_address_add(f->db, user.id, at(f, "LEFT"), &f->e));
    assert_slice_equal(email_of_badge(f, user.id, badge), at(f, "LEFT"));
    OK(store_address_look(f->db, user.id, at(f, "left"), &removal, &f->e));
    assert_int_equal(removal.badges, 1);
    assert_int_equal(root_number("SELECT COUNT(*) FROM former_email WHERE email_key LIKE 'left%'"),
                     0);
}

static void
sign_in_links_of_an_address_end_with_it(void **state)
{
    struct fixture   *f = *state;
    struct user       user = with_addresses(f, "linked", "unlinked"), other = a_user(f, "asks");
    struct signin_ask ask = { at(f, "linked"), SL("l1"), SL("1"), SL("b"), SL(""), 0 };
    struct signin     found;
    struct address_removal removal;

    OK(store_signin_add(f->db, &ask, SL("s"), SL("t"), &f->e));
    ask.token = SL("l2");
    ask.user = other.id;
    OK(store_signin_add(f->db, &ask, SL("s"), SL("t"), &f->e)); /* makes no other's invalid */
    OK(store_signin_peek(f->db, 0, SL("l1"), &found, &f->e));
    assert_int_equal(store_signin_peek(f->db, 0, SL("l2"), &found, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_signin_use(f->db, user.id, SL("l2"), &found, &f->e), ERR_NOT_FOUND);
    OK(store_address_remove(f->db, user.id, at(f, "linked"), &removal, &f->e));
    assert_int_equal(store_signin_peek(f->db, 0, SL("l1"), &found, &f->e), ERR_NOT_FOUND);
    OK(store_signin_peek(f->db, other.id, SL("l2"), &found, &f->e));
}

/* ---- merging ------------------------------------------------------------------------------------ */

/* The same badge as another's, which both have: by an address that was first one's and then the other's. */
static uint64_t
add_same(struct fixture *f, struct user owner, struct user user, int n)
{
    struct badge_new badge = new_badge(f, owner, n);
    uint64_t         id = 0;

    badge.email = user.email;
    OK(store_badge_add(f->db, user.id, &badge, &id, &f->e));
    return id;
}

static struct slice
show(struct fixture *f, struct user user, uint64_t badge, enum visibility visibility)
{
    struct slice path;

    OK(store_badge_set_visibility(f->db, user.id, badge, visibility, &path, &f->e));
    return path;
}

static uint64_t
collect(struct fixture *f, struct user user, uint64_t badge, struct slice *ret_path)
{
    struct collection c;
    uint64_t          id;

    OK(store_collection_add(f->db, user.id, SL("C"), SL(""), VISIBILITY_PUBLIC, &id, &f->e));
    OK(store_collection_put_badge(f->db, user.id, id, badge, &f->e));
    OK(store_collection_get(f->db, user.id, id, &c, &f->e));
    *ret_path = c.path;
    return id;
}

static void
everything_of_one_becomes_the_others(void **state)
{
    struct fixture        *f = *state;
    struct user            into = with_addresses(f, "into", "into2"), found;
    struct user            from = with_addresses(f, "from", "from2");
    struct address_removal removal;
    uint64_t               own = add_badge(f, into, 1), moved = add_badge(f, from, 2), alias;
    uint64_t               was = add_badge(f, from, 4), collection;
    struct slice           path, page = show(f, from, moved, VISIBILITY_LINK);
    struct badge_full      badge;
    struct badge_row      *rows;
    struct collection      c;
    struct merge           m;
    struct session         session;
    size_t                 count;

    OK(store_address_set_primary(f->db, into.id, at(f, "into2"), &f->e));
    OK(store_address_remove(f->db, from.id, at(f, "from"), &removal, &f->e));
    collection = collect(f, from, moved, &path);
    OK(store_session_add(f->db, from.id, SL("from's"), SL(""), &f->e));
    OK(store_user_set_findable(f->db, from.id, false, &f->e));
    OK(store_merge_look(f->db, into.id, from.id, &m, &f->e));
    assert_int_equal(m.badges, 2);
    assert_int_equal(m.collections, 1);
    assert_int_equal(m.addresses, 1);
    assert_int_equal(m.both, 0);
    assert_true(m.fits);
    OK(store_merge(f->db, into.id, from.id, at(f, "from2"), &f->e));

    assert_string_equal(list_of(f, into.id), "into,into2*,from2");
    OK(store_badge_list(f->db, into.id, 0, 10, &rows, &count, &f->e));
    assert_int_equal(count, 3);
    assert_slice_equal(email_of_badge(f, into.id, own), at(f, "into"));
    assert_slice_equal(email_of_badge(f, into.id, was), at(f, "from")); /* given up before */
    OK(store_badge_by_path(f->db, page, &badge, &f->e));
    assert_int_equal(badge.user, into.id);
    assert_int_equal(badge.row.id, moved);
    assert_slice_equal(badge.report, SL("{\"valid\":true}"));
    OK(store_collection_by_path(f->db, path, &c, &f->e));
    assert_int_equal(c.user, into.id);
    assert_int_equal(c.id, collection);
    assert_int_equal(c.badge_count, 1);
    assert_int_equal(store_session_find(f->db, SL("from's"), &session, &found, &f->e),
                     ERR_NOT_FOUND);
    OK(store_user_by_id(f->db, into.id, &found, &f->e));
    assert_false(found.findable); /* whoever switched it off at one meant themselves */
    assert_int_equal(store_user_by_id(f->db, from.id, &found, &f->e), ERR_NOT_FOUND);
    OK(store_user_alias(f->db, from.id, &alias, &f->e));
    assert_int_equal(alias, into.id);
    assert_int_equal(store_merge(f->db, into.id, from.id, from.email, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_merge(f->db, into.id, into.id, into.email, &f->e), ERR_NOT_FOUND);
}

/* Only who reads an address's mail says yes for its account: not for one that has given it up meanwhile. */
static void
an_address_that_is_given_up_merges_nothing(void **state)
{
    struct fixture        *f = *state;
    struct user            into = a_user(f, "reads"), from = a_user(f, "keeps");
    struct address_removal removal;
    struct slice           given_up = at(f, "given-up");
    uint64_t               owner;

    OK(store_address_add(f->db, from.id, given_up, &f->e));
    OK(store_address_remove(f->db, from.id, given_up, &removal, &f->e));
    assert_int_equal(store_merge(f->db, into.id, from.id, given_up, &f->e), ERR_NOT_FOUND);
    OK(store_address_add(f->db, into.id, given_up, &f->e));
    assert_int_equal(store_merge(f->db, into.id, from.id, given_up, &f->e), ERR_NOT_FOUND);
    OK(store_address_owner(f->db, from.email, &owner, &f->e));
    assert_int_equal(owner, from.id);
}

static void
a_badge_that_both_have_stays_once_wherever_it_was_shown(void **state)
{
    struct fixture   *f = *state;
    struct user       into = a_user(f, "keeps"), from = a_user(f, "gives");
    uint64_t          kept = add_badge(f, into, 10), same = add_same(f, into, from, 10);
    uint64_t          both = add_badge(f, into, 11), both2 = add_same(f, into, from, 11), id;
    struct slice      path, page = show(f, from, same, VISIBILITY_PUBLIC);
    struct slice      own_page = show(f, into, both, VISIBILITY_LINK);
    struct slice      other_page = show(f, from, both2, VISIBILITY_PUBLIC);
    struct badge_full badge;
    struct badge_row *rows;
    struct merge      m;
    size_t            count;
    long              broken;

    id = collect(f, from, same, &path);
    OK(store_merge_look(f->db, into.id, from.id, &m, &f->e));
    assert_int_equal(m.both, 2);
    OK(store_merge(f->db, into.id, from.id, from.email, &f->e));
    OK(store_badge_list(f->db, into.id, 0, 10, &rows, &count, &f->e));
    assert_int_equal(count, 2);
    OK(store_badge_by_path(f->db, page, &badge, &f->e)); /* the one that stays had no page */
    assert_int_equal(badge.row.id, kept);
    OK(store_badge_by_path(f->db, own_page, &badge, &f->e));
    assert_int_equal(badge.row.id, both);
    assert_int_equal(badge.row.visibility, VISIBILITY_PUBLIC);
    assert_int_equal(store_badge_by_path(f->db, other_page, &badge, &f->e), ERR_NOT_FOUND);
    OK(store_collection_badges(f->db, into.id, id, &rows, &count, &f->e));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].id, kept);
    /* What is shared is counted as often as it is used. */
    broken = root_number("SELECT COUNT(*) FROM shared s WHERE s.uses <>"
                         " (SELECT COUNT(*) FROM badge WHERE class_id = s.id) +"
                         " (SELECT COUNT(*) FROM badge WHERE picture_id = s.id) +"
                         " (SELECT COUNT(*) FROM badge_document WHERE document_id = s.id)");
    assert_int_equal(broken, 0);
}

/* Ids are drawn for one person. */
static void
two_things_with_one_id_stay_two(void **state)
{
    struct fixture    *f = *state;
    struct user        into = a_user(f, "ids-into"), from = a_user(f, "ids-from");
    uint64_t           kept = add_badge(f, into, 1), moved = add_badge(f, from, 2), near, group;
    struct slice       page = show(f, from, moved, VISIBILITY_LINK), path, own;
    struct badge_full  badge;
    struct badge_row  *rows;
    struct collection *all;
    size_t             count;

    collect(f, into, kept, &own);
    group = collect(f, from, moved, &path);
    near = add_badge(f, into, 3);
    for (size_t i = 0; i < 3; i++) { /* all that `from` has gets the ids of what `into` has */
        static const char *const names[][2] = { { "badge", "id" },
                                                { "badge_report", "badge_id" },
                                                { "badge_path", "badge_id" } };

        server_sql("primary",
                   arena_printf(f->a, "UPDATE %s SET %s = %llu WHERE user_id = %llu", names[i][0],
                                names[i][1], (unsigned long long)kept, (unsigned long long)from.id)
                       .p);
    }
    server_sql("primary",
               arena_printf(f->a,
                            "UPDATE badge SET id = %llu + 1 WHERE user_id = %llu AND id = %llu;"
                            "UPDATE badge_report SET badge_id = %llu + 1 WHERE badge_id = %llu;"
                            "UPDATE collection_badge SET badge_id = %llu WHERE user_id = %llu;"
                            "UPDATE collection SET id = (SELECT id FROM (SELECT id FROM collection"
                            " WHERE user_id = %llu) c) WHERE id = %llu;"
                            "UPDATE collection_badge SET collection_id = (SELECT id FROM collection"
                            " WHERE user_id = %llu) WHERE user_id = %llu",
                            (unsigned long long)kept, (unsigned long long)into.id,
                            (unsigned long long)near, (unsigned long long)kept,
                            (unsigned long long)near, (unsigned long long)kept,
                            (unsigned long long)from.id, (unsigned long long)into.id,
                            (unsigned long long)group, (unsigned long long)into.id,
                            (unsigned long long)from.id)
                   .p);
    OK(store_merge(f->db, into.id, from.id, from.email, &f->e));
    OK(store_badge_list(f->db, into.id, 0, 10, &rows, &count, &f->e));
    assert_int_equal(count, 3);
    OK(store_badge_by_path(f->db, page, &badge, &f->e));
    assert_int_equal(badge.user, into.id);
    assert_int_equal(badge.row.id, kept + 2); /* the next is the own other badge's */
    assert_slice_equal(badge.hosted_url, SL("https://issuer.example/a/2"));
    assert_slice_equal(badge.report, SL("{\"valid\":true}"));
    OK(store_collection_list(f->db, into.id, VISIBILITY_PRIVATE, &all, &count, &f->e));
    assert_int_equal(count, 2);
    assert_int_equal(all[0].badge_count, 1);
    assert_int_equal(all[1].badge_count, 1);
    for (size_t i = 0; i < 2; i++) {
        OK(store_collection_badges(f->db, into.id, all[i].id, &rows, &count, &f->e));
        assert_int_equal(count, 1);
        assert_int_equal(rows[0].id, slice_eq(all[i].path, path) ? kept + 2 : kept);
    }
}

static void
an_address_that_one_gave_up_and_the_other_has_is_one(void **state)
{
    struct fixture        *f = *state;
    struct user            into = with_addresses(f, "gone", "stays"), from;
    struct address_removal removal;
    uint64_t               badge = add_badge(f, into, 1);

    OK(store_address_remove(f->db, into.id, at(f, "gone"), &removal, &f->e));
    from = a_user(f, "gone");
    OK(store_merge(f->db, into.id, from.id, from.email, &f->e));
    OK(store_address_look(f->db, into.id, at(f, "gone"), &removal, &f->e));
    assert_int_equal(removal.badges, 1);
    assert_slice_equal(email_of_badge(f, into.id, badge), at(f, "gone"));
}

static void
an_account_that_was_merged_twice_is_found_at_the_last(void **state)
{
    struct fixture *f = *state;
    struct user     a = a_user(f, "chain-a"), b = a_user(f, "chain-b"), c = a_user(f, "chain-c");
    uint64_t        alias;

    OK(store_merge(f->db, b.id, a.id, a.email, &f->e));
    OK(store_merge(f->db, c.id, b.id, b.email, &f->e));
    OK(store_user_alias(f->db, a.id, &alias, &f->e));
    assert_int_equal(alias, c.id);
    OK(store_user_remove(f->db, c.id, &f->e));
    assert_int_equal(store_user_alias(f->db, a.id, &alias, &f->e), ERR_NOT_FOUND);
}

static void
what_does_not_fit_into_one_account_stays_two(void **state)
{
    struct fixture *f = *state;
    struct user     into = a_user(f, "full"), from = a_user(f, "half");
    struct merge    m;

    server_sql(
        "primary",
        arena_printf(f->a,
                     "INSERT INTO collection SELECT %llu, seq, 0, CONCAT('p', seq), 'C', '', 1"
                     " FROM seq_1_to_1000",
                     (unsigned long long)into.id)
            .p);
    OK(store_merge_look(f->db, into.id, from.id, &m, &f->e));
    assert_true(m.fits);
    OK(store_collection_add(f->db, from.id, SL("C"), SL(""), VISIBILITY_PRIVATE, &(uint64_t){ 0 },
                            &f->e));
    OK(store_merge_look(f->db, into.id, from.id, &m, &f->e));
    assert_false(m.fits);
    assert_int_equal(store_merge(f->db, into.id, from.id, from.email, &f->e), ERR_TOO_LARGE);
    assert_string_equal(list_of(f, from.id), "half*");
}

static void
neither_do_their_ways_in_and_their_sites(void **state)
{
    /* Of a user, by number: a hash that no other's has, who, and which. */
    static const struct {
        const char *into, *columns;
        int         most;
    } kinds[] = {
        { "passkey (credential_hash, user_id, id, credential, algorithm, public_key, count, name,"
          " created_at_s)",
          "UNHEX(SHA2(CONCAT(@u, seq), 256)), @u, seq, 'c', -7, 'k', 0, 'n', 1", LIMIT_PASSKEYS },
        { "oidc_identity", "'https://id.example', CONCAT(@u, seq), @u, seq, '', 1",
          LIMIT_IDENTITIES },
        { "connect_grant (user_id, id, origin, scope, created_at_s)",
          "@u, seq, CONCAT('https://', IF(seq = 1, '', @u), seq, '.example'), 'issue', 1",
          LIMIT_SITES },
    };
    struct fixture *f = *state;
    struct merge    m;

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct user users[2] = { a_user(f, arena_printf(f->a, "ways%zu", i).p),
                                 a_user(f, arena_printf(f->a, "other-ways%zu", i).p) };
        /* The site that both have counts once. */
        int counts[2] = { kinds[i].most - 2, i == 2 ? 3 : 2 };

        for (size_t k = 0; k < 2; k++)
            server_sql("primary",
                       arena_printf(f->a,
                                    "SET @u = %llu; INSERT INTO %s SELECT %s FROM seq_1_to_%d",
                                    (unsigned long long)users[k].id, kinds[i].into,
                                    kinds[i].columns, counts[k])
                           .p);
        OK(store_merge_look(f->db, users[0].id, users[1].id, &m, &f->e));
        assert_true(m.fits);
        server_sql("primary",
                   arena_printf(f->a,
                                "SET @u = %llu; INSERT INTO %s SELECT %s FROM seq_1000_to_1000",
                                (unsigned long long)users[1].id, kinds[i].into, kinds[i].columns)
                       .p);
        OK(store_merge_look(f->db, users[0].id, users[1].id, &m, &f->e));
        assert_false(m.fits);
    }
}

/* Each way round at once, many times: one of them happens, and no account is lost. */
static void
two_merges_at_once_leave_one_account(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 6; round++) {
        struct user users[2] = { a_user(f, arena_printf(f->a, "left%d", round).p),
                                 a_user(f, arena_printf(f->a, "right%d", round).p) };
        pid_t       children[2];
        int         merged = 0;
        uint64_t    owner, other;

        add_badge(f, users[0], 1);
        add_badge(f, users[1], 2);
        for (size_t i = 0; i < 2; i++)
            if ((children[i] = fork()) == 0) {
                struct db    *db = db_lease(store_new(f->conf), arena_new(), SLICE_NONE, true);
                enum err_code rc = db_ping(db, &f->e);

                if (rc == ERR_NONE)
                    rc = store_merge(db, users[i].id, users[1 - i].id, users[1 - i].email, &f->e);
                _exit(rc == ERR_NONE ? 1 : rc == ERR_NOT_FOUND || rc == ERR_STORE_CONFLICT ? 0 : 3);
            }
        for (size_t i = 0; i < 2; i++) {
            int status;

            waitpid(children[i], &status, 0);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 3);
            merged += WEXITSTATUS(status);
        }
        assert_int_equal(merged, 1);
        OK(store_address_owner(f->db, users[0].email, &owner, &f->e));
        OK(store_address_owner(f->db, users[1].email, &other, &f->e));
        assert_int_equal(owner, other);
        OK(store_badge_count(f->db, owner, &other, &f->e));
        assert_int_equal(other, 2);
    }
}

/* The text with the table's name at its mark. */
static struct slice
way(struct fixture *f, const char *text, struct slice table)
{
    struct slice rest = slice_str(text), before;
    size_t       at;

    assert_true(slice_find(rest, SL("@"), &at));
    before = slice_first(rest, at);
    return arena_printf(f->a, "%.*s%.*s%.*s", SLICE_FMT(before), SLICE_FMT(table),
                        SLICE_FMT(slice_from(rest, at + 1)));
}

/* A new table with a user_id has to say what becomes of it. */
static void
every_table_of_a_person_is_moved_and_removed(void **state)
{
    /* What is not moved. */
    static const struct slice ends[] = { SL("session"), SL("signin"), SL("oidc_state") };
    struct fixture           *f = *state;
    struct slice              merge_text, remove_text, names, table;
    size_t                    at_byte, tables = 0;
    FILE                     *p;
    char                      line[4096] = "";

    OK(file_read(f->a, SL(OBI_SOURCE_DIR "/src/store/merge.c"), MIB, &merge_text, &f->e));
    OK(file_read(f->a, SL(OBI_SOURCE_DIR "/src/store/remove.c"), MIB, &remove_text, &f->e));
    snprintf(line, sizeof line,
             "echo \"SELECT table_name FROM information_schema.columns WHERE table_schema = 'obi'"
             " AND column_name = 'user_id'\" | mariadb --no-defaults -uroot -S %s/primary.sock -BN",
             test_dir);
    p = popen(line, "r");
    assert_non_null(p);
    line[fread(line, 1, sizeof line - 1, p)] = '\0';
    pclose(p);
    names = slice_str(line);
    while (slice_next(&names, '\n', &table)) {
        static const char *const ways[] = { "UPDATE @ SET", "MOVE(\"@\")", "MOVE_PART(\"@\")",
                                            "JOIN @ b LEFT JOIN" };
        bool                     said = false;

        if (table.n == 0)
            continue;
        tables++;
        for (size_t i = 0; i < COUNT_OF(ends); i++)
            said = said || slice_eq(table, ends[i]);
        for (size_t i = 0; i < COUNT_OF(ways); i++)
            said = said || slice_find(merge_text, way(f, ways[i], table), &at_byte);
        if (!said)
            fail_msg("merge.c does not move %.*s", SLICE_FMT(table));
        if (!slice_find(remove_text, arena_printf(f->a, " %.*s WHERE user_id", SLICE_FMT(table)),
                        &at_byte))
            fail_msg("remove.c does not remove %.*s", SLICE_FMT(table));
    }
    assert_true(tables >= 12);
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
        cmocka_unit_test(every_address_of_a_person_finds_them),
        cmocka_unit_test(an_address_belongs_to_one_person),
        cmocka_unit_test(of_many_that_add_an_address_at_once_one_gets_it),
        cmocka_unit_test(the_number_of_addresses_is_bounded),
        cmocka_unit_test(the_only_address_stays),
        cmocka_unit_test(badges_of_an_address_that_is_given_up_stay_and_know_it),
        cmocka_unit_test(an_address_that_comes_back_has_its_badges_again),
        cmocka_unit_test(sign_in_links_of_an_address_end_with_it),
        cmocka_unit_test(everything_of_one_becomes_the_others),
        cmocka_unit_test(an_address_that_is_given_up_merges_nothing),
        cmocka_unit_test(a_badge_that_both_have_stays_once_wherever_it_was_shown),
        cmocka_unit_test(two_things_with_one_id_stay_two),
        cmocka_unit_test(an_address_that_one_gave_up_and_the_other_has_is_one),
        cmocka_unit_test(an_account_that_was_merged_twice_is_found_at_the_last),
        cmocka_unit_test(what_does_not_fit_into_one_account_stays_two),
        cmocka_unit_test(neither_do_their_ways_in_and_their_sites),
        cmocka_unit_test(two_merges_at_once_leave_one_account),
        cmocka_unit_test(every_table_of_a_person_is_moved_and_removed),
    };

    return RUN_TAP_WITH(tests, begin);
}

/* People, sessions, sign-in links, limits, mails. */
#include "store_badges.h"

#include "core/rand.h"
#include "store/address.h"
#include "store/push.h"

static void
every_statement_fits_the_schema(void **state)
{
    struct fixture *f = *state;

    OK(store_check_schema(f->db, &f->e));
}

static void
migrations_are_applied_once(void **state)
{
    struct fixture *f = *state;
    struct store   *owner = store_new_as_owner(f->conf);
    struct db      *db = db_lease(owner, f->request, SLICE_NONE, true);

    OK(store_migrate(db, SL(OBI_SOURCE_DIR "/schema"), NULL, NULL, &f->e));
    store_free(owner);
}

static void
count_said(struct slice name, void *self)
{
    int *said = self;

    assert_true(slice_ends(name, SL(".sql")));
    ++*said;
}

/* On a database with nothing in it, several at once: each ends well, and each file is said by one of them. */
static void
migrations_at_once_are_applied_once(void **state)
{
    struct fixture *f = *state;
    pid_t           children[3];
    int             said = 0;

    arena_empty(f->request);
    server_sql("primary", "DROP DATABASE obi; CREATE DATABASE obi");
    for (size_t i = 0; i < COUNT_OF(children); i++)
        if ((children[i] = fork()) == 0) {
            struct db *db = db_lease(store_new_as_owner(f->conf), arena_new(), SLICE_NONE, true);

            if (store_migrate(db, SL(OBI_SOURCE_DIR "/schema"), count_said, &said, &f->e) !=
                ERR_NONE)
                _exit(100);
            _exit(said);
        }
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        int status;

        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 100);
        said += WEXITSTATUS(status);
    }
    next_request(f, SLICE_NONE, true);
    OK(store_check_schema(f->db, &f->e));
    assert_true(said >= 1);
    assert_int_equal(said, root_number("SELECT COUNT(*) FROM migration"));
}

static void
workers_may_not_change_the_schema(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_migrate(f->db, SL(OBI_SOURCE_DIR "/schema"), NULL, NULL, &f->e),
                     ERR_STORE_FAULT);
}

static void
an_address_is_kept_as_typed_and_found_in_any_case(void **state)
{
    struct fixture *f = *state;
    struct user     made = { 0 }, again = { 0 }, by_id;
    struct slice   *emails;
    size_t          count;

    OK(store_user_for_email(f->db, SL("Ann.Example@Example.org"), &made, &f->e));
    OK(store_user_for_email(f->db, SL("ann.example@example.ORG"), &again, &f->e));
    assert_int_equal(made.id, again.id);
    assert_slice_equal(again.email, SL("Ann.Example@Example.org"));
    assert_true(made.id < 1ULL << 53);
    OK(store_user_by_id(f->db, made.id, &by_id, &f->e));
    assert_true(by_id.findable);
    OK(store_user_emails(f->db, made.id, &emails, &count, &f->e));
    assert_int_equal(count, 1);
    assert_slice_equal(emails[0], SL("Ann.Example@Example.org"));
}

static void
addresses_are_compared_as_bytes(void **state)
{
    struct fixture *f = *state;
    struct user     found;

    OK(store_user_for_email(f->db, SL("jose@example.org"), &found, &f->e));
    assert_int_equal(store_user_by_email(f->db, SL("jos\xC3\xA9@example.org"), &found, &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_user_by_email(f->db, SL("jose@example.org "), &found, &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_user_by_email(f->db, SL("' OR ''='"), &found, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_user_by_email(f->db, SL("jose@example.or_"), &found, &f->e),
                     ERR_NOT_FOUND);
}

static void
an_address_that_is_none_makes_nobody(void **state)
{
    struct fixture *f = *state;
    struct user     found;
    struct slice    longest = { arena_alloc(f->a, LIMIT_EMAIL_BYTES + 1), LIMIT_EMAIL_BYTES + 1 };

    assert_int_equal(store_user_for_email(f->db, SL(""), &found, &f->e), ERR_FIELD_INVALID);
    assert_int_equal(store_user_for_email(f->db, longest, &found, &f->e), ERR_FIELD_INVALID);
}

static void
a_list_of_users_goes_on_behind_the_last(void **state)
{
    struct fixture *f = *state;
    struct user    *users, *rest;
    size_t          count, rest_count;

    a_user(f, "list1");
    a_user(f, "list2");
    OK(store_user_list(f->db, 0, 1, &users, &count, &f->e));
    assert_int_equal(count, 1);
    OK(store_user_list(f->db, users[0].id, 1000, &rest, &rest_count, &f->e));
    assert_true(rest_count >= 1);
    for (size_t i = 0; i < rest_count; i++)
        assert_true(rest[i].id > users[0].id);
}

static void
every_write_raises_the_users_version(void **state)
{
    struct fixture *f = *state;
    struct user     user = a_user(f, "version"), now;

    OK(store_user_set_findable(f->db, user.id, false, &f->e));
    OK(store_user_by_id(f->db, user.id, &now, &f->e));
    assert_int_equal(now.version, user.version + 1);
    assert_false(now.findable);
    assert_int_equal(store_user_set_findable(f->db, 12345, true, &f->e), ERR_NOT_FOUND);
}

static void
a_session_is_found_by_its_token_until_it_ends(void **state)
{
    struct fixture *f = *state;
    struct user     user = a_user(f, "session"), other = a_user(f, "session2"), found;
    struct session  session, *all;
    size_t          count;

    OK(store_session_add(f->db, user.id, SL("the token"), SL("A browser"), &f->e));
    assert_int_equal(store_session_find(f->db, SL("the toke"), &session, &found, &f->e),
                     ERR_NOT_FOUND);
    OK(store_session_find(f->db, SL("the token"), &session, &found, &f->e));
    assert_int_equal(found.id, user.id);
    assert_slice_equal(found.email, user.email);
    assert_slice_equal(session.user_agent, SL("A browser"));
    OK(store_session_list(f->db, user.id, &all, &count, &f->e));
    assert_int_equal(count, 1);
    assert_int_equal(all[0].id, session.id);
    assert_int_equal(store_session_end(f->db, other.id, session.id, &f->e), ERR_NOT_FOUND);
    OK(store_session_end(f->db, user.id, session.id, &f->e));
    assert_int_equal(store_session_find(f->db, SL("the token"), &session, &found, &f->e),
                     ERR_NOT_FOUND);
}

static void
a_session_lasts_from_its_last_use_and_is_swept_after(void **state)
{
    struct fixture *f = *state;
    struct user     user = a_user(f, "lasting"), found;
    struct session  session;
    int64_t         ttl_s = f->conf->session_ttl_s;
    uint64_t        removed;

    OK(store_session_add(f->db, user.id, SL("lasting"), SL(""), &f->e));
    move_clock(f, ttl_s - 10);
    OK(store_session_find(f->db, SL("lasting"), &session, &found, &f->e));
    move_clock(f, 2 * ttl_s - 20);
    OK(store_session_find(f->db, SL("lasting"), &session, &found, &f->e));
    move_clock(f, 4 * ttl_s);
    assert_int_equal(store_session_find(f->db, SL("lasting"), &session, &found, &f->e),
                     ERR_NOT_FOUND);
    OK(store_sweep(f->db, &removed, &f->e));
    assert_true(removed >= 1);
    move_clock(f, 0);
    assert_int_equal(store_session_find(f->db, SL("lasting"), &session, &found, &f->e),
                     ERR_NOT_FOUND);
}

static enum err_code
ask(struct fixture *f, struct slice email, struct slice token)
{
    struct signin_ask ask = { email, token, SL("123456"), SL("browser"), SL("/claim?a=b"), 0 };

    return store_signin_add(f->db, &ask, SL("s"), SL("t"), &f->e);
}

static enum err_code
try_code(struct fixture *f, const char *browser, const char *code, uint64_t *ret_left)
{
    struct signin found;

    return store_signin_try(f->db, 0, SL("code@example.org"), slice_str(browser), slice_str(code),
                            &found, ret_left, &f->e);
}

static void
a_code_works_in_the_browser_that_asked_for_three_tries(void **state)
{
    struct fixture *f = *state;
    struct signin   found;
    uint64_t        left;

    OK(ask(f, SL("code@example.org"), SL("with a code")));
    for (int i = 0; i < 4; i++)
        assert_int_equal(try_code(f, "another browser", "123456", &left), ERR_NOT_FOUND);
    assert_int_equal(try_code(f, "browser", "654321", &left), ERR_FIELD_INVALID);
    assert_int_equal(left, 2);
    OK(try_code(f, "browser", "123456", &left));
    assert_int_equal(try_code(f, "browser", "000000", &left), ERR_FIELD_INVALID);
    assert_int_equal(left, 0);
    assert_int_equal(try_code(f, "browser", "123456", &left), ERR_NOT_FOUND);
    OK(store_signin_peek(f->db, 0, SL("with a code"), &found, &f->e)); /* the link is still good */
    OK(ask(f, SL("code@example.org"), SL("another mail")));
    OK(try_code(f, "browser", "123456", &left));
    OK(store_signin_end(f->db, 0, SL("CODE@example.org"), SL("browser"), &f->e));
    assert_int_equal(store_signin_end(f->db, 0, SL("code@example.org"), SL("browser"), &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_signin_peek(f->db, 0, SL("another mail"), &found, &f->e), ERR_NOT_FOUND);
}

static void
an_assertion_is_used_once_until_it_expires(void **state)
{
    struct fixture *f = *state;
    struct sha256   once = sha256_of(SL("an assertion"));
    uint64_t        removed;

    OK(store_browserid_use(f->db, once, clock_now_s() + 120, &f->e));
    assert_int_equal(store_browserid_use(f->db, once, clock_now_s() + 120, &f->e),
                     ERR_STORE_DUPLICATE);
    OK(store_browserid_use(f->db, sha256_of(SL("another")), clock_now_s() + 120, &f->e));
    OK(store_sweep(f->db, &removed, &f->e));
    assert_int_equal(store_browserid_use(f->db, once, clock_now_s() + 120, &f->e),
                     ERR_STORE_DUPLICATE);
    move_clock(f, 125);
    OK(store_sweep(f->db, &removed, &f->e));
    assert_true(removed >= 2);
    OK(store_browserid_use(f->db, once, clock_now_s() + 120, &f->e));
    move_clock(f, 0);
}

static void
a_code_ends_with_its_link(void **state)
{
    struct fixture *f = *state;
    uint64_t        left;

    OK(ask(f, SL("code@example.org"), SL("a late code")));
    move_clock(f, f->conf->signin_link_ttl_s + 5);
    assert_int_equal(try_code(f, "browser", "123456", &left), ERR_NOT_FOUND);
    move_clock(f, 0);
}

static void
a_new_link_makes_the_old_one_invalid(void **state)
{
    struct fixture *f = *state;
    struct signin   found;

    OK(ask(f, SL("link@example.org"), SL("old")));
    OK(ask(f, SL("LINK@example.org"), SL("new")));
    assert_int_equal(store_signin_peek(f->db, 0, SL("old"), &found, &f->e), ERR_NOT_FOUND);
    OK(store_signin_peek(f->db, 0, SL("new"), &found, &f->e));
    OK(store_signin_peek(f->db, 0, SL("new"), &found, &f->e));
    assert_slice_equal(found.email, SL("LINK@example.org"));
    assert_slice_equal(found.next, SL("/claim?a=b"));
    OK(store_signin_use(f->db, 0, SL("new"), &found, &f->e));
    assert_int_equal(store_signin_use(f->db, 0, SL("new"), &found, &f->e), ERR_NOT_FOUND);
    assert_int_equal(store_signin_peek(f->db, 0, SL("new"), &found, &f->e), ERR_NOT_FOUND);
}

static void
who_asks_elsewhere_for_a_mail_to_an_address_leaves_the_one_before_alone(void **state)
{
    struct fixture   *f = *state;
    struct signin_ask stranger = { SL("code@example.org"),
                                   SL("a stranger's"),
                                   SL("654321"),
                                   SL("a stranger's browser"),
                                   SL(""),
                                   0 };
    struct signin     found;
    uint64_t          left;

    OK(ask(f, SL("code@example.org"), SL("the asker's")));
    OK(store_signin_add(f->db, &stranger, SL("s"), SL("t"), &f->e));
    OK(store_signin_peek(f->db, 0, SL("the asker's"), &found, &f->e));
    OK(try_code(f, "browser", "123456", &left));
    OK(try_code(f, "a stranger's browser", "654321", &left));
    assert_int_equal(try_code(f, "a stranger's browser", "123456", &left), ERR_FIELD_INVALID);
    OK(store_signin_end(f->db, 0, SL("code@example.org"), SL("browser"), &f->e));
    OK(store_signin_use(f->db, 0, SL("a stranger's"), &found, &f->e));
}

static void
a_link_ends_after_its_time(void **state)
{
    struct fixture *f = *state;
    struct signin   found;

    OK(ask(f, SL("late@example.org"), SL("late")));
    move_clock(f, f->conf->signin_link_ttl_s - 5);
    OK(store_signin_peek(f->db, 0, SL("late"), &found, &f->e));
    move_clock(f, f->conf->signin_link_ttl_s + 5);
    assert_int_equal(store_signin_use(f->db, 0, SL("late"), &found, &f->e), ERR_NOT_FOUND);
    move_clock(f, 0);
}

/* How many of several processes that do it at once say that it went well. */
static int
of_many_at_once(struct fixture *f, enum err_code (*work)(struct db *, struct slice, struct err *),
                struct slice    arg)
{
    pid_t children[8];
    int   good = 0;

    for (size_t i = 0; i < COUNT_OF(children); i++)
        if ((children[i] = fork()) == 0) {
            struct arena *a = arena_new();
            struct store *s = store_new(f->conf);
            struct db    *db = db_lease(s, a, SLICE_NONE, true);

            if (db_ping(db, &f->e) != ERR_NONE)
                _exit(3);
            _exit(work(db, arg, &f->e) == ERR_NONE ? 1 : 0);
        }
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        int status;

        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 3);
        good += WEXITSTATUS(status);
    }
    return good;
}

static enum err_code
use_link(struct db *db, struct slice token, struct err *e)
{
    struct signin found;

    return store_signin_use(db, 0, token, &found, e);
}

static void
of_many_that_use_a_link_at_once_one_gets_it(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 5; round++) {
        struct slice token = arena_printf(f->a, "raced %d", round);

        OK(ask(f, SL("race@example.org"), token));
        assert_int_equal(of_many_at_once(f, use_link, token), 1);
    }
}

/* As every way of signing in does it. */
static enum err_code
sign_in_first(struct db *db, struct slice email, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    struct user               user;
    enum err_code             rc;

    if ((rc = tx_begin(db, &tx, e)) != ERR_NONE ||
        (rc = store_user_for_email(db, email, &user, e)) != ERR_NONE ||
        (rc = store_session_add(db, user.id, rand_token(arena_new()), SL("a browser"), e)) !=
            ERR_NONE)
        return rc;
    return tx_commit(&tx, e);
}

static void
of_many_that_sign_in_first_at_once_all_get_the_same_account(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 5; round++) {
        struct slice    email = arena_printf(f->a, "first-%d@example.org", round);
        struct session *all;
        struct user     user;
        size_t          count;

        assert_int_equal(of_many_at_once(f, sign_in_first, email), 8);
        OK(store_user_by_email(f->db, email, &user, &f->e));
        OK(store_session_list(f->db, user.id, &all, &count, &f->e));
        assert_int_equal(count, 8);
    }
}

static void
who_signs_in_by_an_address_while_it_is_given_up_is_not_in(void **state)
{
    struct fixture        *f = *state;
    struct slice           given_up = SL("given-up@example.org");
    struct user            user = a_user(f, "goes-on");
    struct tx              tx = { 0 };
    struct address_removal removed;
    struct session        *sessions;
    size_t                 count;
    uint64_t               owner;
    int                    status;
    pid_t                  child;

    OK(store_address_add(f->db, user.id, given_up, &f->e));
    OK(tx_begin(f->db, &tx, &f->e));
    OK(store_address_remove(f->db, user.id, given_up, &removed, &f->e));
    OK(store_session_end_others(f->db, user.id, 0, &f->e));
    if ((child = fork()) == 0)
        _exit(sign_in_first(db_lease(store_new(f->conf), arena_new(), SLICE_NONE, true), given_up,
                            &f->e));
    /* Until it waits for the removal, or is in without; what InnoDB says of that is up to 100 ms old. */
    while (waitpid(child, &status, WNOHANG) == 0 &&
           root_number("SELECT COUNT(*) FROM information_schema.innodb_trx"
                       " WHERE trx_state = 'LOCK WAIT'") == 0)
        clock_sleep_ms(300);
    OK(tx_commit(&tx, &f->e));
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ERR_NONE);
    OK(store_session_list(f->db, user.id, &sessions, &count, &f->e));
    assert_int_equal(count, 0);
    OK(store_address_owner(f->db, given_up, &owner, &f->e));
    assert_true(owner != 0 && owner != user.id);
}

static void
a_bucket_is_full_at_its_limit_and_empty_after_its_window(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        OK(store_rate_take(f->db, METRIC_LIMIT_PUSH, SL("bucket"), 3, 60, &f->e));
    assert_int_equal(store_rate_take(f->db, METRIC_LIMIT_PUSH, SL("bucket"), 3, 60, &f->e),
                     ERR_TOO_MANY);
    OK(store_rate_take(f->db, METRIC_LIMIT_PUSH, SL("another bucket"), 3, 60, &f->e));
    move_clock(f, 61);
    OK(store_rate_take(f->db, METRIC_LIMIT_PUSH, SL("bucket"), 3, 60, &f->e));
    move_clock(f, 0);
}

static void
a_mail_is_claimed_once_and_tried_later_when_it_failed(void **state)
{
    struct fixture     *f = *state;
    struct outbox_mail *mails;
    size_t              count;
    uint64_t            removed;

    OK(store_outbox_claim(f->db, 1000, &mails, &count, &f->e)); /* of the tests before */
    for (size_t i = 0; i < count; i++)
        OK(store_outbox_sent(f->db, mails[i].id, &f->e));
    OK(store_outbox_add(f->db, SL("to@example.org"), SL("Subject \xE2\x9C\x93"), SL("Text\n"),
                        &f->e));
    OK(store_outbox_claim(f->db, 10, &mails, &count, &f->e));
    assert_int_equal(count, 1);
    assert_slice_equal(mails[0].to, SL("to@example.org"));
    assert_slice_equal(mails[0].subject, SL("Subject \xE2\x9C\x93"));
    assert_slice_equal(mails[0].text, SL("Text\n"));
    OK(store_outbox_claim(f->db, 10, &mails, &count, &f->e));
    assert_int_equal(count, 0);
    move_clock(f, 61); /* its sender was killed */
    OK(store_outbox_claim(f->db, 10, &mails, &count, &f->e));
    assert_int_equal(count, 1);
    OK(store_outbox_failed(f->db, mails[0].id, &f->e));
    move_clock(f, 61 + 40);
    OK(store_outbox_claim(f->db, 10, &mails, &count, &f->e));
    assert_int_equal(count, 0);
    move_clock(f, 61 + 80);
    OK(store_outbox_claim(f->db, 10, &mails, &count, &f->e));
    assert_int_equal(count, 1);
    assert_int_equal(mails[0].attempts, 1);
    OK(store_outbox_failed(f->db, mails[0].id, &f->e));
    move_clock(f, 86400 + 61);
    OK(store_sweep(f->db, &removed, &f->e));
    assert_true(removed >= 1);
    OK(store_outbox_claim(f->db, 10, &mails, &count, &f->e));
    assert_int_equal(count, 0);
    move_clock(f, 0);
}

static void
a_push_is_there_for_an_hour(void **state)
{
    struct fixture   *f = *state;
    const struct push push = { SL("[\"https://issuer.example/a\"]"), SL("https://issuer.example"),
                               SL(""), SL("key") };
    struct push       found;
    uint64_t          removed;

    OK(store_push_add(f->db, SL("pushed"), &push, &f->e));
    OK(store_push_get(f->db, SL("pushed"), &found, &f->e));
    assert_slice_equal(found.assertions, push.assertions);
    assert_slice_equal(found.sender, push.sender);
    assert_int_equal(found.return_to.n, 0);
    assert_slice_equal(found.window_key, push.window_key);
    assert_int_equal(store_push_get(f->db, SL("another"), &found, &f->e), ERR_NOT_FOUND);
    move_clock(f, PUSH_TTL_S);
    assert_int_equal(store_push_get(f->db, SL("pushed"), &found, &f->e), ERR_NOT_FOUND);
    OK(store_sweep(f->db, &removed, &f->e));
    move_clock(f, 0);
    assert_int_equal(store_push_get(f->db, SL("pushed"), &found, &f->e), ERR_NOT_FOUND);
}

static void
text_that_is_not_utf8_is_the_senders_fault(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_outbox_add(f->db, SL("a"), SL("\xFF\xFE"), SL("t"), &f->e),
                     ERR_FIELD_INVALID);
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
        cmocka_unit_test(a_push_is_there_for_an_hour),
        cmocka_unit_test(every_statement_fits_the_schema),
        cmocka_unit_test(migrations_are_applied_once),
        cmocka_unit_test(workers_may_not_change_the_schema),
        cmocka_unit_test(an_address_is_kept_as_typed_and_found_in_any_case),
        cmocka_unit_test(addresses_are_compared_as_bytes),
        cmocka_unit_test(an_address_that_is_none_makes_nobody),
        cmocka_unit_test(a_list_of_users_goes_on_behind_the_last),
        cmocka_unit_test(every_write_raises_the_users_version),
        cmocka_unit_test(a_session_is_found_by_its_token_until_it_ends),
        cmocka_unit_test(a_session_lasts_from_its_last_use_and_is_swept_after),
        cmocka_unit_test(a_code_works_in_the_browser_that_asked_for_three_tries),
        cmocka_unit_test(an_assertion_is_used_once_until_it_expires),
        cmocka_unit_test(a_code_ends_with_its_link),
        cmocka_unit_test(a_new_link_makes_the_old_one_invalid),
        cmocka_unit_test(who_asks_elsewhere_for_a_mail_to_an_address_leaves_the_one_before_alone),
        cmocka_unit_test(a_link_ends_after_its_time),
        cmocka_unit_test(of_many_that_use_a_link_at_once_one_gets_it),
        cmocka_unit_test(of_many_that_sign_in_first_at_once_all_get_the_same_account),
        cmocka_unit_test(who_signs_in_by_an_address_while_it_is_given_up_is_not_in),
        cmocka_unit_test(a_bucket_is_full_at_its_limit_and_empty_after_its_window),
        cmocka_unit_test(a_mail_is_claimed_once_and_tried_later_when_it_failed),
        cmocka_unit_test(text_that_is_not_utf8_is_the_senders_fault),
        cmocka_unit_test(migrations_at_once_are_applied_once),
    };

    return RUN_TAP_WITH(tests, begin);
}

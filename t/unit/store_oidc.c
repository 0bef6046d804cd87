/* Accounts at OpenID Providers, sign-ins that have been begun, and identities that wait for a mail. */
#include "store_badges.h"

#include "core/file.h"
#include "core/limits.h"
#include "store/address.h"
#include "store/oidc.h"

static struct oidc_identity
identity_of(struct fixture *f, const char *subject, struct slice email)
{
    return (struct oidc_identity){ .issuer = SL("https://id.example"),
                                   .subject = arena_copy(f->a, slice_str(subject)),
                                   .email = email };
}

static enum err_code
owner(struct fixture *f, const char *subject, uint64_t *ret)
{
    return store_oidc_owner(f->db, SL("https://id.example"), slice_str(subject), ret, &f->e);
}

static void
an_identity_is_one_persons_until_they_remove_it(void **state)
{
    struct fixture      *f = *state;
    struct user          ada = a_user(f, "ada"), eve = a_user(f, "eve");
    struct oidc_identity identity = identity_of(f, "ada-1", ada.email), *all;
    uint64_t             whose;
    size_t               count;

    assert_int_equal(owner(f, "ada-1", &whose), ERR_NOT_FOUND);
    OK(store_oidc_add(f->db, ada.id, &identity, &f->e));
    OK(owner(f, "ada-1", &whose));
    assert_int_equal(whose, ada.id);
    assert_int_equal(owner(f, "ADA-1", &whose), ERR_NOT_FOUND); /* bytes, no collation */
    assert_int_equal(owner(f, "ada-1 ", &whose), ERR_NOT_FOUND);
    assert_int_equal(store_oidc_owner(f->db, SL("https://id2.example"), SL("ada-1"), &whose, &f->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_oidc_add(f->db, eve.id, &identity, &f->e), ERR_STORE_DUPLICATE);
    OK(store_oidc_list(f->db, ada.id, &all, &count, &f->e));
    assert_int_equal(count, 1);
    assert_slice_equal(all[0].subject, SL("ada-1"));
    assert_slice_equal(all[0].email, ada.email);
    assert_int_equal(store_oidc_remove(f->db, eve.id, all[0].id, &f->e), ERR_NOT_FOUND);
    OK(store_oidc_remove(f->db, ada.id, all[0].id, &f->e));
    assert_int_equal(owner(f, "ada-1", &whose), ERR_NOT_FOUND);
}

static enum err_code
end_state(struct fixture *f, const char *state, const char *browser, const char *provider,
          struct oidc_state *ret)
{
    return store_oidc_end(f->db, slice_str(state), slice_str(browser), slice_str(provider), ret,
                          &f->e);
}

static void
a_state_is_good_once_in_its_browser_for_its_provider(void **state)
{
    struct fixture   *f = *state;
    struct oidc_state begun = { SL("school"), SL("/collections"), 7 }, got;

    OK(store_oidc_begin(f->db, SL("state"), SL("browser"), &begun, &f->e));
    assert_int_equal(end_state(f, "state", "another", "school", &got), ERR_NOT_FOUND);
    assert_int_equal(end_state(f, "state", "browser", "club", &got), ERR_NOT_FOUND);
    assert_int_equal(end_state(f, "states", "browser", "school", &got), ERR_NOT_FOUND);
    OK(end_state(f, "state", "browser", "school", &got));
    assert_slice_equal(got.next, SL("/collections"));
    assert_int_equal(got.user, 7);
    assert_int_equal(end_state(f, "state", "browser", "school", &got), ERR_NOT_FOUND);
}

static void
what_is_not_ended_is_over_after_its_time_and_swept(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "late");
    struct oidc_identity identity = identity_of(f, "late-1", user.email);
    struct oidc_state    begun = { SL("school"), SL(""), 0 }, got;
    uint64_t             removed;
    bool                 claimed;

    OK(store_oidc_begin(f->db, SL("late"), SL("browser"), &begun, &f->e));
    OK(store_oidc_hold(f->db, SL("late browser"), &identity, &f->e));
    move_clock(f, OIDC_STATE_TTL_S + 1);
    assert_int_equal(end_state(f, "late", "browser", "school", &got), ERR_NOT_FOUND);
    move_clock(f, f->conf->signin_link_ttl_s + 1);
    OK(store_sweep(f->db, &removed, &f->e));
    assert_true(removed >= 2);
    move_clock(f, 0);
    assert_int_equal(end_state(f, "late", "browser", "school", &got), ERR_NOT_FOUND);
    OK(store_oidc_claim(f->db, SL("late browser"), user.email, user.id, &claimed, &f->e));
    assert_false(claimed);
}

static void
what_waits_is_claimed_by_its_address_in_its_browser(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "waits");
    struct oidc_identity identity = identity_of(f, "waits-1", user.email);
    uint64_t             whose;
    bool                 claimed;

    OK(store_oidc_hold(f->db, SL("here"), &identity, &f->e));
    OK(store_oidc_claim(f->db, SL("there"), user.email, user.id, &claimed, &f->e));
    assert_false(claimed);
    OK(store_oidc_claim(f->db, SL("here"), SL("another@example.org"), user.id, &claimed, &f->e));
    assert_false(claimed); /* and then nothing waits there any more */
    OK(store_oidc_claim(f->db, SL("here"), user.email, user.id, &claimed, &f->e));
    assert_false(claimed);
    OK(store_oidc_hold(f->db, SL("here"), &identity, &f->e));
    OK(store_oidc_forget(f->db, SL("here"), &f->e));
    OK(store_oidc_claim(f->db, SL("here"), user.email, user.id, &claimed, &f->e));
    assert_false(claimed);
    assert_int_equal(owner(f, "waits-1", &whose), ERR_NOT_FOUND);
    OK(store_oidc_hold(f->db, SL("here"), &identity, &f->e));
    OK(store_oidc_claim(f->db, SL("here"), user.email, user.id, &claimed, &f->e));
    assert_true(claimed);
    OK(owner(f, "waits-1", &whose));
    assert_int_equal(whose, user.id);
}

static void
who_has_as_many_as_can_be_claims_no_more(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "full");
    struct oidc_identity identity;
    uint64_t             whose;
    bool                 claimed;

    for (int i = 1; i <= LIMIT_IDENTITIES; i++) {
        char subject[24];

        snprintf(subject, sizeof subject, "full-%d", i);
        identity = identity_of(f, subject, user.email);
        OK(store_oidc_hold(f->db, SL("full"), &identity, &f->e));
        OK(store_oidc_claim(f->db, SL("full"), user.email, user.id, &claimed, &f->e));
        assert_true(claimed);
    }
    identity = identity_of(f, "full-more", user.email);
    OK(store_oidc_hold(f->db, SL("full"), &identity, &f->e));
    OK(store_oidc_claim(f->db, SL("full"), user.email, user.id, &claimed, &f->e));
    assert_false(claimed);
    assert_int_equal(owner(f, "full-more", &whose), ERR_NOT_FOUND);
    assert_int_equal(store_oidc_add(f->db, user.id, &identity, &f->e), ERR_CONFLICT);
}

static void
what_has_become_somebodys_meanwhile_is_not_claimed(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "slow"), other = a_user(f, "quick");
    struct oidc_identity identity = identity_of(f, "slow-1", user.email);
    uint64_t             whose;
    bool                 claimed;

    OK(store_oidc_hold(f->db, SL("slow"), &identity, &f->e));
    OK(store_oidc_add(f->db, other.id, &identity, &f->e));
    OK(store_oidc_claim(f->db, SL("slow"), user.email, user.id, &claimed, &f->e));
    assert_false(claimed);
    OK(owner(f, "slow-1", &whose));
    assert_int_equal(whose, other.id);
}

static void
what_is_a_persons_goes_with_them(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "leaves");
    struct oidc_identity identity = identity_of(f, "leaves-1", user.email),
                         waiting = identity_of(f, "leaves-2", user.email);
    uint64_t whose;

    OK(store_oidc_add(f->db, user.id, &identity, &f->e));
    OK(store_oidc_hold(f->db, SL("leaves"), &waiting, &f->e));
    OK(store_user_remove(f->db, user.id, &f->e));
    assert_int_equal(owner(f, "leaves-1", &whose), ERR_NOT_FOUND);
    assert_int_equal(root_number("SELECT COUNT(*) FROM oidc_pending WHERE subject = 'leaves-2'"),
                     0);
}

/* Or its row would name nobody, and open nothing to anybody for ever. */
static void
nobody_who_is_not_there_gets_an_identity(void **state)
{
    struct fixture      *f = *state;
    struct user          user = a_user(f, "gone");
    struct oidc_identity identity = identity_of(f, "gone-1", user.email);
    uint64_t             whose;
    bool                 claimed;

    OK(store_user_remove(f->db, user.id, &f->e));
    assert_int_equal(store_oidc_add(f->db, user.id, &identity, &f->e), ERR_NOT_FOUND);
    assert_int_equal(owner(f, "gone-1", &whose), ERR_NOT_FOUND);
    OK(store_oidc_hold(f->db, SL("gone"), &identity, &f->e));
    OK(store_oidc_claim(f->db, SL("gone"), user.email, user.id, &claimed, &f->e));
    assert_false(claimed);
    assert_int_equal(owner(f, "gone-1", &whose), ERR_NOT_FOUND);
}

static void
merged_accounts_keep_the_identities_of_both(void **state)
{
    struct fixture      *f = *state;
    struct user          into = a_user(f, "into"), from = a_user(f, "from");
    struct oidc_identity one = identity_of(f, "into-1", into.email),
                         other = identity_of(f, "from-1", from.email), *all;
    uint64_t whose;
    size_t   count;

    OK(store_oidc_add(f->db, into.id, &one, &f->e));
    OK(store_oidc_add(f->db, from.id, &other, &f->e));
    server_sql("primary", "UPDATE oidc_identity SET id = 5 WHERE subject IN ('into-1', 'from-1')");
    OK(store_merge(f->db, into.id, from.id, from.email, &f->e));
    OK(owner(f, "from-1", &whose));
    assert_int_equal(whose, into.id);
    OK(store_oidc_list(f->db, into.id, &all, &count, &f->e));
    assert_int_equal(count, 2);
    assert_int_not_equal(all[0].id, all[1].id);
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
        cmocka_unit_test(an_identity_is_one_persons_until_they_remove_it),
        cmocka_unit_test(a_state_is_good_once_in_its_browser_for_its_provider),
        cmocka_unit_test(what_is_not_ended_is_over_after_its_time_and_swept),
        cmocka_unit_test(what_waits_is_claimed_by_its_address_in_its_browser),
        cmocka_unit_test(who_has_as_many_as_can_be_claims_no_more),
        cmocka_unit_test(what_has_become_somebodys_meanwhile_is_not_claimed),
        cmocka_unit_test(what_is_a_persons_goes_with_them),
        cmocka_unit_test(nobody_who_is_not_there_gets_an_identity),
        cmocka_unit_test(merged_accounts_keep_the_identities_of_both),
    };

    return RUN_TAP_WITH(tests, begin);
}

#include "auth/addresses.h"

#include "auth/address.h"
#include "auth_int.h"
#include "core/rand.h"
#include "http/view.h"
#include "json/json.h"
#include "store/outbox.h"

enum { ASKS_AN_HOUR = 10 };

/* Whether another could be added, and this one is not among them. Tells nothing of other accounts. */
static enum err_code
may_ask(const struct req *r, struct slice email, struct err *e)
{
    struct address *all;
    size_t          count;
    enum err_code   rc;

    if ((rc = store_address_list(r->db, r->user->id, &all, &count, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++)
        if (slice_eq_nocase(all[i].email, email))
            return FAIL(e, STORE_DUPLICATE, "their own address");
    return count < LIMIT_EMAILS ? ERR_NONE : FAIL(e, CONFLICT, "%d addresses", LIMIT_EMAILS);
}

enum err_code
auth_address_ask(const struct req *r, struct slice email, struct err *e)
{
    const struct mailed mail = { .user = r->user->id,
                                 .path = "/settings/addresses/",
                                 .subject_id = "mail.address_subject",
                                 .text_id = "mail.address_text" };
    struct slice        bucket =
        arena_printf(r->arena, "address:user:%llu", (unsigned long long)mail.user);
    enum err_code rc;

    if ((rc = may_ask(r, email, e)) != ERR_NONE ||
        (rc = store_rate_take(r->db, METRIC_LIMIT_ADDRESS, bucket, ASKS_AN_HOUR, HOUR_S, e)) !=
            ERR_NONE)
        return rc;
    return mailed_ask(r, &mail, email, SL(""), e);
}

enum err_code
auth_address_peek(const struct req *r, struct slice token, struct address_proof *ret, struct err *e)
{
    struct signin signin;
    enum err_code rc;

    if ((rc = mailed_token(token, e)) != ERR_NONE ||
        (rc = store_signin_peek(r->db, r->user->id, token, &signin, e)) != ERR_NONE)
        return rc;
    ret->email = signin.email;
    return store_address_owner(r->db, signin.email, &ret->owner, e);
}

/* A mail to each of these addresses about the address `email`. */
static enum err_code
tell(const struct req *r, const struct address *to, size_t count, const char *subject_id,
     const char *text_id, struct slice email, struct err *e)
{
    json_object  *names = json_in_arena(r->arena, json_object_new_object());
    enum err_code rc = ERR_NONE;

    json_put_text(names, "site", r->app->conf->site_name);
    json_put_text(names, "email", email);
    json_put_text(names, "link", view_absolute(r, SL("/settings")));
    for (size_t i = 0; i < count && rc == ERR_NONE; i++)
        rc = store_outbox_add(r->db, to[i].email, view_text(r, subject_id, names),
                              view_text(r, text_id, names), e);
    return rc;
}

static enum err_code
tell_all(const struct req *r, uint64_t user, const char *subject_id, const char *text_id,
         struct slice email, struct err *e)
{
    struct address *all;
    size_t          count;
    enum err_code   rc;

    if ((rc = store_address_list(r->db, user, &all, &count, e)) != ERR_NONE)
        return rc;
    return tell(r, all, count, subject_id, text_id, email, e);
}

/* Those that were there before learn of it: a stranger at an open session is noticed. */
static enum err_code
add(const struct req *r, const char *text_id, struct slice email, struct err *e)
{
    enum err_code rc;

    if ((rc = tell_all(r, r->user->id, "mail.added_subject", text_id, email, e)) != ERR_NONE ||
        (rc = store_address_add(r->db, r->user->id, email, e)) != ERR_NONE)
        return rc == ERR_STORE_DUPLICATE ? FAIL(e, CONFLICT, "somebody has just got it") : rc;
    return ERR_NONE;
}

static enum err_code
take(const struct req *r, struct slice email, uint64_t owner, struct err *e)
{
    uint64_t      now;
    enum err_code rc;

    if ((rc = store_address_owner(r->db, email, &now, e)) != ERR_NONE || now == r->user->id)
        return rc;
    if (now != owner)
        return FAIL(e, CONFLICT, "another account than was shown");
    if (owner == 0)
        return add(r, "mail.added_text", email, e);
    if ((rc = store_merge(r->db, r->user->id, owner, email, e)) != ERR_NONE)
        return rc == ERR_NOT_FOUND ? FAIL(e, CONFLICT, "merged or removed meanwhile") : rc;
    return tell_all(r, r->user->id, "mail.merged_subject", "mail.merged_text", email, e);
}

enum err_code
auth_address_use(const struct req *r, struct slice token, uint64_t owner, struct slice *ret_email,
                 struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    struct signin             signin;
    enum err_code             rc;

    if ((rc = mailed_token(token, e)) != ERR_NONE || (rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_signin_use(r->db, r->user->id, token, &signin, e)) != ERR_NONE ||
        (rc = take(r, signin.email, owner, e)) != ERR_NONE || (rc = tx_commit(&tx, e)) != ERR_NONE)
        return rc;
    *ret_email = signin.email;
    return ERR_NONE;
}

enum err_code
auth_address_code(const struct req *r, struct slice email, struct slice code,
                  struct slice *ret_token, uint64_t *ret_left, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    uint64_t                  user = r->user->id, owner;
    struct slice              browser = mailed_browser(r), token = rand_token(r->arena);
    struct signin             signin;
    enum err_code             rc;

    if ((rc = mailed_try(r, user, email, code, &signin, ret_left, e)) != ERR_NONE ||
        (rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_address_owner(r->db, signin.email, &owner, e)) != ERR_NONE)
        return rc;
    if (owner == 0 || owner == user) {
        token = SL("");
        if ((rc = store_signin_end(r->db, user, email, browser, e)) == ERR_NONE)
            rc = take(r, signin.email, 0, e);
    } else {
        rc = store_signin_renew(r->db, user, email, browser, token, e);
    }
    if (rc != ERR_NONE || (rc = tx_commit(&tx, e)) != ERR_NONE)
        return rc;
    *ret_token = token;
    return ERR_NONE;
}

static enum err_code
refuse(const char *why, struct err *e)
{
    FAIL(e, FIELD_INVALID, "%s", why);
    err_set_field(e, SL("email"));
    err_set_cause_text(e, slice_str(why));
    return e->code;
}

enum err_code
auth_address_give(const struct req *r, struct slice email, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    uint64_t                  owner;
    enum err_code             rc;

    if (!auth_address_ok(email))
        return refuse("must be one whole mail address, such as name@example.org", e);
    if ((rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_address_owner(r->db, email, &owner, e)) != ERR_NONE)
        return rc;
    if (owner != 0)
        return refuse(owner == r->user->id ? "is theirs already" : "is another user's", e);
    if ((rc = add(r, "mail.given_text", email, e)) != ERR_NONE)
        return rc;
    return tx_commit(&tx, e);
}

enum err_code
auth_address_remove(const struct req *r, struct slice email, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    struct address_removal    removed;
    struct address            it;
    enum err_code             rc;

    if ((rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_address_remove(r->db, r->user->id, email, &removed, e)) != ERR_NONE ||
        (rc = store_session_end_others(r->db, r->user->id, r->session->id, e)) != ERR_NONE)
        return rc;
    it.email = removed.email;
    if ((rc = tell(r, &it, 1, "mail.removed_subject", "mail.removed_text", removed.email, e)) !=
        ERR_NONE)
        return rc;
    return tx_commit(&tx, e);
}

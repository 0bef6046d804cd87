#include "auth/signin.h"

#include "auth/oidc.h"
#include "auth/session.h"
#include "auth_int.h"
#include "store/oidc.h"

enum err_code
auth_signin_ask(const struct req *r, struct slice email, struct slice next, struct err *e)
{
    static const struct mailed mail = { .path = "/signin/",
                                        .subject_id = "mail.signin_subject",
                                        .text_id = "mail.signin_text" };

    enum err_code rc = mailed_ask(r, &mail, email, next, e);

    /* What waits for another mail's answer does not get this one's. */
    return rc != ERR_NONE ? rc : store_oidc_forget(r->db, mailed_browser(r), e);
}

enum err_code
auth_signin_peek(const struct req *r, struct slice token, struct slice *ret_email, struct err *e)
{
    struct signin signin;
    enum err_code rc;

    if ((rc = mailed_token(token, e)) == ERR_NONE &&
        (rc = store_signin_peek(r->db, 0, token, &signin, e)) == ERR_NONE)
        *ret_email = signin.email;
    return rc;
}

/* The address is theirs who have its mail, and so is the account at a provider that waits for them in this
 * browser. */
static enum err_code
sign_in(const struct req *r, struct resp *out, struct slice email, struct err *e)
{
    struct user   user;
    enum err_code rc;
    bool          claimed;

    if ((rc = store_user_for_email(r->db, email, &user, e)) != ERR_NONE ||
        (rc = store_oidc_claim(r->db, mailed_browser(r), email, user.id, &claimed, e)) !=
            ERR_NONE ||
        (claimed && (rc = auth_oidc_say_added(r, user.email, e)) != ERR_NONE))
        return rc;
    return auth_session_start(r, out, user.id, e);
}

enum err_code
auth_signin_use(const struct req *r, struct resp *out, struct slice token, struct slice *ret_next,
                struct err *e)
{
    SCOPED(tx_done)
    struct tx     tx = { 0 }; /* a link is not used up for a session that was not made */
    struct signin signin;
    enum err_code rc;

    if ((rc = mailed_token(token, e)) != ERR_NONE || (rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_signin_use(r->db, 0, token, &signin, e)) != ERR_NONE ||
        (rc = sign_in(r, out, signin.email, e)) != ERR_NONE || (rc = tx_commit(&tx, e)) != ERR_NONE)
        return rc;
    *ret_next = signin.next;
    return ERR_NONE;
}

enum err_code
auth_signin_code(const struct req *r, struct resp *out, struct slice email, struct slice code,
                 struct slice *ret_next, uint64_t *ret_left, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    struct signin             signin;
    enum err_code             rc;

    if ((rc = mailed_try(r, 0, email, code, &signin, ret_left, e)) != ERR_NONE ||
        (rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_signin_end(r->db, 0, email, mailed_browser(r), e)) != ERR_NONE ||
        (rc = sign_in(r, out, signin.email, e)) != ERR_NONE || (rc = tx_commit(&tx, e)) != ERR_NONE)
        return rc;
    *ret_next = signin.next;
    return ERR_NONE;
}

#include "auth/signin.h"

#include "auth/address.h"
#include "core/limits.h"
#include "core/rand.h"
#include "http/view.h"
#include "json/json.h"
#include "store/outbox.h"

enum { HOUR_S = 3600, TOKEN_BYTES = 43, AGENT_BYTES = 200 };

static struct slice
lower(struct arena *a, struct slice text)
{
    char *to = arena_str(a, text);

    for (size_t i = 0; i < text.n; i++)
        if (to[i] >= 'A' && to[i] <= 'Z')
            to[i] = (char)(to[i] - 'A' + 'a');
    return (struct slice){ to, text.n };
}

/* The client's bucket first: who is over it must not use up other people's. */
static enum err_code
take_rates(const struct req *r, struct slice email, struct err *e)
{
    const struct conf *conf = r->app->conf;
    struct slice       client = arena_printf(r->arena, "signin:client:%.*s", SLICE_FMT(r->client));
    struct slice       folded = lower(r->arena, email);
    struct slice       address = arena_printf(r->arena, "signin:address:%.*s", SLICE_FMT(folded));
    enum err_code      rc;

    if ((rc = store_rate_take(r->db, client, conf->signin_per_client, HOUR_S, e)) != ERR_NONE)
        return rc;
    return store_rate_take(r->db, address, conf->signin_per_address, HOUR_S, e);
}

enum err_code
auth_signin_ask(const struct req *r, struct slice email, struct err *e)
{
    const struct conf *conf = r->app->conf;
    struct slice       token, link;
    json_object       *names;
    enum err_code      rc;

    if (!auth_address_ok(email)) {
        rc = FAIL(e, FIELD_INVALID, "no e-mail address, %zu bytes", email.n);
        err_set_field(e, SL("email"));
        return rc;
    }
    if ((rc = take_rates(r, email, e)) != ERR_NONE)
        return rc;
    token = rand_token(r->arena);
    link = arena_printf(r->arena, "/signin/%.*s", SLICE_FMT(token));
    names = json_in_arena(r->arena, json_object_new_object());
    json_put_text(names, "site", conf->site_name);
    json_put_text(names, "link", view_absolute(r, link));
    json_put_number(names, "count", conf->signin_link_ttl_s / 60);
    return store_signin_add(r->db, email, token, view_text(r, "mail.signin_subject", names),
                            view_text(r, "mail.signin_text", names), e);
}

/* Anything else cannot be one of ours; the store need not be asked. */
static bool
token_shaped(struct slice token)
{
    return token.n == TOKEN_BYTES;
}

enum err_code
auth_signin_peek(const struct req *r, struct slice token, struct slice *ret_email, struct err *e)
{
    if (!token_shaped(token))
        return FAIL(e, NOT_FOUND, "no token");
    return store_signin_peek(r->db, token, ret_email, e);
}

enum err_code
auth_signin_use(const struct req *r, struct resp *out, struct slice token, struct err *e)
{
    SCOPED(tx_done)
    struct tx     tx = { 0 }; /* a link is not used up for a session that was not made */
    struct slice  email, session = rand_token(r->arena);
    struct user   user;
    enum err_code rc;

    if (!token_shaped(token))
        return FAIL(e, NOT_FOUND, "no token");
    if ((rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_signin_use(r->db, token, &email, e)) != ERR_NONE ||
        (rc = store_user_for_email(r->db, email, &user, e)) != ERR_NONE ||
        (rc = store_session_add(r->db, user.id, session,
                                slice_first(req_header(r, "User-Agent"), AGENT_BYTES), e)) !=
            ERR_NONE ||
        (r->session != NULL &&
         (rc = store_session_end(r->db, r->session->user, r->session->id, e)) != ERR_NONE &&
         rc != ERR_NOT_FOUND) ||
        (rc = tx_commit(&tx, e)) != ERR_NONE)
        return rc;
    resp_session(r, out, session);
    return ERR_NONE;
}

enum err_code
auth_signout(const struct req *r, struct resp *out, struct err *e)
{
    enum err_code rc;

    if (r->session != NULL &&
        (rc = store_session_end(r->db, r->session->user, r->session->id, e)) != ERR_NONE &&
        rc != ERR_NOT_FOUND)
        return rc;
    resp_session(r, out, SLICE_NONE);
    return ERR_NONE;
}

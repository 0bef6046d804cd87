#include "auth/signin.h"

#include "auth/address.h"
#include "auth/oidc.h"
#include "auth/session.h"
#include "core/digest.h"
#include "core/limits.h"
#include "core/rand.h"
#include "http/view.h"
#include "json/json.h"
#include "store/oidc.h"

enum {
    HOUR_S = 3600,
    DAY_S = 24 * HOUR_S,
    TOKEN_BYTES = 43,
    CODE_DIGITS = 6,
    /* A code has a million values: whoever asks for mails to another's address gets this many guesses. */
    CODES_A_DAY = 20
};

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

/* A secret that only this browser knows: what its forms send back comes from its cookie. */
static struct slice
browser_of(const struct req *r)
{
    return r->csrf;
}

/* Without a bias: what does not divide evenly is drawn again. */
static struct slice
draw_code(struct arena *a)
{
    const uint32_t values = 1000 * 1000, even = UINT32_MAX / values * values;
    uint32_t       drawn;

    do
        rand_bytes(&drawn, sizeof drawn);
    while (drawn >= even);
    return arena_printf(a, "%06u", (unsigned)(drawn % values));
}

enum err_code
auth_signin_ask(const struct req *r, struct slice email, struct slice next, struct err *e)
{
    const struct conf *conf = r->app->conf;
    struct signin_ask  ask = { .email = email, .next = next, .browser = browser_of(r) };
    json_object       *names;
    enum err_code      rc;

    if (!auth_address_ok(email)) {
        rc = FAIL(e, FIELD_INVALID, "no e-mail address, %zu bytes", email.n);
        err_set_field(e, SL("email"));
        return rc;
    }
    /* What waits for another mail's answer does not get this one's. */
    if ((rc = take_rates(r, email, e)) != ERR_NONE ||
        (rc = store_oidc_forget(r->db, ask.browser, e)) != ERR_NONE)
        return rc;
    ask.token = rand_token(r->arena);
    ask.code = draw_code(r->arena);
    names = json_in_arena(r->arena, json_object_new_object());
    json_put_text(names, "site", conf->site_name);
    json_put_text(names, "link",
                  view_absolute(r, arena_printf(r->arena, "/signin/%.*s", SLICE_FMT(ask.token))));
    json_put_text(names, "code",
                  arena_printf(r->arena, "%.3s %.3s", ask.code.p, ask.code.p + CODE_DIGITS / 2));
    json_put_number(names, "count", conf->signin_link_ttl_s / 60);
    return store_signin_add(r->db, &ask, view_text(r, "mail.signin_subject", names),
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
    struct signin signin;
    enum err_code rc;

    if (!token_shaped(token))
        return FAIL(e, NOT_FOUND, "no token");
    if ((rc = store_signin_peek(r->db, token, &signin, e)) == ERR_NONE)
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
        (rc = store_oidc_claim(r->db, browser_of(r), email, user.id, &claimed, e)) != ERR_NONE ||
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

    if (!token_shaped(token))
        return FAIL(e, NOT_FOUND, "no token");
    if ((rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_signin_use(r->db, token, &signin, e)) != ERR_NONE ||
        (rc = sign_in(r, out, signin.email, e)) != ERR_NONE || (rc = tx_commit(&tx, e)) != ERR_NONE)
        return rc;
    *ret_next = signin.next;
    return ERR_NONE;
}

static struct slice
without_blanks(struct arena *a, struct slice text)
{
    char  *to = arena_str(a, text);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != ' ')
            to[n++] = text.p[i];
    return (struct slice){ to, n };
}

/* Counted before it is compared: beyond the limit a right one is refused too. */
static enum err_code
take_code_rate(const struct req *r, struct slice email, struct err *e)
{
    struct slice folded = lower(r->arena, email);

    return store_rate_take(r->db, arena_printf(r->arena, "signin:code:%.*s", SLICE_FMT(folded)),
                           CODES_A_DAY, DAY_S, e);
}

enum err_code
auth_signin_code(const struct req *r, struct resp *out, struct slice email, struct slice code,
                 struct slice *ret_next, uint64_t *ret_left, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    struct signin             signin;
    enum err_code             rc;

    code = without_blanks(r->arena, code);
    if ((rc = take_code_rate(r, email, e)) != ERR_NONE ||
        (rc = store_signin_try(r->db, email, browser_of(r), code, &signin, ret_left, e)) !=
            ERR_NONE ||
        (rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_signin_end(r->db, email, browser_of(r), e)) != ERR_NONE ||
        (rc = sign_in(r, out, signin.email, e)) != ERR_NONE || (rc = tx_commit(&tx, e)) != ERR_NONE)
        return rc;
    *ret_next = signin.next;
    return ERR_NONE;
}

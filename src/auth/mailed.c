#include "auth_int.h"

#include "auth/address.h"
#include "core/limits.h"
#include "core/rand.h"
#include "http/view.h"
#include "json/json.h"

enum {
    TOKEN_BYTES = 43,
    CODE_DIGITS = 6,
    /* A code has a million values: whoever asks for mails to another's address gets this many guesses. */
    CODES_A_DAY = 20
};

/* The client's bucket first: who is over it must not use up other people's. */
static enum err_code
take_rates(const struct req *r, struct slice email, struct err *e)
{
    const struct conf *conf = r->app->conf;
    struct slice       client = arena_printf(r->arena, "signin:client:%.*s", SLICE_FMT(r->client));
    struct slice       folded = arena_lower(r->arena, email);
    struct slice       address = arena_printf(r->arena, "signin:address:%.*s", SLICE_FMT(folded));
    enum err_code      rc;

    if ((rc = store_rate_take(r->db, METRIC_LIMIT_SIGNIN_CLIENT, client, conf->signin_per_client,
                              HOUR_S, e)) != ERR_NONE)
        return rc;
    return store_rate_take(r->db, METRIC_LIMIT_SIGNIN_ADDRESS, address, conf->signin_per_address,
                           HOUR_S, e);
}

struct slice
mailed_browser(const struct req *r)
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
mailed_ask(const struct req *r, const struct mailed *m, struct slice email, struct slice next,
           struct err *e)
{
    const struct conf *conf = r->app->conf;
    struct signin_ask  ask = {
         .email = email, .next = next, .browser = mailed_browser(r), .user = m->user
    };
    json_object  *names;
    enum err_code rc;

    if (!auth_address_ok(email)) {
        rc = FAIL(e, FIELD_INVALID, "no e-mail address, %zu bytes", email.n);
        err_set_field(e, SL("email"));
        return rc;
    }
    if ((rc = take_rates(r, email, e)) != ERR_NONE)
        return rc;
    ask.token = rand_token(r->arena);
    ask.code = draw_code(r->arena);
    names = json_in_arena(r->arena, json_object_new_object());
    json_put_text(names, "site", conf->site_name);
    json_put_text(
        names, "link",
        view_absolute(r, arena_printf(r->arena, "%s%.*s", m->path, SLICE_FMT(ask.token))));
    json_put_text(names, "code",
                  arena_printf(r->arena, "%.3s %.3s", ask.code.p, ask.code.p + CODE_DIGITS / 2));
    json_put_number(names, "count", conf->signin_link_ttl_s / 60);
    return store_signin_add(r->db, &ask, view_text(r, m->subject_id, names),
                            view_text(r, m->text_id, names), e);
}

enum err_code
mailed_token(struct slice token, struct err *e)
{
    return token.n == TOKEN_BYTES ? ERR_NONE : FAIL(e, NOT_FOUND, "no token");
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

static enum err_code
take_code_rate(const struct req *r, struct slice email, struct err *e)
{
    struct slice folded = arena_lower(r->arena, email);

    return store_rate_take(r->db, METRIC_LIMIT_SIGNIN_CODE,
                           arena_printf(r->arena, "signin:code:%.*s", SLICE_FMT(folded)),
                           CODES_A_DAY, DAY_S, e);
}

/* What a browser tries that has no code to try is not counted, or anybody could use up somebody else's tries. Beyond
 * the limit a right one is refused too. */
enum err_code
mailed_try(const struct req *r, uint64_t user, struct slice email, struct slice code,
           struct signin *ret, uint64_t *ret_left, struct err *e)
{
    enum err_code tried = store_signin_try(r->db, user, email, mailed_browser(r),
                                           without_blanks(r->arena, code), ret, ret_left, e);
    enum err_code rc;

    if (tried != ERR_NONE && tried != ERR_FIELD_INVALID)
        return tried;
    rc = take_code_rate(r, email, e);
    return rc != ERR_NONE ? rc : tried;
}

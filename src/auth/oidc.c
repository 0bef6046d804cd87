/* The authorization code flow, from the button to the session. */
#include "auth_int.h"
#include "oidc_int.h"

#include "auth/address.h"
#include "auth/id_token.h"
#include "auth/session.h"
#include "auth/signin.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/rand.h"
#include "core/sbuf.h"
#include "core/uri.h"
#include "http/view.h"
#include "json/json.h"
#include "store/address.h"
#include "store/oidc.h"
#include "store/outbox.h"

enum { TOKEN_CHARS = 43, CODE_BYTES = 4096, SECRET_BYTES = 4096 };

/* The nonce and the PKCE verifier: whoever has seen the state alone, as the provider and the address bar
 * have, cannot make them. */
static struct slice
derived(const struct req *r, const char *what, struct slice state)
{
    const struct slice parts[] = { SL("oidc "), slice_str(what), SL(" "),
                                   state,       SL(" "),         mailed_browser(r) };
    struct sha256      hash = sha256_of_parts(parts, COUNT_OF(parts));

    return base64url_encode(r->arena,
                            (struct slice){ (const char *)hash.bytes, sizeof hash.bytes });
}

static struct slice
redirect_uri(const struct req *r, const struct oidc_provider *p)
{
    return view_absolute(r,
                         arena_printf(r->arena, "/signin/oidc/%.*s/callback", SLICE_FMT(p->name)));
}

static void
add_field(struct sbuf *to, struct arena *a, const char *name, struct slice value)
{
    sbuf_printf(to, "%s%s=%s", to->n == 0 ? "" : "&", name, uri_escape(a, value).p);
}

static struct slice
authorization_url(const struct oidc_talk *t, struct slice state)
{
    const struct req *r = t->r;
    struct slice      verifier = derived(r, "verifier", state);
    struct sha256     challenge = sha256_of(verifier);
    struct sbuf       query;

    sbuf_init(&query, r->arena);
    add_field(&query, r->arena, "response_type", SL("code"));
    add_field(&query, r->arena, "client_id", t->p->client_id);
    add_field(&query, r->arena, "redirect_uri", redirect_uri(r, t->p));
    add_field(&query, r->arena, "scope", SL("openid email"));
    add_field(&query, r->arena, "state", state);
    add_field(&query, r->arena, "nonce", derived(r, "nonce", state));
    add_field(&query, r->arena, "code_challenge",
              base64url_encode(r->arena, (struct slice){ (const char *)challenge.bytes,
                                                         sizeof challenge.bytes }));
    add_field(&query, r->arena, "code_challenge_method", SL("S256"));
    return arena_printf(r->arena, "%s%c%.*s", t->at.authorization.p,
                        slice_has_char(t->at.authorization, '?') ? '&' : '?',
                        SLICE_FMT(sbuf_slice(&query)));
}

enum err_code
auth_oidc_begin(const struct req *r, const struct oidc_provider *p, struct slice next,
                struct slice *ret_url, struct err *e)
{
    struct oidc_state begun = { .provider = p->name,
                                .next = next,
                                .user = r->user == NULL ? 0 : r->user->id };
    struct slice      state = rand_token(r->arena);
    struct oidc_talk  t;
    enum err_code     rc;

    if ((rc = oidc_talk_begin(r, p, &t, e)) != ERR_NONE ||
        (rc = store_oidc_begin(r->db, state, mailed_browser(r), &begun, e)) != ERR_NONE)
        return rc;
    *ret_url = authorization_url(&t, state);
    return ERR_NONE;
}

/* Coming back. */

static enum err_code
take_state(const struct req *r, const struct oidc_provider *p, struct oidc_state *ret,
           struct err *e)
{
    struct slice  state = req_arg(r, "state");
    enum err_code rc;

    rc = state.n == TOKEN_CHARS ? store_oidc_end(r->db, state, mailed_browser(r), p->name, ret, e)
                                : FAIL(e, NOT_FOUND, "no state");
    if (rc == ERR_NOT_FOUND)
        return FAIL(e, OIDC_STATE, "a state that is not this browser's");
    return rc;
}

/* Another provider must not answer in the name of the one that was asked (RFC 9207). */
static enum err_code
check_issuer(const struct oidc_talk *t, struct err *e)
{
    struct slice said = req_arg(t->r, "iss");

    if (said.p == NULL && !t->at.names_itself)
        return ERR_NONE;
    return slice_eq(said, t->p->issuer) ? ERR_NONE
                                        : FAIL(e, OIDC_ANSWER, "an answer of another issuer");
}

static enum err_code
read_secret(const struct oidc_talk *t, struct slice *ret, struct err *e)
{
    enum err_code rc;

    *ret = SL("");
    if (t->p->secret_file.n == 0)
        return ERR_NONE;
    if ((rc = file_read(t->r->arena, t->p->secret_file, SECRET_BYTES, ret, e)) == ERR_NONE)
        *ret = slice_trim(*ret);
    return rc;
}

static struct slice
basic(struct arena *a, struct slice id, struct slice secret)
{
    struct slice pair = arena_printf(a, "%s:%s", uri_escape(a, id).p, uri_escape(a, secret).p);

    return arena_printf(a, "Basic %s", base64_encode(a, pair).p);
}

static enum err_code
ask_json(struct oidc_talk *t, const struct net_call *call, json_object **ret, struct err *e)
{
    struct slice  body;
    enum err_code rc;

    if ((rc = oidc_talk_ask(t, call, &body, e)) != ERR_NONE)
        return rc;
    if (json_parse(body, ret, e) != ERR_NONE)
        return FAIL(e, OIDC_ANSWER, "%.*s: an answer that is no JSON", SLICE_FMT(t->p->name));
    json_in_arena(t->r->arena, *ret);
    return ERR_NONE;
}

/* The code for tokens. */
static enum err_code
exchange(struct oidc_talk *t, struct slice code, json_object **ret, struct err *e)
{
    struct arena   *a = t->r->arena;
    struct net_call call = { .url = t->at.token };
    struct slice    secret;
    struct sbuf     form;
    enum err_code   rc;

    if ((rc = read_secret(t, &secret, e)) != ERR_NONE)
        return rc;
    sbuf_init(&form, a);
    add_field(&form, a, "grant_type", SL("authorization_code"));
    add_field(&form, a, "code", code);
    add_field(&form, a, "redirect_uri", redirect_uri(t->r, t->p));
    add_field(&form, a, "code_verifier", derived(t->r, "verifier", req_arg(t->r, "state")));
    if (secret.n > 0 && !t->at.secret_in_form) {
        call.authorization.hidden = basic(a, t->p->client_id, secret);
    } else {
        add_field(&form, a, "client_id", t->p->client_id);
        if (secret.n > 0)
            add_field(&form, a, "client_secret", secret);
    }
    call.form = sbuf_slice(&form);
    return ask_json(t, &call, ret, e);
}

static enum err_code
check_token(struct oidc_talk *t, struct slice token, struct id_token *ret, struct err *e)
{
    struct id_token_want want = { .issuer = t->p->issuer,
                                  .client_id = t->p->client_id,
                                  .nonce = derived(t->r, "nonce", req_arg(t->r, "state")),
                                  .now_s = clock_now_s() };
    struct jwks         *keys;
    enum err_code        rc;

    if ((rc = oidc_talk_keys(t, false, &keys, e)) != ERR_NONE)
        return rc;
    rc = id_token_check(t->r->arena, token, keys, &want, ret, e);
    if (rc != ERR_OIDC_KEY || (rc = oidc_talk_keys(t, true, &keys, e)) != ERR_NONE)
        return rc;
    return id_token_check(t->r->arena, token, keys, &want, ret, e);
}

/* Who somebody is who has come back, and with what the provider may be asked about them. */
struct came {
    struct id_token id;
    struct slice    access_token;
};

/* Some providers say the address only there. What it says is of the token's subject or of nobody. */
static enum err_code
add_userinfo(struct oidc_talk *t, struct came *who, struct err *e)
{
    struct net_call call = { .url = t->at.userinfo };
    json_object    *info = NULL;
    enum err_code   rc;

    if (who->id.email.n > 0 || t->at.userinfo.n == 0 || who->access_token.n == 0)
        return ERR_NONE;
    call.authorization.hidden =
        arena_printf(t->r->arena, "Bearer %.*s", SLICE_FMT(who->access_token));
    if ((rc = ask_json(t, &call, &info, e)) != ERR_NONE)
        return rc;
    if (!slice_eq(json_get_text(info, "sub"), who->id.subject))
        return FAIL(e, OIDC_ANSWER, "%.*s: facts about somebody else", SLICE_FMT(t->p->name));
    id_token_email(t->r->arena, info, &who->id);
    return ERR_NONE;
}

static enum err_code
identify(struct oidc_talk *t, struct came *ret, struct err *e)
{
    struct slice  code = req_arg(t->r, "code");
    json_object  *tokens = NULL;
    enum err_code rc;

    if (code.n == 0 || code.n > CODE_BYTES)
        return FAIL(e, OIDC_ANSWER, "a code of %zu bytes", code.n);
    if ((rc = exchange(t, code, &tokens, e)) != ERR_NONE ||
        (rc = check_token(t, json_get_text(tokens, "id_token"), &ret->id, e)) != ERR_NONE)
        return rc;
    ret->access_token = json_get_text(tokens, "access_token");
    return ERR_NONE;
}

/* What follows from it. */

enum err_code
auth_oidc_say_added(const struct req *r, struct slice email, struct err *e)
{
    json_object *names = json_in_arena(r->arena, json_object_new_object());

    json_put_text(names, "site", r->app->conf->site_name);
    json_put_text(names, "link", view_absolute(r, SL("/settings")));
    return store_outbox_add(r->db, email, view_text(r, "mail.account_added_subject", names),
                            view_text(r, "mail.account_added_text", names), e);
}

static enum err_code
or_full(enum err_code rc, struct err *e)
{
    return rc == ERR_CONFLICT ? FAIL(e, OIDC_FULL, "%d identities", LIMIT_IDENTITIES) : rc;
}

static enum err_code
add_way(const struct req *r, const struct oidc_identity *identity, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    enum err_code             rc;

    if ((rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_oidc_add(r->db, r->user->id, identity, e)) != ERR_NONE ||
        (rc = auth_oidc_say_added(r, r->user->email, e)) != ERR_NONE)
        return rc == ERR_STORE_DUPLICATE ? FAIL(e, OIDC_TAKEN, "an identity that is somebody's")
                                         : or_full(rc, e);
    return tx_commit(&tx, e);
}

static enum err_code
sign_in(const struct req *r, struct resp *out, uint64_t user, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    enum err_code             rc;

    if ((rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = auth_session_start(r, out, user, e)) != ERR_NONE)
        return rc;
    return tx_commit(&tx, e);
}

/* The provider is trusted to know whose the address is; whoever has had a backpack hears that it is open to it. */
static enum err_code
sign_in_first(const struct req *r, struct resp *out, const struct oidc_identity *identity,
              struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    struct user               user;
    uint64_t                  owner;
    enum err_code             rc;

    if ((rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_address_owner(r->db, identity->email, &owner, e)) != ERR_NONE ||
        (rc = store_user_for_email(r->db, identity->email, &user, e)) != ERR_NONE ||
        (rc = store_oidc_add(r->db, user.id, identity, e)) != ERR_NONE ||
        (owner != 0 && (rc = auth_oidc_say_added(r, user.email, e)) != ERR_NONE) ||
        (rc = auth_session_start(r, out, user.id, e)) != ERR_NONE)
        return or_full(rc, e);
    return tx_commit(&tx, e);
}

/* Nobody's yet. */
static enum err_code
end_unknown(const struct req *r, struct resp *out, const struct oidc_provider *p,
            const struct id_token *id, struct oidc_end *ret, struct err *e)
{
    struct oidc_identity identity = { .issuer = p->issuer,
                                      .subject = id->subject,
                                      .email = id->email };
    enum err_code        rc;

    ret->email = id->email;
    if (!auth_address_ok(id->email))
        return FAIL(e, OIDC_NO_EMAIL, "%zu bytes", id->email.n);
    if (id->email_verified && oidc_trusts_mail(p, id->email)) {
        ret->outcome = OIDC_SIGNED_IN;
        return sign_in_first(r, out, &identity, e);
    }
    ret->outcome = OIDC_MAIL_SENT;
    if ((rc = auth_signin_ask(r, id->email, ret->next, e)) != ERR_NONE)
        return rc;
    return store_oidc_hold(r->db, mailed_browser(r), &identity, e);
}

static enum err_code
end_known(const struct req *r, struct resp *out, const struct oidc_state *state, uint64_t owner,
          struct oidc_end *ret, struct err *e)
{
    ret->outcome = state->user == 0 ? OIDC_SIGNED_IN : OIDC_ADDED;
    if (state->user == 0)
        return sign_in(r, out, owner, e);
    return state->user == owner ? ERR_NONE : FAIL(e, OIDC_TAKEN, "an identity that is another's");
}

static enum err_code
conclude(struct oidc_talk *t, struct resp *out, const struct oidc_state *state, struct came *who,
         struct oidc_end *ret, struct err *e)
{
    const struct req    *r = t->r;
    struct oidc_identity identity = { .issuer = t->p->issuer, .subject = who->id.subject };
    uint64_t             owner;
    enum err_code        rc;

    rc = store_oidc_owner(r->db, identity.issuer, identity.subject, &owner, e);

    if (rc == ERR_NONE)
        return end_known(r, out, state, owner, ret, e);
    if (rc != ERR_NOT_FOUND || (rc = add_userinfo(t, who, e)) != ERR_NONE)
        return rc;
    if (state->user == 0) {
        rc = end_unknown(r, out, t->p, &who->id, ret, e);
        if (rc != ERR_STORE_DUPLICATE) /* known since a moment ago: of another window of theirs */
            return rc;
        rc = store_oidc_owner(r->db, identity.issuer, identity.subject, &owner, e);
        return rc == ERR_NONE ? end_known(r, out, state, owner, ret, e) : rc;
    }
    ret->outcome = OIDC_ADDED;
    identity.email = auth_address_ok(who->id.email) ? who->id.email : SL("");
    return add_way(r, &identity, e);
}

enum err_code
auth_oidc_end(const struct req *r, struct resp *out, const struct oidc_provider *p,
              struct oidc_end *ret, struct err *e)
{
    struct oidc_state state;
    struct oidc_talk  t;
    struct came       who;
    struct slice      refusal = req_arg(r, "error");
    enum err_code     rc;

    *ret = (struct oidc_end){ .outcome = OIDC_DECLINED };
    if ((rc = take_state(r, p, &state, e)) != ERR_NONE)
        return rc;
    ret->next = state.next;
    if ((rc = oidc_talk_begin(r, p, &t, e)) != ERR_NONE || (rc = check_issuer(&t, e)) != ERR_NONE)
        return rc;
    if (slice_eq(refusal, SL("access_denied")))
        return ERR_NONE;
    if (refusal.p != NULL)
        return FAIL(e, OIDC_REFUSED, "%.*s: %.*s", SLICE_FMT(p->name),
                    SLICE_FMT(slice_first(refusal, 60)));
    if ((rc = identify(&t, &who, e)) != ERR_NONE)
        return rc;
    return conclude(&t, out, &state, &who, ret, e);
}

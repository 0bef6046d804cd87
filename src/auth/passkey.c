#include "auth/passkey.h"

#include "auth/session.h"
#include "auth/webauthn.h"
#include "core/digest.h"
#include "core/rand.h"
#include "http/view.h"
#include "json/json.h"
#include "store/outbox.h"
#include "store/passkey.h"

enum { CHALLENGE_BYTES = 32, HOUR_S = 3600, FIELD_BYTES = 8 * KIB };
/* As many people sign in from behind one client as ask for mails, and the button is pressed more lightly. */
enum { CHALLENGES_A_MAIL = 5 };

enum err_code
auth_passkey_challenge(const struct req *r, struct slice *ret, struct err *e)
{
    char         *bytes = arena_alloc(r->arena, CHALLENGE_BYTES);
    struct slice  client = arena_printf(r->arena, "passkey:client:%.*s", SLICE_FMT(r->client));
    enum err_code rc;

    if ((rc = store_rate_take(r->db, METRIC_LIMIT_PASSKEY, client,
                              CHALLENGES_A_MAIL * r->app->conf->signin_per_client, HOUR_S, e)) !=
        ERR_NONE)
        return rc;
    rand_bytes(bytes, CHALLENGE_BYTES);
    *ret = (struct slice){ bytes, CHALLENGE_BYTES };
    return store_challenge_add(r->db, r->csrf, *ret, e);
}

static enum err_code
need_bytes(const struct req *r, const char *name, struct slice *ret, struct err *e)
{
    struct slice  text;
    enum err_code rc = req_form_need(r, name, FIELD_BYTES, &text, e);

    if (rc != ERR_NONE || base64url_decode(r->arena, text, ret))
        return rc;
    FAIL(e, FIELD_INVALID, "%s that is no base64url", name);
    err_set_field(e, slice_str(name));
    return e->code;
}

/* What both ways begin with: the challenge this browser was given, and what its authenticator made of it. */
static enum err_code
read_answer(const struct req *r, struct webauthn_answer *ret, struct slice *ret_challenge,
            struct err *e)
{
    enum err_code rc;

    if ((rc = need_bytes(r, "client_data", &ret->client_data, e)) != ERR_NONE ||
        (rc = need_bytes(r, "auth_data", &ret->auth_data, e)) != ERR_NONE)
        return rc;
    rc = store_challenge_use(r->db, r->csrf, ret_challenge, e);
    return rc == ERR_NOT_FOUND ? FAIL(e, PASSKEY, "no challenge, or an old one") : rc;
}

static int64_t
algorithm_of(const struct req *r)
{
    static const int64_t taken[] = { WEBAUTHN_ES256, WEBAUTHN_EDDSA, WEBAUTHN_RS256 };
    struct slice         text = req_form(r, "algorithm");

    for (size_t i = 0; i < COUNT_OF(taken); i++)
        if (slice_eq(text, arena_printf(r->arena, "%lld", (long long)taken[i])))
            return taken[i];
    return 0;
}

/* Whoever holds an open session could add one: its owner hears of it. */
static enum err_code
tell_owner(const struct req *r, struct slice name, struct err *e)
{
    json_object *names = json_in_arena(r->arena, json_object_new_object());

    json_put_text(names, "site", r->app->conf->site_name);
    json_put_text(names, "name", name);
    json_put_text(names, "link", view_absolute(r, SL("/settings")));
    return store_outbox_add(r->db, r->user->email, view_text(r, "mail.passkey_subject", names),
                            view_text(r, "mail.passkey_text", names), e);
}

enum err_code
auth_passkey_add(const struct req *r, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    struct webauthn_site      site = webauthn_site_of(r->app->conf->base_url);
    struct webauthn_answer    answer;
    struct webauthn_key       key;
    struct slice              name, challenge;
    struct passkey            p;
    enum err_code             rc;

    if ((rc = req_form_need(r, "name", LIMIT_PASSKEY_NAME_BYTES, &name, e)) != ERR_NONE ||
        (rc = read_answer(r, &answer, &challenge, e)) != ERR_NONE ||
        (rc = webauthn_new_key(r->arena, &site, challenge, &answer, algorithm_of(r), &key, e)) !=
            ERR_NONE)
        return rc;
    p = (struct passkey){ .user = r->user->id,
                          .credential = key.credential,
                          .algorithm = key.algorithm,
                          .public_key = key.public_key,
                          .count = key.count,
                          .name = name };
    if ((rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_passkey_add(r->db, &p, e)) != ERR_NONE ||
        (rc = tell_owner(r, name, e)) != ERR_NONE)
        return rc;
    return tx_commit(&tx, e);
}

enum err_code
auth_passkey_use(const struct req *r, struct resp *out, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    struct webauthn_site      site = webauthn_site_of(r->app->conf->base_url);
    struct webauthn_answer    answer;
    struct webauthn_key       key;
    struct slice              credential, signature, challenge;
    struct passkey            p;
    uint32_t                  count;
    enum err_code             rc;

    if ((rc = need_bytes(r, "credential", &credential, e)) != ERR_NONE ||
        (rc = need_bytes(r, "signature", &signature, e)) != ERR_NONE ||
        (rc = read_answer(r, &answer, &challenge, e)) != ERR_NONE ||
        (rc = store_passkey_find(r->db, credential, &p, e)) != ERR_NONE)
        return rc;
    key = (struct webauthn_key){ p.credential, p.algorithm, p.public_key, p.count };
    if ((rc = webauthn_check(r->arena, &site, challenge, &answer, signature, &key, &count, e)) !=
            ERR_NONE ||
        (rc = tx_begin(r->db, &tx, e)) != ERR_NONE ||
        (rc = store_passkey_used(r->db, &p, count, e)) != ERR_NONE ||
        (rc = auth_session_start(r, out, p.user, e)) != ERR_NONE)
        return rc;
    return tx_commit(&tx, e);
}

/* Passkeys in the settings and on the sign-in page. */
#include "auth/passkey.h"

#include "auth/webauthn.h"
#include "core/digest.h"
#include "core/uri.h"
#include "pages_int.h"
#include "store/passkey.h"

/* An authenticator keeps one passkey for each user id of a site. It says nothing about the person. */
static struct slice
user_handle(const struct req *r)
{
    return base64url_encode(r->arena,
                            arena_printf(r->arena, "%llu", (unsigned long long)r->user->id));
}

static enum err_code
put_owner(const struct req *r, json_object *doc, struct err *e)
{
    json_object    *user = json_put_object(doc, "user"), *exclude = json_put_array(doc, "exclude");
    struct passkey *all;
    size_t          count;
    enum err_code   rc;

    if ((rc = store_passkey_list(r->db, r->user->id, &all, &count, e)) != ERR_NONE)
        return rc;
    json_put_text(user, "id", user_handle(r));
    json_put_text(user, "name", r->user->email);
    json_put_text(user, "displayName", r->user->email);
    for (size_t i = 0; i < count; i++)
        json_add_text(exclude, base64url_encode(r->arena, all[i].credential));
    return ERR_NONE;
}

enum err_code
page_passkey_challenge(struct req *r, struct resp *out, struct err *e)
{
    static const int     algorithms[] = { WEBAUTHN_ES256, WEBAUTHN_EDDSA, WEBAUTHN_RS256 };
    struct webauthn_site site = webauthn_site_of(r->app->conf->base_url);
    json_object         *doc = json_in_arena(r->arena, json_object_new_object()), *list, *rp;
    struct slice         challenge;
    enum err_code        rc;

    if ((rc = auth_passkey_challenge(r, &challenge, e)) != ERR_NONE)
        return rc;
    json_put_text(doc, "challenge", base64url_encode(r->arena, challenge));
    rp = json_put_object(doc, "rp");
    json_put_text(rp, "id", site.rp_id);
    json_put_text(rp, "name", r->app->conf->site_name);
    list = json_put_array(doc, "algorithms");
    for (size_t i = 0; i < COUNT_OF(algorithms); i++)
        json_object_array_add(list, json_object_new_int(algorithms[i]));
    if (r->user != NULL && (rc = put_owner(r, doc, e)) != ERR_NONE)
        return rc;
    return reply_json(out, 200, json_object_get(doc));
}

enum err_code
put_passkeys(const struct req *r, json_object *model, struct err *e)
{
    json_object    *list = json_put_array(model, "passkeys");
    struct passkey *all;
    size_t          count;
    enum err_code   rc;

    if ((rc = store_passkey_list(r->db, r->user->id, &all, &count, e)) != ERR_NONE)
        return rc;
    json_put_bool(model, "has_passkeys", count > 0);
    json_put_text(model, "passkey_name", device_text(r, req_header(r, "User-Agent")));
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_add_object(list);

        json_put_number(item, "id", (int64_t)all[i].id);
        json_put_text(item, "name", all[i].name);
        view_date(r, item, "created", all[i].created_at_s);
        view_date(r, item, "used", all[i].used_at_s);
    }
    return ERR_NONE;
}

enum err_code
page_passkey_add(struct req *r, struct resp *out, struct err *e)
{
    enum err_code rc = auth_passkey_add(r, e);

    if (rc == ERR_STORE_DUPLICATE)
        resp_flash(r, out, "passkey.known");
    else if (rc == ERR_CONFLICT)
        resp_flash(r, out, "passkey.too_many");
    else if (rc != ERR_NONE)
        return rc;
    else
        resp_flash(r, out, "passkey.added");
    return reply_redirect(out, SL("/settings"));
}

enum err_code
page_passkey_remove(struct req *r, struct resp *out, struct err *e)
{
    uint64_t      id;
    enum err_code rc;

    if ((rc = req_param_id(r, "id", &id, e)) != ERR_NONE)
        return rc;
    rc = store_passkey_remove(r->db, r->user->id, id, e);
    if (rc != ERR_NONE && rc != ERR_NOT_FOUND) /* removed already: what was wanted */
        return rc;
    resp_flash(r, out, "passkey.removed");
    return reply_redirect(out, SL("/settings"));
}

enum err_code
page_passkey_signin(struct req *r, struct resp *out, struct err *e)
{
    struct slice  next = checked_next(req_form(r, "next"));
    enum err_code rc = auth_passkey_use(r, out, e);

    if (rc == ERR_NOT_FOUND)
        return reply_signin(r, out, 400, SLICE_NONE, next, "passkey.unknown");
    if (rc == ERR_PASSKEY)
        return reply_signin(r, out, 400, SLICE_NONE, next, "passkey.not_used");
    if (rc == ERR_CONFLICT)
        return reply_signin(r, out, 400, SLICE_NONE, next, "passkey.copied");
    return rc != ERR_NONE ? rc : reply_next(out, next);
}

/* Several addresses: adding one, which may mean that two backpacks become one; giving one up. */
#include "auth/addresses.h"
#include "pages_int.h"
#include "store/oidc.h"
#include "store/passkey.h"

enum err_code
put_addresses(const struct req *r, json_object *model, struct err *e)
{
    json_object    *list = json_put_array(model, "addresses");
    struct address *all;
    size_t          count;
    enum err_code   rc;

    if ((rc = store_address_list(r->db, r->user->id, &all, &count, e)) != ERR_NONE)
        return rc;
    json_put_bool(model, "several", count > 1);
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_add_object(list);

        json_put_text(item, "email", all[i].email);
        json_put_bool(item, "primary", all[i].primary);
    }
    return ERR_NONE;
}

/* ---- adding one --------------------------------------------------------------------------------- */

/* The form, again after a mistake. */
static enum err_code
reply_form(const struct req *r, struct resp *out, int status, struct slice typed,
           const char *failure_id)
{
    json_object *model = model_new(r, "address.add_title", "settings"), *names = names_new(r);

    json_put_number(names, "count", LIMIT_EMAILS);
    json_put_text(model, "typed", typed);
    put_sentence(r, json_put_object(model, "failed"), "sentence", failure_id, names);
    return model_reply(out, status, "address_add", model);
}

static enum err_code
reply_sent(const struct req *r, struct resp *out, int status, struct slice email,
           struct slice failure)
{
    json_object *model = model_new(r, "sent.page_title", "settings");

    json_put_text(model, "email", email);
    json_put_text(model, "action", SL("/settings/addresses/code"));
    put_sentence(r, model, "button", "address.add", NULL);
    json_put_number(model, "count", r->app->conf->signin_link_ttl_s / 60);
    if (failure.n > 0)
        json_put_text(json_put_object(model, "failed"), "sentence", failure);
    return model_reply(out, status, "address_sent", model);
}

enum err_code
page_address_ask(struct req *r, struct resp *out, struct err *e)
{
    struct slice  email = slice_trim(req_form(r, "email"));
    enum err_code rc = auth_address_ask(r, email, e);

    if (rc == ERR_FIELD_INVALID)
        return reply_form(r, out, 400, email, "signin.bad_email");
    if (rc == ERR_STORE_DUPLICATE)
        return reply_form(r, out, 409, email, "address.yours");
    if (rc == ERR_CONFLICT)
        return reply_form(r, out, 409, email, "address.full");
    if (rc == ERR_TOO_MANY) {
        resp_header(out, "Retry-After", SL("600"));
        return reply_form(r, out, 429, email, "address.too_many");
    }
    return rc != ERR_NONE ? rc : reply_sent(r, out, 200, email, SLICE_NONE);
}

static enum err_code
reply_settings(const struct req *r, struct resp *out, const char *flash_id)
{
    resp_flash(r, out, flash_id);
    return reply_redirect(out, SL("/settings"));
}

enum err_code
page_address_code(struct req *r, struct resp *out, struct err *e)
{
    struct slice  email = slice_trim(req_form(r, "email")), token, failure;
    uint64_t      left = 0;
    enum err_code rc = auth_address_code(r, email, req_form(r, "code"), &token, &left, e);
    int           status = code_failure(r, rc, left, &failure);

    if (status != 0)
        return reply_sent(r, out, status, email, failure);
    if (rc != ERR_NONE)
        return rc;
    if (token.n > 0)
        return reply_redirect(out,
                              arena_printf(r->arena, "/settings/addresses/%.*s", SLICE_FMT(token)));
    return reply_settings(r, out, "address.added");
}

/* ---- the link ------------------------------------------------------------------------------------ */

static enum err_code
reply_dead(const struct req *r, struct resp *out)
{
    json_object *model = model_new(r, "address.dead_title", "settings");

    json_put_bool(model, "noindex", true);
    return model_reply(out, 404, "address_dead", model);
}

static void
put_count(const struct req *r, json_object *model, const char *name, const char *id, uint64_t count)
{
    json_object *names = names_new(r);

    json_put_number(names, "count", (int64_t)count);
    put_sentence(r, model, name, id, names);
}

/* Whoever has the address's mail may see all that its account has. */
static enum err_code
put_merge(const struct req *r, json_object *model, const struct address_proof *proof, struct err *e)
{
    json_object    *list = json_put_array(model, "addresses"), *names = names_new(r);
    struct merge    m;
    struct address *all;
    size_t          count;
    enum err_code   rc;

    if ((rc = store_merge_look(r->db, r->user->id, proof->owner, &m, e)) != ERR_NONE ||
        (rc = store_address_list(r->db, proof->owner, &all, &count, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++)
        json_add_text(list, all[i].email);
    json_put_text(names, "email", proof->email);
    put_sentence(r, model, "lead", "address.merge_lead", names);
    put_count(r, model, "badges", "backpack.count", m.badges);
    put_count(r, model, "collections", "address.merge_collections", m.collections);
    if (m.both > 0)
        put_count(r, model, "both", "address.merge_both", m.both);
    json_put_number(model, "owner", (int64_t)proof->owner);
    json_put_bool(model, "fits", m.fits);
    return ERR_NONE;
}

/* What the link would do now. changed: it would have done something else when it was shown before. */
static enum err_code
reply_proof(const struct req *r, struct resp *out, bool changed, struct err *e)
{
    struct address_proof proof;
    json_object         *model;
    enum err_code        rc = auth_address_peek(r, req_param(r, "token"), &proof, e);
    bool                 merge;

    if (rc == ERR_NOT_FOUND)
        return reply_dead(r, out);
    if (rc != ERR_NONE)
        return rc;
    merge = proof.owner != 0 && proof.owner != r->user->id;
    model = model_new(r, merge ? "address.merge_title" : "address.confirm_title", "settings");
    if (merge && (rc = put_merge(r, model, &proof, e)) != ERR_NONE)
        return rc;
    json_put_text(model, "email", proof.email);
    json_put_text(model, "action", r->path);
    json_put_bool(model, "changed", changed);
    json_put_bool(model, "noindex", true);
    return model_reply(out, changed ? 409 : 200, merge ? "address_merge" : "address_confirm",
                       model);
}

enum err_code
page_address_link(struct req *r, struct resp *out, struct err *e)
{
    return reply_proof(r, out, false, e);
}

enum err_code
page_address_use(struct req *r, struct resp *out, struct err *e)
{
    uint64_t      owner;
    struct slice  email;
    enum err_code rc;

    if ((rc = form_id(r, "owner", &owner, e)) != ERR_NONE)
        return rc;
    rc = auth_address_use(r, req_param(r, "token"), owner, &email, e);
    if (rc == ERR_NOT_FOUND)
        return reply_dead(r, out);
    if (rc == ERR_CONFLICT || rc == ERR_TOO_LARGE)
        return reply_proof(r, out, true, e);
    if (rc != ERR_NONE)
        return rc;
    return reply_settings(r, out, owner == 0 ? "address.added" : "address.merged");
}

/* ---- those that are there ------------------------------------------------------------------------ */

enum err_code
page_address_primary(struct req *r, struct resp *out, struct err *e)
{
    struct slice  email;
    enum err_code rc;

    if ((rc = req_form_need(r, "email", LIMIT_EMAIL_BYTES, &email, e)) != ERR_NONE ||
        (rc = store_address_set_primary(r->db, r->user->id, email, e)) != ERR_NONE)
        return rc;
    return reply_settings(r, out, "address.primary_saved");
}

/* Whoever reads the address's mail may have added some of them. */
static enum err_code
count_other_ways(const struct req *r, size_t *ret, struct err *e)
{
    struct passkey       *passkeys;
    struct oidc_identity *identities;
    size_t                passkey_count, identity_count;
    enum err_code         rc;

    if ((rc = store_passkey_list(r->db, r->user->id, &passkeys, &passkey_count, e)) != ERR_NONE ||
        (rc = store_oidc_list(r->db, r->user->id, &identities, &identity_count, e)) != ERR_NONE)
        return rc;
    *ret = passkey_count + identity_count;
    return ERR_NONE;
}

static enum err_code
ask_remove(const struct req *r, struct resp *out, const struct address_removal *removal,
           struct err *e)
{
    json_object  *model = model_new(r, "address.remove_title", "settings");
    json_object  *means = json_put_array(model, "means"), *names = names_new(r);
    size_t        other_ways;
    enum err_code rc;

    if ((rc = count_other_ways(r, &other_ways, e)) != ERR_NONE)
        return rc;
    json_put_text(names, "email", removal->email);
    json_put_text(names, "primary", removal->primary);
    json_put_number(names, "count", (int64_t)removal->badges);
    json_put_text(model, "email", removal->email);
    json_add_text(means, view_text(r, "address.remove_signin", names));
    if (removal->badges > 0)
        json_add_text(means, view_text(r, "address.remove_badges", names));
    json_add_text(means, view_text(r, "address.remove_new", names));
    json_add_text(means, view_text(r, "address.remove_sessions", names));
    if (other_ways > 0)
        json_add_text(means, view_text(r, "address.remove_ways", names));
    if (!slice_eq(removal->primary, r->user->email))
        json_add_text(means, view_text(r, "address.remove_primary", names));
    return model_reply(out, 200, "address_remove", model);
}

enum err_code
page_address_remove(struct req *r, struct resp *out, struct err *e)
{
    struct address_removal removal;
    struct slice           email;
    enum err_code          rc;

    if ((rc = req_form_need(r, "email", LIMIT_EMAIL_BYTES, &email, e)) != ERR_NONE)
        return rc;
    if (!form_confirmed(r)) {
        rc = store_address_look(r->db, r->user->id, email, &removal, e);
        return rc != ERR_NONE ? rc : ask_remove(r, out, &removal, e);
    }
    if ((rc = auth_address_remove(r, email, e)) != ERR_NONE)
        return rc;
    return reply_settings(r, out, "address.removed");
}

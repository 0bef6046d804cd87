/* Signing in with an account at an OpenID Provider. */
#include "auth/oidc.h"
#include "net/net.h"
#include "pages_int.h"
#include "store/oidc.h"

static json_object *
provider_names(const struct req *r, const struct oidc_provider *p)
{
    json_object *names = names_new(r);

    json_put_text(names, "provider", p->title);
    return names;
}

static void
put_provider(const struct req *r, json_object *list, const struct oidc_provider *p,
             const char *label_id)
{
    json_object *item = json_add_object(list);

    json_put_text(item, "name", p->name);
    put_sentence(r, item, "label", label_id, provider_names(r, p));
}

void
put_providers(const struct req *r, json_object *model, const char *label_id)
{
    json_object                *list = json_put_array(model, "providers");
    size_t                      count;
    const struct oidc_provider *all = oidc_providers(r->arena, r->app->conf, &count);

    for (size_t i = 0; i < count; i++)
        put_provider(r, list, &all[i], label_id);
    json_put_bool(model, "has_providers", count > 0);
}

static enum err_code
need_provider(const struct req *r, const struct oidc_provider **ret, struct err *e)
{
    *ret = oidc_provider_named(r->arena, r->app->conf, req_param(r, "name"));
    return *ret != NULL ? ERR_NONE : FAIL(e, NOT_FOUND, "no such provider");
}

/* A page and no redirect: where a form's answers may lead is in the policy of the page that it is on, and the
 * provider's next redirect is for nobody to know there. */
static enum err_code
reply_away(const struct req *r, struct resp *out, const struct oidc_provider *p, struct slice url)
{
    json_object *model = model_new(r, "signin.page_title", NULL);

    put_sentence(r, model, "title", "signin.away_title", provider_names(r, p));
    view_url(model, "to", url);
    json_put_bool(model, "noindex", true);
    resp_header(out, "Refresh", arena_printf(r->arena, "0; url=%.*s", SLICE_FMT(url)));
    return model_reply(out, 200, "signin_away", model);
}

enum err_code
page_oidc_begin(struct req *r, struct resp *out, struct err *e)
{
    int64_t                     waited_us = net_took_us(r->app->net);
    struct slice                next = checked_next(req_form(r, "next")), url;
    const struct oidc_provider *p;
    enum err_code               rc;

    if ((rc = need_provider(r, &p, e)) != ERR_NONE)
        return rc;
    rc = auth_oidc_begin(r, p, next, &url, e);
    r->fetch_us += net_took_us(r->app->net) - waited_us;
    return rc != ERR_NONE ? rc : reply_away(r, out, p, url);
}

static enum err_code
reply_end(const struct req *r, struct resp *out, const struct oidc_provider *p,
          const struct oidc_end *end)
{
    switch (end->outcome) {
    case OIDC_SIGNED_IN:
        return reply_next(out, end->next);
    case OIDC_ADDED:
        resp_flash(r, out, "settings.account_added");
        return reply_redirect(out, SL("/settings"));
    case OIDC_MAIL_SENT:
        return reply_sent_for(r, out, end->email, p->title);
    case OIDC_DECLINED:
        break;
    }
    if (r->user != NULL)
        return reply_redirect(out, SL("/settings"));
    return reply_ways(r, out, end->next);
}

enum err_code
page_oidc_callback(struct req *r, struct resp *out, struct err *e)
{
    int64_t                     waited_us = net_took_us(r->app->net);
    const struct oidc_provider *p;
    struct oidc_end             end;
    enum err_code               rc;

    if ((rc = need_provider(r, &p, e)) != ERR_NONE)
        return rc;
    rc = auth_oidc_end(r, out, p, &end, e);
    r->fetch_us += net_took_us(r->app->net) - waited_us;
    return rc != ERR_NONE ? rc : reply_end(r, out, p, &end);
}

/* In the settings. */

static const struct oidc_provider *
provider_of(const struct oidc_provider *all, size_t count, struct slice issuer)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(all[i].issuer, issuer))
            return &all[i];
    return NULL;
}

static void
put_identity(const struct req *r, json_object *list, const struct oidc_identity *identity,
             const struct oidc_provider *p)
{
    json_object *item = json_add_object(list), *names = names_new(r);
    struct slice title = p != NULL ? p->title : identity->issuer;

    json_put_number(item, "id", (int64_t)identity->id);
    json_put_text(item, "provider", title);
    if (identity->email.n > 0)
        json_put_text(item, "email", identity->email);
    view_date(r, item, "created", identity->created_at_s);
    json_put_text(names, "provider", title);
    json_put_text(names, "email", identity->email);
    put_sentence(r, item, "label", "settings.account_remove_label", names);
}

static bool
has_one(const struct oidc_identity *identities, size_t count, const struct oidc_provider *p)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(identities[i].issuer, p->issuer))
            return true;
    return false;
}

enum err_code
put_accounts(const struct req *r, json_object *model, struct err *e)
{
    size_t                      provider_count, count;
    const struct oidc_provider *all = oidc_providers(r->arena, r->app->conf, &provider_count);
    json_object                *has = json_put_array(model, "identities");
    json_object                *may_add = json_put_array(model, "providers");
    struct oidc_identity       *identities;
    enum err_code               rc;

    if ((rc = store_oidc_list(r->db, r->user->id, &identities, &count, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++)
        put_identity(r, has, &identities[i],
                     provider_of(all, provider_count, identities[i].issuer));
    for (size_t i = 0; i < provider_count; i++)
        if (!has_one(identities, count, &all[i]))
            put_provider(r, may_add, &all[i], "settings.account_add");
    json_put_bool(model, "has_identities", count > 0);
    json_put_bool(model, "has_accounts", count + provider_count > 0);
    return ERR_NONE;
}

enum err_code
page_identity_remove(struct req *r, struct resp *out, struct err *e)
{
    uint64_t      id;
    enum err_code rc;

    if ((rc = req_param_id(r, "id", &id, e)) != ERR_NONE)
        return rc;
    rc = store_oidc_remove(r->db, r->user->id, id, e);
    if (rc != ERR_NONE && rc != ERR_NOT_FOUND) /* removed already: what was wanted */
        return rc;
    resp_flash(r, out, "settings.account_removed");
    return reply_redirect(out, SL("/settings"));
}

/* BrowserID's pages: the answer to an assertion, and the dialog in which we vouch for an address. */
#include "auth/browserid.h"
#include "core/clock.h"
#include "core/log.h"
#include "http/site.h"
#include "pages_int.h"

enum { ASSERTION_BYTES = 16 * KIB, SUPPORT_S = 3600 };

void
put_browserid(const struct req *r, json_object *model)
{
    struct slice dialog = r->app->conf->browserid_dialog;

    if (dialog.n > 0)
        view_url(json_put_object(model, "browserid"), "dialog", dialog);
}

/* ---- being told --------------------------------------------------------------------------------------- */

/* As the original answered. */
static enum err_code
reply_refused(const struct req *r, struct resp *out, const struct err *e)
{
    json_object *doc;
    struct slice why = SL("assertion expected");

    log_err("browserid", e);
    if (req_wants_page(r)) {
        resp_flash(r, out, "browserid.failed");
        return reply_ways(r, out, req_form(r, "next"));
    }
    if (e->code == ERR_BROWSERID)
        why = arena_printf(r->arena, "browserID verification failed: %s", e->cause);
    doc = json_object_new_object();
    json_put_text(doc, "status", SL("error"));
    json_put_text(doc, "reason", why);
    return reply_json(out, 400, doc);
}

enum err_code
page_authenticate(struct req *r, struct resp *out, struct err *e)
{
    struct slice  assertion, email;
    json_object  *doc;
    enum err_code rc = req_form_need(r, "assertion", ASSERTION_BYTES, &assertion, e);

    if (rc == ERR_NONE)
        rc = auth_browserid_signin(r, out, assertion, &email, e);
    if (rc == ERR_FIELD_MISSING || rc == ERR_FIELD_INVALID || rc == ERR_BROWSERID)
        return reply_refused(r, out, e);
    if (rc != ERR_NONE)
        return rc;
    if (req_wants_page(r))
        return reply_next(out, req_form(r, "next"));
    doc = json_object_new_object();
    json_put_text(doc, "status", SL("ok"));
    json_put_text(doc, "email", email);
    return reply_json(out, 200, doc);
}

/* ---- telling others ------------------------------------------------------------------------------------ */

static enum err_code
need_provider(const struct req *r, struct err *e)
{
    return auth_browserid_is_provider(r->app->conf) ? ERR_NONE
                                                    : FAIL(e, NOT_FOUND, "no BrowserID provider");
}

/* Whoever asks about a domain gets an answer only if it is one of ours. */
enum err_code
page_browserid_support(struct req *r, struct resp *out, struct err *e)
{
    struct slice  domain = req_arg(r, "domain");
    json_object  *doc;
    enum err_code rc;

    if ((rc = need_provider(r, e)) != ERR_NONE)
        return rc;
    if (domain.p != NULL && !auth_browserid_vouches_for(
                                r->app->conf, arena_printf(r->arena, "@%.*s", SLICE_FMT(domain))))
        return FAIL(e, NOT_FOUND, "a domain that is not named");
    if ((rc = auth_browserid_support(r->arena, r->app->conf, &doc, e)) != ERR_NONE)
        return rc;
    resp_header(out, "Cache-Control", arena_printf(r->arena, "public, max-age=%d", SUPPORT_S));
    return reply_json(out, 200, doc);
}

/* A fixed name for a file whose name has its hash in it. */
enum err_code
page_browserid_script(struct req *r, struct resp *out, struct err *e)
{
    enum err_code rc = need_provider(r, e);

    if (rc != ERR_NONE)
        return rc;
    resp_header(out, "Cache-Control", SL("public, max-age=300"));
    return reply_redirect(out, site_asset_path(SL("browserid.js")));
}

/* The addresses that we speak for. */
static enum err_code
put_spoken_for(const struct req *r, json_object *model, struct err *e)
{
    json_object  *list = json_put_array(model, "addresses");
    struct slice *emails;
    size_t        count;
    enum err_code rc;

    if ((rc = store_user_emails(r->db, r->user->id, &emails, &count, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++)
        if (auth_browserid_vouches_for(r->app->conf, emails[i])) {
            json_object *item;
            bool         first = json_object_array_length(list) == 0;

            item = json_add_object(list);
            json_put_text(item, "address", emails[i]);
            json_put_bool(item, "first", first);
        }
    return ERR_NONE;
}

/* In a window of its own: no page may frame it, and nothing happens in it without a click. */
enum err_code
page_browserid_dialog(struct req *r, struct resp *out, struct err *e)
{
    struct slice  origin = req_arg(r, "origin");
    json_object  *model = model_new(r, NULL, NULL);
    enum err_code rc;

    if ((rc = need_provider(r, e)) != ERR_NONE || (rc = put_spoken_for(r, model, e)) != ERR_NONE)
        return rc;
    json_put_bool(model, "noindex", true);
    if (!auth_browserid_knows_site(r->app->conf, origin))
        return model_reply(out, 400, "browserid_unknown", model);
    view_url(model, "site", origin);
    put_sentence(r, model, "title", "browserid.dialog_title", model);
    return model_reply(out, 200, "browserid_dialog", model);
}

static bool
is_theirs(struct slice email, const struct slice *emails, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(emails[i], email))
            return true;
    return false;
}

enum err_code
page_browserid_certificate(struct req *r, struct resp *out, struct err *e)
{
    struct slice  email = req_form(r, "email"), certificate, *emails;
    json_object  *doc;
    size_t        count;
    enum err_code rc;

    if ((rc = need_provider(r, e)) != ERR_NONE ||
        (rc = store_user_emails(r->db, r->user->id, &emails, &count, e)) != ERR_NONE)
        return rc;
    if (!is_theirs(email, emails, count)) {
        FAIL(e, FIELD_INVALID, "an address of somebody else");
        err_set_field(e, SL("email"));
        return e->code;
    }
    if ((rc = auth_browserid_certify(r->arena, r->app->conf, req_form(r, "origin"), email,
                                     req_form(r, "key"), &certificate, e)) != ERR_NONE)
        return rc;
    doc = json_object_new_object();
    json_put_text(doc, "certificate", certificate);
    json_put_number(doc, "now", clock_now_ms());
    return reply_json(out, 200, doc);
}

#include "auth/signin.h"
#include "pages_int.h"

/* The form, again after a mistake. */
static enum err_code
reply_signin(const struct req *r, struct resp *out, int status, struct slice email,
             const char *failure_id)
{
    json_object *model = model_new(r, "signin.page_title", NULL);

    json_put_text(model, "email", email);
    if (failure_id != NULL)
        put_sentence(r, json_put_object(model, "failed"), "sentence", failure_id, NULL);
    return model_reply(out, status, "signin", model);
}

enum err_code
page_signin(struct req *r, struct resp *out, struct err *e)
{
    (void)e;
    if (r->user != NULL)
        return reply_redirect(out, SL("/backpack"));
    return reply_signin(r, out, 200, SLICE_NONE, NULL);
}

enum err_code
page_old_signin(struct req *r, struct resp *out, struct err *e)
{
    (void)r;
    (void)e;
    return reply_redirect(out, SL("/signin"));
}

enum err_code
page_signin_ask(struct req *r, struct resp *out, struct err *e)
{
    struct slice  email = slice_trim(req_form(r, "email"));
    json_object  *model;
    enum err_code rc = auth_signin_ask(r, email, e);

    if (rc == ERR_FIELD_INVALID)
        return reply_signin(r, out, 400, email, "signin.bad_email");
    if (rc == ERR_TOO_MANY) {
        resp_header(out, "Retry-After", SL("600"));
        return reply_signin(r, out, 429, email, "signin.too_many");
    }
    if (rc != ERR_NONE)
        return rc;
    model = model_new(r, "sent.page_title", NULL);
    json_put_text(model, "email", email);
    json_put_number(model, "count", r->app->conf->signin_link_ttl_s / 60);
    return model_reply(out, 200, "signin_sent", model);
}

static enum err_code
reply_dead(const struct req *r, struct resp *out)
{
    json_object *model = model_new(r, "dead.page_title", NULL);

    json_put_bool(model, "noindex", true);
    return model_reply(out, 404, "signin_dead", model);
}

enum err_code
page_signin_link(struct req *r, struct resp *out, struct err *e)
{
    struct slice  email, token = req_param(r, "token");
    json_object  *model;
    enum err_code rc = auth_signin_peek(r, token, &email, e);

    if (rc == ERR_NOT_FOUND)
        return reply_dead(r, out);
    if (rc != ERR_NONE)
        return rc;
    model = model_new(r, "confirm.page_title", NULL);
    json_put_text(model, "email", email);
    json_put_text(model, "action", r->path);
    json_put_bool(model, "noindex", true);
    return model_reply(out, 200, "signin_confirm", model);
}

enum err_code
page_signin_use(struct req *r, struct resp *out, struct err *e)
{
    enum err_code rc = auth_signin_use(r, out, req_param(r, "token"), e);

    if (rc == ERR_NOT_FOUND)
        return reply_dead(r, out);
    if (rc != ERR_NONE)
        return rc;
    return reply_redirect(out, SL("/backpack"));
}

enum err_code
page_signout(struct req *r, struct resp *out, struct err *e)
{
    enum err_code rc = auth_signout(r, out, e);

    return rc != ERR_NONE ? rc : reply_redirect(out, SL("/"));
}

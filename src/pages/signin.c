#include "auth/session.h"
#include "auth/signin.h"
#include "core/uri.h"
#include "pages_int.h"

struct slice
checked_next(struct slice next)
{
    return next.n <= LIMIT_NEXT_BYTES && path_is_ours(next) ? next : SL("");
}

enum err_code
reply_next(struct resp *out, struct slice next)
{
    next = checked_next(next);
    return reply_redirect(out, next.n > 0 ? next : SL("/backpack"));
}

enum err_code
reply_ways(const struct req *r, struct resp *out, struct slice next)
{
    next = checked_next(next);
    return reply_redirect(
        out, next.n == 0 ? SL("/signin")
                         : arena_printf(r->arena, "/signin?next=%s", uri_escape(r->arena, next).p));
}

/* The form, again after a mistake. */
enum err_code
reply_signin(const struct req *r, struct resp *out, int status, struct slice email,
             struct slice next, const char *failure_id)
{
    json_object *model = model_new(r, "signin.page_title", NULL);

    json_put_text(model, "email", email);
    json_put_text(model, "next", next);
    put_providers(r, model, "signin.with");
    put_browserid(r, model);
    if (failure_id != NULL)
        put_sentence(r, json_put_object(model, "failed"), "sentence", failure_id, NULL);
    return model_reply(out, status, "signin", model);
}

enum err_code
page_signin(struct req *r, struct resp *out, struct err *e)
{
    struct slice next = checked_next(req_arg(r, "next"));

    (void)e;
    if (r->user != NULL)
        return reply_next(out, next);
    return reply_signin(r, out, 200, SLICE_NONE, next, NULL);
}

/* Where the code of the mail is typed. */
static json_object *
sent_model(const struct req *r, struct slice email)
{
    json_object *model = model_new(r, "sent.page_title", NULL);

    json_put_text(model, "email", email);
    json_put_text(model, "action", SL("/signin/code"));
    put_sentence(r, model, "button", "sent.sign_in", NULL);
    json_put_number(model, "count", r->app->conf->signin_link_ttl_s / 60);
    return model;
}

static enum err_code
reply_sent(const struct req *r, struct resp *out, int status, struct slice email,
           struct slice failure)
{
    json_object *model = sent_model(r, email);

    if (failure.n > 0)
        json_put_text(json_put_object(model, "failed"), "sentence", failure);
    return model_reply(out, status, "signin_sent", model);
}

enum err_code
reply_sent_for(const struct req *r, struct resp *out, struct slice email, struct slice provider)
{
    json_object *model = sent_model(r, email), *names = names_new(r);

    json_put_text(names, "provider", provider);
    put_sentence(r, model, "because", "sent.because", names);
    return model_reply(out, 200, "signin_sent", model);
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
    struct slice  next = checked_next(req_form(r, "next"));
    enum err_code rc = auth_signin_ask(r, email, next, e);

    if (rc == ERR_FIELD_INVALID)
        return reply_signin(r, out, 400, email, next, "signin.bad_email");
    if (rc == ERR_TOO_MANY) {
        resp_header(out, "Retry-After", SL("600"));
        return reply_signin(r, out, 429, email, next, "signin.too_many");
    }
    if (rc != ERR_NONE)
        return rc;
    return reply_sent(r, out, 200, email, SLICE_NONE);
}

int
code_failure(const struct req *r, enum err_code rc, uint64_t left, struct slice *ret_sentence)
{
    json_object *names = names_new(r);
    const char  *id = rc == ERR_TOO_MANY ? "sent.too_many_codes" : "sent.dead_code";

    if (rc != ERR_FIELD_INVALID && rc != ERR_NOT_FOUND && rc != ERR_TOO_MANY)
        return 0;
    json_put_number(names, "count", (int64_t)left);
    if (rc == ERR_FIELD_INVALID && left > 0)
        id = "sent.wrong_code";
    *ret_sentence = view_text(r, id, names);
    return rc == ERR_TOO_MANY ? 429 : 400;
}

enum err_code
page_signin_code(struct req *r, struct resp *out, struct err *e)
{
    struct slice  email = slice_trim(req_form(r, "email")), next;
    struct slice  failure;
    uint64_t      left = 0;
    enum err_code rc = auth_signin_code(r, out, email, req_form(r, "code"), &next, &left, e);
    int           status = code_failure(r, rc, left, &failure);

    if (status != 0)
        return reply_sent(r, out, status, email, failure);
    return rc != ERR_NONE ? rc : reply_next(out, next);
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
    struct slice  next;
    enum err_code rc = auth_signin_use(r, out, req_param(r, "token"), &next, e);

    if (rc == ERR_NOT_FOUND)
        return reply_dead(r, out);
    return rc != ERR_NONE ? rc : reply_next(out, next);
}

enum err_code
page_signout(struct req *r, struct resp *out, struct err *e)
{
    struct slice  next = checked_next(req_form(r, "next"));
    enum err_code rc = auth_session_end(r, out, e);

    return rc != ERR_NONE ? rc : reply_redirect(out, next.n > 0 ? next : SL("/"));
}

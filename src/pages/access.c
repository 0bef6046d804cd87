#include "auth/connect.h"
#include "core/uri.h"
#include "pages_int.h"

/* For who made the address, not for the learner: in the original's words, and as text, since it quotes. */
static enum err_code
reply_refusal(const struct req *r, struct resp *out, const struct err *e)
{
    return reply_bytes(out, err_status(e->code), "text/plain; charset=utf-8",
                       arena_copy(r->arena, slice_str(e->cause)));
}

static bool
is_refusal(enum err_code rc)
{
    return rc == ERR_FIELD_MISSING || rc == ERR_FIELD_INVALID;
}

/* Of https the host says it all. */
struct slice
site_name_of(struct slice origin)
{
    static const struct slice https = SL("https://");

    return slice_starts(origin, https) ? slice_from(origin, https.n) : origin;
}

void
put_permissions(const struct req *r, json_object *model, struct slice scope)
{
    json_object *list = json_put_array(model, "permissions");
    struct slice word;

    while (slice_next(&scope, ' ', &word))
        if (slice_eq(word, SL("issue")))
            put_sentence(r, json_add_object(list), "text", "access.may_issue", NULL);
}

static void
put_form(json_object *model, const struct connect_ask *ask)
{
    put_field(model, "callback", ask->callback);
    put_field(model, "scope", ask->scope);
    if (ask->state.p != NULL)
        put_field(model, "state", ask->state);
    if (ask->challenge.p != NULL) {
        put_field(model, "code_challenge", ask->challenge);
        put_field(model, "code_challenge_method", SL("S256"));
    }
}

/* What the callback gets is nobody else's: no Referer tells it, no cache keeps it. */
static void
keep_quiet(struct resp *out)
{
    resp_header(out, "Referrer-Policy", SL("no-referrer"));
    resp_header(out, "Cache-Control", SL("no-store"));
}

static json_object *
access_model(const struct req *r, const struct connect_ask *ask)
{
    json_object *model = model_new(r, "access.page_title", NULL);

    json_put_text(model, "site", site_name_of(ask->origin));
    put_permissions(r, model, ask->scope);
    put_form(model, ask);
    json_put_text(model, "action", ask->path); /* where who is somebody else comes back to */
    json_put_text(model, "next", uri_escape(r->arena, ask->path));
    view_url(model, "deny", auth_connect_denied(r->arena, ask));
    json_put_bool(model, "noindex", true);
    return model;
}

enum err_code
page_access(struct req *r, struct resp *out, struct err *e)
{
    struct connect_ask ask;
    enum err_code      rc = auth_connect_read(r, &r->args, &ask, e);

    keep_quiet(out);
    if (is_refusal(rc))
        return reply_refusal(r, out, e);
    if (rc != ERR_NONE)
        return rc;
    out->form_action = ask.origin; /* browsers hold redirects behind a form against it */
    return model_reply(out, 200, "access", access_model(r, &ask));
}

enum err_code
page_accept(struct req *r, struct resp *out, struct err *e)
{
    struct connect_ask ask;
    struct slice       to;
    enum err_code      rc = auth_connect_read(r, &r->form, &ask, e);

    keep_quiet(out);
    if (is_refusal(rc))
        return reply_refusal(r, out, e);
    if (rc != ERR_NONE)
        return rc;
    rc = auth_connect_accept(r, &ask, &to, e);
    if (rc == ERR_CONFLICT) {
        resp_flash(r, out, "access.too_many");
        return reply_redirect(out, SL("/settings"));
    }
    if (rc != ERR_NONE)
        return rc;
    resp_header(out, "Location", to);
    return reply_bytes(out, 303, "text/plain; charset=utf-8", SL(""));
}

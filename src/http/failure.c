#include "http_int.h"
#include "core/log.h"
#include "core/uri.h"
#include "json/json.h"

bool
req_wants_page(const struct req *r)
{
    enum route_reply reply = r->route == NULL ? ANY : r->route->reply;
    struct slice     accept = req_header(r, "Accept");
    size_t           at;

    if (reply == JSON)
        return false;
    if (reply == HTML) /* a failure of a public page is kept for all */
        return r->route->cached || !r->wants_json;
    return !r->wants_json && slice_find(accept, SL("text/html"), &at);
}

/* A visitor who opens a page that is for a user is sent to sign in. */
static bool
is_invitation(const struct req *r, const struct err *e)
{
    return e->code == ERR_NOT_SIGNED_IN && r->route != NULL && r->route->reply == HTML &&
           (r->method == HTTP_GET || r->method == HTTP_HEAD) && !r->wants_json;
}

/* And from there to where they wanted to go. */
static void
invite(struct exchange *x)
{
    struct slice next = x->params.uri;
    struct slice to = SL("/signin");

    if (next.n <= LIMIT_NEXT_BYTES && path_is_ours(next) && !slice_eq(next, SL("/backpack")))
        to = arena_printf(x->req.arena, "/signin?next=%s", uri_escape(x->req.arena, next).p);
    (void)reply_redirect(&x->resp, to);
}

/* That a public document is not there is kept for whoever asks next: it has no number of one request. */
static bool
has_number(const struct req *r, const struct err *e)
{
    return r->id.n > 0 && !(r->route != NULL && r->route->cached && e->code == ERR_NOT_FOUND);
}

static void
shape_page(struct exchange *x, const struct err *e)
{
    json_object *model = view_err(&x->req, e);
    struct err   again;

    json_put_number(model, "status", err_status(e->code));
    json_put_text(model, "title", json_get_text(model, "sentence"));
    if (has_number(&x->req, e))
        json_put_text(model, "id", x->req.id);
    /* The sentences of a 503 say it themselves. */
    json_put_bool(model, "retry", err_status(e->code) >= 500 && err_status(e->code) != 503);
    json_put_bool(model, "noindex", true);
    (void)reply_page(&x->resp, err_status(e->code), "error", model);
    if (page_render(x, &again) == ERR_NONE)
        return;
    log_err("error_page", &again);
    (void)reply_bytes(&x->resp, err_status(e->code), "text/plain; charset=utf-8",
                      slice_str(err_sentence(e->code)));
}

static void
shape_json(struct exchange *x, const struct err *e)
{
    json_object *doc = view_err(&x->req, e);

    json_put_number(doc, "status", err_status(e->code));
    if (has_number(&x->req, e))
        json_put_text(doc, "request", x->req.id);
    (void)reply_json(&x->resp, err_status(e->code), doc);
}

void
failure_shape(struct exchange *x, const struct err *e)
{
    struct req  *r = &x->req;
    struct resp *out = &x->resp;

    *out = (struct resp){ .arena = r->arena };
    if (is_invitation(r, e))
        invite(x);
    else if (r->route != NULL && r->route->fail != NULL)
        r->route->fail(r, e, out);
    else if (req_wants_page(r))
        shape_page(x, e);
    else
        shape_json(x, e);
    if (e->code == ERR_METHOD)
        resp_header(out, "Allow", allow_header(r->arena, x->allowed));
    if (out->status == 503)
        resp_header(out, "Retry-After", SL("5"));
    if (out->status == 429)
        resp_header(out, "Retry-After", e->code == ERR_ALREADY_FETCHING ? SL("5") : SL("60"));
}

struct slice
http_failure_body(const struct app *app, const struct route *row, struct arena *a,
                  const struct err *e)
{
    struct exchange x = { .app = app,
                          .req = { .arena = a,
                                   .app = app,
                                   .route = row,
                                   .language = site_language(app->site, SL("")) } };

    failure_shape(&x, e);
    return x.resp.body;
}

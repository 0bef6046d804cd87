/* How an issuer's page hands badges to its learner: each way ends at one page, which asks. */
#include "badge/verify.h"
#include "core/rand.h"
#include "core/uri.h"
#include "pages_int.h"
#include "push_int.h"
#include "store/push.h"

enum {
    HOUR_S = 3600,
    PUSHES_AN_HOUR = 600, /* of one client: a class behind one address */
    KEY_BYTES = 64
};

/* What came, however it came. */
struct pushed {
    json_object *assertions; /* an array of texts */
    struct slice sender, return_to, window_key;
};

static enum err_code
too_many(struct err *e)
{
    FAIL(e, TOO_LARGE, "more assertions than are taken at once");
    err_set_field(e, SL("assertions"));
    return e->code;
}

/* Each only once, in their order. */
static enum err_code
read_assertions(const struct req *r, const struct fields *from, const char *name,
                struct pushed *ret, struct err *e)
{
    size_t bytes = 0;

    ret->assertions = json_in_arena(r->arena, json_object_new_array());
    for (size_t i = 0; i < from->count; i++) {
        struct slice text = slice_trim(from->items[i].value);
        bool         again = false;

        if (!slice_eq(from->items[i].name, slice_str(name)) || text.n == 0)
            continue;
        for (size_t k = 0; k < i && !again; k++)
            again = slice_eq(from->items[k].name, slice_str(name)) &&
                    slice_eq(slice_trim(from->items[k].value), text);
        if (again)
            continue;
        bytes += text.n;
        if (json_object_array_length(ret->assertions) == LIMIT_PUSH_ASSERTIONS ||
            bytes > LIMIT_PUSH_BYTES)
            return too_many(e);
        json_add_text(ret->assertions, text);
    }
    return ERR_NONE;
}

/* The page that asks is told by its address. Who sends is told to the browser that was sent here and to no
 * other: anybody can make a push of their own in any site's name, but not in somebody else's browser. */
static enum err_code
keep(const struct req *r, struct resp *out, const struct pushed *pushed, struct err *e)
{
    struct slice  bucket = arena_printf(r->arena, "push:client:%.*s", SLICE_FMT(r->client));
    struct slice  token = rand_token(r->arena);
    struct push   push = { .assertions = json_print(r->arena, pushed->assertions),
                           .sender = pushed->sender,
                           .return_to = pushed->return_to,
                           .window_key = pushed->window_key };
    enum err_code rc;

    if ((rc = store_rate_take(r->db, METRIC_LIMIT_PUSH, bucket, PUSHES_AN_HOUR, HOUR_S, e)) !=
            ERR_NONE ||
        (rc = store_push_add(r->db, token, &push, e)) != ERR_NONE)
        return rc;
    resp_cookie(r, out, PUSH_COOKIE, token, PUSH_TTL_S);
    return reply_redirect(out, arena_printf(r->arena, "/issuer/push/%.*s", SLICE_FMT(token)));
}

enum err_code
page_push_frame(struct req *r, struct resp *out, struct err *e)
{
    json_object *model = model_new(r, "push.page_title", NULL);

    (void)e;
    json_put_bool(model, "noindex", true);
    json_put(model, "user", NULL); /* who frames it sees nothing of who it is */
    return model_reply(out, 200, "push_frame", model);
}

/* From the window that issuer.js opened: its script knows from the browser who sends. What is no badge is
 * said of each on the page that asks, and to the issuer's page. */
enum err_code
page_push_take(struct req *r, struct resp *out, struct err *e)
{
    struct pushed pushed = { .sender = uri_origin(r->arena, req_form(r, "sender")),
                             .return_to = SL(""),
                             .window_key = slice_first(req_form(r, "window"), KEY_BYTES) };
    enum err_code rc = read_assertions(r, &r->form, "assertions", &pushed, e);

    if (rc != ERR_NONE)
        return rc;
    if (pushed.sender.p == NULL)
        pushed.sender = SL("");
    if (pushed.window_key.p == NULL)
        pushed.window_key = SL("");
    return keep(r, out, &pushed, e);
}

static bool
all_are_pushed(const struct req *r, json_object *assertions)
{
    for (size_t i = 0; i < json_object_array_length(assertions); i++)
        if (badge_pushed(r->arena, json_text(json_object_array_get_idx(assertions, i))).n == 0)
            return false;
    return json_object_array_length(assertions) > 0;
}

static enum err_code
reply_no_badge(struct resp *out)
{
    return reply_bytes(out, 400, "text/plain; charset=utf-8",
                       SL("assertion must be url or signature"));
}

/* A form of another site's page: the browser says which. An address to go back to is one of that site, or
 * none, so that nobody is led on from here to somewhere else. */
enum err_code
page_push_frameless(struct req *r, struct resp *out, struct err *e)
{
    const bool    is_form = r->method == HTTP_POST;
    struct pushed pushed = { .sender = uri_origin(r->arena, req_header(r, "Origin")),
                             .return_to = slice_trim(req_form(r, "returnTo")),
                             .window_key = SL("") };
    enum err_code rc = read_assertions(r, is_form ? &r->form : &r->args, "assertions", &pushed, e);

    if (rc != ERR_NONE)
        return rc;
    if (!all_are_pushed(r, pushed.assertions))
        return reply_no_badge(out);
    if (!is_form || pushed.sender.p == NULL)
        pushed.sender = SL("");
    if (pushed.sender.n == 0 || !slice_eq(uri_origin(r->arena, pushed.return_to), pushed.sender))
        pushed.return_to = SL("");
    return keep(r, out, &pushed, e);
}

/* A plain link, in a mail or a QR code. Nobody knows who sends it. */
enum err_code
page_claim(struct req *r, struct resp *out, struct err *e)
{
    struct pushed pushed = { .sender = SL(""), .return_to = SL(""), .window_key = SL("") };
    enum err_code rc = read_assertions(r, &r->args, "assertion", &pushed, e);

    if (rc != ERR_NONE)
        return rc;
    return all_are_pushed(r, pushed.assertions) ? keep(r, out, &pushed, e) : reply_no_badge(out);
}

/* Where a sign-in that an issuer's page began used to end. */
enum err_code
page_push_welcome(struct req *r, struct resp *out, struct err *e)
{
    json_object  *model;
    uint64_t      count;
    enum err_code rc;

    if ((rc = store_badge_count(r->db, r->user->id, &count, e)) != ERR_NONE)
        return rc;
    if (count > 0)
        return reply_redirect(out, SL("/"));
    model = model_new(r, "push.welcome_title", NULL);
    return model_reply(out, 200, "push_welcome", model);
}

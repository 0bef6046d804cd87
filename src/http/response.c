#include <stdio.h>

#include "core/sbuf.h"
#include "http_int.h"
#include "json/json.h"

enum { MAX_HEADERS = 24 };

static bool
is_header_text(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F)
            return false;
    return true;
}

static bool
is_header_name(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == 0x7F || strchr(":;,()<>@\"/[]?={}\\", s.p[i]) != NULL)
            return false;
    return s.n > 0;
}

void
resp_header(struct resp *out, const char *name, struct slice value)
{
    struct slice key = slice_str(name);
    bool         adds = slice_eq_nocase(key, SL("Set-Cookie"));

    if (!is_header_name(key) || !is_header_text(value)) {
        out->broken = true;
        return;
    }
    if (out->headers.items == NULL)
        out->headers.items = ARENA_ARRAY(out->arena, struct field, MAX_HEADERS);
    for (size_t i = 0; !adds && i < out->headers.count; i++)
        if (slice_eq_nocase(out->headers.items[i].name, key)) {
            out->headers.items[i].value = value;
            return;
        }
    if (out->headers.count == MAX_HEADERS) {
        out->broken = true;
        return;
    }
    out->headers.items[out->headers.count++] = (struct field){ key, value };
}

struct slice
resp_header_get(const struct resp *out, const char *name)
{
    for (size_t i = 0; i < out->headers.count; i++)
        if (slice_eq_nocase(out->headers.items[i].name, slice_str(name)))
            return out->headers.items[i].value;
    return SLICE_NONE;
}

enum err_code
reply_bytes(struct resp *out, int status, const char *content_type, struct slice bytes)
{
    out->status = status;
    out->content_type = slice_str(content_type);
    out->body = bytes;
    out->page = NULL;
    return ERR_NONE;
}

enum err_code
reply_json(struct resp *out, int status, json_object *doc)
{
    return reply_bytes(out, status, "application/json",
                       json_print(out->arena, json_in_arena(out->arena, doc)));
}

enum err_code
reply_page(struct resp *out, int status, const char *page, json_object *model)
{
    out->status = status;
    out->page = page;
    out->model = json_in_arena(out->arena, model);
    return ERR_NONE;
}

bool
path_is_ours(struct slice path)
{
    return path.n > 0 && path.p[0] == '/' &&
           (path.n == 1 || (path.p[1] != '/' && path.p[1] != '\\')) && is_header_text(path) &&
           !slice_has_char(path, '\\');
}

enum err_code
reply_redirect(struct resp *out, struct slice path)
{
    resp_header(out, "Location", path_is_ours(path) ? path : SL("/"));
    return reply_bytes(out, 303, "text/plain; charset=utf-8", SL(""));
}

static const char *
reason_of(int status)
{
    static const struct {
        int         status;
        const char *text;
    } known[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 204, "No Content" },
        { 303, "See Other" },
        { 304, "Not Modified" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 409, "Conflict" },
        { 413, "Content Too Large" },
        { 415, "Unsupported Media Type" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].status == status)
            return known[i].text;
    return "Other";
}

static void
default_header(struct resp *out, const char *name, struct slice value)
{
    if (resp_header_get(out, name).p == NULL)
        resp_header(out, name, value);
}

/* What a page may do: only what we serve, nothing inline, and scripts from the folder of static files alone, for
 * a callback of the display API would be a script of ours that says what somebody else chose. */
static struct slice
page_policy(const struct exchange *x, bool framed)
{
    struct slice form_action = x->resp.form_action;

    return arena_printf(x->req.arena,
                        "default-src 'none'; script-src %.*s/static/; style-src 'self'; "
                        "img-src 'self' blob:%s; connect-src 'self'; form-action 'self'%s%.*s; "
                        "base-uri 'none'; frame-ancestors %s",
                        SLICE_FMT(x->app->conf->base_url), x->resp.data_pictures ? " data:" : "",
                        form_action.n > 0 ? " " : "", SLICE_FMT(form_action),
                        framed ? "*" : "'none'");
}

/* Anything else may do nothing at all; a picture opened by itself is sandboxed, for an SVG is a document. */
static struct slice
policy_of(const struct exchange *x)
{
    const struct route *row = x->req.route;

    if (slice_starts(x->resp.content_type, SL("text/html")))
        return page_policy(x, row != NULL && row->framed);
    if (slice_starts(x->resp.content_type, SL("image/")))
        return SL("default-src 'none'; style-src 'unsafe-inline'; sandbox");
    return SL("default-src 'none'; frame-ancestors 'none'");
}

static struct slice
with_encoding(struct arena *a, struct slice vary)
{
    return vary.n == 0 ? SL("Accept-Encoding")
                       : arena_printf(a, "%.*s, Accept-Encoding", SLICE_FMT(vary));
}

static void
add_safety(struct exchange *x)
{
    const struct route *row = x->req.route;
    struct resp        *out = &x->resp;

    default_header(out, "Content-Security-Policy", policy_of(x));
    if (slice_starts(out->content_type, SL("text/html")))
        default_header(out, "Cross-Origin-Opener-Policy",
                       row != NULL && row->opened ? SL("unsafe-none") : SL("same-origin"));
    resp_header(out, "X-Content-Type-Options", SL("nosniff"));
    default_header(out, "Referrer-Policy",
                   row != NULL && row->secret ? SL("no-referrer") : SL("same-origin"));
    default_header(out, "Cache-Control", SL("private, no-store"));
    if (row != NULL && row->cors)
        resp_header(out, "Access-Control-Allow-Origin", SL("*"));
    if (row != NULL && (row->reply == HTML || row->reply == ANY))
        default_header(out, "Vary",
                       row->cached ? SL("Accept-Language") : SL("Accept, Accept-Language"));
    if (row != NULL && row->cached && row->reply != IMAGE)
        resp_header(out, "Vary", with_encoding(out->arena, resp_header_get(out, "Vary")));
}

/* Every line but the status and the ETag, with the empty line at the end. */
static struct slice
header_lines(const struct resp *out, bool bare)
{
    struct sbuf head;

    sbuf_init(&head, out->arena);
    sbuf_room(&head, 1500);
    if (!bare)
        sbuf_printf(&head, "Content-Type: %.*s\r\nContent-Length: %zu\r\n",
                    SLICE_FMT(out->content_type), out->body.n);
    for (size_t i = 0; i < out->headers.count; i++) {
        sbuf_add(&head, out->headers.items[i].name);
        sbuf_add(&head, SL(": "));
        sbuf_add(&head, out->headers.items[i].value);
        sbuf_add(&head, SL("\r\n"));
    }
    sbuf_add(&head, SL("\r\n"));
    return sbuf_slice(&head);
}

static bool
has_body(const struct exchange *x)
{
    return x->req.method != HTTP_HEAD && x->resp.status != 204 && x->resp.status != 304;
}

static struct slice
status_and(const struct exchange *x, struct slice lines)
{
    struct sbuf head;

    sbuf_init(&head, x->resp.arena);
    sbuf_room(&head, lines.n + 100);
    if (x->resp.status == 200)
        sbuf_add(&head, SL("Status: 200 OK\r\n"));
    else
        sbuf_printf(&head, "Status: %d %s\r\n", x->resp.status, reason_of(x->resp.status));
    if (x->etag.n > 0) {
        sbuf_add(&head, SL("ETag: "));
        sbuf_add(&head, x->etag);
        sbuf_add(&head, SL("\r\n"));
    }
    sbuf_add(&head, lines);
    return sbuf_slice(&head);
}

/* What a 304 says again: all but what describes the body that is not sent. So does nginx. */
static void
write_known(struct exchange *x, struct slice lines, struct raw_reply *ret)
{
    struct sbuf  kept;
    struct slice line;

    sbuf_init(&kept, x->resp.arena);
    while (slice_next(&lines, '\n', &line)) {
        if (slice_starts(line, SL("Content-Type: ")) ||
            slice_starts(line, SL("Content-Length: ")) ||
            slice_starts(line, SL("Content-Encoding: ")))
            continue;
        sbuf_add(&kept, line);
        sbuf_add_char(&kept, '\n');
    }
    x->resp.status = 304;
    ret->head = status_and(x, sbuf_slice(&kept));
    ret->body = SL("");
}

void
response_write(struct exchange *x, struct raw_reply *ret)
{
    struct resp *out = &x->resp;
    struct slice lines = x->kept_head;

    if (lines.n == 0) {
        cached_mark(x);
        gzip_answer(x);
        add_safety(x);
        lines = header_lines(out, out->status == 204 || out->status == 304);
        cached_keep(x, lines);
    }
    if (cached_is_known(x)) {
        write_known(x, lines, ret);
        return;
    }
    ret->head = status_and(x, lines);
    ret->body = has_body(x) ? out->body : SL("");
}

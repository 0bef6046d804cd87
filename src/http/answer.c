/* The order in which a request is settled: path, method, pool, access, size, type, forgery, then the handler. */
#include "core/clock.h"
#include "core/log.h"
#include "core/rand.h"
#include "core/digest.h"
#include "http_int.h"

/* nginx's id, so that its line and ours are found together; else one of our own. */
static struct slice
id_of(struct arena *a, struct slice sent)
{
    unsigned char bytes[16];
    bool          good = sent.n == 2 * sizeof bytes;

    for (size_t i = 0; good && i < sent.n; i++)
        good = sent.p[i] != '\0' && strchr("0123456789abcdef", sent.p[i]) != NULL;
    if (good)
        return sent;
    rand_bytes(bytes, sizeof bytes);
    return hex_encode(a, (struct slice){ (const char *)bytes, sizeof bytes });
}

static enum err_code
answer_options(struct exchange *x)
{
    struct resp *out = &x->resp;
    struct slice allow = allow_header(x->req.arena, x->allowed);

    resp_header(out, "Allow", allow);
    if (x->req.route->cors) {
        resp_header(out, "Access-Control-Allow-Methods", allow);
        resp_header(out, "Access-Control-Allow-Headers", SL("Content-Type"));
        resp_header(out, "Access-Control-Max-Age", SL("86400"));
    }
    return reply_bytes(out, 204, "text/plain", SL(""));
}

/* Everything before the handler. */
static enum err_code
settle(struct exchange *x, struct err *e)
{
    enum err_code rc;

    if ((rc = visitor_find(x, e)) != ERR_NONE || (rc = bearer_find(x, e)) != ERR_NONE ||
        (rc = request_read_body(x, e)) != ERR_NONE || (rc = visitor_check_csrf(x, e)) != ERR_NONE)
        return rc;
    return place_take(x, e);
}

/* nginx chooses the pool by the path without its escapes and dots, we choose the row by the path as sent. */
static bool
path_is_plain(struct slice path)
{
    size_t at;

    return !slice_has_char(path, '%') && !slice_find(path, SL("/."), &at) &&
           !slice_find(path, SL("//"), &at);
}

static enum err_code
run(struct exchange *x, struct err *e)
{
    struct req   *r = &x->req;
    enum err_code rc;

    rc = request_read(x, e);
    r->id = id_of(r->arena, x->params.id);
    log_set_request(r->id);
    if (rc != ERR_NONE)
        return rc;
    rc = route_match(x, e);
    if (rc == ERR_METHOD && r->method == HTTP_OPTIONS)
        return answer_options(x);
    if (rc != ERR_NONE)
        return rc;
    if (r->route->pool != x->pool && !path_is_plain(r->path))
        return FAIL(e, NOT_FOUND, "a path that means another to nginx");
    if (r->route->pool != x->pool)
        return FAIL(e, INTERNAL, "a route of another pool: %s", r->route->path);
    if ((rc = request_read_args(x, e)) != ERR_NONE)
        return rc;
    if (cached_find(x))
        return ERR_NONE;
    if ((rc = settle(x, e)) != ERR_NONE || (rc = r->route->handler(r, &x->resp, e)) != ERR_NONE ||
        (rc = page_render(x, e)) != ERR_NONE)
        return rc;
    if (x->resp.broken || x->resp.status == 0)
        return FAIL(e, INTERNAL, "%s of %s", x->resp.status == 0 ? "no answer" : "a broken header",
                    r->route->path);
    return ERR_NONE;
}

struct slice
http_method_name(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return SL("GET");
    case HTTP_POST:
        return SL("POST");
    case HTTP_HEAD:
        return SL("HEAD");
    case HTTP_PUT:
        return SL("PUT");
    case HTTP_DELETE:
        return SL("DELETE");
    case HTTP_OPTIONS:
        return SL("OPTIONS");
    }
    return SL("?");
}

/* Written when the request's arena is emptied: the client has its answer by then, and the FastCGI parameters
 * are gone. */
static void
log_answer(void *p)
{
    const struct exchange *x = p;
    const struct req      *r = &x->req;

    log_event(ERR_LEVEL_INFO, "request",
              LOG_TEXT("route", slice_str(r->route == NULL ? "none" : r->route->path)),
              LOG_TEXT("method", http_method_name(r->method)),
              LOG_NUMBER("status", x->resp.status), LOG_NUMBER("total_us", x->took_us),
              LOG_NUMBER("db_us", x->db_us), LOG_NUMBER("cache_us", r->cache_us),
              LOG_NUMBER("fetch_us", r->fetch_us), LOG_NUMBER("bytes", x->resp.body.n));
    log_set_request(SL(""));
}

void
http_answer(const struct app *app, enum route_pool pool, struct arena *a,
            const struct raw_request *raw, struct raw_reply *ret)
{
    struct exchange *x = ARENA_NEW(a, struct exchange);
    struct err       e;
    enum err_code    rc;

    *x = (struct exchange){ .app = app, .pool = pool, .raw = raw, .began_us = clock_monotonic_us() };
    x->req.arena = x->resp.arena = a;
    x->req.app = app;
    if ((rc = run(x, &e)) != ERR_NONE) {
        if (e.code != ERR_NOT_FOUND && e.code != ERR_NOT_SIGNED_IN)
            log_err("failure", &e);
        failure_shape(x, &e);
        if (x->resp.broken || x->resp.status == 0)
            (void)reply_bytes(&x->resp, 500, "text/plain", SL("Something went wrong on our side."));
    }
    place_give_back(x);
    visitor_cookies(x);
    response_write(x, ret);
    request_drain(x);
    x->db_us = x->req.db == NULL ? 0 : db_took_us(x->req.db);
    x->took_us = clock_monotonic_us() - x->began_us;
    count_request(x, rc);
    arena_defer(a, log_answer, x);
}

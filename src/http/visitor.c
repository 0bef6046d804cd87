/* Who a request comes from, by cookies, and what its forms must send back. */
#include "core/clock.h"
#include "core/digest.h"
#include "core/rand.h"
#include "core/uri.h"
#include "http_int.h"

enum { POSITION_S = 10, FLASH_S = 60, MAX_POSITION = 200, RENEW_S = 3600 };

static bool
is_https(const struct conf *conf)
{
    return slice_starts_nocase(conf->base_url, SL("https://"));
}

/* Cookies do not know ports, so the port is in the name; __Host- keeps other hosts of the domain from setting
 * ours. */
static struct slice
cookie_name(struct arena *a, const struct conf *conf, const char *name)
{
    struct uri   u;
    struct slice port = is_https(conf) ? SL("443") : SL("80");

    if (uri_parse(conf->base_url, &u) && u.port.n > 0)
        port = u.port;
    return arena_printf(a, "%sobi_%.*s_%s", is_https(conf) ? "__Host-" : "", SLICE_FMT(port), name);
}

struct slice
req_cookie(const struct req *r, const char *name)
{
    struct slice full, found = SLICE_NONE;

    if (r->cookies.count == 0)
        return SLICE_NONE;
    full = cookie_name(r->arena, r->app->conf, name);
    for (size_t i = 0; i < r->cookies.count; i++) {
        if (!slice_eq(r->cookies.items[i].name, full))
            continue;
        if (found.p != NULL && !slice_eq(found, r->cookies.items[i].value))
            return SLICE_NONE;
        found = r->cookies.items[i].value;
    }
    return found;
}

void
resp_cookie(const struct req *r, struct resp *out, const char *name, struct slice value,
            int64_t max_age_s)
{
    const struct conf *conf = r->app->conf;
    struct slice       age = SL("");

    if (slice_has_char(value, ';')) {
        out->broken = true;
        return;
    }
    if (max_age_s >= 0)
        age = arena_printf(r->arena, "; Max-Age=%lld", (long long)max_age_s);
    resp_header(out, "Set-Cookie",
                arena_printf(r->arena, "%s=%.*s%.*s; Path=/; HttpOnly; SameSite=Lax%s",
                             cookie_name(r->arena, conf, name).p, SLICE_FMT(value), SLICE_FMT(age),
                             is_https(conf) ? "; Secure" : ""));
}

void
resp_session(const struct req *r, struct resp *out, struct slice token)
{
    resp_cookie(r, out, "session", token.p == NULL ? SL("") : token,
                token.p == NULL ? 0 : r->app->conf->session_ttl_s);
    /* The next form's token comes from the session, or from a new visitor. */
    resp_cookie(r, out, "visitor", SL(""), 0);
}

static bool
is_token(struct slice s)
{
    if (s.n != TOKEN_CHARS)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' &&
            c != '_')
            return false;
    }
    return true;
}

/* What forms send back: nobody who does not know the cookie can compute it, and it does not tell the cookie. */
static struct slice
csrf_of(struct arena *a, const char *kind, struct slice token)
{
    const struct slice parts[] = { SL("obi csrf "), slice_str(kind), token };
    struct sha256      hash = sha256_of_parts(parts, COUNT_OF(parts));

    return base64url_encode(a, (struct slice){ (const char *)hash.bytes, sizeof hash.bytes });
}

/* A position is what db_position gave: digits, dashes, underscores, commas, colons and letters of a server's own form. */
static struct slice
position_of(const struct req *r)
{
    struct slice s = req_cookie(r, "at");

    if (s.n == 0 || s.n > MAX_POSITION)
        return SLICE_NONE;
    for (size_t i = 0; i < s.n; i++)
        if (strchr("0123456789abcdefABCDEF-_,:", s.p[i]) == NULL)
            return SLICE_NONE;
    return s;
}

static bool
uses_cookies(const struct route *row)
{
    return !row->cached && row->csrf != NO_COOKIE && row->pool != READ;
}

static enum err_code
find_session(struct exchange *x, struct slice token, struct err *e)
{
    struct req   *r = &x->req;
    enum err_code rc;

    rc = store_session_find(r->db, token, &x->session, &x->user, e);
    if (rc == ERR_NONE) {
        r->user = &x->user;
        r->session = &x->session;
        r->csrf = csrf_of(r->arena, "session ", token);
        return ERR_NONE;
    }
    /* A page for anyone is shown also while the database is away; one for a user is not, nor is a form taken,
     * whose token cannot be known without the session. */
    if (rc == ERR_NOT_FOUND || (r->route->who == ANYONE && r->route->csrf != TOKEN))
        return ERR_NONE;
    return rc;
}

enum err_code
visitor_find(struct exchange *x, struct err *e)
{
    struct req   *r = &x->req;
    struct slice  token;
    enum err_code rc;

    if (!uses_cookies(r->route)) {
        r->db = db_lease(x->app->store, r->arena, SLICE_NONE, false);
        return ERR_NONE;
    }
    form_cookies(r->arena, req_header(r, "Cookie"), &r->cookies);
    r->db = db_lease(x->app->store, r->arena, position_of(r), false);
    token = req_cookie(r, "session");
    if (is_token(token) && (rc = find_session(x, token, e)) != ERR_NONE)
        return rc;
    if (r->user == NULL) {
        token = req_cookie(r, "visitor");
        if (!is_token(token))
            token = x->visitor = rand_token(r->arena);
        r->csrf = csrf_of(r->arena, "visitor ", token);
        if (r->route->who == USER)
            return FAIL(e, NOT_SIGNED_IN, "no session");
    }
    return ERR_NONE;
}

/* Browsers say where a request was made; what is not our own page has no business to change something. */
static bool
is_from_elsewhere(const struct req *r)
{
    struct slice site = req_header(r, "Sec-Fetch-Site");

    return site.p != NULL && !slice_eq(site, SL("same-origin")) && !slice_eq(site, SL("none"));
}

/* The older header, which says it of forms; "null" is nobody we know. */
static bool
names_another_origin(const struct req *r)
{
    struct slice origin = req_header(r, "Origin");

    return origin.p != NULL && !slice_eq_nocase(origin, r->app->conf->base_url);
}

enum err_code
visitor_check_csrf(struct exchange *x, struct err *e)
{
    struct req  *r = &x->req;
    struct slice sent;

    if (r->route->csrf != TOKEN && r->route->csrf != ORIGIN)
        return ERR_NONE;
    if (is_from_elsewhere(r) || (r->route->csrf == ORIGIN && names_another_origin(r)))
        return FAIL(e, CSRF, "sent by another site");
    if (r->route->csrf == ORIGIN)
        return ERR_NONE;
    sent = req_form(r, "_csrf");
    if (sent.p == NULL)
        sent = req_header(r, "X-CSRF-Token");
    if (sent.n == 0 || !secret_eq(sent, r->csrf))
        return FAIL(e, CSRF, sent.n == 0 ? "no token" : "a token of another visitor");
    return ERR_NONE;
}

/* A session lasts from its last use on, so its cookie has to as well: it is sent anew when the use is noted,
 * unless the handler ended or replaced the session. */
static void
renew_session(struct exchange *x)
{
    struct req *r = &x->req;

    if (r->session == NULL || clock_now_s() - r->session->used_at_s < RENEW_S ||
        resp_header_get(&x->resp, "Set-Cookie").p != NULL)
        return;
    resp_cookie(r, &x->resp, "session", req_cookie(r, "session"), x->app->conf->session_ttl_s);
}

void
visitor_cookies(struct exchange *x)
{
    struct req  *r = &x->req;
    struct slice position;
    size_t       at;

    if (r->route == NULL || !uses_cookies(r->route) || r->db == NULL)
        return;
    renew_session(x);
    position = db_position(r->db);
    if (position.n > 0)
        resp_cookie(r, &x->resp, "at", position, POSITION_S);
    /* A visitor gets a cookie only with a form that needs it. */
    if (x->visitor.n > 0 && slice_find(x->resp.body, r->csrf, &at))
        resp_cookie(r, &x->resp, "visitor", x->visitor, -1);
    if (x->shown_flash)
        resp_cookie(r, &x->resp, "flash", SL(""), 0);
}

void
resp_flash(const struct req *r, struct resp *out, const char *message_id)
{
    resp_cookie(r, out, "flash", slice_str(message_id), FLASH_S);
}

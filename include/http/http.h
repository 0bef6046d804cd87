/* Requests, replies and routes: what a handler sees. */
#ifndef OBI_HTTP_HTTP_H
#define OBI_HTTP_HTTP_H

#include <json-c/json.h>

#include "core/arena.h"
#include "core/conf.h"
#include "core/err.h"
#include "core/fetcher.h"
#include "core/limits.h"
#include "store/connect.h"
#include "store/store.h"
#include "store/user.h"

struct cache;
struct net;
struct route;
struct site; /* templates, catalogue, names of static files: http/site.h */

/* What a worker holds for its life. */
struct app {
    const struct conf  *conf;
    struct store       *store;
    struct cache       *cache; /* NULL: none configured */
    struct net         *net;   /* NULL but in the fetch pool */
    struct site        *site;
    const struct route *routes;
    size_t              route_count;
};

enum http_method {
    HTTP_GET = 1,
    HTTP_POST = 2,
    HTTP_HEAD = 4,
    HTTP_PUT = 8,
    HTTP_DELETE = 16,
    HTTP_OPTIONS = 32
};

struct field {
    struct slice name, value;
};
struct fields {
    struct field *items;
    size_t        count;
};
struct upload {
    struct slice field, file_name, content_type, bytes;
};

struct req {
    struct arena         *arena;
    const struct app     *app;
    const struct route   *route;
    struct db            *db;   /* leased before the handler runs */
    const struct user    *user; /* NULL when nobody is signed in, and no token says who it is for */
    const struct session *session;      /* NULL but when somebody is signed in */
    const struct connect_grant *grant;  /* of the token, where the route is for one */
    enum http_method      method;
    struct slice          id;       /* of the request, for logs and error pages */
    struct slice          path;     /* as sent, without the query */
    struct slice          client;   /* who asks, for limits: an IPv4 address or an IPv6 /64 */
    struct slice          language; /* of the catalogue, such as "en" */
    struct fields         headers, args, params, form, cookies;
    struct upload        *uploads;
    size_t                upload_count;
    struct slice          csrf;       /* what forms of this visitor must send back as `_csrf` */
    bool                  wants_json; /* by Accept, JSON before HTML */
    json_object          *unstored;   /* a sound badge that could not be stored, for .fail */
    int64_t               fetch_us;   /* a handler adds what it waited for issuers, for the log */
    int64_t               cache_us;
};

/* The first value of that name, or SLICE_NONE. Header names in any letter case. */
struct slice req_header(const struct req *r, const char *name);
struct slice req_arg(const struct req *r, const char *name); /* of the query */
/* Of the body: form, multipart or JSON. Each CR LF is an LF. */
struct slice req_form(const struct req *r, const char *name);
struct slice req_param(const struct req *r, const char *name); /* of the route's path, decoded */
/* The value of our cookie `name` (which is sent as `obi_<port>_<name>`), or SLICE_NONE; also
 * SLICE_NONE when it came twice with different values, since one of the two is then somebody
 * else's. */
struct slice req_cookie(const struct req *r, const char *name);
/* A path parameter that is an id: decimal, below 2^53. Errors NOT_FOUND. */
MUST_USE enum err_code req_param_id(const struct req *r, const char *name, uint64_t *ret,
                                    struct err *e);
/* Whether the answer is a page: always or never where the route is one or none, unless the client
 * of a page that is not public names JSON; a route that is ANY answers a page to whoever names HTML, which browsers do. */
bool req_wants_page(const struct req *r);
/* A form field that must be there and not blank, trimmed, UTF-8, at most max_bytes.
 * Errors FIELD_MISSING, FIELD_INVALID, each with e->field. */
MUST_USE enum err_code req_form_need(const struct req *r, const char *name, size_t max_bytes,
                                     struct slice *ret, struct err *e);

struct resp {
    struct arena *arena;
    int           status;
    struct slice  content_type;
    struct slice  body;
    struct fields headers;
    struct slice form_action; /* another origin that forms of the page lead to, redirects included */
    const char   *page; /* the template to render `model` with; NULL for a body that is ready */
    json_object  *model;
    bool          data_pictures; /* a page has pictures in itself, as data: addresses */
    int64_t       fresh_until_s; /* a cached document changes by itself then (an expiry); 0: never */
    bool          broken;        /* a header was refused */
};

/* Replaces what was set under that name; Set-Cookie adds. A name or value that would break the
 * header (CR, LF, NUL, other control characters) makes the whole answer a 500 instead. The headers
 * of safety (CSP, nosniff, Referrer-Policy, Cache-Control) are there by themselves; setting one
 * replaces the default. */
void resp_header(struct resp *out, const char *name, struct slice value);
/* A user's SVG runs nothing, loads nothing and has no origin, also when it is opened as a page. */
#define HTTP_SVG_POLICY "default-src 'none'; style-src 'unsafe-inline'; sandbox"
/* Sets our cookie `name`: HttpOnly, SameSite=Lax, Path=/, Secure under https. max_age_s 0 removes
 * it, -1 keeps it until the browser ends. */
void resp_cookie(const struct req *r, struct resp *out, const char *name, struct slice value,
                 int64_t max_age_s);
/* Signs this visitor in or out: `token` is the session's (SLICE_NONE signs out). */
void resp_session(const struct req *r, struct resp *out, struct slice token);
/* The replies. A model's or document's reference moves into them. All return ERR_NONE, so that a
 * handler can end with `return reply_…`. */
enum err_code reply_json(struct resp *out, int status, json_object *doc);
/* Renders src/pages/<page>.html inside the route's layout, which names the page's place
 * `{{> page}}`. Added to the model, where it has no such name itself: lang, dir, site_name,
 * contact (when there is one), csrf, user {email} (when somebody is signed in), flash (a list of sentences,
 * shown once). In templates `{{t.some.id}}` is the catalogue's sentence and `{{asset.app.css}}` a
 * static file's address. */
enum err_code reply_page(struct resp *out, int status, const char *page, json_object *model);
enum err_code reply_bytes(struct resp *out, int status, const char *content_type,
                          struct slice bytes);
/* 303 See Other. `path` is one of ours and begins with a slash; anything else leads to `/`. */
enum err_code reply_redirect(struct resp *out, struct slice path);
/* True for a path of ours that is safe to redirect to: "/x", not "//x", "/\\x" or one with control
 * bytes. */
bool path_is_ours(struct slice path);

/* After a POST: a sentence of the catalogue that the next page of this visitor shows once. */
void resp_flash(const struct req *r, struct resp *out, const char *message_id);

/* Zero is no value of these: a row that forgets one fails t/unit/app_routes.c. */
enum route_pool { READ = 1, APP, FETCH, FETCH_ANON, SIGNIN };
enum route_who { ANYONE = 1, USER, BEARER };
/* TOKEN: the form sends `_csrf` back. ORIGIN: for old clients, which know of no token: whoever says where
 * the request was made, as browsers do, must name us. */
enum route_csrf { SAFE = 1, TOKEN, NO_COOKIE, ORIGIN };
enum route_reply { HTML = 1, JSON, IMAGE, TEXT, ANY };
/* FORM takes urlencoded, multipart without files, and a flat JSON object; MULTIPART also files, and
 * objects in the JSON object, which come as their text. */
enum route_body { NO_BODY = 0, FORM, MULTIPART };

struct route {
    int methods; /* HTTP_GET also serves HEAD */
    const char
        *path; /* "/displayer/:user/groups": a segment that begins with a colon is a parameter;
                * ":hash.png" takes only segments that end so; the more literal row wins */
    enum err_code (*handler)(struct req *r, struct resp *out, struct err *e);
    enum route_pool  pool;
    enum route_who   who;
    const char      *scope; /* BEARER: what the token must allow */
    enum route_csrf  csrf;
    enum route_reply reply;
    enum route_body  body;
    size_t           body_max;
    bool             cors;   /* Access-Control-Allow-Origin: * */
    bool             cached; /* public, and that it is not there too: in memcached, no cookie ever */
    bool             framed; /* other sites may show it in a frame */
    const char      *layout; /* the template around its pages; NULL: layout */
    bool             opened; /* by an issuer's page in a window, which keeps hold of that page */
    bool             secret; /* its address lets in whoever knows it: no Referer tells it */
    /* Shapes a refusal; NULL: the common one (page or JSON by reply and Accept). */
    void (*fail)(struct req *r, const struct err *e, struct resp *out);
};

#endif

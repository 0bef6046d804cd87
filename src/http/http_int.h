/* What the files of http/ share: one exchange, from the raw request to the raw reply. */
#ifndef OBI_HTTP_INT_H
#define OBI_HTTP_INT_H

#include "cache/cache.h"
#include "http/form.h"
#include "http/http.h"
#include "http/serve.h"
#include "http/site.h"
#include "http/view.h"

enum { TOKEN_CHARS = 43 }; /* of rand_token */

/* The FastCGI parameters that mean something to us. */
struct params {
    struct slice method, uri, query, content_type, content_length, remote_addr, id;
};

struct exchange {
    const struct app         *app;
    enum route_pool           pool;
    const struct raw_request *raw;
    struct req                req;
    struct resp               resp;
    struct params             params;
    struct user               user;
    struct session            session;
    struct connect_grant      grant;
    struct slice              visitor; /* the token that req.csrf comes from, when it is new */
    int                       allowed; /* the methods of the path that was asked for */
    int64_t                   began_us, took_us, db_us;
    bool                      keeps;  /* a document that may be kept in memcached */
    bool                      leased; /* and we are who fills it */
    struct slice              key, etag, kept_head;
    struct cache_lease        lease;
    bool                      zips;   /* for who takes gzip */
    bool                      shown_flash;
    struct slice              place; /* in the fetch pool, to be given back */
};

/* request.c: parameters and headers; path, query, language, client. */
MUST_USE enum err_code request_read(struct exchange *x, struct err *e);
MUST_USE enum err_code request_read_args(struct exchange *x, struct err *e);
/* body.c: holds length and type against the route, reads the body and takes it apart. */
MUST_USE enum err_code request_read_body(struct exchange *x, struct err *e);
/* Takes what is left of the body off the wire: nginx would not read an answer while it still
 * sends. */
void                   request_drain(struct exchange *x);

/* visitor.c: who it is and what forms must send back. */
MUST_USE enum err_code visitor_find(struct exchange *x, struct err *e);
MUST_USE enum err_code visitor_check_csrf(struct exchange *x, struct err *e);
/* Cookies of ours that go with the answer: position, visitor, flash. */
void visitor_cookies(struct exchange *x);

/* bearer.c: whose token it is, on a route for one. Errors TOKEN_MISSING, TOKEN_UNKNOWN,
 * TOKEN_EXPIRED, TOKEN_SCOPE, TOKEN_ORIGIN. */
MUST_USE enum err_code bearer_find(struct exchange *x, struct err *e);

/* place.c: how many workers one person may hold. Errors ALREADY_FETCHING. */
MUST_USE enum err_code place_take(struct exchange *x, struct err *e);
void                   place_give_back(struct exchange *x);

/* match.c: the row of a path and method. Errors NOT_FOUND; METHOD with x->allowed. */
MUST_USE enum err_code route_match(struct exchange *x, struct err *e);
struct slice           allow_header(struct arena *a, int methods);

/* count.c: the figures of a pool's routes, and of each request, once it has its answer. */
void         count_begin(const struct app *app, enum route_pool pool);
void         count_request(const struct exchange *x, enum err_code failure);
struct slice http_method_name(enum http_method method);

/* failure.c: what a client gets of a failure. */
void failure_shape(struct exchange *x, const struct err *e);
/* page.c: adds the layout's names and renders. */
MUST_USE enum err_code page_render(struct exchange *x, struct err *e);
/* cached.c: a public document. True: memcached had it, and the answer is it. */
bool cached_find(struct exchange *x);
/* Before the head is written: ETag and revalidation. */
void cached_mark(struct exchange *x);
/* Behind it: `head` is every header line but the status and the ETag. */
void cached_keep(struct exchange *x, struct slice head);
bool cached_is_known(const struct exchange *x);
/* gzip.c: the body and its ETag, where the route is public and the client takes it. */
void gzip_answer(struct exchange *x);
/* response.c: status line, headers of safety, length. */
void response_write(struct exchange *x, struct raw_reply *ret);
struct slice resp_header_get(const struct resp *out, const char *name);

#endif

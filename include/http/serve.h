/* The worker: requests in, replies out. */
#ifndef OBI_HTTP_SERVE_H
#define OBI_HTTP_SERVE_H

#include "http/http.h"

/* A request as it arrived, before anything of it is understood. */
struct raw_request {
    char *const *env; /* FastCGI parameters, "NAME=value", NULL at the end */
    /* Reads at most `n` bytes of the body; 0 at its end or when the client has gone. */
    size_t (*read)(void *self, char *to, size_t n);
    void *self;
};

/* A reply as FastCGI wants it. */
struct raw_reply {
    struct slice head; /* "Status: ...", headers and the empty line */
    struct slice body; /* empty for HEAD */
};

/* Answers one request: finds the route, settles access, forgery, size and type, runs the handler,
 * shapes failures, writes one log line. Never fails: what fails is the answer. *ret lives in
 * `a`. */
void http_answer(const struct app *app, enum route_pool pool, struct arena *a,
                 const struct raw_request *raw, struct raw_reply *ret);

/* What a client of this route would get of a failure, made before any asks, for nginx to send when no worker
 * can. Lives in `a`. */
struct slice http_failure_body(const struct app *app, const struct route *row, struct arena *a,
                               const struct err *e);

/* Serves FastCGI on file descriptor 0 until SIGTERM, SIGUSR1 or SIGUSR2; a connection that it has taken is answered
 * first, others stay in the socket for the next worker. Returns the process's exit status. */
int http_serve(const struct app *app, enum route_pool pool);

/* "read", "app", "fetch", "fetch-anon", "signin"; 0 for anything else. */
enum route_pool http_pool(struct slice name);
/* SLICE_NONE behind the last. */
struct slice http_pool_name(enum route_pool pool);

#endif

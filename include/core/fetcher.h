/* How a document is asked for. Code that verifies badges is handed one: the network's is
 * net_fetcher (net/), a folder's and a test's are their own. */
#ifndef OBI_CORE_FETCHER_H
#define OBI_CORE_FETCHER_H

#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"

/* What came back, whatever its status. In the arena that was handed in. */
struct fetched {
    struct slice url;          /* as asked for */
    struct slice final_url;    /* after redirects */
    int          status;       /* HTTP status of the last answer */
    struct slice content_type; /* as sent, may be empty */
    struct slice body;         /* after decompression */
    int64_t      at_s;         /* when, seconds since 1970 */
    int64_t      fresh_s;      /* how long it may be kept, by its Cache-Control; -1: not said */
    int64_t      took_ms;
};

struct fetcher {
    /* Gets `url`, at most `max_bytes` of body. Any HTTP status is a success here.
     * Errors FETCH_URL, FETCH_REFUSED, FETCH_DNS, FETCH_CONNECT, FETCH_TLS, FETCH_TIMEOUT,
     * FETCH_TOO_LARGE, FETCH_REDIRECTS; e->url is set, e->cause says what a client may know. */
    enum err_code (*get)(void *self, struct arena *a, struct slice url, size_t max_bytes,
                         struct fetched *ret, struct err *e);
    void *self;
};

/* A fetcher that asks `from` for each address once: several badges of one issuer share most of
 * their documents. It holds 16 MiB at most; failures are not kept.
 * Owner   it lives in `a`; what it gets in the arena that asks, or in `a`. */
const struct fetcher *fetcher_memo(struct arena *a, const struct fetcher *from);

#endif

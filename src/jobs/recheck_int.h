#ifndef OBI_RECHECK_INT_H
#define OBI_RECHECK_INT_H

#include "core/fetcher.h"
#include "net/net.h"
#include "store/recheck.h"

/* polite.c: a fetcher that asks no host more often than it may be asked. */

struct kept; /* documents that were fetched a while ago */

struct polite {
    struct fetcher        fetcher;
    struct net           *net;      /* NULL: */
    const struct fetcher *fetch;    /* asks instead */
    int64_t               apart_ms; /* of two documents, over all hosts */
    struct kept          *kept;
    /* Of the check that is under way. */
    struct db   *db;
    struct slice subject; /* not kept: nobody asks for it again soon */
    int64_t      begun_ms, took_ms;
    int64_t      postponed_until_ms; /* not 0: a host may not be asked yet, so nothing is known */
    bool         failed;             /* a host did */
    /* Of the document that is asked for. */
    uint64_t      host; /* which is asked now: of the address, then of where a redirect leads */
    unsigned      host_failures; /* of it until now, in a row */
    bool          is_down;       /* it was not asked: it failed a moment ago */
    enum err_code trouble;       /* of the store */
    struct err    why;
    /* The host that failed last, and how: others that need it now are told the same. */
    struct {
        uint64_t   host;
        int64_t    until_ms;
        int        status; /* what it answered; 0: it did not, and `said` says why */
        struct err said;
    } down;
};

struct polite *polite_new(struct net *net, const struct fetcher *fetch, int64_t per_minute);
void           polite_free(struct polite *p);
/* Begins a check, whose statements run under `db`. */
void polite_begin(struct polite *p, struct db *db, struct slice subject);

/* kept.c: at most KEPT_COUNT of KEPT_BYTES together, each for KEPT_MS; of this process alone. */
struct kept *kept_new(void);
void         kept_free(struct kept *k);
/* Out     *ret in `a`. False when it is not there. */
bool kept_get(const struct kept *k, struct arena *a, struct slice url, struct fetched *ret);
void kept_put(struct kept *k, const struct fetched *document);

#endif

/* Stored badges are verified again, politely: one request a second to a host, a budget a minute over
 * all, hosts that fail left alone for longer each time. Any number of processes on any number of
 * machines may do so at once: they share queues, slots and budget through the database. */
#ifndef OBI_JOBS_RECHECK_H
#define OBI_JOBS_RECHECK_H

#include "core/conf.h"
#include "core/err.h"
#include "core/fetcher.h"

struct rechecker;

/* In      conf: outlives it. fetch: asked for every document; NULL for the network.
 * Errors  CONF.
 * Owner   the caller ends *ret with rechecker_free. */
MUST_USE enum err_code rechecker_new(const struct conf *conf, const struct fetcher *fetch,
                                     struct rechecker **ret, struct err *e);
void                   rechecker_free(struct rechecker *r);

/* Checks the badge that is due at the host that has been due longest; of a host that has failed
 * three times in a row all that are due, by that one failure. Says each in the log: host, status,
 * reason, ms.
 * Out     *ret_worked: whether a host was due.
 * Errors  the store's; the badge is checked again when the claim on its host has run out. */
MUST_USE enum err_code recheck_round(struct rechecker *r, bool *ret_worked, struct err *e);

/* Rounds until nothing is due within some seconds. Errors  the store's. */
MUST_USE enum err_code recheck_once(struct rechecker *r, struct err *e);
/* Rounds for ever. An outage of the database is logged when it begins and when it ends. */
void recheck_run(struct rechecker *r);

#endif

/* What goes on beside the requests: mails leave the outbox, and what time has ended is removed. */
#ifndef OBI_JOBS_JOBS_H
#define OBI_JOBS_JOBS_H

#include "core/conf.h"
#include "core/err.h"

struct jobs;

/* Neither the database nor the mail server has to be there.
 * In      conf: outlives it.
 * Errors  CONF.
 * Owner   the caller ends *ret with jobs_free. */
MUST_USE enum err_code jobs_new(const struct conf *conf, struct jobs **ret, struct err *e);
void                   jobs_free(struct jobs *j);

/* One round: notes that the primary is alive, sends the mails that are due, removes from the cache what writers could not, and once
 * a minute removes old sessions, links, limits and mails. Several processes may do so at once: none
 * sends a mail that another has claimed. A mail is written off only when the server has taken it,
 * so one is sent twice rather than never. What fails is tried again in a later round; an outage is
 * logged when it begins and when it ends. *ret_sent counts the mails that left. */
MUST_USE enum err_code jobs_round(struct jobs *j, size_t *ret_sent, struct err *e);

/* Rounds, one a second or at SIGUSR2, until SIGTERM, SIGINT or SIGUSR1, which also cut short a mail
 * on its way: it is sent later. Blocks these signals for the process. */
void jobs_run(struct jobs *j);

#endif

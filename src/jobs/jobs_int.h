#ifndef OBI_JOBS_INT_H
#define OBI_JOBS_INT_H

#include "jobs/jobs.h"
#include "mail/mail.h"
#include "store/status.h"

struct jobs {
    struct store *store;
    struct mail  *mail;
    struct arena *a;           /* of a round */
    int64_t       swept_at_ms; /* monotonic; of the last sweep */
    enum err_code outage;      /* what was logged and is not over; ERR_NONE: nothing */
    size_t        purges_left;
};

/* Sends what is due, for a few seconds at most, and counts what left in *ret_sent, also when it
 * then fails.
 * Errors of the store only: a mail's own stay with it. */
MUST_USE enum err_code outbox_send(struct jobs *j, struct db *db, size_t *ret_sent, struct err *e);
/* True when a signal that ends the process waits to be taken. */
bool jobs_must_end(void);

#endif

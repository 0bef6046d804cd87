/* A replica becomes the primary. */
#ifndef OBI_STORE_PROMOTE_H
#define OBI_STORE_PROMOTE_H

#include "store/store.h"

/* Connects as a user who may do what promoting needs (docs/operating.md), with a patience of its own. */
struct store *store_new_as_admin(const struct conf *conf, struct slice user, struct slice password);

struct promote_wish {
    struct slice server;    /* as configured; empty: whichever has most */
    bool         hand_over; /* the primary is there, and hands over */
    bool         force;     /* although servers do not answer that may have what no other has */
};

enum promote_end {
    PROMOTED,
    PROMOTE_REFUSED, /* all is as it was */
    PROMOTE_FAILED,  /* half-way; may be asked for again */
};

/* Makes the replica that received most the primary, once it has applied all of it; the others then follow it.
 * Workers find it by themselves. Without `hand_over` it refuses while any server takes writes.
 * In      a lease of a store_new_as_admin. say: each step, for people. */
MUST_USE enum promote_end store_promote(struct db *db, const struct promote_wish         *wish,
                                        void (*say)(struct slice line, void *self), void *self);

#endif

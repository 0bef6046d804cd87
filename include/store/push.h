/* Badges that an issuer's page has sent and their learner has not decided on yet. */
#ifndef OBI_STORE_PUSH_H
#define OBI_STORE_PUSH_H

#include "store/store.h"

enum { PUSH_TTL_S = 3600 };

struct push {
    struct slice assertions; /* a JSON array of texts */
    struct slice sender;     /* the origin of the page; empty: not known */
    struct slice return_to;  /* an address of that origin; empty: none */
    struct slice window_key; /* at most 64 bytes; what the window that took it has made up */
};

/* Kept for PUSH_TTL_S, under the hash of a token. */
MUST_USE enum err_code store_push_add(struct db *db, struct slice token, const struct push *push,
                                      struct err *e);
/* NOT_FOUND when there is none, or its time is over. */
MUST_USE enum err_code store_push_get(struct db *db, struct slice token, struct push *ret,
                                      struct err *e);

#endif

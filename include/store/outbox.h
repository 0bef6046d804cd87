/* Mails wait here: a request writes a row, a job sends it. */
#ifndef OBI_STORE_OUTBOX_H
#define OBI_STORE_OUTBOX_H

#include "store/store.h"

struct outbox_mail {
    uint64_t     id;
    struct slice to, subject, text;
    unsigned     attempts;
};

MUST_USE enum err_code store_outbox_add(struct db *db, struct slice to, struct slice subject,
                                        struct slice text, struct err *e);
/* Claims at most `limit` due mails for 60 s, so that several senders do not send one twice. */
MUST_USE enum err_code store_outbox_claim(struct db *db, size_t limit, struct outbox_mail **ret,
                                          size_t *ret_count, struct err *e);
MUST_USE enum err_code store_outbox_sent(struct db *db, uint64_t id, struct err *e);
/* Tries again later, each time twice as late, and gives up after a day. */
MUST_USE enum err_code store_outbox_failed(struct db *db, uint64_t id, struct err *e);

#endif

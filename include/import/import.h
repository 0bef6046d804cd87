/* Taking a badge into somebody's backpack: verify, match the recipient, store. All or nothing. */
#ifndef OBI_IMPORT_IMPORT_H
#define OBI_IMPORT_IMPORT_H

#include "badge/verify.h"
#include "store/store.h"

enum import_outcome {
    IMPORT_ADDED = 1,
    IMPORT_EXISTS,
    IMPORT_REFUSED,
    IMPORT_OFFERED, /* looked at, and could be added: import_look alone answers so */
};

struct import_result {
    enum import_outcome  outcome;
    uint64_t             id; /* of the badge that was added or is there already; 0 when refused */
    const struct report *report;         /* always */
    bool                 plain_identity; /* the picture will have the learner's address in clear */
    struct err           why; /* IMPORT_REFUSED: which document, url, field, received, status */
};

/* Verifies what was handed in (bytes of a picture, JSON, or text) and says what an import for
 * `user` would come to. Nothing is stored.
 * Out, errors, owner  as import_bytes. */
MUST_USE enum err_code import_look(struct arena *a, struct db *db, const struct fetcher *fetch,
                                   uint64_t user, struct slice bytes, struct import_result *ret,
                                   struct err *e);
/* Stores for the same user what is IMPORT_OFFERED, and leaves anything else as it is. */
MUST_USE enum err_code import_keep(struct arena *a, struct db *db, uint64_t user,
                                   struct import_result *result, struct err *e);
/* Imports for `user` what they handed in: both of the above, one after the other.
 * Out     *ret, for every badge that could be looked at: a refusal is a result.
 * Errors  only what is no fault of the badge: STORE_DOWN, STORE_CONFLICT, STORE_FAULT. Nothing is
 * stored then. Owner   *ret lives in `a` and points into `bytes`. */
MUST_USE enum err_code import_bytes(struct arena *a, struct db *db, const struct fetcher *fetch,
                                    uint64_t user, struct slice bytes, struct import_result *ret,
                                    struct err *e);
/* The same for an address that somebody typed: blanks around it are cut; anything but an http or
 * https address is refused with FIELD_INVALID in ret->why. */
MUST_USE enum err_code import_url(struct arena *a, struct db *db, const struct fetcher *fetch,
                                  uint64_t user, struct slice url, struct import_result *ret,
                                  struct err *e);
/* Whether it was refused for no other reason than that it was issued to somebody else. */
bool import_is_anothers(const struct import_result *result);
/* What came of it, for programs: outcome ("added", "exists", "refused", "offered"), subject, name and status
 * of the badge; id unless it was refused, and recipientInOtherCase when its address is written in
 * another letter case; else reason and message, and url, field, received and httpStatus where they
 * are known. Owner  the caller, until it is given away. */
json_object *import_json(struct arena *a, const struct import_result *r);

#endif

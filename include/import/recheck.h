/* Checking a stored badge again: as it was imported, against the address it was issued to. */
#ifndef OBI_IMPORT_RECHECK_H
#define OBI_IMPORT_RECHECK_H

#include "badge/verify.h"
#include "store/recheck.h"

/* How long a badge that its issuer answers 404 for counts as one that could not be checked. */
enum { RECHECK_GRACE_S = 30 * 86400 };

struct recheck {
    struct badge_full    before;
    const struct report *report;
    struct slice         status, reason; /* what it is from now on */
    bool                 changed;        /* in status, reason or expiry */
};

/* Verifies a stored badge again. Changes nothing.
 *
 * What could not be reached makes a valid badge `unchecked` and leaves any other as it was: an
 * outage takes back no revocation, and holds up no expiry. So does a document or picture that is not
 * there (any 4xx but 410 and 429), until that has been so for RECHECK_GRACE_S: then it is `invalid`.
 * Everything else is the report's. The reason is the key of the message that decides; or "fetch-dns", "fetch-tls", …,
 * "http-503" for what could not be reached; or REASON_NOT_HOSTED.
 * Out     *ret in `a`.
 * Errors  the store's. */
MUST_USE enum err_code recheck_look(struct arena *a, struct db *db, const struct fetcher *fetch,
                                    const struct badge_full *badge, struct recheck *ret,
                                    struct err *e);
/* Keeps what it found; the next check is due `next_in_s` later.
 * Errors  CONFLICT: somebody else checked it meanwhile, or it is gone; nothing is kept. */
MUST_USE enum err_code recheck_keep(struct arena *a, struct db *db, const struct recheck *r,
                                    int64_t next_in_s, struct err *e);

#endif

/* Checking stored badges again: whose turn it is, when a host may be asked, what was found.
 *
 * A badge stands in the queue of one host. Whoever claims a host checks its badges, alone, until the
 * claim is given back or its time is over; nothing is locked meanwhile. */
#ifndef OBI_STORE_RECHECK_H
#define OBI_STORE_RECHECK_H

#include "store/badge.h"

/* ---- queues ---------------------------------------------------------------------------------- */

/* The queue of an address: of its host[:port] in lower case, without a default port. An address
 * without a host is in a queue of all such. */
uint64_t store_host_id(struct slice url);

struct host_claim {
    uint64_t host, claim; /* claim 0: no host was due */
    unsigned failures;    /* in a row, of fetching from it */
};
/* Takes the host that has been due longest, for `claim_ms`. */
MUST_USE enum err_code store_host_claim(struct db *db, int64_t claim_ms, struct host_claim *ret,
                                        struct err *e);
/* Gives it back: due when its next badge is, but not before `rest_ms` from now nor before it may be
 * asked again; after `every_s` when it has none. */
MUST_USE enum err_code store_host_release(struct db *db, const struct host_claim *claim,
                                          int64_t rest_ms, int64_t every_s, struct err *e);

struct check_turn {
    uint64_t user, badge; /* badge 0: none is due */
};
/* When the next host comes due, by the clock in milliseconds; 0 when there is no host. */
MUST_USE enum err_code store_host_due(struct db *db, int64_t *ret_ms, struct err *e);

/* The badge of that host that has been due longest. */
MUST_USE enum err_code store_check_next(struct db *db, uint64_t host, struct check_turn *ret,
                                        struct err *e);
/* Its turn comes again at that time, nothing having been found out. */
MUST_USE enum err_code store_check_postpone(struct db *db, const struct check_turn *turn,
                                            int64_t check_at_s, struct err *e);
/* Puts some badges that are in no queue yet into those of their hosts, each due `every_s` after its
 * last check. Several may do so at once. *ret_count: how many; 0 when all are in one. */
MUST_USE enum err_code store_check_queue(struct db *db, int64_t every_s, size_t *ret_count,
                                         struct err *e);

/* ---- asking ---------------------------------------------------------------------------------- */

enum { HOST_ALL = 1 }; /* stands for all hosts together */

struct host_slot {
    int64_t  at_ms;    /* when it may be asked, by the clock */
    unsigned failures; /* in a row until now */
};
/* The host's next free moment: `apart_ms` after the last that anybody took, on any machine.
 * Errors  TOO_MANY when it is more than `within_ms` ahead; *ret then says when, and is not taken. */
MUST_USE enum err_code store_host_slot(struct db *db, uint64_t host, int64_t apart_ms,
                                       int64_t within_ms, struct host_slot *ret, struct err *e);
/* It failed: it is left alone for a minute, at the next failure two, … up to a day, less a random
 * part of up to half of that. */
MUST_USE enum err_code store_host_failed(struct db *db, uint64_t host, struct err *e);
/* It answered, after failures. */
MUST_USE enum err_code store_host_answered(struct db *db, uint64_t host, struct err *e);

/* ---- what was found -------------------------------------------------------------------------- */

struct badge_check {
    int64_t             was_checked_at_s; /* as read before the check */
    int64_t             checked_at_s;
    int64_t             next_at_s; /* due again */
    bool                changed;   /* status, reason or expiry: the rest is kept only then */
    struct slice        status, reason;
    int64_t             status_at_s; /* since when it has the status */
    int64_t             expires_s;   /* 0: never */
    struct slice        report;      /* as JSON, without its graph */
    const struct slice *documents;   /* bodies; those there already are skipped */
    size_t              document_count;
};
/* Only a change makes public documents old and raises the user's version.
 * Errors  CONFLICT: it was checked in the meantime, or is gone; nothing is kept. */
MUST_USE enum err_code store_check_keep(struct db *db, uint64_t user, uint64_t id,
                                        const struct badge_check *check, struct err *e);

struct badge_event {
    int64_t      at_s;
    struct slice status, reason;
};
/* The changes of status or reason, newest first, at most `limit`. */
MUST_USE enum err_code store_badge_history(struct db *db, uint64_t user, uint64_t id, size_t limit,
                                           struct badge_event **ret, size_t *ret_count,
                                           struct err *e);
/* A document that a report of the badge names, by the SHA-256 of its bytes, besides those that
 * struct badge_full has. */
MUST_USE enum err_code store_badge_document(struct db *db, uint64_t user, uint64_t id,
                                            struct slice sha256_hex, struct slice *ret,
                                            struct err *e);
/* The hashes, in hex, of all that it would find. */
MUST_USE enum err_code store_badge_documents(struct db *db, uint64_t user, uint64_t id,
                                             struct slice **ret, size_t *ret_count, struct err *e);

#endif

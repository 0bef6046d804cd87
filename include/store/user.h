/* People, their addresses, sessions and sign-in links. */
#ifndef OBI_STORE_USER_H
#define OBI_STORE_USER_H

#include "core/digest.h"
#include "metrics/metrics.h"
#include "store/store.h"

struct user {
    uint64_t     id;       /* below 2^53; public as the display API's userId */
    uint64_t     version;  /* raised by every write to what is theirs */
    struct slice email;    /* the primary address, as typed */
    bool         findable; /* convert/email may name them */
    int64_t      created_at_s;
};

/* Addresses are kept as typed and found by their lower-case form (ASCII letters), compared as
 * bytes. */
MUST_USE enum err_code store_user_by_id(struct db *db, uint64_t id, struct user *ret,
                                        struct err *e);
MUST_USE enum err_code store_user_by_email(struct db *db, struct slice email, struct user *ret,
                                           struct err *e);
/* The user of a verified address, made when there is none. In a transaction it stays theirs until that
 * ends. */
MUST_USE enum err_code store_user_for_email(struct db *db, struct slice email, struct user *ret,
                                            struct err *e);
/* Every verified address of a user, as typed, the oldest first. */
MUST_USE enum err_code store_user_emails(struct db *db, uint64_t user, struct slice **ret,
                                         size_t *ret_count, struct err *e);
/* Users by id, at most `limit`, with ids above `after`. */
MUST_USE enum err_code store_user_list(struct db *db, uint64_t after, size_t limit,
                                       struct user **ret, size_t *ret_count, struct err *e);
MUST_USE enum err_code store_user_set_findable(struct db *db, uint64_t user, bool findable,
                                               struct err *e);
/* Removes the user and everything that is theirs. */
MUST_USE enum err_code store_user_remove(struct db *db, uint64_t user, struct err *e);
/* The id for convert/email: one indexed probe; NOT_FOUND unless they have a public collection and
 * are findable. */
MUST_USE enum err_code store_user_find_public(struct db *db, struct slice email, uint64_t *ret,
                                              struct err *e);

/* A session's token is random and kept only as its SHA-256. */
struct session {
    uint64_t     id; /* names the session to its owner */
    uint64_t     user;
    struct slice user_agent;
    int64_t      created_at_s, used_at_s, expires_at_s;
};
MUST_USE enum err_code store_session_add(struct db *db, uint64_t user, struct slice token,
                                         struct slice user_agent, struct err *e);
/* The session of a token that has not expired, with its user. Notes the use at most once an hour.
 * Read on the primary; from a replica only while no primary answers. */
MUST_USE enum err_code store_session_find(struct db *db, struct slice token, struct session *ret,
                                          struct user *ret_user, struct err *e);
MUST_USE enum err_code store_session_list(struct db *db, uint64_t user, struct session **ret,
                                          size_t *ret_count, struct err *e);
MUST_USE enum err_code store_session_end(struct db *db, uint64_t user, uint64_t session,
                                         struct err *e);
/* Every session of the user but that one. */
MUST_USE enum err_code store_session_end_others(struct db *db, uint64_t user, uint64_t session,
                                                struct err *e);

/* A mail that proves an address: to sign in (`user` 0), or to add it to the account `user`, which is
 * then needed to use it. One for an address, a user and a browser at a time: a new one makes the old
 * invalid, and none that another browser asked for. Its link works in any browser; its code only in
 * the one that asked, for SIGNIN_TRIES tries. Both are kept as hashes. The mail is put into the
 * outbox in the same transaction. */
enum { SIGNIN_TRIES = 3 };
struct signin_ask {
    struct slice email;
    struct slice token;   /* of the link */
    struct slice code;    /* six digits */
    struct slice browser; /* a secret of the browser that asks */
    struct slice next;    /* where to go afterwards: a path of ours, at most 1024 bytes; or empty */
    uint64_t     user;
};
struct signin {
    struct slice email, next;
};
MUST_USE enum err_code store_signin_add(struct db *db, const struct signin_ask *ask,
                                        struct slice subject, struct slice text, struct err *e);
/* What a link that still works is for; it stays so. NOT_FOUND otherwise. */
MUST_USE enum err_code store_signin_peek(struct db *db, uint64_t user, struct slice token,
                                         struct signin *ret, struct err *e);
/* The same, and uses it up: of two at once, one gets NOT_FOUND. */
MUST_USE enum err_code store_signin_use(struct db *db, uint64_t user, struct slice token,
                                        struct signin *ret, struct err *e);
/* Whether `code` is the one of the mail that `browser` asked for; counts a try, outside any
 * transaction.
 * Errors  NOT_FOUND: no mail of this address and browser works, or no try is left. FIELD_INVALID
 * (field "code"): another code; *ret_left tries are left. */
MUST_USE enum err_code store_signin_try(struct db *db, uint64_t user, struct slice email,
                                        struct slice browser, struct slice code, struct signin *ret,
                                        uint64_t *ret_left, struct err *e);
/* Uses the mail up whose code was right. NOT_FOUND for the other of two at once. */
MUST_USE enum err_code store_signin_end(struct db *db, uint64_t user, struct slice email,
                                        struct slice browser, struct err *e);
/* Instead of using it up: `token` takes the place of its link, and its code works no longer. */
MUST_USE enum err_code store_signin_renew(struct db *db, uint64_t user, struct slice email,
                                          struct slice browser, struct slice token, struct err *e);

/* Notes that an assertion of BrowserID was used, until it expires. STORE_DUPLICATE: it was before. */
MUST_USE enum err_code store_browserid_use(struct db *db, struct sha256 once, int64_t expires_at_s,
                                           struct err *e);

/* Counts one event against a bucket ("signin:client:192.0.2.1") and answers TOO_MANY beyond `limit`
 * in `window_s` seconds, which the figures then show as one of `which`. Buckets are stored hashed. */
MUST_USE enum err_code store_rate_take(struct db *db, enum metric_value which, struct slice bucket,
                                       int64_t limit, int64_t window_s, struct err *e);

#endif

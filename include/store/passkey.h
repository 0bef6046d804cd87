/* Passkeys of people, and the challenges their browsers were given. */
#ifndef OBI_STORE_PASSKEY_H
#define OBI_STORE_PASSKEY_H

#include "store/store.h"

struct passkey {
    uint64_t     id, user;
    struct slice credential;              /* as the authenticator named it, at most 1023 bytes */
    int64_t      algorithm;               /* COSE's number */
    struct slice public_key;              /* in libfido2's form */
    uint32_t     count;                   /* of signatures; 0: the authenticator does not count */
    struct slice name;                    /* its owner's, UTF-8 */
    int64_t      created_at_s, used_at_s; /* used_at_s 0: never */
};

/* A new challenge for a browser, known by a secret of its own; the one it had is void. Works for
 * five minutes. */
MUST_USE enum err_code store_challenge_add(struct db *db, struct slice browser,
                                           struct slice challenge, struct err *e);
/* Uses up the browser's challenge. NOT_FOUND when it has none, or for the other of two at once. */
MUST_USE enum err_code store_challenge_use(struct db *db, struct slice browser,
                                           struct slice *ret_challenge, struct err *e);

/* Adds one; p->id and p->created_at_s are given. Errors CONFLICT: the user has LIMIT_PASSKEYS.
 * STORE_DUPLICATE: that credential is known. */
MUST_USE enum err_code store_passkey_add(struct db *db, const struct passkey *p, struct err *e);
/* By its credential, whoever's it is. NOT_FOUND. */
MUST_USE enum err_code store_passkey_find(struct db *db, struct slice credential,
                                          struct passkey *ret, struct err *e);
/* Notes a use. CONFLICT when the authenticator counts and `count` is not above what it said last:
 * there are two of what should be one. */
MUST_USE enum err_code store_passkey_used(struct db *db, const struct passkey *p, uint32_t count,
                                          struct err *e);
/* Newest first. */
MUST_USE enum err_code store_passkey_list(struct db *db, uint64_t user, struct passkey **ret,
                                          size_t *ret_count, struct err *e);
MUST_USE enum err_code store_passkey_remove(struct db *db, uint64_t user, uint64_t id,
                                            struct err *e);

#endif

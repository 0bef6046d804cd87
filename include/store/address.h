/* The addresses of a person, and two accounts of one person becoming one. */
#ifndef OBI_STORE_ADDRESS_H
#define OBI_STORE_ADDRESS_H

#include "store/user.h"

struct address {
    struct slice email; /* as typed */
    bool         primary;
};
/* The verified addresses, the oldest first. */
MUST_USE enum err_code store_address_list(struct db *db, uint64_t user, struct address **ret,
                                          size_t *ret_count, struct err *e);
/* Whose it is, by the newest there is; 0: nobody's. */
MUST_USE enum err_code store_address_owner(struct db *db, struct slice email, uint64_t *ret,
                                           struct err *e);
/* Makes a proved address theirs. One that is theirs already changes nothing; one that was stands
 * behind its badges again.
 * Errors  STORE_DUPLICATE: it is somebody else's. CONFLICT over LIMIT_EMAILS. */
MUST_USE enum err_code store_address_add(struct db *db, uint64_t user, struct slice email,
                                         struct err *e);
MUST_USE enum err_code store_address_set_primary(struct db *db, uint64_t user, struct slice email,
                                                 struct err *e);

/* What the removal of an address means. */
struct address_removal {
    struct slice email;
    uint64_t     badges;  /* that were issued to it */
    struct slice primary; /* the primary address afterwards */
};
/* Errors  NOT_FOUND; CONFLICT: it is their only one. */
MUST_USE enum err_code store_address_look(struct db *db, uint64_t user, struct slice email,
                                          struct address_removal *ret, struct err *e);
/* Nobody signs in with it, nothing matches it, and others may make it theirs. Badges that were
 * issued to it stay, and it is kept for checking them until the last of them is removed. */
MUST_USE enum err_code store_address_remove(struct db *db, uint64_t user, struct slice email,
                                            struct address_removal *ret, struct err *e);

/* What comes of merging the account `from` into `into`. */
struct merge {
    uint64_t badges, collections, addresses; /* that `from` has */
    uint64_t both;                           /* of its badges are in both */
    bool     fits;                           /* together they are within the limits */
};
MUST_USE enum err_code store_merge_look(struct db *db, uint64_t into, uint64_t from,
                                        struct merge *ret, struct err *e);
/* Everything of `from` becomes `into`'s, at once, and `from` is no more: addresses, badges,
 * collections with their paths. Of a badge that both have the one of `into` stays, in the
 * collections of both and as visible as the more visible one; the page of the other leads nowhere
 * when both had one. Whoever was signed in to `from` is not any longer: a session was opened for
 * what that account had.
 * In      email: the address of `from` whose mail said yes.
 * Errors  NOT_FOUND: one of them is not there, or the address is no longer `from`'s. TOO_LARGE:
 * they do not fit. */
MUST_USE enum err_code store_merge(struct db *db, uint64_t into, uint64_t from, struct slice email,
                                   struct err *e);
/* The user that an account of this id was merged into. NOT_FOUND when it was not. */
MUST_USE enum err_code store_user_alias(struct db *db, uint64_t id, uint64_t *ret, struct err *e);

#endif

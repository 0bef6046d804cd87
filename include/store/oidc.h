/* Accounts at OpenID Providers, and sign-ins with them that have been begun. */
#ifndef OBI_STORE_OIDC_H
#define OBI_STORE_OIDC_H

#include "store/store.h"

/* Who somebody is, as a provider says it. Names are compared as bytes. */
struct oidc_identity {
    uint64_t     id; /* names it to its owner */
    struct slice issuer, subject;
    struct slice email; /* as the provider said it when it was added; may be empty */
    int64_t      created_at_s;
};

/* Whose it is. NOT_FOUND: nobody's. */
MUST_USE enum err_code store_oidc_owner(struct db *db, struct slice issuer, struct slice subject,
                                        uint64_t *ret_user, struct err *e);
/* Makes it the user's; `id` and `created_at_s` are set here. STORE_DUPLICATE: it is somebody's
 * already. CONFLICT: the user has LIMIT_IDENTITIES. NOT_FOUND: there is no such user any more. Joins the
 * caller's transaction. */
MUST_USE enum err_code store_oidc_add(struct db *db, uint64_t user,
                                      const struct oidc_identity *identity, struct err *e);
MUST_USE enum err_code store_oidc_list(struct db *db, uint64_t user, struct oidc_identity **ret,
                                       size_t *ret_count, struct err *e);
MUST_USE enum err_code store_oidc_remove(struct db *db, uint64_t user, uint64_t id, struct err *e);

/* A sign-in that has been begun, for ten minutes, kept by the hashes of its state and its browser's
 * secret. */
enum { OIDC_STATE_TTL_S = 600 };
struct oidc_state {
    struct slice provider, next;
    uint64_t     user; /* who adds an account; 0: somebody signs in */
};
MUST_USE enum err_code store_oidc_begin(struct db *db, struct slice state, struct slice browser,
                                        const struct oidc_state *begun, struct err *e);
/* Uses it up: of two at once, one gets NOT_FOUND. NOT_FOUND also in another browser or for another
 * provider; then it stays. */
MUST_USE enum err_code store_oidc_end(struct db *db, struct slice state, struct slice browser,
                                      struct slice provider, struct oidc_state *ret, struct err *e);

/* Holds an identity for whoever signs in by a mail to its address in this browser, for as long as the
 * mail's link works. */
MUST_USE enum err_code store_oidc_hold(struct db *db, struct slice browser,
                                       const struct oidc_identity *identity, struct err *e);
/* Holds nothing there any more. */
MUST_USE enum err_code store_oidc_forget(struct db *db, struct slice browser, struct err *e);
/* `user` has signed in by a mail to `email` in this browser: what is held there for that address is
 * theirs from now on, unless it is somebody's already; *ret_claimed says whether there was something.
 * Joins the caller's transaction. */
MUST_USE enum err_code store_oidc_claim(struct db *db, struct slice browser, struct slice email,
                                        uint64_t user, bool *ret_claimed, struct err *e);

#endif

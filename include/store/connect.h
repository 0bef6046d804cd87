/* Backpack Connect: which sites a learner lets push badges, and what those sites prove it with.
 *
 * A grant has one access token and one refresh token at a time, kept as hashes; a site that the
 * learner connects again loses its earlier grant. A refresh token begins with what all of its grant
 * have in common, so that an old one is known for what it is however old. */
#ifndef OBI_STORE_CONNECT_H
#define OBI_STORE_CONNECT_H

#include "store/user.h"

enum { CONNECT_ACCESS_S = 3600, CONNECT_CODE_S = 60 };

struct connect_grant {
    uint64_t     id;
    uint64_t     user;
    struct slice origin; /* scheme://host[:port], in lower case, without a default port */
    struct slice scope;  /* words with blanks between them */
    int64_t      created_at_s, used_at_s; /* used: to the hour; 0: never */
    int64_t      access_expires_at_s;
};

/* What a site gets; random, in the lease's arena. */
struct connect_tokens {
    struct slice access, refresh;
};

/* Lets `origin` do what `scope` says, in place of what it was let before. */
MUST_USE enum err_code store_connect_grant(struct db *db, uint64_t user, struct slice origin,
                                           struct slice scope, struct connect_tokens *ret,
                                           struct err *e);
/* The same, but the tokens come by store_connect_use_code: to whoever has the code and knows what
 * `challenge` is the SHA-256 of, once, within CONNECT_CODE_S. */
MUST_USE enum err_code store_connect_grant_code(struct db *db, uint64_t user, struct slice origin,
                                                struct slice scope, struct slice challenge,
                                                struct slice *ret_code, struct err *e);

/* The two ways to tokens. `origin` is where a browser says that the request comes from, SLICE_NONE
 * when nobody says so.
 * Out     *ret_origin: whose they are.
 * Errors  NOT_FOUND: no such code or token, or the code's time is over. The same when it was used
 * before, or replaced: then somebody has it who should not, and the grant ends. TOKEN_ORIGIN: a
 * page of another origin asks; nothing changes. */
MUST_USE enum err_code store_connect_use_code(struct db *db, struct slice code,
                                              struct slice verifier, struct slice origin,
                                              struct connect_tokens *ret, struct slice *ret_origin,
                                              struct err *e);
MUST_USE enum err_code store_connect_refresh(struct db *db, struct slice refresh,
                                             struct slice origin, struct connect_tokens *ret,
                                             struct slice *ret_origin, struct err *e);

/* Whose an access token is, also one whose time is over. Notes the use of one that works at most
 * once an hour. Read on the primary; from a replica only while no primary answers. */
MUST_USE enum err_code store_connect_find(struct db *db, struct slice access,
                                          struct connect_grant *ret, struct user *ret_user,
                                          struct err *e);
/* By the site's address. */
MUST_USE enum err_code store_connect_list(struct db *db, uint64_t user, struct connect_grant **ret,
                                          size_t *ret_count, struct err *e);
MUST_USE enum err_code store_connect_revoke(struct db *db, uint64_t user, uint64_t id,
                                            struct err *e);

#endif

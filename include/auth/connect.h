/* Backpack Connect: a site asks a learner for a standing permission, and gets an answer at its callback. */
#ifndef OBI_AUTH_CONNECT_H
#define OBI_AUTH_CONNECT_H

#include "http/http.h"

enum { CONNECT_STATE_BYTES = 512 };

/* What a site asks for. */
struct connect_ask {
    struct slice callback; /* as sent */
    struct slice origin;   /* of the callback, and of the tokens */
    struct slice scope;    /* words with blanks between them, each once */
    struct slice state;    /* p NULL: none was sent */
    struct slice
        challenge; /* as sent: a code is wanted, for whoever knows what this is the S256 of; p
                             * NULL: the tokens themselves, as the original sent them */
    struct slice challenge_hash; /* the same, decoded */
    struct slice path; /* the page that asks the learner, with all of this: fit for `next` */
};

/* From `callback`, `scope` (words with blanks or commas between them), `state`, `code_challenge` and
 * `code_challenge_method`, each at most once.
 * A callback is https, or http on this machine (localhost, 127.0.0.1); its host is made of letters,
 * digits, dots and hyphens, without a user name before it.
 * Errors  FIELD_MISSING, FIELD_INVALID, whose cause is a text of the original's for who asked. */
MUST_USE enum err_code auth_connect_read(const struct req *r, const struct fields *from,
                                         struct connect_ask *ret, struct err *e);

/* The learner says yes.
 * Out     *ret: the callback with a code, or with tokens.
 * Errors  CONFLICT: so many sites are connected that one has to go first. */
MUST_USE enum err_code auth_connect_accept(const struct req *r, const struct connect_ask *ask,
                                           struct slice *ret, struct err *e);
/* The learner says no: the callback that tells. */
struct slice auth_connect_denied(struct arena *a, const struct connect_ask *ask);

#endif

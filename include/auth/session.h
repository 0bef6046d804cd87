/* Being signed in: every way to sign in ends here. */
#ifndef OBI_AUTH_SESSION_H
#define OBI_AUTH_SESSION_H

#include "http/http.h"

/* A new session for `user` in the browser that sends this request, whose token the answer carries
 * as a cookie; the session this browser had ends, whoever's it was. Joins a transaction that the
 * caller has begun. */
MUST_USE enum err_code auth_session_start(const struct req *r, struct resp *out, uint64_t user,
                                          struct err *e);
/* Ends the session of this request, if there is one. */
MUST_USE enum err_code auth_session_end(const struct req *r, struct resp *out, struct err *e);

#endif

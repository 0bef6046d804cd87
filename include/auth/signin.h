/* Signing in by a mailed link: asking for one, looking at one, using one. */
#ifndef OBI_AUTH_SIGNIN_H
#define OBI_AUTH_SIGNIN_H

#include "http/http.h"

/* Puts a mail with a new link into the outbox; earlier links of the address no longer work. Known
 * and unknown addresses are treated alike. The link begins with site.base_url, whatever the request
 * says.
 * In      email: as typed, trimmed.
 * Errors  FIELD_INVALID (field "email") for what is no address; TOO_MANY beyond
 * signin.per_client or signin.per_address in an hour; STORE_DOWN. */
MUST_USE enum err_code auth_signin_ask(const struct req *r, struct slice email, struct err *e);
/* The address of a link that works now. The link stays as it is. NOT_FOUND otherwise. */
MUST_USE enum err_code auth_signin_peek(const struct req *r, struct slice token,
                                        struct slice *ret_email, struct err *e);
/* Uses a link up and signs in whoever sends this request; a session that this device had ends.
 * Errors  NOT_FOUND: used, replaced, too old or never made. */
MUST_USE enum err_code auth_signin_use(const struct req *r, struct resp *out, struct slice token,
                                       struct err *e);
/* Ends the session of this request, if there is one. */
MUST_USE enum err_code auth_signout(const struct req *r, struct resp *out, struct err *e);

#endif

/* Signing in by a mail: asking for one, opening its link, typing its code. */
#ifndef OBI_AUTH_SIGNIN_H
#define OBI_AUTH_SIGNIN_H

#include "http/http.h"

/* Puts a mail with a new link and a new code into the outbox; earlier ones of the address no longer
 * work. Known and unknown addresses are treated alike. The link begins with site.base_url, whatever
 * the request says.
 * In      email: as typed, trimmed. next: a path of ours to go to afterwards, or empty.
 * Errors  FIELD_INVALID (field "email") for what is no address; TOO_MANY beyond
 * signin.per_client or signin.per_address in an hour; STORE_DOWN. */
MUST_USE enum err_code auth_signin_ask(const struct req *r, struct slice email, struct slice next,
                                       struct err *e);
/* The address of a link that works now. The link stays as it is. NOT_FOUND otherwise. */
MUST_USE enum err_code auth_signin_peek(const struct req *r, struct slice token,
                                        struct slice *ret_email, struct err *e);
/* Uses a link up and signs in whoever sends this request.
 * Out     *ret_next as it was asked for.
 * Errors  NOT_FOUND: used, replaced, too old or never made. */
MUST_USE enum err_code auth_signin_use(const struct req *r, struct resp *out, struct slice token,
                                       struct slice *ret_next, struct err *e);
/* The same with the code, in the browser that asked; blanks in it do not count.
 * Errors  FIELD_INVALID: another code, *ret_left tries are left. NOT_FOUND: no code works here,
 * also when no try was left. TOO_MANY: so many codes were typed for this address today that only the
 * link works. */
MUST_USE enum err_code auth_signin_code(const struct req *r, struct resp *out, struct slice email,
                                        struct slice code, struct slice *ret_next,
                                        uint64_t *ret_left, struct err *e);

#endif

/* The addresses of whoever is signed in: adding one by a mail to it, merging with the account that has
 * it, giving one up. Each says so by mail to those it concerns. r->user is the account. */
#ifndef OBI_AUTH_ADDRESSES_H
#define OBI_AUTH_ADDRESSES_H

#include "http/http.h"
#include "store/address.h"

/* Puts a mail with a link and a code into the outbox, whether or not somebody has the address. Both
 * work for this account alone: who opens the link without its session adds nothing to it.
 * Errors  FIELD_INVALID (field "email"); STORE_DUPLICATE: it is theirs already; CONFLICT over
 * LIMIT_EMAILS; TOO_MANY beyond the limits of sign-in mails, or ten an hour of this account. */
MUST_USE enum err_code auth_address_ask(const struct req *r, struct slice email, struct err *e);

/* An address that was proved to be theirs, too. */
struct address_proof {
    struct slice email;
    uint64_t owner; /* who has it now: 0, this account, or another that would be merged into it */
};
/* What a link is for; it stays as it is. NOT_FOUND: used, replaced, too old, or another account's. */
MUST_USE enum err_code auth_address_peek(const struct req *r, struct slice token,
                                         struct address_proof *ret, struct err *e);
/* Uses the link up: makes the address theirs, with all that the account `owner` has when it is not 0.
 * Errors  NOT_FOUND; CONFLICT: the address is not `owner`'s any more, or over LIMIT_EMAILS.
 * TOO_LARGE: the two do not fit into one. Nothing is used up then. */
MUST_USE enum err_code auth_address_use(const struct req *r, struct slice token, uint64_t owner,
                                        struct slice *ret_email, struct err *e);
/* The same by the code, in the browser that asked, for an address that nobody has; *ret_token is
 * empty then. Of one that another account has, *ret_token is a new link's: what would become of that
 * account is shown first. Errors as of auth_signin_code. */
MUST_USE enum err_code auth_address_code(const struct req *r, struct slice email, struct slice code,
                                         struct slice *ret_token, uint64_t *ret_left,
                                         struct err *e);

/* The operator's word instead of a mail to it, for somebody whose mailboxes are gone. Those that they had
 * before are told all the same.
 * Errors  FIELD_INVALID (field "email"): none, theirs already, or another account's; CONFLICT over
 * LIMIT_EMAILS. */
MUST_USE enum err_code auth_address_give(const struct req *r, struct slice email, struct err *e);

/* Gives an address up, and ends every other session: somebody who reads its mail may have begun one.
 * Errors  NOT_FOUND; CONFLICT: it is the only one. */
MUST_USE enum err_code auth_address_remove(const struct req *r, struct slice email, struct err *e);

#endif

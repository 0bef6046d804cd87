/* What the files of auth/ share. */
#ifndef OBI_AUTH_INT_H
#define OBI_AUTH_INT_H

#include "http/http.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

/* ---- mailed.c: a mail that proves an address, by its link or by the code in it ------------------ */

struct mailed {
    uint64_t    user; /* the account that asks to add the address; 0: to sign in */
    const char *path; /* the link's, before the token */
    const char *subject_id,
        *text_id; /* sentences, with {site}, {link}, {code} and {count} minutes */
};
/* Asks for one. Nothing is looked up, so known and unknown addresses are treated alike; they share
 * their limits whatever the mail is for. Errors as of auth_signin_ask. */
MUST_USE enum err_code mailed_ask(const struct req *r, const struct mailed *m, struct slice email,
                                  struct slice next, struct err *e);
/* Counts a try and looks whether the code is right; it stays as it is. Errors as of
 * auth_signin_code. */
MUST_USE enum err_code mailed_try(const struct req *r, uint64_t user, struct slice email,
                                  struct slice code, struct signin *ret, uint64_t *ret_left,
                                  struct err *e);
/* A secret that only this browser knows: what its forms send back comes from its cookie. */
struct slice mailed_browser(const struct req *r);
/* Anything else cannot be a token of ours; the store need not be asked. Errors NOT_FOUND. */
MUST_USE enum err_code mailed_token(struct slice token, struct err *e);

#endif

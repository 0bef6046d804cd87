/* OpenID Connect: signing in with an account at a provider that the operator has named.
 * Authorization code flow with PKCE, state and nonce; the provider's addresses by discovery. */
#ifndef OBI_AUTH_OIDC_H
#define OBI_AUTH_OIDC_H

#include "http/http.h"

/* A line of oidc.provider. */
struct oidc_provider {
    struct slice name;   /* a segment of our addresses */
    struct slice issuer; /* as its tokens say it */
    struct slice client_id;
    struct slice secret_file;  /* empty: a public client */
    struct slice mail_domains; /* separated by commas; "*": all; empty: none */
    struct slice title;        /* what people call it */
};

/* Checks the lines. */
void oidc_check_conf(const struct conf *conf, struct conf_faults *faults);
/* All of them, in the order of the file; oidc_check_conf has found nothing wrong. */
const struct oidc_provider *oidc_providers(struct arena *a, const struct conf *conf,
                                           size_t *ret_count);
/* NULL when there is none of that name. */
const struct oidc_provider *oidc_provider_named(struct arena *a, const struct conf *conf,
                                                struct slice name);
/* Whether the operator trusts the provider to know who has the mail of this address. */
bool oidc_trusts_mail(const struct oidc_provider *p, struct slice email);

/* What a provider says of itself. */
struct oidc_endpoints {
    struct slice authorization, token, jwks;
    struct slice userinfo;       /* SLICE_NONE: it has none */
    bool         secret_in_form; /* it takes the client's secret in the form alone */
    bool         names_itself;   /* its answers have `iss` (RFC 9207) */
};
/* Reads an OpenID Provider's metadata. Endpoints are https, or http where the issuer is.
 * In      text: from outside. Out *ret lives in `a`.
 * Errors  OIDC_ANSWER, also when it is of another issuer.
 * Spec    OpenID Connect Discovery 1.0, 3 and 4.3. */
MUST_USE enum err_code oidc_metadata_read(struct arena *a, struct slice text, struct slice issuer,
                                          struct oidc_endpoints *ret, struct err *e);

/* Begins: *ret_url is where the browser goes, *ret lives in the request's arena. Who is signed in adds
 * the account at the provider to their own, anybody else signs in.
 * In      next: a path of ours to go to afterwards, or empty.
 * Errors  OIDC_AWAY, OIDC_ANSWER; STORE_DOWN. */
MUST_USE enum err_code auth_oidc_begin(const struct req *r, const struct oidc_provider *p,
                                       struct slice next, struct slice *ret_url, struct err *e);

enum oidc_outcome {
    OIDC_SIGNED_IN,
    OIDC_ADDED,     /* the account at the provider is one of theirs now */
    OIDC_DECLINED,  /* they turned back at the provider */
    OIDC_MAIL_SENT, /* the address it names is confirmed by a mail first */
};
struct oidc_end {
    enum oidc_outcome outcome;
    struct slice      next;  /* as it was begun with */
    struct slice      email; /* OIDC_MAIL_SENT */
};
/* Ends what this browser began, with the query that the provider sent it back with. An account that
 * is known signs in its owner. One that is new is attached to the account of its address (made when
 * there is none): at once where the provider is trusted with the mail of that address and says that it
 * is verified; else when the browser that began it has confirmed it by our own mail.
 * Errors  OIDC_STATE: not begun here, too long ago, or ended already. OIDC_REFUSED: the provider says
 * no. OIDC_NO_EMAIL: a new account without an address. OIDC_TAKEN: the account belongs to somebody else.
 * OIDC_FULL: the backpack has LIMIT_IDENTITIES. OIDC_AWAY, OIDC_ANSWER; as auth_signin_ask. */
MUST_USE enum err_code auth_oidc_end(const struct req *r, struct resp *out,
                                     const struct oidc_provider *p, struct oidc_end *ret,
                                     struct err *e);
/* Tells a person by mail that they have a new way to sign in. Joins the caller's transaction. */
MUST_USE enum err_code auth_oidc_say_added(const struct req *r, struct slice email, struct err *e);

#endif

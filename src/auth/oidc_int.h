#ifndef OBI_AUTH_OIDC_INT_H
#define OBI_AUTH_OIDC_INT_H

#include "auth/jwks.h"
#include "auth/oidc.h"
#include "net/net.h"

/* Talking with one provider, within one request. */
struct oidc_talk {
    const struct req           *r;
    const struct oidc_provider *p;
    const struct fetcher       *fetcher;
    struct oidc_endpoints       at;
};

/* Errors OIDC_AWAY, OIDC_ANSWER, each with what happened in e->detail; of all three. */
MUST_USE enum err_code oidc_talk_begin(const struct req *r, const struct oidc_provider *p,
                                       struct oidc_talk *ret, struct err *e);
/* The provider's keys. again: from itself, for those that are kept have not the one that is needed;
 * OIDC_KEY when that was tried a minute ago. */
MUST_USE enum err_code oidc_talk_keys(struct oidc_talk *t, bool again, struct jwks **ret,
                                      struct err *e);
/* What it answers with status 200. */
MUST_USE enum err_code oidc_talk_ask(struct oidc_talk *t, const struct net_call *call,
                                     struct slice *ret_body, struct err *e);

#endif

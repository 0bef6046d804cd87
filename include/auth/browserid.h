/* BrowserID: signing in by another site's word for an e-mail address, and being such a site.
 *
 * A backed assertion is a certificate, signed by the authority of an address, and an assertion,
 * signed by the key in the certificate: `certificate~assertion`, each a compact JWS whose times are
 * milliseconds. Who the authority is says the address's domain at /.well-known/browserid.
 * Spec  github.com/mozilla/id-specs, BrowserID beta 1; browserid-local-verify 0.5.2, whose texts the
 *       refusals have. */
#ifndef OBI_AUTH_BROWSERID_H
#define OBI_AUTH_BROWSERID_H

#include <json-c/json.h>

#include "core/conf.h"
#include "core/digest.h"
#include "core/fetcher.h"
#include "http/http.h"

struct cache;

/* What an assertion is held against. */
struct browserid_rules {
    struct slice          audience; /* whom it must be made for: an origin */
    struct slice          fallback; /* vouches for domains without support; empty: nobody does */
    struct conf_list      trusted;  /* vouch for any address */
    int64_t               now_ms;
    const struct fetcher *fetcher;
    struct cache         *cache; /* of support documents; NULL: none */
};

struct browserid_claim {
    struct slice  email;  /* as certified; its domain is in lower case */
    struct slice  issuer; /* host[:port] */
    int64_t       expires_ms;
    struct sha256 once; /* over what is signed: the same assertion again has the same, however its
                         * signatures are written */
};

/* Verifies a backed assertion ourselves. Nothing is fetched for one whose own key, times or
 * audience are wrong, and only from the address's domain, whom it delegates to, the fallback, or a
 * trusted issuer.
 * Refused beyond the library: keys of 512 bits, certificates signed with less than RS256 or DS256,
 * DSA outside of the two groups, assertions without expiry, or that last over five minutes, or
 * certificates that last over a day, addresses that the authority did not verify.
 * A domain that says `disabled` has nobody to vouch for it: the fallback does not, only a trusted
 * issuer.
 * Errors  BROWSERID, e->cause says why. */
MUST_USE enum err_code auth_browserid_verify(struct arena *a, const struct browserid_rules *rules,
                                             struct slice backed, struct browserid_claim *ret,
                                             struct err *e);
/* How a verifier elsewhere is asked: `form` goes to `url` by POST. */
struct browserid_post {
    enum err_code (*send)(void *self, struct arena *a, struct slice url, struct slice form,
                          size_t max_bytes, struct fetched *ret, struct err *e);
    void *self;
};
/* The same by a verifier at `url` that answers as verifier.login.persona.org did.
 * Errors  BROWSERID. */
MUST_USE enum err_code auth_browserid_ask(struct arena *a, const struct browserid_rules *rules,
                                          const struct browserid_post *post, struct slice url,
                                          struct slice backed, struct browserid_claim *ret,
                                          struct err *e);

/* What is wrong with the browserid.* settings. */
void auth_browserid_check_conf(const struct conf *conf, struct conf_faults *faults);

/* Signs in whoever sends this request by a backed assertion; once for each. Needs a fetch pool.
 * Out     *ret_email: as it was vouched for.
 * Errors  NOT_FOUND: BrowserID is not configured. BROWSERID: e->cause says why. TOO_MANY: domains of
 * others are being asked. STORE_DOWN. */
MUST_USE enum err_code auth_browserid_signin(struct req *r, struct resp *out, struct slice backed,
                                             struct slice *ret_email, struct err *e);

/* ---- vouching for others' sign-ins: OBI as the provider of browserid.domain ---------------------- */

bool auth_browserid_is_provider(const struct conf *conf);
/* Whether it may be vouched for: the address of a named domain. */
bool auth_browserid_vouches_for(const struct conf *conf, struct slice email);
/* Whether people may be sent to that site: it is one of browserid.site, as a browser writes origins. */
bool auth_browserid_knows_site(const struct conf *conf, struct slice origin);
/* What /.well-known/browserid says; the caller's reference. IO, CONF: no key that can be read. */
MUST_USE enum err_code auth_browserid_support(struct arena *a, const struct conf *conf,
                                              json_object **ret, struct err *e);
/* A certificate for `email`, of a user whom the caller knows to own it, and a key that their browser
 * made, to sign in to `origin` with: for an hour, from a minute ago on, since clocks differ.
 * In      key: JSON, as browserid_key_read takes it.
 * Errors  FIELD_INVALID, e->field says which. IO, CONF. */
MUST_USE enum err_code auth_browserid_certify(struct arena *a, const struct conf *conf,
                                              struct slice origin, struct slice email,
                                              struct slice key, struct slice *ret, struct err *e);

#endif

/* Whether a backed assertion holds: what it says of itself first, then who may vouch for the address. */
#include "browserid_int.h"

enum { ASSERTION_MS_MAX = 5 * 60 * 1000, CERTIFICATE_MS_MAX = 24 * 3600 * 1000 };

static bool
is_trusted(const struct browserid_rules *rules, struct slice issuer)
{
    for (size_t i = 0; i < rules->trusted.count; i++)
        if (slice_eq(rules->trusted.items[i], issuer))
            return true;
    return false;
}

/* A domain that answers speaks for itself; the fallback speaks for those that do not. */
static enum err_code
authority_of(struct arena *a, const struct browserid_rules *rules, struct slice domain,
             struct browserid_authority *ret, struct err *e)
{
    enum err_code rc = browserid_lookup(a, rules, domain, domain, ret, e);

    if (rc == ERR_NONE || rules->fallback.n == 0)
        return rc;
    return browserid_lookup(a, rules, rules->fallback, domain, ret, e);
}

/* The keys of the issuer, if it may vouch for the domain. A trusted issuer's are its own: the fallback's
 * never stand in for them. */
static enum err_code
issuer_find(struct arena *a, const struct browserid_rules *rules, struct slice issuer,
            struct slice domain, struct browserid_authority *ret, struct err *e)
{
    enum err_code rc;

    if (!browserid_domain_ok(issuer))
        return REFUSE(a, e, "the certificate names no issuer");
    if (is_trusted(rules, issuer))
        return browserid_lookup(a, rules, issuer, domain, ret, e);
    if ((rc = authority_of(a, rules, domain, ret, e)) != ERR_NONE)
        return rc;
    if (ret->disabled)
        return REFUSE(a, e, "%.*s has switched BrowserID off for its addresses",
                      SLICE_FMT(ret->domain));
    if (!slice_eq(ret->domain, issuer))
        return REFUSE(a, e, "untrusted issuer, expected '%.*s', got '%.*s'", SLICE_FMT(ret->domain),
                      SLICE_FMT(issuer));
    return ERR_NONE;
}

/* What is left over of two names for the same: a newer certificate has `sub`. */
static struct slice
email_of(json_object *payload)
{
    struct slice email = json_get_text(json_get(payload, "principal"), "email");

    return email.n > 0 ? email : json_get_text(payload, "sub");
}

/* Its own key has signed the assertion, for us, now. Nobody is asked yet. */
static enum err_code
check_itself(struct arena *a, const struct browserid_rules *rules,
             const struct browserid_token *certificate, const struct browserid_token *assertion,
             int64_t *ret_expires, struct err *e)
{
    struct browserid_key key;
    int64_t              ignored;
    enum err_code        rc;

    if ((rc = browserid_token_times(a, certificate, rules->now_ms, CERTIFICATE_MS_MAX, &ignored,
                                    e)) != ERR_NONE)
        return rc;
    if (!browserid_key_read(a, json_get(certificate->payload, "public-key"), &key))
        return REFUSE(a, e, "the certificate has no public key that is taken");
    if ((rc = browserid_token_signed(a, assertion, &key, e)) != ERR_NONE ||
        (rc = browserid_token_times(a, assertion, rules->now_ms, ASSERTION_MS_MAX, ret_expires,
                                    e)) != ERR_NONE)
        return rc;
    return browserid_audience_is(a, json_get_text(assertion->payload, "aud"), rules->audience, e);
}

/* With any of the issuer's keys, but none of the short ones that are for a few minutes. */
static enum err_code
check_certificate(struct arena *a, const struct browserid_token *certificate,
                  const struct browserid_authority *authority, struct err *e)
{
    enum err_code rc = REFUSE(a, e, "no public keys found for root issuer");

    for (size_t i = 0; i < authority->key_count; i++) {
        if (authority->keys[i].strength < 256)
            rc = REFUSE(a, e, "the issuer's key is too short");
        else if ((rc = browserid_token_signed(a, certificate, &authority->keys[i], e)) == ERR_NONE)
            return rc;
    }
    return rc;
}

enum err_code
auth_browserid_verify(struct arena *a, const struct browserid_rules *rules, struct slice backed,
                      struct browserid_claim *ret, struct err *e)
{
    struct browserid_token     certificate, assertion;
    struct browserid_authority authority;
    struct browserid_claim     claim;
    struct slice               domain;
    enum err_code              rc;

    if ((rc = browserid_unbundle(a, backed, &certificate, &assertion, e)) != ERR_NONE ||
        (rc = check_itself(a, rules, &certificate, &assertion, &claim.expires_ms, e)) != ERR_NONE)
        return rc;
    claim.email = email_of(certificate.payload);
    claim.issuer = json_get_text(certificate.payload, "iss");
    claim.once = browserid_once(&certificate, &assertion);
    if (!browserid_email_domain(claim.email, &domain))
        return REFUSE(a, e, "untrusted assertion, doesn't contain a verified email");
    if ((rc = issuer_find(a, rules, claim.issuer, domain, &authority, e)) != ERR_NONE ||
        (rc = check_certificate(a, &certificate, &authority, e)) != ERR_NONE)
        return rc;
    *ret = claim;
    return ERR_NONE;
}

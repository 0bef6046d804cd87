/* A verifier elsewhere, asked as the original backpack asked verifier.login.persona.org. */
#include "browserid_int.h"

#include "core/limits.h"
#include "core/uri.h"

static struct slice
question(struct arena *a, const struct browserid_rules *rules, struct slice backed)
{
    return arena_printf(a, "assertion=%s&audience=%s", uri_escape(a, backed).p,
                        uri_escape(a, rules->audience).p);
}

/* 200, JSON, `okay`, an address; and it answers what was asked. */
static enum err_code
read_answer(struct arena *a, const struct browserid_rules *rules, const struct fetched *got,
            struct browserid_claim *ret, struct err *e)
{
    json_object *doc = NULL, *expires;

    if (got->status != 200)
        return REFUSE(a, e, "the verifier answered with HTTP status %d", got->status);
    if (json_parse(got->body, &doc, e) != ERR_NONE)
        return REFUSE(a, e, "the verifier's answer is no JSON");
    json_in_arena(a, doc);
    if (!slice_eq(json_get_text(doc, "status"), SL("okay")))
        return REFUSE(a, e, "%.*s",
                      SLICE_FMT(json_get_text(doc, "reason").n > 0
                                    ? json_get_text(doc, "reason")
                                    : SL("verifier response not OK")));
    expires = json_get(doc, "expires");
    if (!slice_eq(json_get_text(doc, "audience"), rules->audience) ||
        !json_object_is_type(expires, json_type_int))
        return REFUSE(a, e, "the verifier answers another question");
    ret->email = json_get_text(doc, "email");
    ret->issuer = json_get_text(doc, "issuer");
    ret->expires_ms = json_object_get_int64(expires);
    return ret->expires_ms < rules->now_ms ? REFUSE(a, e, "expired") : ERR_NONE;
}

enum err_code
auth_browserid_ask(struct arena *a, const struct browserid_rules *rules,
                   const struct browserid_post *post, struct slice url, struct slice backed,
                   struct browserid_claim *ret, struct err *e)
{
    struct browserid_token certificate, assertion;
    struct browserid_claim claim;
    struct fetched         got;
    struct slice           domain;
    enum err_code          rc;

    if ((rc = browserid_unbundle(a, backed, &certificate, &assertion, e)) != ERR_NONE)
        return rc;
    rc = post->send(post->self, a, url, question(a, rules, backed), LIMIT_JSON_BYTES, &got, e);
    if (rc != ERR_NONE)
        return REFUSE(a, e, "the verifier could not be asked: %s", err_sentence(rc));
    if ((rc = read_answer(a, rules, &got, &claim, e)) != ERR_NONE)
        return rc;
    if (!browserid_email_domain(claim.email, &domain))
        return REFUSE(a, e, "untrusted assertion, doesn't contain a verified email");
    claim.once = browserid_once(&certificate, &assertion);
    *ret = claim;
    return ERR_NONE;
}

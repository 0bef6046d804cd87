/* The rules over an object beyond its structure, and those over the badge as a whole. A rule is a row here
 * and a function; what it says is a row in badge/report.def. */
#include "badge_int.h"
#include "core/clock.h"
#include "core/uri.h"

/* R25: the reference's order, and nothing when a date could not be read: that is an error already. */
static void
check_times(struct work *w, struct node *n)
{
    json_object *issued_on = json_get(n->doc, "issuedOn"), *expires = json_get(n->doc, "expires");
    int64_t      issued_s, expires_s;

    if (badge_date(issued_on, false, &issued_s)) {
        w->r->issued_on_s = issued_s;
        if (issued_s > w->now_s)
            note(w, REPORT_ISSUED_IN_FUTURE,
                 ABOUT(.node = n->id, .prop = SL("issuedOn"), .received = json_text(issued_on)));
    }
    if (!badge_date(expires, false, &expires_s))
        return;
    w->r->expires_s = expires_s;
    if (badge_date(issued_on, false, &issued_s) && expires_s < issued_s)
        note(w, REPORT_EXPIRES_BEFORE_ISSUED, ABOUT(.node = n->id, .prop = SL("expires")));
    if (expires_s < w->now_s)
        note(w, REPORT_EXPIRED,
             ABOUT(.node = n->id, .prop = SL("expires"), .received = json_text(expires)));
}

/* R41, D01: said by the body of a hosted assertion of any version, under whatever context. What is neither
 * false nor absent counts as said: an issuer that writes "true" or 1 means it. */
static void
check_revoked(struct work *w, struct node *n)
{
    json_object *said = json_get(n->doc, "revoked");
    struct slice reason = json_get_text(n->raw, "revocationReason");

    if (said == NULL)
        said = json_get(n->raw, "revoked");
    if (said == NULL) /* what `obi:revoked` written out becomes */
        said = json_get(n->doc, "revokedAssertions");
    if (said == NULL ||
        (json_object_is_type(said, json_type_boolean) && !json_object_get_boolean(said)) ||
        (json_is_array(said) && json_object_array_length(said) == 0))
        return;
    note(w, REPORT_REVOKED,
         ABOUT(.node = n->id, .url = n->url, .prop = SL("revoked"), .why = reason_given(reason)));
}

/* R33 */
static void
check_criteria(struct work *w, struct node *n)
{
    if (slice_starts(json_get_text(n->doc, "id"), SL("_:b")) &&
        json_get(n->doc, "narrative") == NULL)
        note(w, REPORT_CRITERIA_EMPTY, ABOUT(.node = n->id, .url = n->url, .prop = SL("criteria")));
}

/* D08: asked for by the specification, checked by nobody. */
static void
check_issuer_email(struct work *w, struct node *n)
{
    struct slice email = json_get_text(n->doc, "email");

    if (strcmp(n->version, "2.0") == 0 && !slice_has_char(email, '@'))
        note(w, REPORT_ISSUER_EMAIL, ABOUT(.node = n->id, .url = n->url, .prop = SL("email")));
}

/* R28 */
static void
check_issuer_id(struct work *w, struct node *n)
{
    if (!uri_is_http(n->id))
        note(w, REPORT_ISSUER_NO_HTTP, ABOUT(.node = n->id, .url = n->url, .prop = SL("id")));
}

/* D32: another site's endorsement in this issuer's name is passed over by the reference; it is said. */
static void
check_endorsement_scope(struct work *w, struct node *n)
{
    json_object *issuer = json_get(n->doc, "issuer");
    struct slice id = json_is_object(issuer) ? json_get_text(issuer, "id") : json_text(issuer);

    /* Where it was read counts, not what it calls itself: one that stands inside another document was read
     * nowhere of its own. */
    if (id.n > 0 && !(same_site(w->a, n->url, id) && same_site(w->a, n->final_url, id)))
        note(w, REPORT_ENDORSEMENT_SCOPE,
             ABOUT(.node = n->id, .url = n->url, .prop = SL("issuer"), .received = id));
}

/* An endorsement of one badge, named by another, praises that one. */
static void
check_endorsed(struct work *w, struct node *n)
{
    json_object *claim = json_get(n->doc, "claim");
    struct slice id = json_is_object(claim) ? json_get_text(claim, "id") : json_text(claim);

    if (w->endorsing != NULL && id.n > 0 && !slice_eq(id, w->endorsing->id))
        note(w, REPORT_ENDORSEMENT_OTHER,
             ABOUT(.node = n->id, .url = n->url, .prop = SL("claim"), .received = id));
}

/* The web site a profile names is only what it says of itself. */
static void
check_issuer_url(struct work *w, struct node *n)
{
    json_object *url = json_get(n->doc, "url");

    if (n->url.n > 0 && primitive_is(URL, url) && !same_site(w->a, n->url, json_text(url)))
        note(w, REPORT_ISSUER_URL_HOST,
             ABOUT(.node = n->id, .url = n->url, .prop = SL("url"), .received = json_text(url)));
}

/* A signed badge is vouched for by its signature and by nothing else: to take its word that it is hosted
 * somewhere, unfetched, would let everybody speak for every issuer. */
static void
check_signed_verification(struct work *w, struct node *n, json_object *verification)
{
    if (type_has(verification, SL("SignedBadge")) && !type_has(verification, SL("HostedBadge")))
        check_signature(w, n);
    else
        note(w, REPORT_VERIFICATION_HOSTED,
             ABOUT(.node = n->id, .prop = SL("verification.type"),
                   .received = text_of(w->a, json_get(verification, "type"), 48)));
}

/* D06, D07 */
static void
check_verification(struct work *w, struct node *n)
{
    json_object *verification = json_get(n->doc, "verification");

    if (!json_is_object(verification))
        return; /* an error of structure already; without a scope nothing is valid */
    if (w->is_signed)
        check_signed_verification(w, n, verification);
    else if (type_has(verification, SL("HostedBadge")))
        check_scope(w, n);
    else if (type_has(verification, SL("SignedBadge")))
        note(w, REPORT_VERIFICATION_SIGNED, ABOUT(.node = n->id, .prop = SL("verification.type")));
    else
        note(w, REPORT_VERIFICATION_UNKNOWN,
             ABOUT(.node = n->id, .prop = SL("verification.type"),
                   .received = text_of(w->a, json_get(verification, "type"), 48)));
}

static const struct rule {
    const char    *id; /* in docs/verification.md */
    enum node_kind of;
    void (*check)(struct work *w, struct node *n);
} kind_rules[] = {
    { "R41", ASSERTION, check_revoked },
    { "R25", ASSERTION, check_times },
    { "R32", ASSERTION, check_image },
    { "R32", BADGE_CLASS, check_image },
    { "R33", CRITERIA, check_criteria },
    { "D08", PROFILE, check_issuer_email },
    { "R28", PROFILE, check_issuer_id },
    { "R28", PROFILE, check_issuer_url },
    { "D32", ENDORSEMENT, check_endorsement_scope },
    { "R29", ENDORSEMENT, check_endorsed },
};

/* Over the assertion, once badge class and issuer are there. */
static const struct rule badge_rules[] = {
    { "R19-R21", ASSERTION, check_verification },
    { "R26-R27", ASSERTION, check_recipient },
};

void
check_kind(struct work *w, struct node *n)
{
    for (size_t i = 0; i < COUNT_OF(kind_rules); i++)
        if (kind_rules[i].of == n->kind)
            kind_rules[i].check(w, n);
}

void
check_badge(struct work *w)
{
    for (size_t i = 0; i < COUNT_OF(badge_rules); i++)
        badge_rules[i].check(w, w->assertion);
}

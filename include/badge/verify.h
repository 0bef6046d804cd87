/* Verification: input -> detect -> extract -> fetch -> normalise -> check -> report. */
#ifndef OBI_BADGE_VERIFY_H
#define OBI_BADGE_VERIFY_H

#include "badge/report.h"

struct verify_options {
    const struct fetcher *fetch; /* NULL: nothing may be fetched, so nothing hosted is valid */
    /* Whose badge it must be: any of these. None: not asked. */
    const struct recipient *recipients;
    size_t                  recipient_count;
    bool                    letter_cases; /* e-mail addresses also match as recipient_match says */
    int64_t                 now_s;        /* 0: the clock's */
};

/* Verifies what somebody handed in: a URL, JSON, a compact JWS, a PNG or an SVG.
 * In      input: at most LIMIT_IMAGE_BYTES; larger is reported, not read.
 * Out     a report, never NULL, in `a`; it points into `input`, which must live as long.
 *         At most LIMIT_FETCH_DOCUMENTS documents are fetched; what the input says about itself
 * counts only where its issuer's host says the same. */
const struct report *badge_verify(struct arena *a, struct slice input,
                                  const struct verify_options *options);

/* What an issuer may push: the address of an assertion, or a compact JWS whose payload is a JSON
 * object with a recipient. Blanks around it are cut. SLICE_NONE for anything else. */
struct slice badge_pushed(struct arena *a, struct slice text);

/* Whether `identity`, the recipient of an assertion (normalised to 2.0), is one of those asked
 * about: of the same type, and equal byte for byte, or the `sha256$` or `md5$` hash over value and
 * salt. With letter_cases an `email` matches besides: plain in any case of ASCII letters; as a hash
 * in lower case, UPPER, First, Each-Word, or LOCAL@lower.
 * Out     *ret_other_case: it matched only in another case than it was handed in.
 * Yields  its index, or -1.
 * Spec    Open Badges 2.0, IdentityObject. */
int recipient_match(struct arena *a, json_object *identity, const struct recipient *asked,
                    size_t count, bool letter_cases, bool *ret_other_case);

/* A recipient's profile as the reference validator takes it: an object with `email`, `url`,
 * `telephone`, `id` and others, each a text or a list of texts, at most LIMIT_PROFILE_VALUES.
 * Out     *ret in the arena, pointing into `profile`.
 * Errors  FIELD_INVALID: e->field is the property. */
MUST_USE enum err_code recipients_of_profile(struct arena *a, json_object *profile,
                                             struct recipient **ret, size_t *ret_count,
                                             struct err *e);

/* An Open Badges date. Strict (2.0): ISO 8601 with `T` and a zone. Lenient (1.x, 0.5): also without
 * zone (UTC), the date alone (midnight UTC), and seconds since 1970 as number or text. False when
 * it is none. */
bool badge_date(json_object *value, bool lenient, int64_t *ret_unix_s);

/* What a badge is made of, as stored: enough to show it again when its issuer has gone. */
struct badge_docs {
    struct slice hosted_url;            /* the assertion's id */
    struct slice assertion;             /* as fetched */
    struct slice class_url, class_text; /* empty in 0.5 and where embedded */
    struct slice issuer_url, issuer_text;
    struct slice contexts; /* linked ones by which these are read, as report_docs has them */
};
/* What is stored of a badge that was verified. Its texts are the report's, contexts in `a`. */
struct badge_docs report_docs(struct arena *a, const struct report *r);
struct badge_graph {
    const char  *version;
    struct slice id; /* the assertion's; empty: it has none */
    json_object *assertion, *badge,
        *issuer;                    /* normalised to 2.0, borrowed from the arena; never NULL */
    int64_t issued_on_s, expires_s; /* 0: none */
};
/* Reads stored documents again, without any network, as the verification did: by the contexts that
 * are built in or handed in; what only another one names is left out. Errors ASSERTION_MALFORMED. */
MUST_USE enum err_code badge_graph_of(struct arena *a, const struct badge_docs *docs,
                                      struct badge_graph *ret, struct err *e);

/* The recipient's identity as everybody may see it, in the arena: an address as `sha256$` with a salt that is the same
 * each time. SLICE_NONE where the assertion has none. */
struct slice badge_recipient_shown(struct arena *a, const struct badge_graph *graph);

/* The badge as the display API sends it: the assertion with `badge` and `badge.issuer` put in, in
 * the names of Open Badges 1.0 (`issued_on`, `recipient` as text, `_originalRecipient`,
 * `badge._location`, `badge.issuer._location`, and `badge.issuer.origin`, which is that of the
 * issuer's id); 0.5 as it is. No e-mail address is left in it: a plain recipient becomes `sha256$`
 * with a salt, the issuer's address is left out, and any other is hidden. The same documents give
 * the same JSON. The caller's reference. Errors ASSERTION_MALFORMED. */
MUST_USE enum err_code badge_displayed(struct arena *a, const struct badge_docs *docs,
                                       json_object **ret, struct err *e);

/* Any value with each e-mail address in it, also one with `%40`, replaced: for what everybody may
 * see. A copy in the arena, or `value` itself when there is none in it. */
json_object *badge_without_emails(struct arena *a, json_object *value);
/* The same for a text. */
struct slice badge_text_without_emails(struct arena *a, struct slice text);

#endif

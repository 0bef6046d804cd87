#include "badge_int.h"
#include "core/clock.h"

void
work_init(struct work *w, struct arena *a, const struct verify_options *options)
{
    struct report *r = ARENA_NEW(a, struct report);

    *w = (struct work){
        .a = a, .o = options, .now_s = options->now_s != 0 ? options->now_s : clock_now_s(), .r = r
    };
    r->checked_at_s = w->now_s;
    r->messages = ARENA_ARRAY(a, struct report_message, MESSAGES_MAX);
    r->documents = ARENA_ARRAY(a, struct report_document, LIMIT_FETCH_DOCUMENTS);
    r->graph = json_in_arena(a, json_object_new_array());
    r->status = STATUS_INVALID;
}

/* R18: what somebody earned says that it is an assertion. Other classes are no badge of anybody, and what
 * belongs to Open Badges 3.0 is not read by the rules of 2.0. */
static bool
is_assertion(struct work *w, const struct node *n)
{
    static const char *const others[] = { "BadgeClass",
                                          "Issuer",
                                          "Profile",
                                          "Endorsement",
                                          "RevocationList",
                                          "CryptographicKey",
                                          "OpenBadgeCredential",
                                          "VerifiableCredential" };

    if (type_has(n->doc, SL("Assertion")))
        return true;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (type_has(n->doc, slice_str(others[i]))) {
            note(w, REPORT_CLASS_UNSUPPORTED,
                 ABOUT(.node = n->id, .url = n->url, .prop = SL("type"),
                       .received = slice_str(others[i])));
            return false;
        }
    note(w, REPORT_CLASS_UNKNOWN,
         ABOUT(.node = n->id, .url = n->url, .prop = SL("type"),
               .received = text_of(w->a, json_get(n->doc, "type"), 48)));
    return false;
}

static void
fill_report(struct work *w)
{
    struct report *r = w->r;

    if (w->assertion != NULL) {
        r->subject = w->assertion->id;
        r->version = w->assertion->version;
        r->assertion = w->assertion->doc;
        r->assertion_text = w->assertion->text;
    }
    if (w->badge != NULL) {
        r->badge = w->badge->doc;
        r->badge_text = w->badge->text;
        /* A blank node's name means nothing outside its document, and may be of any length. */
        r->badge_url = slice_starts(w->badge->id, SL("_:")) ? SL("") : w->badge->id;
    }
    if (w->issuer != NULL) {
        r->issuer = w->issuer->doc;
        r->issuer_text = w->issuer->text;
        r->issuer_url = w->issuer->id;
    }
}

/* The kinds of trouble, the one that says most about the badge first. */
static enum badge_status
status_of(const struct report *r)
{
    static const enum badge_status order[] = { STATUS_REVOKED, STATUS_INVALID, STATUS_EXPIRED,
                                               STATUS_UNCHECKED };

    for (size_t o = 0; o < COUNT_OF(order); o++)
        for (size_t i = 0; i < r->message_count; i++)
            if (r->messages[i].level == REPORT_LEVEL_ERROR && !r->messages[i].aside &&
                report_code_status(r->messages[i].code) == order[o])
                return order[o];
    return STATUS_INVALID;
}

static void
verify(struct work *w, struct slice input)
{
    struct slice url = SLICE_NONE;

    if (!input_take(w, input, &url))
        return;
    w->r->subject = without_fragment(url);
    w->assertion = node_fetch(w, ASSERTION, "assertion", url, url, SL(""));
    if (w->assertion == NULL || !is_assertion(w, w->assertion))
        return;
    check_node(w, w->assertion, 0);
    if (w->badge != NULL && w->issuer != NULL)
        check_badge(w);
}

const struct report *
badge_verify(struct arena *a, struct slice input, const struct verify_options *options)
{
    struct work    w;
    struct report *r;

    work_init(&w, a, options);
    r = w.r;
    verify(&w, input);
    fill_report(&w);
    /* No error is not enough: whoever forgets to say one must not make a badge valid by it. */
    r->valid = r->error_count == 0 && w.in_scope && w.badge != NULL && w.issuer != NULL &&
               r->picture.n > 0;
    r->status = r->valid ? STATUS_VALID : status_of(r);
    return r;
}

#include "badge_int.h"
#include "core/clock.h"

void
work_init(struct work *w, struct arena *a, const struct verify_options *options)
{
    struct report *r = ARENA_NEW(a, struct report);

    memset(w, 0, sizeof *w);
    w->a = a;
    w->o = options;
    w->now_s = options->now_s != 0 ? options->now_s : clock_now_s();
    w->r = r;
    w->endorsed_end = &w->endorsed;
    r->checked_at_s = w->now_s;
    r->graph = json_in_arena(a, json_object_new_array());
    r->status = STATUS_INVALID;
}

/* A blank node's name means nothing outside its document, and may be of any length. */
static struct slice
name_outside(struct slice id)
{
    return slice_starts(id, SL("_:")) ? SL("") : id;
}

static void
fill_report(struct work *w)
{
    struct report *r = w->r;

    r->is_signed = w->is_signed;
    if (!w->is_spoken_for)
        r->issuer_host = SL(""); /* whoever it is said to be from */
    if (w->subject != NULL)
        r->subject = w->subject->id;
    if (w->assertion != NULL) {
        r->assertion = w->assertion->doc;
        r->assertion_text = w->assertion->text;
    }
    if (w->badge != NULL) {
        r->badge = w->badge->doc;
        r->badge_text = w->badge->text;
        r->badge_url = name_outside(w->badge->id);
    }
    if (w->issuer != NULL) {
        r->issuer = w->issuer->doc;
        r->issuer_text = w->issuer->text;
        r->issuer_url = name_outside(w->issuer->id);
    }
}

/* The kinds of trouble, the one that says most about the badge first. */
static enum badge_status
status_of(const struct work *w)
{
    static const enum badge_status order[] = { STATUS_REVOKED, STATUS_INVALID, STATUS_EXPIRED,
                                               STATUS_UNCHECKED };

    for (size_t o = 0; o < COUNT_OF(order); o++)
        if (w->own_errors[order[o]] > 0)
            return order[o];
    return STATUS_INVALID;
}

/* What was asked for as an assertion is listed as what it turned out to be; a picture that led there is not. */
static void
name_role(struct report *r, enum node_kind kind)
{
    const char *role = kind_role(kind);

    for (size_t i = 0; i < r->document_count; i++)
        if (r->documents[i].parsed != NULL && strcmp(r->documents[i].role, "assertion") == 0)
            r->documents[i].role = role == NULL ? "input" : role;
}

/* R18: what is asked about is what it says it is. */
static struct node *
take_hosted(struct work *w, struct slice url)
{
    struct node *n;

    w->r->subject = without_fragment(url);
    n = node_fetch(w, ANY_KIND, "assertion", url, url, SL(""));
    if (n == NULL)
        return NULL;
    if (n->kind != ANY_KIND) {
        name_role(w->r, n->kind);
        return n;
    }
    if (w->r->error_count == 0) /* of what was revoked little may be left */
        note(w, REPORT_CLASS_UNKNOWN,
             ABOUT(.node = n->id, .url = n->url, .prop = SL("type"),
                   .received = text_of(w->a, json_get(n->doc, "type"), 48)));
    return NULL;
}

static struct node *
take_signed(struct work *w, struct slice text)
{
    struct node *n = ARENA_NEW(w->a, struct node);

    if (!signed_take(w, text, n))
        return NULL;
    json_object_array_add(w->r->graph, json_object_get(n->doc));
    return n;
}

static void
verify(struct work *w, struct slice input)
{
    struct slice url = SLICE_NONE, jws = SLICE_NONE;

    if (!input_take(w, input, &url, &jws))
        return;
    w->subject = jws.n > 0 ? take_signed(w, jws) : take_hosted(w, url);
    if (w->subject == NULL)
        return;
    if (w->subject->kind == ASSERTION)
        w->assertion = w->subject;
    check_node(w, w->subject);
    if (w->assertion != NULL && w->badge != NULL && w->issuer != NULL)
        check_badge(w);
    check_endorsements(w);
}

/* Nothing that counts is wrong, and the issuer was seen to speak for it. No error is not enough: whoever
 * forgets to say one must not make a badge valid by it. */
static bool
is_good_badge(const struct work *w)
{
    for (int status = 0; status < STATUS_VALID; status++)
        if (w->own_errors[status] > 0)
            return false;
    return w->is_spoken_for && w->badge != NULL && w->issuer != NULL && w->r->picture.n > 0;
}

const struct report *
badge_verify(struct arena *a, struct slice input, const struct verify_options *options)
{
    struct work    w;
    struct report *r;
    bool           good;

    work_init(&w, a, options);
    r = w.r;
    verify(&w, input);
    fill_report(&w);
    good = is_good_badge(&w);
    r->valid = r->error_count == 0 && (w.assertion == NULL ? w.subject != NULL : good);
    r->status = good ? STATUS_VALID : status_of(&w);
    return r;
}

/* What the original's push routes answered, over the import that an upload uses. */
#include "api_int.h"
#include "badge/verify.h"
#include "core/uri.h"
#include "http/form.h"
#include "import/import.h"
#include "net/net.h"

/* The answer in the making. */
struct answer {
    struct req             *r;
    struct resp            *out;
    const struct api_issue *issue;
    struct import_result    result;
    json_object            *badge; /* as the display API shows it; NULL when it cannot be read */
};

static enum err_code
reply_message(struct resp *out, int status, struct slice message)
{
    json_object *doc = json_object_new_object();

    json_put_text(doc, "message", message);
    return reply_json(out, status, doc);
}

/* The original tried an input that is none once more, percent-decoded. */
static struct slice
input_of(struct arena *a, struct slice sent)
{
    struct slice input = badge_pushed(a, sent), decoded;

    if (input.n == 0 && percent_decode(a, sent, false, &decoded))
        input = badge_pushed(a, decoded);
    return input;
}

/* Said in the words of the push routes where they were not the validator's. */
static struct slice
fault_message(struct arena *a, json_object *fault)
{
    struct slice code = json_get_text(fault, "code"), field = json_get_text(fault, "field");
    struct slice url = json_get_text(fault, "url");

    if (field.n == 0)
        field = SL("assertion");
    if (slice_eq(code, SL("resources")))
        return SL("Could not get all linked resources");
    if (slice_eq(code, SL("structure")))
        return SL("Invalid assertion structure");
    if (slice_eq(code, SL("parse")))
        return arena_printf(a, "Could not parse the %.*s file at %.*s file", SLICE_FMT(field),
                            SLICE_FMT(url));
    if (slice_eq(code, SL("http-status")))
        return arena_printf(a, "Tried to get %.*s file at %.*s and got an HTTP %d",
                            SLICE_FMT(field), SLICE_FMT(url),
                            json_object_get_int(json_get(fault, "received")));
    return json_get_text(fault, "message");
}

static enum err_code
reply_fault(struct answer *as)
{
    json_object *fault = baker_failure(as->result.report);

    json_put_text(fault, "message", fault_message(as->r->arena, fault));
    return reply_json(as->out, 400, fault);
}

static json_object *
shown(struct arena *a, const struct report *report)
{
    const struct badge_docs docs = report_docs(a, report);
    json_object            *badge = NULL;
    struct err              e = { 0 };

    return badge_displayed(a, &docs, &badge, &e) == ERR_NONE ? json_in_arena(a, badge) : NULL;
}

/* Who was seen to speak for the badge: the issuer's id, since its url only says what it likes; where the issuer
 * stands in the badge, who hosts that; in 0.5 `issuer.origin`, which nothing but 0.5 means anything by. */
static struct slice
spoken_for_by(const struct answer *as)
{
    const struct report *report = as->result.report;
    json_object         *issuer = json_get(json_get(as->badge, "badge"), "issuer");

    if (strcmp(report->version, "0.5") == 0)
        return json_get_text(issuer, "origin");
    return report->issuer_url.n > 0 ? report->issuer_url : report->subject;
}

static bool
is_of_origin(const struct answer *as)
{
    struct arena *a = as->r->arena;
    struct slice  have = uri_origin(a, spoken_for_by(as));

    return as->issue->origin.p == NULL ||
           (have.n > 0 && slice_eq(have, uri_origin(a, as->issue->origin)));
}

static json_object *
badge_and(struct answer *as, bool exists)
{
    json_object *doc = json_object_new_object();

    json_put_bool(doc, "exists", exists);
    json_put(doc, "badge", json_object_get(as->badge));
    return doc;
}

/* Whose it is and whether they have it, for who asks before pushing. */
static enum err_code
reply_look(struct answer *as, struct err *e)
{
    json_object         *doc = badge_and(as, as->result.outcome == IMPORT_EXISTS);
    const struct report *report = as->result.report;
    struct user          user;
    enum err_code        rc;

    if (as->result.outcome != IMPORT_REFUSED) {
        json_put_text(doc, "recipient", report->recipient.value);
        json_put_bool(doc, "owner", true);
        return reply_json(as->out, 200, doc);
    }
    json_in_arena(as->r->arena, doc);
    if ((rc = store_user_by_id(as->r->db, as->issue->user, &user, e)) != ERR_NONE)
        return rc;
    json_put_text(doc, "recipient", user.email);
    return reply_json(as->out, 200, json_object_get(doc));
}

static enum err_code
reply_taken(struct answer *as)
{
    json_object *doc = badge_and(as, as->result.outcome == IMPORT_EXISTS);

    if (as->result.outcome == IMPORT_ADDED)
        return reply_json(as->out, 201, doc);
    json_put_text(doc, "message",
                  as->result.outcome == IMPORT_EXISTS ? SL("badge already exists")
                                                      : slice_str(as->result.why.cause));
    return reply_json(as->out, 409, doc);
}

/* Nothing is wrong with the badge: now whose it is, who sends it, and whether it is there. */
static enum err_code
reply_sound(struct answer *as, struct err *e)
{
    struct req   *r = as->r;
    enum err_code rc;

    as->badge = shown(r->arena, as->result.report);
    if (as->result.outcome == IMPORT_REFUSED && !as->issue->only_look)
        return reply_message(as->out, 403, SL("badge assertion is for a different user"));
    if (!is_of_origin(as))
        return reply_message(as->out, 400,
                             SL("issuer origin must be identical to bearer token origin"));
    if (as->issue->only_look)
        return reply_look(as, e);
    if ((rc = import_keep(r->arena, r->db, as->issue->user, &as->result, e)) != ERR_NONE) {
        r->unstored = as->badge;
        return rc;
    }
    return reply_taken(as);
}

json_object *
issue_down(const struct req *r, struct slice input, const struct err *e)
{
    json_object *doc = json_object_new_object();

    if (r->unstored != NULL)
        json_put(doc, "badge", json_object_get(r->unstored));
    json_put_bool(doc, "exists", false);
    json_put_text(doc, "message",
                  arena_printf(r->arena, "badge error %.*s: %s",
                               SLICE_FMT(slice_first(input, LIMIT_URL_BYTES)),
                               err_sentence(e->code)));
    return doc;
}

enum err_code
api_issue_answer(struct req *r, struct resp *out, const struct api_issue *issue, struct err *e)
{
    struct answer         as = { .r = r, .out = out, .issue = issue };
    int64_t               waited_us = net_took_us(r->app->net);
    const struct fetcher *fetch;
    struct slice          input;
    enum err_code         rc;

    if (slice_trim(issue->input).n == 0)
        return reply_message(out, 400, SL("must provide either url or signature"));
    if ((input = input_of(r->arena, issue->input)).n == 0)
        return reply_message(out, 400, SL("malformed assertion, must be a url or signature"));
    /* Any page can lead a browser to a GET: see page_consent. */
    fetch = net_fetcher(r->app->net, r->arena, issue->only_look ? NET_ANONYMOUS : NET_SIGNED_IN);
    rc = import_look(r->arena, r->db, fetch, issue->user, input, &as.result, e);
    r->fetch_us += net_took_us(r->app->net) - waited_us;
    if (rc != ERR_NONE)
        return rc;
    if (as.result.outcome == IMPORT_REFUSED && !import_is_anothers(&as.result))
        return reply_fault(&as);
    return reply_sound(&as, e);
}

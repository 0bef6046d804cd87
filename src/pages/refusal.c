/* Why a badge does not come into a backpack, in words for its learner. */
#include "import/import.h"
#include "pages_int.h"

/* A badge that its issuer took back, or whose time is over, is no fault that anybody would mend. */
static bool
is_over(const struct report *report)
{
    return report != NULL && (report->status == STATUS_REVOKED || report->status == STATUS_EXPIRED);
}

static bool
is_refused(const struct report *report, const struct report_message *m)
{
    for (size_t i = 0; m != NULL && m->code == REPORT_FETCH_FAILED && i < report->document_count;
         i++)
        if (report->documents[i].code == ERR_FETCH_REFUSED &&
            slice_eq(report->documents[i].got.url, m->url))
            return true;
    return false;
}

/* What the learner can do, where a message's advice is meant for others. NULL: the advice will do. */
static const char *
hint_of(const struct err *why, const struct report *report, const struct report_message *m)
{
    if (why->code == ERR_FIELD_INVALID)
        return "add.hint_url";
    if (why->code == ERR_RECIPIENT_MISMATCH)
        return "add.hint_recipient";
    if (why->code == ERR_IMAGE_UNBAKED && m != NULL && m->code == REPORT_IMAGE_UNBAKED)
        return "add.hint_unbaked";
    return is_refused(report, m) ? "add.hint_refused" : NULL;
}

/* One sentence for all; what was found, with what can be done about it. */
static void
put_found(const struct req *r, json_object *item, const struct report *report, const char *hint)
{
    SCOPED(json_drop) json_object *json = report_json(r->arena, report);
    json_object                   *names = names_new(r), *items;

    put_messages(r, item, "messages", json_get(json, "report"), SAYS_ERROR | SAYS_WARNING);
    if (hint == NULL)
        return;
    json_put_text(names, "email", r->user->email);
    put_sentence(r, item, "hint", hint, names);
    items = json_get(json_get(item, "messages"), "items");
    if (items != NULL)
        json_put_text(json_object_array_get_idx(items, 0), "advice", SL(""));
}

static struct slice
failure_text(const struct req *r, const struct err *why, const struct report *report)
{
    if (why->code == ERR_FIELD_INVALID)
        return view_text(r, "add.not_web", NULL);
    if (why->code == ERR_CONFLICT)
        return view_text(r, "add.full", NULL);
    if (is_over(report))
        return view_text(
            r, report->status == STATUS_REVOKED ? "verdict.revoked" : "verdict.expired", NULL);
    return json_get_text(json_in_arena(r->arena, view_err(r, why)), "sentence");
}

void
put_refusal(const struct req *r, json_object *item, const struct import_result *result)
{
    const struct report         *report = result->report;
    const struct report_message *m = report_deciding(report);
    const struct err            *why = &result->why;
    const char                  *hint = hint_of(why, report, m);

    json_put_text(item, "sentence", failure_text(r, why, report));
    /* Of these the sentence is all that was found. */
    if (why->code == ERR_FIELD_INVALID || (m != NULL && m->code == REPORT_IMAGE_UNBAKED))
        put_sentence(r, item, "hint", hint, NULL);
    else
        put_found(r, item, report, hint);
}

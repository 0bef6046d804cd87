/* How a badge stands, from the report that was stored with it. */
#include "pages_int.h"

void
put_status(const struct req *r, json_object *model, struct slice status)
{
    put_sentence(r, model, "verdict_title",
                 arena_printf(r->arena, "verdict.%.*s", SLICE_FMT(status)).p, NULL);
    put_sentence(r, model, "verdict_text",
                 arena_printf(r->arena, "verdict.%.*s_text", SLICE_FMT(status)).p, NULL);
}

void
put_row_status(const struct req *r, json_object *model, const struct badge_row *row)
{
    put_status(r, model, slice_str(status_word(r, standing_status(row), row->reason)));
}

json_object *
stored_report(const struct req *r, const struct badge_full *badge)
{
    json_object *stored = NULL;
    struct err   none = { 0 };

    if (badge->report.n == 0 || json_parse_kept(badge->report, &stored, &none) != ERR_NONE)
        return NULL;
    return json_get(json_in_arena(r->arena, stored), "report");
}

void
put_verdict(const struct req *r, json_object *model, const struct badge_full *badge, bool is_public)
{
    json_object *report = is_public ? NULL : stored_report(r, badge);
    bool         is_valid = slice_eq(badge->row.status, SL("valid"));

    put_row_status(r, model, &badge->row);
    view_date(r, model, "checked", badge->row.checked_at_s);
    json_put_bool(model, "is_valid", slice_eq(standing_status(&badge->row), SL("valid")));
    if (report == NULL)
        return;
    /* Remarks on a valid badge stand among its details: beside the verdict they would look like faults. */
    put_messages(r, model, is_valid ? "remarks" : "messages", report, SAYS_ERROR | SAYS_WARNING);
    json_put_text(model, "report", path_of(r, "/backpack/badge/", badge->row.id, "/report"));
}

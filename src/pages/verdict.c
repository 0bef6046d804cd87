/* What the last verification found, from the report that was stored with the badge. */
#include "pages_int.h"

/* Outside, only what decides: warnings and what messages quote are the owner's. */
static bool
is_shown(json_object *message)
{
    struct slice level = json_get_text(message, "messageLevel");

    return slice_eq_nocase(level, SL("ERROR")) || slice_eq_nocase(level, SL("WARNING"));
}

/* What a stored message's sentence quotes, under the names that the catalogue's sentences have. */
static json_object *
quoted(const struct req *r, json_object *message)
{
    json_object *names = names_new(r);
    int32_t      status = json_object_get_int(json_get(message, "status"));

    json_put_text(names, "node", json_get_text(message, "node_id"));
    json_put_text(names, "prop", json_get_text(message, "prop_name"));
    json_put_text(names, "url", json_get_text(message, "url"));
    json_put_text(names, "received", json_get_text(message, "received"));
    json_put_text(names, "expected", json_get_text(message, "expected"));
    json_put_text(names, "status", arena_printf(r->arena, "%d", status));
    return names;
}

/* Remarks on a valid badge stand among its details: beside the verdict they would look like faults. */
static void
put_messages(const struct req *r, json_object *model, json_object *report, bool is_valid)
{
    json_object *all = json_get(report, "messages"), *list, *items;

    if (!json_is_array(all))
        return;
    list = json_in_arena(r->arena, json_object_new_object());
    items = json_put_array(list, "items");
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        json_object *message = json_object_array_get_idx(all, i);

        if (is_shown(message))
            put_message(r, json_add_object(items), json_get_text(message, "key"),
                        json_get_text(message, "result"), quoted(r, message));
    }
    if (json_object_array_length(items) > 0)
        json_put(model, is_valid ? "remarks" : "messages", json_object_get(list));
}

void
put_message(const struct req *r, json_object *to, struct slice key, struct slice sentence,
            json_object *names)
{
    /* A document that was read without an address or id has no name to quote. */
    if (json_get_text(names, "node").n == 0)
        json_put_text(names, "node", view_text(r, "report.document", NULL));
    if (key.n > 0)
        sentence = view_text(r, arena_printf(r->arena, "report.%.*s", SLICE_FMT(key)).p, names);
    json_put_text(to, "text", sentence);
}

void
put_verdict(const struct req *r, json_object *model, const struct badge_full *badge, bool is_public)
{
    struct slice status = row_status(&badge->row);
    json_object *stored = NULL;
    struct err   none = { 0 };

    json_put_text(model, "verdict_title",
                  view_text(r, arena_printf(r->arena, "verdict.%.*s", SLICE_FMT(status)).p, NULL));
    json_put_text(
        model, "verdict_text",
        view_text(r, arena_printf(r->arena, "verdict.%.*s_text", SLICE_FMT(status)).p, NULL));
    view_date(r, model, "checked", badge->row.checked_at_s);
    if (is_public || badge->report.n == 0 || json_parse(badge->report, &stored, &none) != ERR_NONE)
        return;
    put_messages(r, model, json_get(json_in_arena(r->arena, stored), "report"),
                 slice_eq(badge->row.status, SL("valid")));
}

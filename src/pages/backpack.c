#include "pages_int.h"

enum err_code
page_backpack(struct req *r, struct resp *out, struct err *e)
{
    json_object      *model = model_new(r, "backpack.title", "backpack"), *list;
    uint64_t          before = arg_before(r), count;
    struct badge_row *rows;
    size_t            row_count;
    enum err_code     rc;

    if ((rc = store_badge_count(r->db, r->user->id, &count, e)) != ERR_NONE ||
        (rc = store_badge_list(r->db, r->user->id, before, PAGE_BADGES + 1, &rows, &row_count,
                               e)) != ERR_NONE)
        return rc;
    if (row_count == 0 && before > 0) /* the last badge of an old page is gone */
        return reply_redirect(out, SL("/backpack"));
    json_put_number(model, "count", (int64_t)count);
    json_put_bool(model, "has_badges", row_count > 0);
    list = json_put_array(model, "badges");
    for (size_t i = 0; i < row_count && i < PAGE_BADGES; i++)
        put_own_badge(r, json_add_object(list), &rows[i]);
    json_put_bool(model, "has_pages", before > 0 || row_count > PAGE_BADGES);
    if (before > 0)
        json_put_text(model, "newest", SL("/backpack"));
    if (row_count > PAGE_BADGES)
        json_put_text(model, "older",
                      path_of(r, "/backpack?before=", rows[PAGE_BADGES - 1].id, ""));
    put_upload(r, model);
    return model_reply(out, 200, "backpack", model);
}

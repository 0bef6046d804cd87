/* What others see, in a frame on another site. Public documents, as in share.c. */
#include "pages_int.h"

static void
put_link(const struct req *r, json_object *model, enum embed_kind kind, struct slice path)
{
    json_put_text(model, "href", embed_page_url(r, &(struct embed){ .kind = kind, .path = path }));
}

enum err_code
page_embed_badge(struct req *r, struct resp *out, struct err *e)
{
    json_object      *model = model_new(r, NULL, NULL);
    struct badge_full badge;
    enum err_code     rc;

    if ((rc = store_badge_by_path(r->db, req_param(r, "path"), &badge, e)) != ERR_NONE)
        return rc;
    put_public_badge(r, model, &badge.row);
    json_put_text(model, "title", json_get_text(model, "name"));
    put_link(r, model, EMBED_BADGE, badge.row.path);
    standing_note_expiry(out, &badge.row);
    return model_reply(out, 200, "embed_badge", model);
}

/* One without a page of its own leads to its place on the collection's. */
static void
put_item(const struct req *r, json_object *item, const struct badge_row *row, struct slice page,
         size_t number)
{
    put_public_badge(r, item, row);
    json_put_bool(item, "over", !slice_eq(standing_status(row), SL("valid")));
    if (row->visibility != VISIBILITY_PRIVATE)
        put_link(r, item, EMBED_BADGE, row->path);
    else
        json_put_text(item, "href",
                      arena_printf(r->arena, "%.*s#badge-%zu", SLICE_FMT(page), number));
}

enum err_code
page_embed_collection(struct req *r, struct resp *out, struct err *e)
{
    json_object      *model = model_new(r, NULL, NULL), *list = json_put_array(model, "badges");
    struct collection c;
    struct badge_row *rows;
    size_t            count, shown;
    enum err_code     rc;

    if ((rc = get_public_collection(r, &c, e)) != ERR_NONE ||
        (rc = store_collection_badges(r->db, c.user, c.id, &rows, &count, e)) != ERR_NONE)
        return rc;
    json_put_text(model, "title", c.name);
    json_put_text(model, "name", c.name);
    json_put_number(model, "count", (int64_t)count);
    put_link(r, model, EMBED_COLLECTION, c.path);
    shown = count < PAGE_BADGES ? count : PAGE_BADGES;
    for (size_t i = 0; i < shown; i++) {
        put_item(r, json_add_object(list), &rows[i], json_get_text(model, "href"), i + 1);
        standing_note_expiry(out, &rows[i]);
    }
    json_put_bool(model, "has_badges", count > 0);
    if (shown < count)
        json_put_number(json_put_object(model, "more"), "count", (int64_t)(count - shown));
    return model_reply(out, 200, "embed_collection", model);
}

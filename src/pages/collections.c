/* The list of collections, and a new one. */
#include "collection_int.h"

static void
put_collection(const struct req *r, json_object *list, const struct collection *c)
{
    json_object *item = json_add_object(list);

    json_put_text(item, "name", c->name);
    if (c->description.n > 0)
        json_put_text(item, "description", c->description);
    json_put_text(item, "href", path_of(r, "/collections/", c->id, ""));
    json_put_number(item, "count", (int64_t)c->badge_count);
    put_visibility(r, item, c->visibility);
}

/* After a mistake the form comes back as it was filled in. */
static enum err_code
reply_collections(struct req *r, struct resp *out, int status, struct slice mistake, struct err *e)
{
    json_object       *model = model_new(r, "collections.title", "collections"), *list, *form;
    struct collection *all;
    size_t             count;
    enum err_code      rc =
        store_collection_list(r->db, r->user->id, VISIBILITY_PRIVATE, &all, &count, e);

    if (rc != ERR_NONE)
        return rc;
    json_put_bool(model, "has_collections", count > 0);
    list = json_put_array(model, "collections");
    for (size_t i = 0; i < count; i++)
        put_collection(r, list, &all[i]);
    form = json_put_object(model, "form");
    if (mistake.n > 0) {
        json_put_text(json_put_object(model, "form_error"), "sentence", mistake);
        json_put_text(form, "name", req_form(r, "name"));
        json_put_text(form, "description", req_form(r, "description"));
    }
    return model_reply(out, status, "collections", model);
}

enum err_code
page_collections(struct req *r, struct resp *out, struct err *e)
{
    return reply_collections(r, out, 200, SLICE_NONE, e);
}

enum err_code
page_collection_add(struct req *r, struct resp *out, struct err *e)
{
    struct collection_form form;
    uint64_t               id;
    enum err_code          rc;

    collection_form_read(r, &form);
    if (form.mistake.n > 0)
        return reply_collections(r, out, 400, form.mistake, e);
    rc = store_collection_add(r->db, r->user->id, form.name, form.description, VISIBILITY_PRIVATE,
                              &id, e);
    if (rc != ERR_NONE)
        return rc;
    resp_flash(r, out, "collections.created");
    return reply_redirect(out, path_of(r, "/collections/", id, ""));
}

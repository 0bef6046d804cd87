#include "badge/bake.h"
#include "pages_int.h"

#include <stdlib.h>

enum err_code
get_badge(struct req *r, struct badge_full *ret, struct err *e)
{
    uint64_t      id;
    enum err_code rc;

    if ((rc = req_param_id(r, "id", &id, e)) != ERR_NONE)
        return rc;
    return store_badge_get(r->db, r->user->id, id, ret, e);
}

static bool
has_id(const uint64_t *ids, size_t count, uint64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* The collections it is in, and those it could be put into. Others see it through each that is not private,
 * whatever is said of its own page. */
static enum err_code
put_collections(struct req *r, json_object *model, const struct badge_row *badge, struct err *e)
{
    json_object       *in = json_put_array(model, "collections");
    json_object       *others = json_put_array(model, "other_collections");
    json_object       *through = json_put_array(model, "through");
    enum visibility    widest = badge->visibility;
    struct collection *all;
    uint64_t          *ids;
    size_t             count, id_count;
    enum err_code      rc;

    if ((rc = store_collection_list(r->db, r->user->id, VISIBILITY_PRIVATE, &all, &count, e)) !=
            ERR_NONE ||
        (rc = store_badge_collections(r->db, r->user->id, badge->id, &ids, &id_count, e)) !=
            ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++) {
        bool         is_in = has_id(ids, id_count, all[i].id);
        json_object *item = json_add_object(is_in ? in : others);

        json_put_number(item, "id", (int64_t)all[i].id);
        json_put_text(item, "name", all[i].name);
        json_put_text(item, "href", path_of(r, "/collections/", all[i].id, ""));
        put_visibility(r, item, all[i].visibility);
        if (!is_in || all[i].visibility == VISIBILITY_PRIVATE)
            continue;
        json_object_array_add(through, json_object_get(item));
        widest = all[i].visibility > widest ? all[i].visibility : widest;
    }
    put_visibility(r, json_put_object(model, "seen"), widest);
    json_put_bool(model, "is_through", json_object_array_length(through) > 0);
    json_put_bool(model, "has_collections", json_object_array_length(in) > 0);
    json_put_bool(model, "has_others", json_object_array_length(others) > 0);
    return ERR_NONE;
}

static enum err_code
put_sharing(const struct req *r, json_object *model, const struct badge_row *row, struct err *e)
{
    struct embed embed = { EMBED_BADGE, row->path, json_get_text(model, "name") };

    put_visibility(r, model, row->visibility);
    return row->visibility == VISIBILITY_PRIVATE || row->path.n == 0
               ? ERR_NONE
               : put_share_link(r, model, &embed, e);
}

static void
put_technical(const struct req *r, json_object *model, const struct badge_full *badge)
{
    json_put_text(model, "version", badge->row.version);
    view_url(model, "hosted_url", badge->hosted_url);
    view_url(model, "class_url", badge->class_url);
    view_url(model, "issuer_url", badge->issuer_url);
    view_date(r, model, "added", badge->row.created_at_s);
}

/* Issued to an address that they gave up since. */
static enum err_code
put_former(const struct req *r, json_object *model, struct slice email, struct err *e)
{
    struct slice *theirs;
    size_t        count;
    bool          former = true;
    enum err_code rc;

    if ((rc = store_user_emails(r->db, r->user->id, &theirs, &count, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++)
        former = former && !slice_eq(theirs[i], email);
    json_put_bool(model, "recipient_former", former);
    return ERR_NONE;
}

enum err_code
page_badge(struct req *r, struct resp *out, struct err *e)
{
    json_object      *model = model_new(r, NULL, "backpack");
    struct badge_full badge;
    enum err_code     rc;

    if ((rc = get_badge(r, &badge, e)) != ERR_NONE)
        return rc;
    put_own_badge(r, model, &badge.row);
    json_put_text(model, "title", json_get_text(model, "name"));
    json_put_text(model, "action", path_of(r, "/backpack/badge/", badge.row.id, ""));
    json_put_text(model, "download",
                  path_of(r, "/backpack/badge/", badge.row.id, "/picture?download"));
    /* A document that cannot be read any more must not take the page along: removal is on it. */
    if ((rc = put_facts(r, model, &badge, false, e)) != ERR_NONE && rc != ERR_ASSERTION_MALFORMED)
        return rc;
    put_verdict(r, model, &badge, false);
    if ((rc = put_former(r, model, badge.email, e)) != ERR_NONE ||
        (rc = put_checks(r, model, &badge, e)) != ERR_NONE ||
        (rc = put_sharing(r, model, &badge.row, e)) != ERR_NONE)
        return rc;
    put_technical(r, model, &badge);
    if ((rc = put_collections(r, model, &badge.row, e)) != ERR_NONE)
        return rc;
    return model_reply(out, 200, "badge", model);
}

enum err_code
page_badge_picture(struct req *r, struct resp *out, struct err *e)
{
    struct badge_full    badge;
    struct badge_picture picture;
    struct slice         baked;
    bool                 svg;
    enum err_code        rc;

    if ((rc = get_badge(r, &badge, e)) != ERR_NONE ||
        (rc = store_badge_picture(r->db, r->user->id, badge.row.picture_hash, &picture, e)) !=
            ERR_NONE ||
        (rc = badge_bake(r->arena, picture.source, picture.assertion, picture.hosted_url, &baked,
                         e)) != ERR_NONE)
        return rc;
    svg = picture.kind == PICTURE_SVG;
    if (req_arg(r, "download").p != NULL)
        resp_header(out, "Content-Disposition",
                    arena_printf(r->arena, "attachment; filename=\"badge-%llu.%s\"",
                                 (unsigned long long)badge.row.id, svg ? "svg" : "png"));
    /* The page names it by its hash: another picture has another address. */
    resp_header(out, "Cache-Control", SL("private, max-age=86400"));
    if (svg)
        resp_header(out, "Content-Security-Policy", SL(HTTP_SVG_POLICY));
    return reply_bytes(out, 200, svg ? "image/svg+xml" : "image/png", baked);
}

enum err_code
page_badge_remove(struct req *r, struct resp *out, struct err *e)
{
    json_object      *model;
    struct badge_full badge;
    enum err_code     rc;

    if ((rc = get_badge(r, &badge, e)) != ERR_NONE)
        return rc;
    if (form_confirmed(r)) {
        if ((rc = store_badge_remove(r->db, r->user->id, badge.row.id, e)) != ERR_NONE)
            return rc;
        resp_flash(r, out, "badge.removed");
        return reply_redirect(out, SL("/backpack"));
    }
    model = model_new(r, "badge.remove_title", "backpack");
    put_sentence(r, model, "text", "badge.remove_text", NULL);
    put_sentence(r, model, "button", "badge.remove_button", NULL);
    put_subject(r, model, &badge.row);
    json_put_bool(model, "danger", true);
    json_put_text(model, "action", r->path);
    json_put_text(model, "back", path_of(r, "/backpack/badge/", badge.row.id, ""));
    return model_reply(out, 200, "confirm", model);
}

/* A picture with the learner's address in clear is not shown to anybody before its owner was told so. */
static enum err_code
ask_publish(const struct req *r, struct resp *out, const struct badge_full *badge)
{
    json_object *model = model_new(r, "badge.publish_title", "backpack"), *names = names_new(r);

    json_put_text(names, "email", badge->email);
    put_sentence(r, model, "text", "badge.publish_text", NULL);
    put_sentence(r, model, "warning", "badge.publish_warning", names);
    put_sentence(r, model, "button", "badge.publish_button", NULL);
    put_subject(r, model, &badge->row);
    json_put_text(model, "action", r->path);
    json_put_text(model, "back", path_of(r, "/backpack/badge/", badge->row.id, ""));
    return model_reply(out, 200, "confirm", model);
}

/* Like ask_publish, and the form's own fields go along. */
static enum err_code
ask_publish_with(const struct req *r, struct resp *out, const struct badge_full *badge,
                 const char *field)
{
    enum err_code rc = ask_publish(r, out, badge);

    put_field(out->model, field, req_form(r, field));
    return rc;
}

enum err_code
page_badge_visibility(struct req *r, struct resp *out, struct err *e)
{
    struct badge_full badge;
    enum visibility   visibility;
    struct slice      path;
    enum err_code     rc;

    if ((rc = form_visibility(r, "visibility", &visibility, e)) != ERR_NONE ||
        (rc = get_badge(r, &badge, e)) != ERR_NONE)
        return rc;
    if (badge.row.plain_identity && badge.row.visibility == VISIBILITY_PRIVATE &&
        visibility != VISIBILITY_PRIVATE && !form_confirmed(r))
        return ask_publish_with(r, out, &badge, "visibility");
    if ((rc = store_badge_set_visibility(r->db, r->user->id, badge.row.id, visibility, &path, e)) !=
        ERR_NONE)
        return rc;
    resp_flash(r, out, "badge.visibility_saved");
    return reply_redirect(out, path_of(r, "/backpack/badge/", badge.row.id, ""));
}

enum err_code
page_badge_collect(struct req *r, struct resp *out, struct err *e)
{
    struct badge_full badge;
    struct collection into;
    uint64_t          id;
    enum err_code     rc;

    if ((rc = form_id(r, "collection", &id, e)) != ERR_NONE ||
        (rc = get_badge(r, &badge, e)) != ERR_NONE ||
        (rc = store_collection_get(r->db, r->user->id, id, &into, e)) != ERR_NONE)
        return rc;
    if (badge.row.plain_identity && into.visibility != VISIBILITY_PRIVATE && !form_confirmed(r))
        return ask_publish_with(r, out, &badge, "collection");
    if ((rc = store_collection_put_badge(r->db, r->user->id, id, badge.row.id, e)) != ERR_NONE)
        return rc;
    resp_flash(r, out, "badge.collected");
    return reply_redirect(out, path_of(r, "/backpack/badge/", badge.row.id, ""));
}

/* One collection, for its owner. */
#include "collection_int.h"

#define MOVE_MAX 1000

/* What the page and its forms work on. */
struct opened {
    struct collection c;
    struct badge_row *rows;
    size_t            count;
};

static enum err_code
open_collection(struct req *r, struct opened *ret, struct err *e)
{
    uint64_t      id;
    enum err_code rc;

    if ((rc = req_param_id(r, "id", &id, e)) != ERR_NONE ||
        (rc = store_collection_get(r->db, r->user->id, id, &ret->c, e)) != ERR_NONE)
        return rc;
    return store_collection_badges(r->db, r->user->id, id, &ret->rows, &ret->count, e);
}

static bool
is_inside(const struct opened *o, uint64_t badge)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->rows[i].id == badge)
            return true;
    return false;
}

static void
put_inside(const struct req *r, json_object *model, const struct opened *o)
{
    json_object *list = json_put_array(model, "badges");

    for (size_t i = 0; i < o->count; i++) {
        json_object *item = json_add_object(list);

        put_own_badge(r, item, &o->rows[i]);
        json_put_bool(item, "first", i == 0);
        json_put_bool(item, "last", i + 1 == o->count);
    }
    json_put_bool(model, "has_badges", o->count > 0);
}

/* A page of the backpack without what is in already. */
static enum err_code
put_addable(struct req *r, json_object *model, const struct opened *o, struct err *e)
{
    json_object      *list = json_put_array(model, "addable");
    struct badge_row *rows;
    size_t            count;
    enum err_code     rc =
        store_badge_list(r->db, r->user->id, arg_before(r), PAGE_BADGES + 1, &rows, &count, e);

    if (rc != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count && i < PAGE_BADGES; i++)
        if (!is_inside(o, rows[i].id))
            put_own_badge(r, json_add_object(list), &rows[i]);
    json_put_bool(model, "has_addable", json_object_array_length(list) > 0);
    json_put_bool(model, "all_in", count > 0);
    if (count > PAGE_BADGES)
        json_put_text(model, "older",
                      arena_printf(r->arena, "/collections/%llu?before=%llu",
                                   (unsigned long long)o->c.id,
                                   (unsigned long long)rows[PAGE_BADGES - 1].id));
    return ERR_NONE;
}

static enum err_code
put_address(const struct req *r, json_object *model, const struct collection *c, struct err *e)
{
    json_put_text(model, "path_prefix", view_absolute(r, SL("/share/collection/")));
    if (c->visibility == VISIBILITY_PRIVATE)
        return ERR_NONE;
    return put_share_link(r, model, &(struct embed){ EMBED_COLLECTION, c->path, c->name }, e);
}

/* `was` goes along with the form: what it was filled in against. */
static void
put_form(const struct req *r, json_object *model, const struct collection *was,
         const struct collection *filled)
{
    json_object *form = json_put_object(model, "form");

    json_put_text(form, "name", filled->name);
    json_put_text(form, "description", filled->description);
    json_put_text(form, "path", filled->path);
    put_visibility(r, form, filled->visibility);
    put_visibility(r, json_put_object(form, "was"), was->visibility);
}

/* filled: what the form for its settings says, which after a mistake is what was typed. */
static enum err_code
reply_collection(struct req *r, struct resp *out, int status, const struct opened *o,
                 const struct collection *filled, struct slice mistake, struct err *e)
{
    json_object  *model = model_new(r, NULL, "collections");
    enum err_code rc;

    json_put_text(model, "title", o->c.name);
    json_put_text(model, "name", o->c.name);
    json_put_number(model, "count", (int64_t)o->count);
    json_put_text(model, "action", path_of(r, "/collections/", o->c.id, ""));
    put_visibility(r, model, o->c.visibility);
    put_form(r, model, &o->c, filled);
    put_inside(r, model, o);
    if ((rc = put_address(r, model, &o->c, e)) != ERR_NONE ||
        (rc = put_addable(r, model, o, e)) != ERR_NONE)
        return rc;
    if (mistake.n > 0)
        json_put_text(json_put_object(model, "form_error"), "sentence", mistake);
    return model_reply(out, status, "collection", model);
}

enum err_code
page_collection(struct req *r, struct resp *out, struct err *e)
{
    struct opened o;
    enum err_code rc = open_collection(r, &o, e);

    return rc != ERR_NONE ? rc : reply_collection(r, out, 200, &o, &o.c, SLICE_NONE, e);
}

/* Asks before badges with the learner's address in clear are shown to others. */
static enum err_code
ask_publish(const struct req *r, struct resp *out, const struct collection *c,
            const struct badge_row *const *rows, size_t count)
{
    json_object *model = model_new(r, "collection.publish_title", "collections");
    json_object *list = json_put_array(json_put_object(model, "badges"), "items");

    put_sentence(r, model, "text", "collection.publish_text", NULL);
    put_sentence(r, model, "button", "collection.publish_button", NULL);
    for (size_t i = 0; i < count; i++)
        put_badge_row(r, json_add_object(list), rows[i]);
    for (size_t i = 0; i < r->form.count; i++) /* the form again, with all it said */
        if (!slice_eq(r->form.items[i].name, SL("_csrf")))
            put_field(model, arena_str(r->arena, r->form.items[i].name), r->form.items[i].value);
    json_put_text(model, "action", r->path);
    json_put_text(model, "back", path_of(r, "/collections/", c->id, ""));
    return model_reply(out, 200, "confirm", model);
}

static size_t
plain_inside(const struct req *r, const struct opened *o, const struct badge_row ***ret)
{
    size_t count = 0;

    *ret = ARENA_ARRAY(r->arena, const struct badge_row *, o->count + 1);
    for (size_t i = 0; i < o->count; i++)
        if (o->rows[i].plain_identity)
            (*ret)[count++] = &o->rows[i];
    return count;
}

/* The form was filled in while others saw less or more of the collection than now: saving all of it would
 * take that back unseen. *visibility becomes what is, unless the form itself was to change it. */
static bool
was_changed(const struct req *r, const struct collection *c, enum visibility *visibility)
{
    struct err      none = { 0 };
    enum visibility was;

    if (form_visibility(r, "was", &was, &none) != ERR_NONE || was == c->visibility)
        return false;
    if (*visibility == was)
        *visibility = c->visibility;
    return true;
}

static struct slice
changed_text(const struct req *r, const struct collection *c)
{
    json_object *names = names_new(r);

    put_visibility(r, names, c->visibility);
    return view_text(r, "collection.changed", names);
}

enum err_code
page_collection_change(struct req *r, struct resp *out, struct err *e)
{
    const struct badge_row **plain;
    struct collection_form   form;
    struct collection        filled;
    enum visibility          visibility;
    struct opened            o;
    size_t                   plain_count;
    enum err_code            rc;

    if ((rc = form_visibility(r, "visibility", &visibility, e)) != ERR_NONE ||
        (rc = db_read_fresh(r->db, r->user->id, e)) != ERR_NONE ||
        (rc = open_collection(r, &o, e)) != ERR_NONE)
        return rc;
    collection_form_read(r, &form);
    filled = (struct collection){ .name = form.name,
                                  .description = form.description,
                                  .path = form.path,
                                  .visibility = visibility };
    if (form.mistake.n > 0)
        return reply_collection(r, out, 400, &o, &filled, form.mistake, e);
    if (was_changed(r, &o.c, &filled.visibility))
        return reply_collection(r, out, 409, &o, &filled, changed_text(r, &o.c), e);
    plain_count = plain_inside(r, &o, &plain);
    if (plain_count > 0 && o.c.visibility == VISIBILITY_PRIVATE &&
        visibility != VISIBILITY_PRIVATE && !form_confirmed(r))
        return ask_publish(r, out, &o.c, plain, plain_count);
    rc = store_collection_change(r->db, r->user->id, o.c.id, form.name, form.description,
                                 visibility, form.path, e);
    if (rc == ERR_STORE_DUPLICATE)
        return reply_collection(r, out, 409, &o, &filled,
                                view_text(r, "collection.path_taken", NULL), e);
    if (rc != ERR_NONE)
        return rc;
    resp_flash(r, out, "collection.saved");
    return reply_redirect(out, path_of(r, "/collections/", o.c.id, ""));
}

/* Every `badge` of the form; what is none of the learner's ends it before anything is written. */
static enum err_code
chosen_badges(struct req *r, const struct badge_row ***ret, size_t *ret_count, struct err *e)
{
    unsigned long long id;
    enum err_code      rc;

    *ret = ARENA_ARRAY(r->arena, const struct badge_row *, r->form.count + 1);
    *ret_count = 0;
    for (size_t i = 0; i < r->form.count; i++) {
        struct badge_full *badge;

        if (!slice_eq(r->form.items[i].name, SL("badge")))
            continue;
        if (!slice_u64(r->form.items[i].value, INT64_MAX, &id))
            return FAIL(e, NOT_FOUND, "no badge id");
        badge = ARENA_NEW(r->arena, struct badge_full);
        if ((rc = store_badge_get(r->db, r->user->id, id, badge, e)) != ERR_NONE)
            return rc;
        (*ret)[(*ret_count)++] = &badge->row;
    }
    return ERR_NONE;
}

static enum err_code
put_badges(struct req *r, struct resp *out, const struct opened *o, struct err *e)
{
    const struct badge_row **chosen, **plain;
    size_t                   count, plain_count = 0;
    enum err_code            rc;

    if ((rc = chosen_badges(r, &chosen, &count, e)) != ERR_NONE)
        return rc;
    if (count == 0)
        return reply_collection(r, out, 400, o, &o->c, view_text(r, "collection.none_chosen", NULL),
                                e);
    plain = ARENA_ARRAY(r->arena, const struct badge_row *, count);
    for (size_t i = 0; i < count; i++)
        if (chosen[i]->plain_identity)
            plain[plain_count++] = chosen[i];
    if (plain_count > 0 && o->c.visibility != VISIBILITY_PRIVATE && !form_confirmed(r))
        return ask_publish(r, out, &o->c, plain, plain_count);
    for (size_t i = 0; i < count; i++)
        if ((rc = store_collection_put_badge(r->db, r->user->id, o->c.id, chosen[i]->id, e)) !=
            ERR_NONE)
            return rc;
    resp_flash(r, out, "collection.put");
    return reply_redirect(out, path_of(r, "/collections/", o->c.id, ""));
}

/* How many places to move: one by the buttons, `by` when dragged. False when the form says neither. */
static bool
form_places(const struct req *r, int *ret)
{
    struct slice       what = req_form(r, "do"), by = req_form(r, "by");
    bool               front = slice_starts(by, SL("-"));
    unsigned long long places;

    *ret = slice_eq(what, SL("up")) ? -1 : 1;
    if (!slice_eq(what, SL("move")))
        return slice_eq(what, SL("up")) || slice_eq(what, SL("down"));
    if (!slice_u64(slice_from(by, front ? 1 : 0), MOVE_MAX, &places))
        return false;
    *ret = front ? -(int)places : (int)places;
    return true;
}

static enum err_code
change_badge(struct req *r, struct resp *out, const struct opened *o, struct err *e)
{
    bool          drop = slice_eq(req_form(r, "do"), SL("drop"));
    uint64_t      badge;
    int           by = 0;
    enum err_code rc;

    if ((rc = form_id(r, "badge", &badge, e)) != ERR_NONE)
        return rc;
    if (!drop && !form_places(r, &by))
        return FAIL(e, FIELD_INVALID, "nothing to do");
    rc = drop ? store_collection_drop_badge(r->db, r->user->id, o->c.id, badge, e)
              : store_collection_move_badge(r->db, r->user->id, o->c.id, badge, by, e);
    if (rc != ERR_NONE)
        return rc;
    if (drop)
        resp_flash(r, out, "collection.dropped");
    return reply_redirect(out, drop ? path_of(r, "/collections/", o->c.id, "")
                                    : arena_printf(r->arena, "/collections/%llu#badge-%llu",
                                                   (unsigned long long)o->c.id,
                                                   (unsigned long long)badge));
}

enum err_code
page_collection_badges(struct req *r, struct resp *out, struct err *e)
{
    struct opened o;
    enum err_code rc = open_collection(r, &o, e);

    if (rc != ERR_NONE)
        return rc;
    if (slice_eq(req_form(r, "do"), SL("put")))
        return put_badges(r, out, &o, e);
    return change_badge(r, out, &o, e);
}

enum err_code
page_collection_remove(struct req *r, struct resp *out, struct err *e)
{
    json_object  *model;
    struct opened o;
    enum err_code rc = open_collection(r, &o, e);

    if (rc != ERR_NONE)
        return rc;
    if (form_confirmed(r)) {
        if ((rc = store_collection_remove(r->db, r->user->id, o.c.id, e)) != ERR_NONE)
            return rc;
        resp_flash(r, out, "collection.removed");
        return reply_redirect(out, SL("/collections"));
    }
    model = model_new(r, "collection.remove_title", "collections");
    put_sentence(r, model, "text", "collection.remove_text", NULL);
    put_sentence(r, model, "button", "collection.remove_button", NULL);
    json_put_text(json_put_object(model, "collection"), "name", o.c.name);
    json_put_bool(model, "danger", true);
    json_put_text(model, "action", r->path);
    json_put_text(model, "back", path_of(r, "/collections/", o.c.id, ""));
    return model_reply(out, 200, "confirm", model);
}

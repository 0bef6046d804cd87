#include "pages_int.h"

#define ID_MAX ((1ULL << 53) - 1)

json_object *
model_new(const struct req *r, const char *title_id, const char *nav)
{
    json_object *model = json_in_arena(r->arena, json_object_new_object());

    if (title_id != NULL)
        json_put_text(model, "title", view_text(r, title_id, NULL));
    if (nav != NULL)
        json_put_bool(json_put_object(model, "nav"), nav, true);
    return model;
}

enum err_code
model_reply(struct resp *out, int status, const char *page, json_object *model)
{
    return reply_page(out, status, page, json_object_get(model));
}

json_object *
names_new(const struct req *r)
{
    return json_in_arena(r->arena, json_object_new_object());
}

void
put_sentence(const struct req *r, json_object *model, const char *name, const char *id,
             json_object *names)
{
    json_put_text(model, name, view_text(r, id, names));
}

struct slice
path_of(const struct req *r, const char *before, uint64_t id, const char *after)
{
    return arena_printf(r->arena, "%s%llu%s", before, (unsigned long long)id, after);
}

uint64_t
arg_before(const struct req *r)
{
    unsigned long long id;

    return slice_u64(req_arg(r, "before"), ID_MAX, &id) ? id : 0;
}

enum err_code
form_id(const struct req *r, const char *name, uint64_t *ret, struct err *e)
{
    struct slice       text;
    unsigned long long id;
    enum err_code      rc;

    if ((rc = req_form_need(r, name, 20, &text, e)) != ERR_NONE)
        return rc;
    if (!slice_u64(text, ID_MAX, &id)) {
        rc = FAIL(e, FIELD_INVALID, "%s is no id", name);
        err_set_field(e, slice_str(name));
        return rc;
    }
    *ret = id;
    return ERR_NONE;
}

bool
form_confirmed(const struct req *r)
{
    return slice_eq(req_form(r, "confirmed"), SL("1"));
}

static struct slice
or_else(struct slice text, struct slice other)
{
    return slice_trim(text).n > 0 ? text : other;
}

const char *
status_word(const struct req *r, struct slice status, struct slice reason)
{
    if (slice_eq(status, SL("invalid")) && slice_eq(reason, SL(REASON_NOT_HOSTED)))
        return "gone";
    return arena_str(r->arena, status);
}

/* "Checked on …" while it is valid, else since when it is what it is. */
static void
put_standing(const struct req *r, json_object *model, const struct badge_row *row)
{
    const char  *word = status_word(r, standing_status(row), row->reason);
    int64_t      since_s = standing_since_s(row);
    json_object *names = names_new(r);

    json_put_text(model, "status", standing_status(row));
    put_sentence(r, model, "status_text", arena_printf(r->arena, "status.%s", word).p, NULL);
    view_date(r, names, "date", since_s != 0 ? since_s : row->checked_at_s);
    put_sentence(r, model, "status_when", arena_printf(r->arena, "status.%s_when", word).p, names);
}

void
put_badge_row(const struct req *r, json_object *model, const struct badge_row *row)
{
    struct slice untitled = view_text(r, "badge.untitled", NULL);

    json_put_number(model, "id", (int64_t)row->id);
    json_put_text(model, "name", or_else(row->class_name, untitled));
    json_put_text(model, "issuer", or_else(row->issuer_name, row->issuer_host));
    json_put_text(model, "issuer_host", row->issuer_host);
    put_standing(r, model, row);
    view_date(r, model, "issued", row->issued_on_s);
    view_date(r, model, "expires", row->expires_s);
}

void
put_own_badge(const struct req *r, json_object *model, const struct badge_row *row)
{
    struct slice picture =
        arena_printf(r->arena, "/backpack/badge/%llu/picture?%.*s", (unsigned long long)row->id,
                     SLICE_FMT(slice_first(row->picture_hash, 8)));

    put_badge_row(r, model, row);
    json_put_text(model, "href", path_of(r, "/backpack/badge/", row->id, ""));
    if (row->picture_hash.n > 0)
        json_put_text(model, "picture", picture);
    if (row->visibility != VISIBILITY_PRIVATE)
        json_put_text(
            model, "shared_text",
            view_text(r,
                      row->visibility == VISIBILITY_LINK ? "visibility.link" : "visibility.public",
                      NULL));
}

struct slice
public_picture(const struct req *r, const struct badge_row *row)
{
    return arena_printf(r->arena, "/images/badge/%.*s.%s", SLICE_FMT(row->picture_hash),
                        row->picture_kind == PICTURE_SVG ? "svg" : "png");
}

void
put_subject(const struct req *r, json_object *model, const struct badge_row *row)
{
    put_own_badge(r, json_put_object(model, "subject"), row);
}

void
put_field(json_object *model, const char *name, struct slice value)
{
    json_object *fields = json_get(model, "fields"), *field;

    if (fields == NULL)
        fields = json_put_array(model, "fields");
    field = json_add_object(fields);
    json_put_text(field, "name", slice_str(name));
    json_put_text(field, "value", value);
}

void
put_counted(const struct req *r, json_object *model, const char *name, const char *id,
            int64_t count)
{
    json_object *names = names_new(r);

    json_put_number(names, "count", count);
    put_sentence(r, model, name, id, names);
}

void
put_upload(const struct req *r, json_object *model)
{
    json_object *upload = json_put_object(model, "upload");

    json_put_number(upload, "files", LIMIT_FORM_FILES);
    json_put_number(upload, "bytes", LIMIT_IMAGE_BYTES);
    put_counted(r, upload, "together", "add.together", LIMIT_BODY_BYTES / MIB);
    put_counted(r, upload, "too_many", "add.too_many", LIMIT_FORM_FILES);
    put_counted(r, upload, "too_large", "add.too_large", LIMIT_IMAGE_BYTES / MIB);
}

static const char *const visibility_names[] = {
    [VISIBILITY_PRIVATE] = "private",
    [VISIBILITY_LINK] = "link",
    [VISIBILITY_PUBLIC] = "public",
};

enum err_code
form_visibility(const struct req *r, const char *name, enum visibility *ret, struct err *e)
{
    struct slice  text = req_form(r, name);
    enum err_code rc;

    for (size_t i = 0; i < COUNT_OF(visibility_names); i++)
        if (slice_eq(text, slice_str(visibility_names[i]))) {
            *ret = (enum visibility)i;
            return ERR_NONE;
        }
    rc = FAIL(e, FIELD_INVALID, "no visibility, %zu bytes", text.n);
    err_set_field(e, slice_str(name));
    return rc;
}

void
put_visibility(const struct req *r, json_object *model, enum visibility v)
{
    static const char *const icons[] = { "lock", "link", "globe" };
    const char              *name = visibility_names[v];

    for (size_t i = 0; i < COUNT_OF(visibility_names); i++)
        json_put_bool(model, arena_printf(r->arena, "is_%s", visibility_names[i]).p, i == v);
    json_put_text(model, "visibility", slice_str(name));
    json_put_text(model, "visibility_icon", slice_str(icons[v]));
    json_put_text(model, "visibility_text",
                  view_text(r, arena_printf(r->arena, "visibility.%s", name).p, NULL));
}

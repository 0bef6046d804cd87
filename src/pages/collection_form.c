#include "collection_int.h"

enum { PATH_BYTES_MIN = 3, PATH_BYTES_MAX = 64 };

static bool
has_control(struct slice text, const char *allowed)
{
    for (size_t i = 0; i < text.n; i++)
        if (((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F) &&
            (text.p[i] == '\0' || strchr(allowed, text.p[i]) == NULL))
            return true;
    return false;
}

/* Letters, digits, hyphens and underscores. */
static bool
path_is_ok(struct slice path)
{
    if (path.n < PATH_BYTES_MIN || path.n > PATH_BYTES_MAX)
        return false;
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return false;
    }
    return true;
}

bool
collection_name_is_ok(struct slice name)
{
    return name.n > 0 && slice_chars(name) <= LIMIT_COLLECTION_NAME_CHARS && !has_control(name, "");
}

static struct slice
mistake_text(const struct req *r, const char *id, int64_t count)
{
    json_object *names = names_new(r);

    json_put_number(names, "count", count);
    return view_text(r, id, names);
}

void
collection_form_read(const struct req *r, struct collection_form *ret)
{
    *ret = (struct collection_form){ .name = slice_trim(req_form(r, "name")),
                                     .description = slice_trim(req_form(r, "description")),
                                     .path = slice_trim(req_form(r, "path")) };
    if (!collection_name_is_ok(ret->name))
        ret->mistake = mistake_text(r, "collection.bad_name", LIMIT_COLLECTION_NAME_CHARS);
    else if (slice_chars(ret->description) > LIMIT_COLLECTION_TEXT_CHARS ||
             has_control(ret->description, "\r\n\t"))
        ret->mistake = mistake_text(r, "collection.bad_description", LIMIT_COLLECTION_TEXT_CHARS);
    else if (ret->path.n > 0 && !path_is_ok(ret->path))
        ret->mistake = view_text(r, "collection.bad_path", NULL);
    if (ret->description.p == NULL)
        ret->description = SL("");
    if (ret->path.p == NULL)
        ret->path = SL("");
}

#include "http/form.h"

#include "core/digest.h"
#include "json/json.h"

bool
percent_decode(struct arena *a, struct slice text, bool plus, struct slice *ret)
{
    char  *to;
    size_t n = 0;

    if (!slice_has_char(text, '%') && (!plus || !slice_has_char(text, '+'))) {
        *ret = text;
        return true;
    }
    to = arena_alloc(a, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '%') {
            int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
            int low = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            to[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            to[n++] = plus && text.p[i] == '+' ? ' ' : text.p[i];
        }
    }
    *ret = (struct slice){ to, n };
    return true;
}

static bool
is_clean(struct slice s)
{
    return !slice_has_char(s, '\0') && slice_is_utf8(s);
}

static bool
read_pair(struct arena *a, struct slice pair, struct field *ret)
{
    struct slice rest = pair, name = SL(""), value = SL("");

    slice_next(&rest, '=', &name);
    if (rest.p != NULL)
        value = rest;
    return percent_decode(a, name, true, &ret->name) && is_clean(ret->name) &&
           percent_decode(a, value, true, &ret->value) && is_clean(ret->value);
}

enum err_code
form_urlencoded(struct arena *a, struct slice text, size_t max, struct fields *ret, struct err *e)
{
    struct slice  rest = text, piece;
    size_t        room = 1, count = 0;
    struct field *items;

    for (size_t i = 0; i < text.n; i++)
        room += text.p[i] == '&';
    if (room > max + 1)
        return FAIL(e, TOO_LARGE, "%zu fields", room);
    items = ARENA_ARRAY(a, struct field, room);
    while (text.n > 0 && slice_next(&rest, '&', &piece)) {
        if (piece.n == 0)
            continue;
        if (!read_pair(a, piece, &items[count]))
            return FAIL(e, BAD_REQUEST, "a field that is no percent-encoded UTF-8");
        if (++count > max)
            return FAIL(e, TOO_LARGE, "%zu fields", count);
    }
    *ret = (struct fields){ items, count };
    return ERR_NONE;
}

struct json_form {
    struct arena *a;
    struct field *items;
    size_t        count, max;
    bool          nested;
};

static enum err_code
add_scalar(struct json_form *f, const char *name, json_object *value, struct err *e)
{
    enum json_type type = json_object_get_type(value);
    struct slice   text;

    if (type == json_type_null)
        return ERR_NONE;
    if ((type == json_type_object && !f->nested) || type == json_type_array) {
        FAIL(e, FIELD_INVALID, "a nested value");
        err_set_field(e, slice_str(name));
        return e->code;
    }
    if (f->count == f->max)
        return FAIL(e, TOO_LARGE, "more than %zu fields", f->max);
    text = type == json_type_string   ? json_text(value)
           : type == json_type_object ? json_print(f->a, value)
                                      : slice_str(json_object_get_string(value));
    f->items[f->count++] =
        (struct field){ arena_copy(f->a, slice_str(name)), arena_copy(f->a, text) };
    return ERR_NONE;
}

static enum err_code
add_member(struct json_form *f, const char *name, json_object *value, struct err *e)
{
    enum err_code rc = ERR_NONE;

    if (!json_is_array(value))
        return add_scalar(f, name, value, e);
    for (size_t i = 0; rc == ERR_NONE && i < json_object_array_length(value); i++)
        rc = add_scalar(f, name, json_object_array_get_idx(value, i), e);
    return rc;
}

enum err_code
form_json(struct arena *a, struct slice text, size_t max, bool nested, struct fields *ret,
          struct err *e)
{
    SCOPED(json_drop) json_object *doc = NULL;
    struct json_form               f = { a, NULL, 0, max, nested };
    enum err_code                  rc;

    if ((rc = json_parse(text, &doc, e)) != ERR_NONE)
        return rc;
    if (!json_is_object(doc))
        return FAIL(e, BAD_REQUEST, "a JSON form that is no object");
    f.items = ARENA_ARRAY(a, struct field, max);
    json_object_object_foreach(doc, name, value)
    {
        if ((rc = add_member(&f, name, value, e)) != ERR_NONE)
            return rc;
    }
    *ret = (struct fields){ f.items, f.count };
    return ERR_NONE;
}

#include "json/json.h"

#include <assert.h>
#include <stdio.h>

#include "core/limits.h"
#include "core/sbuf.h"
#include "json_int.h"

/* The pre-check has found the text good; that json-c finds a fault none the less would be a fault
 * of ours, and is told as one of the text. */
static enum err_code
parse_checked(struct json_tokener *tok, struct slice text, json_object **ret, struct err *e)
{
    json_object            *doc = json_tokener_parse_ex(tok, text.p, (int)text.n);
    enum json_tokener_error fault = json_tokener_get_error(tok);

    if (fault == json_tokener_continue) { /* a bare number ends only at a NUL */
        doc = json_tokener_parse_ex(tok, "", 1);
        fault = json_tokener_get_error(tok);
    }
    if (fault != json_tokener_success) {
        json_object_put(doc);
        return FAIL(e, JSON_MALFORMED, "json-c: %s", json_tokener_error_desc(fault));
    }
    *ret = doc;
    return ERR_NONE;
}

static enum err_code
parse(struct slice text, size_t max_bytes, json_object **ret, struct err *e)
{
    struct json_tokener *tok;
    enum err_code        rc;

    if (text.n > max_bytes) {
        rc = FAIL(e, TOO_LARGE, "JSON of %zu bytes", text.n);
        err_set_cause(e, CAUSE(JSON_BYTES));
        return rc;
    }
    if (text.p == NULL)
        text = SL("");
    if ((rc = json_strict(text, e)) != ERR_NONE)
        return rc;
    tok = json_tokener_new_ex(LIMIT_JSON_DEPTH + 2);
    assert(tok != NULL);
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
    rc = parse_checked(tok, text, ret, e);
    json_tokener_free(tok);
    return rc;
}

enum err_code
json_parse(struct slice text, json_object **ret, struct err *e)
{
    return parse(text, LIMIT_JSON_BYTES, ret, e);
}

enum err_code
json_parse_kept(struct slice text, json_object **ret, struct err *e)
{
    return parse(text, LIMIT_PACKED_BYTES, ret, e);
}

void
json_drop(json_object **doc)
{
    json_object_put(*doc);
    *doc = NULL;
}

static void
put_later(void *doc)
{
    json_object_put(doc);
}

json_object *
json_in_arena(struct arena *a, json_object *doc)
{
    if (doc != NULL)
        arena_defer(a, put_later, doc);
    return doc;
}

/* What json-c and malloc take for a value beside its text is not told: it is about this. */
enum { VALUE_BYTES = 64 };

static size_t
members_bytes(json_object *value)
{
    struct lh_table *table = json_object_get_object(value);
    size_t           n = sizeof *table + (size_t)table->size * sizeof *table->head;

    json_object_object_foreach(value, name, member) n += strlen(name) + 1 + json_held_bytes(member);
    return n;
}

size_t
json_held_bytes(json_object *value)
{
    size_t n = VALUE_BYTES;

    switch (json_object_get_type(value)) {
    case json_type_null:
        return 0;
    case json_type_string:
        return n + (size_t)json_object_get_string_len(value);
    case json_type_object:
        return n + members_bytes(value);
    case json_type_array:
        n += json_object_get_array(value)->size * sizeof(void *);
        for (size_t i = 0; i < json_object_array_length(value); i++)
            n += json_held_bytes(json_object_array_get_idx(value, i));
        return n;
    default:
        return n;
    }
}

struct slice
json_print(struct arena *a, json_object *doc)
{
    size_t      n;
    const char *text = json_object_to_json_string_length(
        doc, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

    assert(text != NULL);
    return arena_copy(a, doc == NULL ? SL("null") : (struct slice){ text, n });
}

json_object *
json_get(json_object *doc, const char *name)
{
    json_object *value = NULL;

    if (json_is_object(doc))
        (void)json_object_object_get_ex(doc, name, &value);
    return value;
}

struct slice
json_text(json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return SLICE_NONE;
    return (struct slice){ json_object_get_string(value),
                           (size_t)json_object_get_string_len(value) };
}

struct slice
json_get_text(json_object *doc, const char *name)
{
    return json_text(json_get(doc, name));
}

bool
json_get_bool(json_object *doc, const char *name)
{
    json_object *value = json_get(doc, name);

    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

/* json-c says "yes" when NULL is asked for json_type_null only; here NULL is of no type. */
bool
json_is_object(json_object *value)
{
    return json_object_is_type(value, json_type_object);
}

bool
json_is_array(json_object *value)
{
    return json_object_is_type(value, json_type_array);
}

void
json_put(json_object *doc, const char *name, json_object *value)
{
    int failed;

    assert(json_is_object(doc));
    failed = json_object_object_add(doc, name, value);
    assert(!failed);
    (void)failed;
}

static void
add(json_object *array, json_object *value)
{
    int failed;

    assert(json_is_array(array));
    failed = json_object_array_add(array, value);
    assert(!failed);
    (void)failed;
}

/* How many of the first bytes of `s` are one well-formed character; 0 when none are. */
static size_t
whole_character(struct slice s)
{
    for (size_t n = 1; n <= 4 && n <= s.n; n++)
        if (slice_is_utf8(slice_first(s, n)))
            return n;
    return 0;
}

static json_object *
text_repaired(struct slice text)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct sbuf                      b;
    struct slice                     good;

    sbuf_init(&b, a);
    while (text.n > 0) {
        size_t n = whole_character(text);

        sbuf_add(&b, n == 0 ? SL("\xEF\xBF\xBD") : slice_first(text, n));
        text = slice_from(text, n == 0 ? 1 : n);
    }
    good = sbuf_slice(&b);
    return json_object_new_string_len(good.p, (int)good.n);
}

static json_object *
text_new(struct slice text)
{
    json_object *value;

    if (slice_is_utf8(text))
        value = json_object_new_string_len(text.n == 0 ? "" : text.p, (int)text.n);
    else
        value = text_repaired(text);
    assert(value != NULL);
    return value;
}

void
json_put_text(json_object *doc, const char *name, struct slice text)
{
    if (text.p != NULL)
        json_put(doc, name, text_new(text));
}

void
json_put_number(json_object *doc, const char *name, int64_t number)
{
    json_object *value = json_object_new_int64(number);

    assert(value != NULL);
    json_put(doc, name, value);
}

void
json_put_bool(json_object *doc, const char *name, bool truth)
{
    json_object *value = json_object_new_boolean(truth);

    assert(value != NULL);
    json_put(doc, name, value);
}

json_object *
json_put_array(json_object *doc, const char *name)
{
    json_object *value = json_object_new_array();

    assert(value != NULL);
    json_put(doc, name, value);
    return value;
}

json_object *
json_put_object(json_object *doc, const char *name)
{
    json_object *value = json_object_new_object();

    assert(value != NULL);
    json_put(doc, name, value);
    return value;
}

json_object *
json_add_object(json_object *array)
{
    json_object *value = json_object_new_object();

    assert(value != NULL);
    add(array, value);
    return value;
}

void
json_add_text(json_object *array, struct slice text)
{
    add(array, text_new(text));
}

/* JSON Schema, draft 4, as much as extensions of badges use. A keyword that is not known makes the answer
 * unknown: passing over it would call valid what was not checked. */
#include "context_int.h"
#include "core/uri.h"

enum { STEPS_MAX = 20000 };

struct checking {
    struct arena      *a;
    size_t             steps;
    enum schema_answer answer; /* the worst so far */
    struct slice       why;
};

static void check(struct checking *k, json_object *schema, json_object *value, struct slice name);

static void
fails(struct checking *k, struct slice name, const char *how)
{
    if (k->answer != SCHEMA_HOLDS)
        return;
    k->answer = SCHEMA_FAILS;
    k->why = arena_printf(k->a, "%.*s %s.", SLICE_FMT(name), how);
}

static void
unknown(struct checking *k, const char *keyword)
{
    if (k->answer == SCHEMA_UNKNOWN)
        return;
    k->answer = SCHEMA_UNKNOWN;
    k->why = arena_printf(k->a, "its schema uses \"%.60s\".", keyword);
}

static bool
is_type(struct slice type, json_object *value)
{
    static const struct {
        const char    *name;
        enum json_type type;
    } types[] = { { "null", json_type_null },     { "boolean", json_type_boolean },
                  { "string", json_type_string }, { "array", json_type_array },
                  { "object", json_type_object }, { "integer", json_type_int },
                  { "number", json_type_int },    { "number", json_type_double } };

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (slice_eq(type, slice_str(types[i].name)) &&
            json_object_get_type(value) == types[i].type)
            return true;
    return false;
}

static void
check_type(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    if (!json_is_array(said)) {
        if (!is_type(json_text(said), value))
            fails(k, name, "is of another type");
        return;
    }
    for (size_t i = 0; i < json_object_array_length(said); i++)
        if (is_type(json_text(json_object_array_get_idx(said, i)), value))
            return;
    fails(k, name, "is of another type");
}

static void
check_required(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    if (!json_is_array(said)) {
        unknown(k, "required");
        return;
    }
    (void)name;
    for (size_t i = 0; json_is_object(value) && i < json_object_array_length(said); i++) {
        struct slice member = json_text(json_object_array_get_idx(said, i));

        if (member.p == NULL || !json_object_object_get_ex(value, arena_str(k->a, member), NULL))
            fails(k, member, "is missing");
    }
}

static void
check_properties(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    (void)name;
    if (!json_is_object(said) || !json_is_object(value))
        return;
    json_object_object_foreach(said, member, schema)
    {
        json_object *there;

        if (json_object_object_get_ex(value, member, &there))
            check(k, schema, there, slice_str(member));
    }
}

static void
check_items(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    if (!json_is_object(said))
        unknown(k, "items");
    else
        for (size_t i = 0; json_is_array(value) && i < json_object_array_length(value); i++)
            check(k, said, json_object_array_get_idx(value, i), name);
}

static void
check_enum(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    for (size_t i = 0; json_is_array(said) && i < json_object_array_length(said); i++)
        if (json_object_equal(json_object_array_get_idx(said, i), value))
            return;
    fails(k, name, "is none of the values allowed");
}

static void
check_format(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    struct slice format = json_text(said), text = json_text(value);
    struct uri   u;
    int64_t      when;

    if (text.p == NULL)
        return;
    if (slice_eq(format, SL("uri"))) {
        if (!uri_parse(text, &u))
            fails(k, name, "is no address");
    } else if (slice_eq(format, SL("date-time"))) {
        if (!badge_date(value, false, &when))
            fails(k, name, "is no date");
    } else if (slice_eq(format, SL("email"))) {
        if (!slice_has_char(text, '@'))
            fails(k, name, "is no e-mail address");
    } else {
        unknown(k, "format");
    }
}

static void
check_all_of(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    for (size_t i = 0; json_is_array(said) && i < json_object_array_length(said); i++)
        check(k, json_object_array_get_idx(said, i), value, name);
}

/* Only says something about a schema for people. */
static void
pass_over(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    (void)k, (void)said, (void)value, (void)name;
}

static const struct keyword {
    const char *name;
    void (*check)(struct checking *k, json_object *said, json_object *value, struct slice name);
} keywords[] = {
    { "type", check_type },
    { "required", check_required },
    { "properties", check_properties },
    { "items", check_items },
    { "enum", check_enum },
    { "format", check_format },
    { "allOf", check_all_of },
    { "$schema", pass_over },
    { "id", pass_over },
    { "title", pass_over },
    { "description", pass_over },
    { "default", pass_over },
    { "definitions", pass_over },
};

static void
check(struct checking *k, json_object *schema, json_object *value, struct slice name)
{
    if (++k->steps > STEPS_MAX || !json_is_object(schema)) {
        unknown(k, "too much");
        return;
    }
    json_object_object_foreach(schema, key, said)
    {
        const struct keyword *found = NULL;

        for (size_t i = 0; i < COUNT_OF(keywords); i++)
            if (strcmp(key, keywords[i].name) == 0)
                found = &keywords[i];
        if (found == NULL)
            unknown(k, key);
        else
            found->check(k, said, value, name);
    }
}

enum schema_answer
schema_check(struct arena *a, json_object *schema, json_object *value, struct slice *ret_why)
{
    struct checking k = { .a = a, .answer = SCHEMA_HOLDS };

    check(&k, schema, value, SL("it"));
    *ret_why = k.why;
    return k.answer;
}

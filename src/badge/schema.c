/* JSON Schema, draft 4, as much as extensions of badges use. A keyword that is not known makes the answer
 * unknown: passing over it would call valid what was not checked. */
#include "context_int.h"
#include "core/uri.h"

enum { STEPS_MAX = 100000, DEPTH_MAX = 64 };

struct checking {
    struct arena      *a;
    json_object       *root;  /* the whole schema */
    size_t            *steps; /* of the whole verification */
    size_t             depth;
    enum schema_answer answer; /* the worst so far */
    struct cause       why;
};

static void check(struct checking *k, json_object *schema, json_object *value, struct slice name);

static void
fails(struct checking *k, struct slice name, enum cause_id how)
{
    if (k->answer != SCHEMA_HOLDS)
        return;
    k->answer = SCHEMA_FAILS;
    k->why = (struct cause){ .id = how, .args = { name } };
}

static void
cannot_tell(struct checking *k, struct cause why)
{
    if (k->answer == SCHEMA_UNKNOWN)
        return;
    k->answer = SCHEMA_UNKNOWN;
    k->why = why;
}

static void
unknown(struct checking *k, const char *keyword)
{
    cannot_tell(k, CAUSE(SCHEMA_KEYWORD, slice_first(slice_str(keyword), 60)));
}

/* Charges that much work, and says whether there is any left. */
static bool
may_go_on(struct checking *k, size_t work)
{
    *k->steps += work;
    return *k->steps <= STEPS_MAX;
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
            fails(k, name, CAUSE_SCHEMA_TYPE);
        return;
    }
    for (size_t i = 0; i < json_object_array_length(said); i++)
        if (is_type(json_text(json_object_array_get_idx(said, i)), value))
            return;
    fails(k, name, CAUSE_SCHEMA_TYPE);
}

static void
check_required(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    if (!json_is_array(said)) {
        unknown(k, "required");
        return;
    }
    (void)name;
    if (!may_go_on(k, json_object_array_length(said))) {
        unknown(k, "too much");
        return;
    }
    for (size_t i = 0; json_is_object(value) && i < json_object_array_length(said); i++) {
        struct slice member = json_text(json_object_array_get_idx(said, i));

        if (member.p == NULL || !json_object_object_get_ex(value, arena_str(k->a, member), NULL))
            fails(k, member, CAUSE_SCHEMA_REQUIRED);
    }
}

static void
check_properties(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    (void)name;
    if (!json_is_object(said)) {
        unknown(k, "properties");
        return;
    }
    json_object_object_foreach(said, member, schema)
    {
        json_object *there;

        if (json_is_object(value) && json_object_object_get_ex(value, member, &there))
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
    if (json_is_array(said) && !may_go_on(k, json_object_array_length(said))) {
        unknown(k, "too much");
        return;
    }
    for (size_t i = 0; json_is_array(said) && i < json_object_array_length(said); i++)
        if (json_object_equal(json_object_array_get_idx(said, i), value))
            return;
    fails(k, name, CAUSE_SCHEMA_ENUM);
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
            fails(k, name, CAUSE_SCHEMA_URI);
    } else if (slice_eq(format, SL("date-time"))) {
        if (!badge_date(value, false, &when))
            fails(k, name, CAUSE_SCHEMA_DATE);
    } else if (slice_eq(format, SL("email"))) {
        if (!slice_has_char(text, '@'))
            fails(k, name, CAUSE_SCHEMA_EMAIL);
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

/* How many of the schemas hold for the value; what one of them does not know makes the answer unknown. */
static size_t
count_holding(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    size_t holding = 0;

    for (size_t i = 0; json_is_array(said) && i < json_object_array_length(said); i++) {
        struct checking one = { .a = k->a, .root = k->root, .steps = k->steps, .depth = k->depth };

        check(&one, json_object_array_get_idx(said, i), value, name);
        if (one.answer == SCHEMA_UNKNOWN)
            cannot_tell(k, one.why);
        holding += one.answer == SCHEMA_HOLDS;
    }
    return holding;
}

static void
check_any_of(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    if (count_holding(k, said, value, name) == 0)
        fails(k, name, CAUSE_SCHEMA_ANY);
}

static void
check_one_of(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    if (count_holding(k, said, value, name) != 1)
        fails(k, name, CAUSE_SCHEMA_ONE);
}

static void
check_not(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    struct checking one = { .a = k->a, .root = k->root, .steps = k->steps, .depth = k->depth };

    check(&one, said, value, name);
    if (one.answer == SCHEMA_UNKNOWN)
        unknown(k, "not");
    else if (one.answer == SCHEMA_HOLDS)
        fails(k, name, CAUSE_SCHEMA_NOT);
}

static bool
is_number(json_object *value)
{
    return json_object_is_type(value, json_type_int) ||
           json_object_is_type(value, json_type_double);
}

static void
check_minimum(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    if (is_number(value) && json_object_get_double(value) < json_object_get_double(said))
        fails(k, name, CAUSE_SCHEMA_SMALL);
}

static void
check_maximum(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    if (is_number(value) && json_object_get_double(value) > json_object_get_double(said))
        fails(k, name, CAUSE_SCHEMA_LARGE);
}

/* Characters of UTF-8, items of an array or members of an object; -1 when it is none of these. */
static int64_t
size_of(json_object *value, enum json_type type)
{
    struct slice text = json_text(value);
    int64_t      n = 0;

    if (!json_object_is_type(value, type))
        return -1;
    if (type == json_type_array)
        return (int64_t)json_object_array_length(value);
    if (type == json_type_object)
        return json_object_object_length(value);
    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    return n;
}

static void
hold_size(struct checking *k, json_object *said, json_object *value, struct slice name,
          enum json_type type, bool is_least)
{
    int64_t n = size_of(value, type), limit = json_object_get_int64(said);

    if (n >= 0 && (is_least ? n < limit : n > limit))
        fails(k, name, is_least ? CAUSE_SCHEMA_SHORT : CAUSE_SCHEMA_LONG);
}

#define SIZE_CHECK(fn, type, is_least)                                                             \
    static void fn(struct checking *k, json_object *said, json_object *value, struct slice name)   \
    {                                                                                              \
        hold_size(k, said, value, name, type, is_least);                                           \
    }
SIZE_CHECK(check_min_length, json_type_string, true)
SIZE_CHECK(check_max_length, json_type_string, false)
SIZE_CHECK(check_min_items, json_type_array, true)
SIZE_CHECK(check_max_items, json_type_array, false)
SIZE_CHECK(check_min_properties, json_type_object, true)
SIZE_CHECK(check_max_properties, json_type_object, false)

/* Only inside the schema itself: nothing more is fetched. */
static void
check_ref(struct checking *k, json_object *said, json_object *value, struct slice name)
{
    struct slice rest = json_text(said), part;
    json_object *at = k->root;

    if (!slice_starts(rest, SL("#"))) {
        unknown(k, "$ref");
        return;
    }
    rest = slice_from(rest, 1);
    while (slice_next(&rest, '/', &part))
        if (part.n > 0)
            at = json_get(at, arena_str(k->a, part));
    if (at == NULL)
        unknown(k, "$ref");
    else
        check(k, at, value, name);
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
    { "anyOf", check_any_of },
    { "oneOf", check_one_of },
    { "not", check_not },
    { "minimum", check_minimum },
    { "maximum", check_maximum },
    { "minLength", check_min_length },
    { "maxLength", check_max_length },
    { "minItems", check_min_items },
    { "maxItems", check_max_items },
    { "minProperties", check_min_properties },
    { "maxProperties", check_max_properties },
    { "$ref", check_ref },
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
    if (!may_go_on(k, 1) || k->depth == DEPTH_MAX || !json_is_object(schema)) {
        cannot_tell(k, CAUSE(SCHEMA_STEPS));
        return;
    }
    k->depth++;
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
    k->depth--;
}

enum schema_answer
schema_check(struct work *w, json_object *schema, json_object *value, struct slice name,
             struct cause *ret_why)
{
    struct checking k = {
        .a = w->a, .root = schema, .steps = &w->schema_steps, .answer = SCHEMA_HOLDS
    };

    check(&k, schema, value, name);
    *ret_why = k.why;
    return k.answer;
}

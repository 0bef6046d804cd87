#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "json_int.h"

enum { NUMBER_BYTES = 128, NAMES_ON_STACK = 64 };

/* One pass over the text. The names of all objects that are open stand on one stack, so that an
 * object's own can be compared when it closes: sorting them keeps a hostile object of fifty
 * thousand names cheap. */
struct pass {
    const char   *begin, *p, *end;
    struct slice *names; /* between the quotes, escapes not yet undone */
    size_t        count, room;
    struct slice  first_names[NAMES_ON_STACK];
    int           depth, nested, values;
    struct err   *e;
};

static enum err_code read_value(struct pass *s);

static enum err_code
refuse(struct pass *s, const char *at, enum cause_id cause)
{
    char where[24];

    snprintf(where, sizeof where, "%td", at - s->begin);
    (void)FAIL(s->e, JSON_MALFORMED, "%s at byte %s", cause_name(cause), where);
    err_set_cause(s->e, (struct cause){ .id = cause, .args = { slice_str(where) } });
    return ERR_JSON_MALFORMED;
}

static bool
at_char(const struct pass *s, char c)
{
    return s->p < s->end && *s->p == c;
}

static bool
take_char(struct pass *s, char c)
{
    if (!at_char(s, c))
        return false;
    s->p++;
    return true;
}

static void
skip_space(struct pass *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

/* Behind `\u`. */
static enum err_code
read_unicode_escape(struct pass *s)
{
    int unit = json_code_unit(s->p, s->end);

    if (unit < 0)
        return refuse(s, s->p, CAUSE_JSON_UNICODE);
    if (unit == 0)
        return refuse(s, s->p, CAUSE_JSON_NUL);
    s->p += 4;
    if (json_is_surrogate(unit, 0xDC00))
        return refuse(s, s->p - 4, CAUSE_JSON_SURROGATE);
    if (!json_is_surrogate(unit, 0xD800))
        return ERR_NONE;
    if (s->end - s->p < 6 || s->p[0] != '\\' || s->p[1] != 'u' ||
        !json_is_surrogate(json_code_unit(s->p + 2, s->end), 0xDC00))
        return refuse(s, s->p - 4, CAUSE_JSON_SURROGATE);
    s->p += 6;
    return ERR_NONE;
}

static enum err_code
read_escape(struct pass *s)
{
    char c = s->p < s->end ? *s->p++ : '\0';

    if (c == 'u')
        return read_unicode_escape(s);
    if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL)
        return refuse(s, s->p - (s->p < s->end), CAUSE_JSON_ESCAPE);
    return ERR_NONE;
}

/* *ret is what stands between the quotes. */
static enum err_code
read_string(struct pass *s, struct slice *ret)
{
    const char   *from = s->p + 1;
    enum err_code rc;

    if (!take_char(s, '"'))
        return refuse(s, s->p, CAUSE_JSON_STRING);
    while (s->p < s->end && *s->p != '"') {
        if ((unsigned char)*s->p < 0x20)
            return refuse(s, s->p, CAUSE_JSON_CONTROL);
        if (*s->p++ == '\\' && (rc = read_escape(s)) != ERR_NONE)
            return rc;
    }
    if (!take_char(s, '"'))
        return refuse(s, from - 1, CAUSE_JSON_STRING_END);
    *ret = (struct slice){ from, (size_t)(s->p - 1 - from) };
    if (!slice_is_utf8(*ret))
        return refuse(s, from, CAUSE_JSON_UTF8);
    return ERR_NONE;
}

static size_t
skip_digits(struct pass *s)
{
    const char *from = s->p;

    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return (size_t)(s->p - from);
}

/* json-c would keep a number beyond its range as the range's end, or as an Infinity no JSON can
 * say. */
static bool
number_fits(struct slice number, bool whole)
{
    char text[NUMBER_BYTES + 1];

    if (number.n > NUMBER_BYTES)
        return false;
    memcpy(text, number.p, number.n);
    text[number.n] = '\0';
    errno = 0;
    if (!whole)
        return __builtin_isfinite(strtod(text, NULL));
    if (text[0] == '-')
        (void)strtoll(text, NULL, 10);
    else
        (void)strtoull(text, NULL, 10);
    return errno == 0;
}

static enum err_code
read_number(struct pass *s)
{
    const char *from = s->p;
    bool        whole = true;

    (void)take_char(s, '-');
    if (!take_char(s, '0') && skip_digits(s) == 0)
        return refuse(s, from, CAUSE_JSON_VALUE);
    if (take_char(s, '.')) {
        whole = false;
        if (skip_digits(s) == 0)
            return refuse(s, from, CAUSE_JSON_POINT);
    }
    if (take_char(s, 'e') || take_char(s, 'E')) {
        whole = false;
        if (!take_char(s, '+'))
            (void)take_char(s, '-');
        if (skip_digits(s) == 0)
            return refuse(s, from, CAUSE_JSON_EXPONENT);
    }
    if (!number_fits((struct slice){ from, (size_t)(s->p - from) }, whole))
        return refuse(s, from, CAUSE_JSON_RANGE);
    return ERR_NONE;
}

static enum err_code
read_word(struct pass *s)
{
    static const struct slice words[] = { SL("true"), SL("false"), SL("null") };
    struct slice              left = { s->p, (size_t)(s->end - s->p) };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (slice_starts(left, words[i])) {
            s->p += words[i].n;
            return ERR_NONE;
        }
    }
    return s->p == s->end ? refuse(s, s->p, CAUSE_JSON_END) : refuse(s, s->p, CAUSE_JSON_VALUE);
}

static void
names_push(struct pass *s, struct slice name)
{
    if (s->count == s->room) {
        size_t        room = s->room * 2;
        struct slice *old = s->names == s->first_names ? NULL : s->names;
        struct slice *more = realloc(old, room * sizeof *more);

        assert(more != NULL);
        if (old == NULL)
            memcpy(more, s->first_names, sizeof s->first_names);
        s->names = more;
        s->room = room;
    }
    s->names[s->count++] = name;
}

/* json-c keeps the last of two equal names, other readers the first: whoever checked the one is
 * shown the other. */
static enum err_code
names_differ(struct pass *s, size_t from)
{
    qsort(s->names + from, s->count - from, sizeof *s->names, json_name_cmp);
    for (size_t i = from + 1; i < s->count; i++) {
        const char *a = s->names[i - 1].p, *b = s->names[i].p;

        if (json_name_cmp(&s->names[i - 1], &s->names[i]) == 0)
            return refuse(s, (a > b ? a : b) - 1, CAUSE_JSON_TWICE);
    }
    s->count = from;
    return ERR_NONE;
}

static enum err_code
read_member(struct pass *s)
{
    struct slice  name;
    enum err_code rc;

    skip_space(s);
    if ((rc = read_string(s, &name)) != ERR_NONE)
        return rc;
    names_push(s, name);
    skip_space(s);
    if (!take_char(s, ':'))
        return refuse(s, s->p, CAUSE_JSON_COLON);
    return read_value(s);
}

static enum err_code
read_object(struct pass *s)
{
    size_t        from = s->count;
    enum err_code rc;

    skip_space(s);
    if (take_char(s, '}'))
        return ERR_NONE;
    do {
        if ((rc = read_member(s)) != ERR_NONE)
            return rc;
        skip_space(s);
    } while (take_char(s, ','));
    if (!take_char(s, '}'))
        return refuse(s, s->p, CAUSE_JSON_OBJECT);
    return names_differ(s, from);
}

static enum err_code
read_array(struct pass *s)
{
    enum err_code rc;

    skip_space(s);
    if (take_char(s, ']'))
        return ERR_NONE;
    do {
        if ((rc = read_value(s)) != ERR_NONE)
            return rc;
        skip_space(s);
    } while (take_char(s, ','));
    if (!take_char(s, ']'))
        return refuse(s, s->p, CAUSE_JSON_ARRAY);
    return ERR_NONE;
}

static enum err_code
too_large(struct pass *s, struct cause cause)
{
    (void)FAIL(s->e, TOO_LARGE, "%s", cause_name(cause.id));
    err_set_cause(s->e, cause);
    return ERR_TOO_LARGE;
}

static enum err_code
read_nested(struct pass *s, enum err_code (*read)(struct pass *))
{
    enum err_code rc;

    if (s->depth == LIMIT_JSON_DEPTH)
        return too_large(s, CAUSE(JSON_DEPTH));
    if (++s->nested > LIMIT_JSON_NESTED)
        return too_large(s, CAUSE(JSON_NESTED));
    s->depth++;
    s->p++;
    rc = read(s);
    s->depth--;
    return rc;
}

static enum err_code
read_value(struct pass *s)
{
    struct slice text;

    if (++s->values > LIMIT_JSON_VALUES)
        return too_large(s, CAUSE(JSON_VALUES));
    skip_space(s);
    if (at_char(s, '{'))
        return read_nested(s, read_object);
    if (at_char(s, '['))
        return read_nested(s, read_array);
    if (at_char(s, '"'))
        return read_string(s, &text);
    if (at_char(s, '-') || (s->p < s->end && *s->p >= '0' && *s->p <= '9'))
        return read_number(s);
    return read_word(s);
}

enum err_code
json_strict(struct slice text, struct err *e)
{
    struct pass   s = { .begin = text.p, .p = text.p, .end = text.p + text.n, .e = e };
    enum err_code rc;

    s.names = s.first_names;
    s.room = NAMES_ON_STACK;
    rc = read_value(&s);
    if (rc == ERR_NONE) {
        skip_space(&s);
        if (s.p < s.end)
            rc = refuse(&s, s.p, CAUSE_JSON_MORE);
    }
    if (s.names != s.first_names)
        free(s.names);
    return rc;
}

#include "api_int.h"
#include "core/sbuf.h"

enum { JSONP_NAME_BYTES = 128 };

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Steps over one identifier; false when there is none. */
static bool
take_identifier(struct slice s, size_t *at)
{
    if (*at >= s.n || !is_letter(s.p[*at]))
        return false;
    while (*at < s.n && (is_letter(s.p[*at]) || is_digit(s.p[*at])))
        (*at)++;
    return true;
}

/* Steps over `[0]` behind its opening bracket. */
static bool
take_index(struct slice s, size_t *at)
{
    size_t digits = *at;

    while (*at < s.n && is_digit(s.p[*at]))
        (*at)++;
    return *at > digits && *at < s.n && s.p[(*at)++] == ']';
}

bool
jsonp_name(struct slice name)
{
    size_t at = 0;

    if (name.n > JSONP_NAME_BYTES || !take_identifier(name, &at))
        return false;
    while (at < name.n) {
        char c = name.p[at++];

        if (!(c == '.' && take_identifier(name, &at)) && !(c == '[' && take_index(name, &at)))
            return false;
    }
    return true;
}

struct slice
jsonp_wrap(struct arena *a, struct slice name, struct slice json)
{
    struct sbuf out;
    size_t      from = 0;

    sbuf_init(&out, a);
    sbuf_add_str(&out, "/**/");
    sbuf_add(&out, name);
    sbuf_add_char(&out, '(');
    for (size_t i = 0; i < json.n; i++) {
        struct slice at;
        bool         separator;

        if (json.p[i] != '<' && json.p[i] != '\xE2') /* nearly every byte */
            continue;
        at = slice_from(json, i);
        separator = slice_starts(at, SL("\xE2\x80\xA8")) || slice_starts(at, SL("\xE2\x80\xA9"));
        if (!separator && json.p[i] != '<')
            continue;
        sbuf_add(&out, slice_first(slice_from(json, from), i - from));
        if (separator)
            sbuf_printf(&out, "\\u202%c", at.p[2] == '\xA8' ? '8' : '9');
        else
            sbuf_add_str(&out, "\\u003c");
        i += separator ? 2 : 0;
        from = i + 1;
    }
    sbuf_add(&out, slice_from(json, from));
    sbuf_add_char(&out, ')');
    return sbuf_slice(&out);
}

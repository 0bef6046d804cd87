/* Taking e-mail addresses out of what everybody may see. */
#include "badge_int.h"
#include "core/sbuf.h"

static const struct slice hidden = { "[e-mail address]", sizeof "[e-mail address]" - 1 };

static bool
is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c & 0x80) != 0;
}

static bool
is_local(char c)
{
    return is_word(c) || c == '.' || c == '_' || c == '+' || c == '-' || c == '\'' || c == '~';
}

/* How many bytes at `at` mean `@`. */
static size_t
sign_at(struct slice s, size_t at)
{
    if (s.p[at] == '@')
        return 1;
    return slice_starts(slice_from(s, at), SL("%40")) ? 3 : 0;
}

/* Where the host name that begins at `from` ends; `from` when there is none with a dot in it. */
static size_t
domain_end(struct slice s, size_t from)
{
    size_t end = from, dots = 0;

    while (end < s.n && (is_word(s.p[end]) || s.p[end] == '-' ||
                         (s.p[end] == '.' && end > from && end + 1 < s.n && is_word(s.p[end + 1]))))
        dots += s.p[end++] == '.';
    return dots > 0 ? end : from;
}

struct slice
badge_text_without_emails(struct arena *a, struct slice text)
{
    struct sbuf b;
    size_t      done = 0; /* bytes already copied or hidden */

    /* Nearly every text. */
    if (text.n == 0 || (memchr(text.p, '@', text.n) == NULL && memchr(text.p, '%', text.n) == NULL))
        return text;
    sbuf_init(&b, a);
    for (size_t at = 0; at < text.n; at++) {
        size_t sign = sign_at(text, at), start = at, end;

        if (sign == 0)
            continue;
        while (start > done && is_local(text.p[start - 1]))
            start--;
        end = domain_end(text, at + sign);
        if (start == at || end == at + sign)
            continue;
        sbuf_add(&b, slice_first(slice_from(text, done), start - done));
        sbuf_add(&b, hidden);
        done = end;
        at = end - 1;
    }
    if (done == 0)
        return text;
    sbuf_add(&b, slice_from(text, done));
    return sbuf_slice(&b);
}

static json_object *
copy(struct arena *a, json_object *value)
{
    json_object *to;
    struct slice text = json_text(value);

    if (text.p != NULL) {
        struct slice clean = badge_text_without_emails(a, text);

        return clean.p == text.p ? json_object_get(value)
                                 : json_object_new_string_len(clean.p, (int)clean.n);
    }
    if (json_is_array(value)) {
        to = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(value); i++)
            json_object_array_add(to, copy(a, json_object_array_get_idx(value, i)));
        return to;
    }
    if (!json_is_object(value))
        return json_object_get(value);
    to = json_object_new_object();
    json_object_object_foreach(value, key, member)
    {
        struct slice name = slice_str(key), clean = badge_text_without_emails(a, name);

        json_put(to, clean.p == name.p ? key : arena_str(a, clean), copy(a, member));
    }
    return to;
}

static bool
text_has_emails(struct arena *a, struct slice text)
{
    return badge_text_without_emails(a, text).p != text.p;
}

static bool
has_emails(struct arena *a, json_object *value)
{
    bool found = false;

    if (json_object_is_type(value, json_type_string))
        return text_has_emails(a, json_text(value));
    if (json_is_array(value))
        for (size_t i = 0; !found && i < json_object_array_length(value); i++)
            found = has_emails(a, json_object_array_get_idx(value, i));
    if (json_is_object(value)) {
        json_object_object_foreach(value, key, member)
        {
            found = found || text_has_emails(a, slice_str(key)) || has_emails(a, member);
        }
    }
    return found;
}

/* Most have none. */
json_object *
badge_without_emails(struct arena *a, json_object *value)
{
    return has_emails(a, value) ? json_in_arena(a, copy(a, value)) : value;
}

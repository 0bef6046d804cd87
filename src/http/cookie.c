#include "http/form.h"

/* RFC 6265, 4.1.1 cookie-octet; a value in quotes keeps them, as browsers do. */
static bool
is_cookie_text(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == 0x7F || s.p[i] == ',' || s.p[i] == '\\')
            return false;
    return true;
}

void
form_cookies(struct arena *a, struct slice header, struct fields *ret)
{
    struct slice rest = header, piece, name;

    *ret = (struct fields){ NULL, 0 };
    if (header.n == 0)
        return;
    ret->items = ARENA_ARRAY(a, struct field, LIMIT_COOKIES);
    while (ret->count < LIMIT_COOKIES && slice_next(&rest, ';', &piece)) {
        piece = slice_trim(piece);
        if (!slice_has_char(piece, '=') || !slice_next(&piece, '=', &name))
            continue;
        if (name.n > 0 && is_cookie_text(name) && is_cookie_text(piece))
            ret->items[ret->count++] = (struct field){ name, piece };
    }
}

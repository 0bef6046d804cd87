#include "core/uri.h"

#include "core/limits.h"

static bool
is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_scheme(struct slice s)
{
    if (s.n == 0 || !is_alpha(s.p[0]))
        return false;
    for (size_t i = 1; i < s.n; i++) {
        char c = s.p[i];

        if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.')
            return false;
    }
    return true;
}

static bool
is_unreserved(char c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Unreserved, sub-delims and percent escapes, and what `more` names. */
static bool
is_made_of(struct slice s, const char *more)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c == '%') {
            if (s.n - i < 3 || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2]))
                return false;
            i += 2;
        } else if (c == '\0' || (!is_unreserved(c) && strchr("!$&'()*+,;=", c) == NULL &&
                                 strchr(more, c) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool
is_all_digits(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]))
            return false;
    return true;
}

static bool
split_authority(struct slice authority, struct uri *u)
{
    struct slice rest = authority;
    size_t       at, end;

    if (slice_find(rest, SL("@"), &at)) {
        u->userinfo = slice_first(rest, at);
        rest = slice_from(rest, at + 1);
    }
    if (slice_starts(rest, SL("["))) {
        if (!slice_find(rest, SL("]"), &end))
            return false;
        u->host = slice_first(rest, end + 1);
        for (size_t i = 1; i < end; i++)
            if (!is_hex(rest.p[i]) && rest.p[i] != ':' && rest.p[i] != '.')
                return false;
        rest = slice_from(rest, end + 1);
        if (rest.n > 0 && rest.p[0] != ':')
            return false;
        u->port = slice_from(rest, 1);
    } else {
        if (!slice_find(rest, SL(":"), &at))
            at = rest.n;
        u->host = slice_first(rest, at);
        u->port = slice_from(rest, at + 1);
        if (!is_made_of(u->host, ""))
            return false;
    }
    return is_made_of(u->userinfo, ":") && is_all_digits(u->port);
}

bool
uri_parse(struct slice text, struct uri *ret)
{
    struct uri   u = { 0 };
    struct slice rest = text;
    size_t       at;

    if (slice_find(rest, SL("#"), &at)) {
        u.fragment = slice_from(rest, at + 1);
        if (u.fragment.p == NULL)
            u.fragment = SL("");
        rest = slice_first(rest, at);
    }
    if (slice_find(rest, SL("?"), &at)) {
        u.query = slice_from(rest, at + 1);
        rest = slice_first(rest, at);
    }
    if (!slice_find(rest, SL(":"), &at))
        return false;
    u.scheme = slice_first(rest, at);
    rest = slice_from(rest, at + 1);
    if (slice_starts(rest, SL("//"))) {
        rest = slice_from(rest, 2);
        if (!slice_find(rest, SL("/"), &at))
            at = rest.n;
        u.authority = slice_first(rest, at);
        rest = slice_from(rest, at);
        if (!split_authority(u.authority, &u))
            return false;
    }
    u.path = rest;
    if (!is_scheme(u.scheme) || !is_made_of(u.path, ":@/") || !is_made_of(u.query, ":@/?") ||
        !is_made_of(u.fragment, ":@/?"))
        return false;
    *ret = u;
    return true;
}

bool
uri_is_http(struct slice text)
{
    struct uri u;

    return uri_parse(text, &u) &&
           (slice_eq_nocase(u.scheme, SL("http")) || slice_eq_nocase(u.scheme, SL("https")));
}

bool
uri_is_web(struct slice text)
{
    struct uri u;

    return text.n <= LIMIT_URL_BYTES && uri_is_http(text) && uri_parse(text, &u) && u.host.n > 0 &&
           u.userinfo.p == NULL;
}

struct slice
uri_authority(struct arena *a, struct slice text)
{
    struct uri   u;
    struct slice host;

    if (!uri_is_http(text) || !uri_parse(text, &u))
        return SLICE_NONE;
    host = arena_lower(a, u.host);
    if (u.port.n == 0 || slice_eq(u.port, u.scheme.n == 4 ? SL("80") : SL("443")))
        return host;
    return arena_printf(a, "%.*s:%.*s", SLICE_FMT(host), SLICE_FMT(u.port));
}

struct slice
uri_origin(struct arena *a, struct slice text)
{
    struct uri u;

    if (!uri_is_web(text) || !uri_parse(text, &u))
        return SLICE_NONE;
    return arena_printf(a, "%.*s://%.*s", SLICE_FMT(arena_lower(a, u.scheme)),
                        SLICE_FMT(uri_authority(a, text)));
}

struct slice
uri_escape(struct arena *a, struct slice text)
{
    static const char hex[] = "0123456789ABCDEF";
    char             *to = arena_alloc(a, 3 * text.n + 1);
    size_t            n = 0;

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (is_unreserved(text.p[i]) || c == '/') {
            to[n++] = (char)c;
        } else {
            to[n++] = '%';
            to[n++] = hex[c >> 4];
            to[n++] = hex[c & 15];
        }
    }
    to[n] = '\0';
    return (struct slice){ to, n };
}

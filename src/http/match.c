/* Finds the row of a path. Among the patterns that fit, the more literal wins, segment by segment. */
#include "core/sbuf.h"
#include "http_int.h"

enum { MAX_PARAMS = 6, LITERAL = 3, SUFFIXED = 2, OPEN = 1 };

static size_t
name_length(struct slice segment)
{
    size_t n = 1;

    while (n < segment.n && (segment.p[n] == '_' || (segment.p[n] >= 'a' && segment.p[n] <= 'z')))
        n++;
    return n;
}

/* How closely a segment of a pattern fits one of a path; 0 when it does not. */
static unsigned
fit(struct slice pattern, struct slice segment)
{
    struct slice suffix;

    if (pattern.n == 0 || pattern.p[0] != ':')
        return slice_eq(pattern, segment) ? LITERAL : 0;
    suffix = slice_from(pattern, name_length(pattern));
    if (segment.n <= suffix.n || !slice_ends(segment, suffix))
        return 0;
    return suffix.n > 0 ? SUFFIXED : OPEN;
}

/* Most rows differ from a path before their first parameter. */
static bool
begins_alike(const char *pattern, struct slice path)
{
    size_t i = 0;

    for (; pattern[i] != '\0' && pattern[i] != ':'; i++)
        if (i >= path.n || path.p[i] != pattern[i])
            return false;
    return pattern[i] == ':' || i == path.n;
}

/* Two bits a segment, the first segment highest; 0: the pattern does not fit. */
static unsigned
score(const char *pattern, struct slice path)
{
    struct slice rest, piece, segment;
    unsigned     total = 0, one;

    if (!begins_alike(pattern, path))
        return 0;
    rest = slice_str(pattern);
    while (slice_next(&rest, '/', &piece)) {
        if (!slice_next(&path, '/', &segment) || (one = fit(piece, segment)) == 0)
            return 0;
        total = total << 2 | one;
    }
    return path.p == NULL ? total : 0;
}

static enum err_code
keep_params(struct req *r, struct err *e)
{
    struct slice pattern = slice_str(r->route->path), path = r->path, piece, segment, value;

    r->params.items = ARENA_ARRAY(r->arena, struct field, MAX_PARAMS);
    while (slice_next(&pattern, '/', &piece) && slice_next(&path, '/', &segment)) {
        if (piece.n == 0 || piece.p[0] != ':' || r->params.count == MAX_PARAMS)
            continue;
        segment.n -= piece.n - name_length(piece);
        if (!percent_decode(r->arena, segment, false, &value) || slice_has_char(value, '\0') ||
            !slice_is_utf8(value))
            return FAIL(e, NOT_FOUND, "a segment that is no percent-encoded UTF-8");
        r->params.items[r->params.count++] =
            (struct field){ slice_first(slice_from(piece, 1), name_length(piece) - 1), value };
    }
    return ERR_NONE;
}

/* HEAD goes where GET does. */
static bool
takes(const struct route *row, enum http_method method)
{
    return (row->methods & (int)(method == HTTP_HEAD ? HTTP_GET : method)) != 0;
}

enum err_code
route_match(struct exchange *x, struct err *e)
{
    struct req         *r = &x->req;
    const struct route *of_path = NULL;
    unsigned            best = 0, one;

    for (size_t i = 0; i < x->app->route_count; i++) {
        const struct route *row = &x->app->routes[i];

        if ((one = score(row->path, r->path)) == 0 || one < best)
            continue;
        if (one > best) {
            best = one;
            x->allowed = 0;
            r->route = NULL;
            of_path = row;
        }
        x->allowed |= row->methods;
        if (takes(row, r->method))
            r->route = row;
    }
    if (best == 0)
        return FAIL(e, NOT_FOUND, "no such path");
    if (r->route == NULL) {
        r->route = of_path; /* for the shape of the refusal */
        return FAIL(e, METHOD, "the path has other methods");
    }
    return keep_params(r, e);
}

struct slice
allow_header(struct arena *a, int methods)
{
    static const struct {
        int         method;
        const char *text;
    } all[] = { { HTTP_GET, "GET, HEAD" }, { HTTP_POST, "POST" },       { HTTP_PUT, "PUT" },
                { HTTP_DELETE, "DELETE" }, { HTTP_OPTIONS, "OPTIONS" } };
    struct sbuf text;

    methods |= HTTP_OPTIONS;
    sbuf_init(&text, a);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (methods & all[i].method) {
            if (text.n > 0)
                sbuf_add_str(&text, ", ");
            sbuf_add_str(&text, all[i].text);
        }
    return sbuf_slice(&text);
}

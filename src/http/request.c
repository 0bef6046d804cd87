#include <arpa/inet.h>
#include <stdlib.h>

#include "http_int.h"

static struct slice
field_find(const struct fields *f, struct slice name)
{
    for (size_t i = 0; i < f->count; i++)
        if (slice_eq(f->items[i].name, name))
            return f->items[i].value;
    return SLICE_NONE;
}

/* HTTP_ACCEPT_LANGUAGE is kept as FastCGI writes it; the name asked for is compared as if it were written so. */
static bool
is_header(struct slice have, const char *want)
{
    size_t i;

    for (i = 0; i < have.n && want[i] != '\0'; i++) {
        char c = want[i] == '-' ? '_' : want[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (have.p[i] != c)
            return false;
    }
    return i == have.n && want[i] == '\0';
}

struct slice
req_header(const struct req *r, const char *name)
{
    for (size_t i = 0; i < r->headers.count; i++)
        if (is_header(r->headers.items[i].name, name))
            return r->headers.items[i].value;
    return SLICE_NONE;
}

struct slice
req_arg(const struct req *r, const char *name)
{
    return field_find(&r->args, slice_str(name));
}

struct slice
req_form(const struct req *r, const char *name)
{
    return field_find(&r->form, slice_str(name));
}

struct slice
req_param(const struct req *r, const char *name)
{
    return field_find(&r->params, slice_str(name));
}

enum err_code
req_param_id(const struct req *r, const char *name, uint64_t *ret, struct err *e)
{
    unsigned long long id;

    struct slice       text = req_param(r, name);

    /* One spelling each: what is kept under a path is removed under it. */
    if (!slice_u64(text, (1ULL << 53) - 1, &id) || (text.n > 1 && text.p[0] == '0'))
        return FAIL(e, NOT_FOUND, "%s is no id", name);
    *ret = id;
    return ERR_NONE;
}

enum err_code
req_form_need(const struct req *r, const char *name, size_t max_bytes, struct slice *ret,
              struct err *e)
{
    struct slice value = slice_trim(req_form(r, name));

    if (value.n == 0) {
        FAIL(e, FIELD_MISSING, "%s", name);
        err_set_field(e, slice_str(name));
        return e->code;
    }
    if (value.n > max_bytes || !slice_is_utf8(value)) {
        FAIL(e, FIELD_INVALID, "%s of %zu bytes", name, value.n);
        err_set_field(e, slice_str(name));
        return e->code;
    }
    *ret = value;
    return ERR_NONE;
}

static void
read_param(struct params *p, struct slice name, struct slice value)
{
    static const struct {
        struct slice name;
        size_t       offset;
    } known[] = {
        { SL("REQUEST_METHOD"), offsetof(struct params, method) },
        { SL("REQUEST_URI"), offsetof(struct params, uri) },
        { SL("QUERY_STRING"), offsetof(struct params, query) },
        { SL("CONTENT_TYPE"), offsetof(struct params, content_type) },
        { SL("CONTENT_LENGTH"), offsetof(struct params, content_length) },
        { SL("REMOTE_ADDR"), offsetof(struct params, remote_addr) },
        { SL("REQUEST_ID"), offsetof(struct params, id) },
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (slice_eq(name, known[i].name))
            *(struct slice *)((char *)p + known[i].offset) = value;
}

static enum err_code
read_env(struct exchange *x, struct err *e)
{
    size_t       count = 0, bytes = 0;
    struct slice line, name;

    for (char *const *p = x->raw->env; *p != NULL; p++)
        count++;
    x->req.headers.items = ARENA_ARRAY(x->req.arena, struct field, count + 1);
    for (char *const *p = x->raw->env; *p != NULL; p++) {
        line = slice_str(*p);
        bytes += line.n + 1;
        if (!slice_next(&line, '=', &name) || line.p == NULL)
            continue;
        if (slice_starts(name, SL("HTTP_")))
            x->req.headers.items[x->req.headers.count++] =
                (struct field){ slice_from(name, sizeof "HTTP_" - 1), line };
        else
            read_param(&x->params, name, line);
    }
    if (bytes > LIMIT_HEADER_BYTES)
        return FAIL(e, HEADERS_TOO_LARGE, "%zu bytes of parameters", bytes);
    return ERR_NONE;
}

static enum http_method
method_of(struct slice name)
{
    static const struct {
        struct slice     name;
        enum http_method method;
    } known[] = {
        { SL("GET"), HTTP_GET },       { SL("POST"), HTTP_POST }, { SL("HEAD"), HTTP_HEAD },
        { SL("OPTIONS"), HTTP_OPTIONS }, { SL("PUT"), HTTP_PUT },   { SL("DELETE"), HTTP_DELETE },
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (slice_eq(name, known[i].name))
            return known[i].method;
    return 0;
}

/* "192.0.2.1"; of an IPv6 address the /64 it is in, of a mapped one the IPv4 address. */
static struct slice
client_of(struct arena *a, struct slice remote_addr)
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
    unsigned char              v6[16];
    char                       text[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, arena_str(a, remote_addr), v6) != 1)
        return remote_addr;
    if (memcmp(v6, mapped, sizeof mapped) == 0) {
        inet_ntop(AF_INET, v6 + 12, text, sizeof text);
        return arena_copy(a, slice_str(text));
    }
    memset(v6 + 8, 0, 8);
    inet_ntop(AF_INET6, v6, text, sizeof text);
    return arena_printf(a, "%s/64", text);
}

/* A weight as thousandths; what is no weight counts as 1. */
static int
weight_of(struct slice params)
{
    struct slice piece;
    int          value = 0, scale = 1000;

    while (slice_next(&params, ';', &piece)) {
        piece = slice_trim(piece);
        if (!slice_starts_nocase(piece, SL("q=")) || piece.n < 3)
            continue;
        for (size_t i = 2; i < piece.n && i < 7; i++)
            if (piece.p[i] >= '0' && piece.p[i] <= '9') {
                value += (piece.p[i] - '0') * scale;
                scale /= 10;
            }
        return value > 1000 ? 1000 : value;
    }
    return 1000;
}

/* An API's client names JSON and no browser does; whoever weighs both gets the heavier. */
static bool
wants_json(struct slice accept)
{
    struct slice rest = accept, item, type;
    int          json = 0, html = 0, any = 0, weight;

    while (slice_next(&rest, ',', &item)) {
        if (!slice_next(&item, ';', &type))
            continue;
        type = slice_trim(type);
        weight = item.p == NULL ? 1000 : weight_of(item);
        if (slice_eq_nocase(type, SL("application/json")))
            json = weight;
        else if (slice_eq_nocase(type, SL("text/html")) ||
                 slice_eq_nocase(type, SL("application/xhtml+xml")))
            html = weight > html ? weight : html;
        else if (slice_eq(type, SL("*/*")))
            any = weight;
    }
    (void)any; /* "anything" gets what the route is */
    return json > html;
}

/* nginx gives the request line's target: a path and a query, or an absolute address, of which the path counts. */
static struct slice
path_of(struct slice uri)
{
    struct slice path = uri, rest;

    slice_next(&path, '?', &rest);
    if (rest.n > 0 && rest.p[0] == '/')
        return rest;
    for (size_t i = 0; i + 2 < rest.n; i++)
        if (slice_starts(slice_from(rest, i), SL("://"))) {
            rest = slice_from(rest, i + 3);
            while (rest.n > 0 && rest.p[0] != '/')
                rest = slice_from(rest, 1);
            break;
        }
    return rest.n > 0 ? rest : SL("/");
}

enum err_code
request_read(struct exchange *x, struct err *e)
{
    struct req   *r = &x->req;
    enum err_code rc = read_env(x, e);

    r->method = method_of(x->params.method);
    r->path = path_of(x->params.uri);
    r->client = client_of(r->arena, x->params.remote_addr);
    r->wants_json = wants_json(req_header(r, "Accept"));
    r->language = site_language(x->app->site, req_header(r, "Accept-Language"));
    return rc;
}

enum err_code
request_read_args(struct exchange *x, struct err *e)
{
    return form_urlencoded(x->req.arena, x->params.query, LIMIT_QUERY_ARGS, &x->req.args, e);
}

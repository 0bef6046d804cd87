#include <stdio.h>

#include "http_int.h"

/* The largest body that is taken, in the largest unit that has no fraction. */
static void
say_limit(struct err *e, size_t bytes)
{
    size_t        unit = bytes % MIB == 0 ? MIB : bytes % KIB == 0 ? KIB : 1;
    enum cause_id id = unit == MIB   ? CAUSE_BODY_MIB
                       : unit == KIB ? CAUSE_BODY_KIB
                                     : CAUSE_BODY_BYTES;
    char          number[24];

    snprintf(number, sizeof number, "%zu", bytes / unit);
    err_set_cause(e, (struct cause){ .id = id, .args = { slice_str(number) } });
}

static enum err_code
need_length(struct exchange *x, size_t *ret, struct err *e)
{
    unsigned long long length = 0;

    if (x->params.content_length.n > 0 && !slice_u64(x->params.content_length, ~0ULL, &length))
        return FAIL(e, BAD_REQUEST, "a length that is no number");
    if (length > x->req.route->body_max) {
        FAIL(e, TOO_LARGE, "a body of %llu bytes", length);
        say_limit(e, x->req.route->body_max);
        return e->code;
    }
    *ret = (size_t)length;
    return ERR_NONE;
}

static enum err_code
read_bytes(struct exchange *x, size_t length, struct slice *ret, struct err *e)
{
    char  *to = arena_alloc(x->req.arena, length + 1);
    size_t have = 0, got;

    while (have < length && (got = x->raw->read(x->raw->self, to + have, length - have)) > 0)
        have += got;
    if (have < length)
        return FAIL(e, BAD_REQUEST, "%zu of %zu bytes came", have, length);
    *ret = (struct slice){ to, length };
    return ERR_NONE;
}

static enum err_code
take_apart(struct exchange *x, struct slice body, struct err *e)
{
    struct req      *r = &x->req;
    struct slice     type = media_type(x->params.content_type);
    struct multipart parts;
    enum err_code    rc;

    if (slice_eq_nocase(type, SL("application/x-www-form-urlencoded")))
        return form_urlencoded(r->arena, body, LIMIT_FORM_FIELDS, &r->form, e);
    if (slice_eq_nocase(type, SL("application/json")))
        return form_json(r->arena, body, LIMIT_FORM_FIELDS, r->route->body == MULTIPART, &r->form,
                         e);
    if (!slice_eq_nocase(type, SL("multipart/form-data"))) {
        FAIL(e, MEDIA_TYPE, "a form of another type");
        err_set_received(e, type);
        return e->code;
    }
    if ((rc = form_multipart(r->arena, x->params.content_type, body, &parts, e)) != ERR_NONE)
        return rc;
    if (parts.upload_count > 0 && r->route->body != MULTIPART)
        return FAIL(e, MEDIA_TYPE, "a file where none is taken");
    r->form = parts.fields;
    r->uploads = parts.uploads;
    r->upload_count = parts.upload_count;
    return ERR_NONE;
}

/* Browsers send a line's end as CR LF, and let people type as if it were one character. */
static struct slice
with_plain_ends(struct arena *a, struct slice text)
{
    size_t n = 0, at;
    char  *to;

    if (!slice_find(text, SL("\r\n"), &at))
        return text;
    to = arena_alloc(a, text.n);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '\r' || i + 1 == text.n || text.p[i + 1] != '\n')
            to[n++] = text.p[i];
    return (struct slice){ to, n };
}

enum err_code
request_read_body(struct exchange *x, struct err *e)
{
    size_t        length = 0;
    struct slice  body;
    enum err_code rc;

    if (x->req.route->body == NO_BODY)
        return ERR_NONE; /* what a client sends nevertheless is drained and means nothing */
    if ((rc = need_length(x, &length, e)) != ERR_NONE)
        return rc;
    if (length == 0)
        return ERR_NONE;
    if ((rc = read_bytes(x, length, &body, e)) != ERR_NONE ||
        (rc = take_apart(x, body, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < x->req.form.count; i++)
        x->req.form.items[i].value = with_plain_ends(x->req.arena, x->req.form.items[i].value);
    return ERR_NONE;
}

void
request_drain(struct exchange *x)
{
    char   scrap[16 * 1024];
    size_t total = 0, got;

    while (total < 2 * (size_t)LIMIT_BODY_BYTES &&
           (got = x->raw->read(x->raw->self, scrap, sizeof scrap)) > 0)
        total += got;
}

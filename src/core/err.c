#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    int            status;
    enum err_level level;
    const char    *name, *reason, *sentence;
} rows[ERR_COUNT] = {
#define E(id, status_, reason_, level_, sentence_)                                                 \
    [ERR_##id] = { status_, ERR_LEVEL_##level_, #id, reason_, sentence_ },
#include "core/err.def"
#undef E
};

/* Copies what fits and never leaves half a UTF-8 character at the end. */
static void
copy_cut(char *to, size_t room, struct slice from)
{
    size_t n = from.n < room - 1 ? from.n : room - 1;

    if (n < from.n)
        while (n > 0 && ((unsigned char)from.p[n] & 0xC0) == 0x80)
            n--;
    if (n > 0)
        memcpy(to, from.p, n);
    to[n] = '\0';
}

enum err_code
err_fail(struct err *e, enum err_code code, const char *file, int line, const char *fmt, ...)
{
    char    detail[sizeof e->detail];
    va_list ap;

    va_start(ap, fmt); /* first into a buffer of its own: an argument may point into *e */
    vsnprintf(detail, sizeof detail, fmt, ap);
    va_end(ap);
    e->code = code;
    e->file = file;
    e->line = line;
    e->url[0] = e->field[0] = e->received[0] = e->cause[0] = '\0';
    copy_cut(e->detail, sizeof e->detail, slice_str(detail));
    return code;
}

void
err_set_url(struct err *e, struct slice url)
{
    copy_cut(e->url, sizeof e->url, url);
}

void
err_set_field(struct err *e, struct slice field)
{
    copy_cut(e->field, sizeof e->field, field);
}

void
err_set_received(struct err *e, struct slice received)
{
    copy_cut(e->received, sizeof e->received, received);
}

void
err_set_cause(struct err *e, struct slice cause)
{
    copy_cut(e->cause, sizeof e->cause, cause);
}

int
err_status(enum err_code code)
{
    return rows[code].status;
}

const char *
err_reason(enum err_code code)
{
    return rows[code].reason;
}

const char *
err_sentence(enum err_code code)
{
    return rows[code].sentence;
}

const char *
err_name(enum err_code code)
{
    return rows[code].name;
}

enum err_level
err_level(enum err_code code)
{
    return rows[code].level;
}

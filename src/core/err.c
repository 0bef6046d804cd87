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

static const struct {
    const char *name, *sentence;
} causes[CAUSE_COUNT] = {
    [CAUSE_NONE] = { "", "" },
#define C(id, sentence_) [CAUSE_##id] = { #id, (sentence_) },
#include "core/cause.def"
#undef C
};

static void
copy_cut(char *to, size_t room, struct slice from)
{
    from = slice_cut(from, room - 1);
    if (from.n > 0)
        memcpy(to, from.p, from.n);
    to[from.n] = '\0';
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
    e->cause_id = CAUSE_NONE;
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

/* The sentence with its {0} and {1} filled; how many bytes that makes, written as far as there is room. */
static size_t
fill(char *to, size_t room, const struct cause *cause)
{
    size_t n = 0;

    for (const char *p = causes[cause->id].sentence; *p != '\0'; p++) {
        struct slice piece = { p, 1 };

        if (*p == '{') {
            piece = cause->args[p[1] - '0'];
            p += 2;
        }
        for (size_t i = 0; i < piece.n; i++, n++)
            if (n < room)
                to[n] = piece.p[i];
    }
    return n;
}

void
err_set_cause(struct err *e, struct cause cause)
{
    char   text[2 * sizeof e->cause];
    size_t n = fill(text, sizeof text, &cause);

    err_set_cause_text(e, (struct slice){ text, n < sizeof text ? n : sizeof text });
    e->cause_id = cause.id;
    for (size_t i = 0; i < CAUSE_ARGS; i++)
        copy_cut(e->cause_args[i], sizeof e->cause_args[i], cause.args[i]);
}

void
err_set_cause_text(struct err *e, struct slice text)
{
    copy_cut(e->cause, sizeof e->cause, text);
    e->cause_id = CAUSE_NONE;
}

struct cause
err_cause(struct arena *a, const struct err *e)
{
    struct cause cause = { .id = e->cause_id };

    if (cause.id == CAUSE_NONE)
        cause.text = arena_copy(a, slice_str(e->cause));
    else
        for (size_t i = 0; i < CAUSE_ARGS; i++)
            cause.args[i] = arena_copy(a, slice_str(e->cause_args[i]));
    return cause;
}

struct slice
cause_text(struct arena *a, const struct cause *cause)
{
    struct slice text = cause->text, sentence = slice_str(rows[cause->err].sentence);

    if (cause->id != CAUSE_NONE) {
        size_t n = fill(NULL, 0, cause);
        char  *p = arena_alloc(a, n + 1);

        text = (struct slice){ p, fill(p, n, cause) };
    }
    if (cause->err == ERR_NONE)
        return text;
    return text.n == 0
               ? sentence
               : arena_printf(a, "%.*s The reason: %.*s.", SLICE_FMT(sentence), SLICE_FMT(text));
}

const char *
cause_name(enum cause_id id)
{
    return causes[id].name;
}

const char *
cause_sentence(enum cause_id id)
{
    return causes[id].sentence;
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

#include "core/log.h"

#include <unistd.h>

#include "core/clock.h"
#include "core/sbuf.h"

static enum err_level lowest = ERR_LEVEL_INFO;
static char           request_id[64];

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void
log_set_level(enum err_level level)
{
    lowest = level;
}

void
log_set_level_named(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++)
        if (slice_eq(name, slice_str(level_names[i])))
            lowest = (enum err_level)i;
}

void
log_set_request(struct slice id)
{
    id = slice_first(id, sizeof request_id - 1);
    if (id.n > 0)
        memcpy(request_id, id.p, id.n);
    request_id[id.n] = '\0';
}

static bool
is_plain(char c)
{
    return c >= ' ' && c != 0x7F && c != '"' && c != '\\';
}

/* Escapes what could end the string or the line; bytes that are no UTF-8 are shown as such. */
static void
add_odd(struct sbuf *b, char c, bool utf8)
{
    if (c == '"' || c == '\\')
        sbuf_printf(b, "\\%c", c);
    else if ((c >= 0 && c < 0x20) || c == 0x7F)
        sbuf_printf(b, "\\u%04x", (unsigned)c);
    else
        sbuf_add_char(b, utf8 ? c : '?');
}

static void
add_text(struct sbuf *b, struct slice s)
{
    size_t plain = 0;
    bool   utf8;

    sbuf_add_char(b, '"');
    while (plain < s.n && is_plain(s.p[plain]))
        plain++;
    sbuf_add(b, slice_first(s, plain));
    s = slice_from(s, plain); /* nearly always nothing */
    utf8 = slice_is_utf8(s);
    for (size_t i = 0; i < s.n; i++)
        if (is_plain(s.p[i]))
            sbuf_add_char(b, s.p[i]);
        else
            add_odd(b, s.p[i], utf8);
    sbuf_add_char(b, '"');
}

/* Each request writes a line of nothing but these: printf was most of its cost. */
static void
add_number(struct sbuf *b, int64_t number, int width)
{
    char               digits[24];
    unsigned long long left = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
    size_t             at = sizeof digits;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
        width--;
    } while (left > 0 || width > 0);
    if (number < 0)
        digits[--at] = '-';
    sbuf_add(b, (struct slice){ digits + at, sizeof digits - at });
}

/* "2026-11-23T21:12:49.123Z" */
static void
add_time(struct sbuf *b, int64_t now_ms)
{
    int64_t  s = now_ms / 1000, year;
    unsigned month, day;

    clock_date(s / 86400, &year, &month, &day);
    add_number(b, year, 4);
    sbuf_add_char(b, '-');
    add_number(b, month, 2);
    sbuf_add_char(b, '-');
    add_number(b, day, 2);
    sbuf_add_char(b, 'T');
    add_number(b, s / 3600 % 24, 2);
    sbuf_add_char(b, ':');
    add_number(b, s / 60 % 60, 2);
    sbuf_add_char(b, ':');
    add_number(b, s % 60, 2);
    sbuf_add_char(b, '.');
    add_number(b, now_ms % 1000, 3);
    sbuf_add_char(b, 'Z');
}

void
log_fields(enum err_level level, const char *event, const struct log_field *fields, size_t count)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    static struct arena     *a; /* kept from line to line */
    struct sbuf              line;
    ssize_t                  written;

    if (level < lowest)
        return;
    if (a == NULL)
        a = arena_new();
    sbuf_init(&line, a);
    sbuf_room(&line, 500);
    sbuf_add(&line, SL("{\"time\":\""));
    add_time(&line, clock_now_ms());
    sbuf_add(&line, SL("\",\"level\":\""));
    sbuf_add_str(&line, names[level]);
    sbuf_add(&line, SL("\",\"event\":\""));
    sbuf_add_str(&line, event);
    sbuf_add_char(&line, '"');
    if (request_id[0] != '\0') {
        sbuf_add(&line, SL(",\"request\":"));
        add_text(&line, slice_str(request_id));
    }
    for (size_t i = 0; i < count; i++) {
        sbuf_add(&line, SL(",\""));
        sbuf_add_str(&line, fields[i].name);
        sbuf_add(&line, SL("\":"));
        if (fields[i].text.p != NULL)
            add_text(&line, fields[i].text);
        else
            add_number(&line, fields[i].number, 1);
    }
    sbuf_add(&line, SL("}\n"));
    /* One write a line, so that lines of several workers do not mix. */
    written = write(STDERR_FILENO, line.p, line.n);
    (void)written; /* a log that cannot be written has nobody left to tell */
    arena_empty(a);
}

void
log_err(const char *event, const struct err *e)
{
    log_event(err_level(e->code), event, LOG_TEXT("error", slice_str(err_name(e->code))),
              LOG_TEXT("detail", slice_str(e->detail)), LOG_TEXT("cause", slice_str(e->cause)),
              LOG_TEXT("file", slice_str(e->file == NULL ? "" : e->file)),
              LOG_NUMBER("line", e->line));
}

#include "core/log.h"

#include <stdio.h>
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

/* Escapes what could end the string or the line; bytes that are no UTF-8 are shown as such. */
static void
add_text(struct sbuf *b, struct slice s)
{
    bool utf8 = slice_is_utf8(s);

    sbuf_add_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == '"' || c == '\\')
            sbuf_printf(b, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            sbuf_printf(b, "\\u%04x", c);
        else if (c >= 0x80 && !utf8)
            sbuf_add_char(b, '?');
        else
            sbuf_add_char(b, (char)c);
    }
    sbuf_add_char(b, '"');
}

void
log_fields(enum err_level level, const char *event, const struct log_field *fields, size_t count)
{
    static struct arena *a; /* kept from line to line */
    struct sbuf          line;
    int64_t              now_ms;
    ssize_t              written;

    if (level < lowest)
        return;
    if (a == NULL)
        a = arena_new();
    sbuf_init(&line, a);
    now_ms = clock_now_ms();
    sbuf_printf(&line, "{\"time\":\"%.19s.%03dZ\",\"level\":\"%s\",\"event\":\"%s\"",
                clock_iso8601(a, now_ms / 1000).p, (int)(now_ms % 1000), level_names[level], event);
    if (request_id[0] != '\0') {
        sbuf_add_str(&line, ",\"request\":");
        add_text(&line, slice_str(request_id));
    }
    for (size_t i = 0; i < count; i++) {
        sbuf_printf(&line, ",\"%s\":", fields[i].name);
        if (fields[i].text.p != NULL)
            add_text(&line, fields[i].text);
        else
            sbuf_printf(&line, "%lld", (long long)fields[i].number);
    }
    sbuf_add_str(&line, "}\n");
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

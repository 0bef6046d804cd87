#include "core/sbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void
sbuf_init(struct sbuf *b, struct arena *a)
{
    *b = (struct sbuf){ .a = a };
}

char *
sbuf_room(struct sbuf *b, size_t more)
{
    size_t want = b->n + more + 1;

    if (want > b->room) {
        size_t room = b->room * 2 > want ? b->room * 2 : want < 128 ? 128 : want;
        char  *p = arena_alloc(b->a, room);

        if (b->n > 0)
            memcpy(p, b->p, b->n);
        b->p = p;
        b->room = room;
    }
    return b->p + b->n;
}

void
sbuf_grew(struct sbuf *b, size_t n)
{
    assert(b->n + n < b->room);
    b->n += n;
    b->p[b->n] = '\0';
}

void
sbuf_cut(struct sbuf *b, size_t n)
{
    assert(n <= b->n);
    b->n = n;
    if (b->p != NULL)
        b->p[n] = '\0';
}

void
sbuf_add(struct sbuf *b, struct slice s)
{
    char *to = sbuf_room(b, s.n);

    if (s.n > 0)
        memcpy(to, s.p, s.n);
    sbuf_grew(b, s.n);
}

void
sbuf_add_str(struct sbuf *b, const char *text)
{
    sbuf_add(b, slice_str(text));
}

void
sbuf_add_char(struct sbuf *b, char c)
{
    *sbuf_room(b, 1) = c;
    sbuf_grew(b, 1);
}

void
sbuf_printf(struct sbuf *b, const char *fmt, ...)
{
    va_list ap;
    size_t  room;
    int     n;

    sbuf_room(b, 0);
    room = b->room - b->n;
    va_start(ap, fmt);
    n = vsnprintf(b->p + b->n, room, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    if ((size_t)n >= room) {
        va_start(ap, fmt);
        vsnprintf(sbuf_room(b, (size_t)n), (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    sbuf_grew(b, (size_t)n);
}

struct slice
sbuf_slice(const struct sbuf *b)
{
    return (struct slice){ b->p == NULL ? "" : b->p, b->n };
}

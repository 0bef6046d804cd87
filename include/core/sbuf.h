/* Text that grows, in an arena. */
#ifndef OBI_CORE_SBUF_H
#define OBI_CORE_SBUF_H

#include "core/arena.h"

struct sbuf {
    struct arena *a;
    char         *p; /* NULL while empty; else a NUL stands at p[n] */
    size_t        n, room;
};

void sbuf_init(struct sbuf *b, struct arena *a);
/* Makes room for `more` bytes beyond the ones held and returns where they go; sbuf_grew then counts
 * them. */
char *sbuf_room(struct sbuf *b, size_t more);
void sbuf_grew(struct sbuf *b, size_t n);
/* Forgets what stands behind the first n bytes. */
void sbuf_cut(struct sbuf *b, size_t n);
void sbuf_add(struct sbuf *b, struct slice s);
void sbuf_add_str(struct sbuf *b, const char *text);
void sbuf_add_char(struct sbuf *b, char c);
void sbuf_printf(struct sbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What is held, valid until the next call that adds. */
struct slice sbuf_slice(const struct sbuf *b);

#endif

#include "core/cursor.h"

struct slice
cur_take(struct cursor *c, size_t n)
{
    struct slice taken;

    if (c->bad || n > c->left.n) {
        c->bad = true;
        return SLICE_NONE;
    }
    taken = slice_first(c->left, n);
    c->left = slice_from(c->left, n);
    return taken;
}

uint8_t
cur_u8(struct cursor *c)
{
    struct slice s = cur_take(c, 1);

    return c->bad ? 0 : (uint8_t)s.p[0];
}

uint32_t
cur_be32(struct cursor *c)
{
    struct slice         s = cur_take(c, 4);
    const unsigned char *p = (const unsigned char *)s.p;

    if (c->bad)
        return 0;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

struct slice
cur_until(struct cursor *c, char end)
{
    const char  *hit = c->bad || c->left.n == 0 ? NULL : memchr(c->left.p, end, c->left.n);
    struct slice taken;

    if (hit == NULL) {
        c->bad = true;
        return SLICE_NONE;
    }
    taken = cur_take(c, (size_t)(hit - c->left.p));
    cur_take(c, 1);
    return taken;
}

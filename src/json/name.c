#include "json_int.h"

#include "core/digest.h"

int
json_code_unit(const char *p, const char *end)
{
    int unit = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

bool
json_is_surrogate(int unit, int from)
{
    return unit >= from && unit < from + 0x400;
}

/* Behind a backslash. */
static int
next_escaped(const char **p)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char       *short_form = strchr(from, **p);
    int               unit, low;

    if (**p != 'u')
        return short_form != NULL ? (++*p, to[short_form - from]) : *(*p)++;
    unit = json_code_unit(*p + 1, *p + 5);
    *p += 5;
    if (!json_is_surrogate(unit, 0xD800))
        return unit;
    low = json_code_unit(*p + 2, *p + 6);
    *p += 6;
    return 0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
}

/* The next character of a name that has been read before, so its escapes and its UTF-8 are known to
 * be good; -1 at its end. */
static int
next_point(const char **p, const char *end)
{
    unsigned char c;
    int           more, point;

    if (*p == end)
        return -1;
    c = (unsigned char)*(*p)++;
    if (c == '\\')
        return next_escaped(p);
    if (c < 0x80)
        return c;
    more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
    for (point = c & (0x3F >> more); more > 0; more--)
        point = point << 6 | (*(*p)++ & 0x3F);
    return point;
}

int
json_name_cmp(const void *a, const void *b)
{
    const struct slice *left = a, *right = b;
    const char         *p = left->p, *q = right->p;
    int                 x, y;

    do {
        x = next_point(&p, left->p + left->n);
        y = next_point(&q, right->p + right->n);
    } while (x == y && x >= 0);
    return (x > y) - (x < y);
}

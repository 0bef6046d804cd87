#include "core/slice.h"

#include <stdint.h>

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

int
slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int    order = n == 0 ? 0 : memcmp(a.p, b.p, n);

    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool
slice_starts(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq(slice_first(s, prefix.n), prefix);
}

bool
slice_starts_nocase(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq_nocase(slice_first(s, prefix.n), prefix);
}

bool
slice_ends(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n && slice_eq(slice_from(s, s.n - suffix.n), suffix);
}

bool
slice_find(struct slice s, struct slice needle, size_t *ret_at)
{
    const char *hit;

    if (needle.n == 0) {
        *ret_at = 0;
        return true;
    }
    if (s.n < needle.n || (hit = memmem(s.p, s.n, needle.p, needle.n)) == NULL)
        return false;
    *ret_at = (size_t)(hit - s.p);
    return true;
}

bool
slice_has_char(struct slice s, char c)
{
    return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice
slice_trim(struct slice s)
{
    while (s.n > 0 && is_blank(s.p[0]))
        s = slice_from(s, 1);
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct slice
slice_from(struct slice s, size_t from)
{
    if (from > s.n)
        from = s.n;
    if (from == 0)
        return s;
    return (struct slice){ s.p + from, s.n - from };
}

struct slice
slice_first(struct slice s, size_t n)
{
    return (struct slice){ s.p, n < s.n ? n : s.n };
}

struct slice
slice_cut(struct slice s, size_t n)
{
    if (n < s.n)
        while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
            n--;
    return slice_first(s, n);
}

bool
slice_next(struct slice *rest, char separator, struct slice *ret_piece)
{
    const char *hit;

    if (rest->p == NULL)
        return false;
    hit = rest->n == 0 ? NULL : memchr(rest->p, separator, rest->n);
    if (hit == NULL) {
        *ret_piece = *rest;
        *rest = SLICE_NONE;
        return true;
    }
    *ret_piece = (struct slice){ rest->p, (size_t)(hit - rest->p) };
    *rest = slice_from(*rest, ret_piece->n + 1);
    return true;
}

bool
slice_u64(struct slice s, unsigned long long max, unsigned long long *ret)
{
    unsigned long long value = 0;

    if (s.n == 0 || s.n > 19)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        value = value * 10 + (unsigned long long)(s.p[i] - '0');
    }
    if (value > max)
        return false;
    *ret = value;
    return true;
}

/* The length of the UTF-8 sequence at `p`, 0 when it is not one (Unicode 15, table 3-7). */
static size_t
utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t        length;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        length = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        length = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        length = 4;
    else
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (left < length || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

/* Eight characters of ASCII, which most of any text is. */
static bool
is_ascii(const unsigned char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool
slice_is_utf8(struct slice s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    for (size_t i = 0, length; i < s.n; i += length) {
        length = s.n - i >= 8 && is_ascii(p + i) ? 8 : utf8_sequence(p + i, s.n - i);
        if (length == 0)
            return false;
    }
    return true;
}

size_t
slice_chars(struct slice s)
{
    size_t count = 0;

    for (size_t i = 0; i < s.n; i++)
        count += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return count;
}

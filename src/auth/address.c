#include "auth/address.h"

#include "core/limits.h"

enum { LOCAL_BYTES = 64, LABEL_BYTES = 63 };

static bool
is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* UTF-8 is checked as a whole before; here it is any byte of it. */
static bool
is_foreign(char c)
{
    return (unsigned char)c >= 0x80;
}

static bool
local_ok(struct slice local)
{
    if (local.n == 0 || local.n > LOCAL_BYTES)
        return false;
    for (size_t i = 0; i < local.n; i++)
        if (!is_alnum(local.p[i]) && !is_foreign(local.p[i]) &&
            (local.p[i] == '\0' || strchr(".!#$%&'*+-/=?^_`{|}~", local.p[i]) == NULL))
            return false;
    return true;
}

static bool
label_ok(struct slice label)
{
    if (label.n == 0 || label.n > LABEL_BYTES || label.p[0] == '-' || label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++)
        if (!is_alnum(label.p[i]) && !is_foreign(label.p[i]) && label.p[i] != '-')
            return false;
    return true;
}

static bool
domain_ok(struct slice domain)
{
    struct slice rest = domain, label;
    size_t       labels = 0;

    while (slice_next(&rest, '.', &label)) {
        if (!label_ok(label))
            return false;
        labels++;
    }
    return labels > 1 || slice_eq_nocase(domain, SL("localhost"));
}

/* U+0080 to U+009F are controls, U+0085, U+2028 and U+2029 end lines, U+00A0 and U+3000 are blanks;
 * the marks of U+200B to U+200F and U+202A to U+202E make an address look like another. */
static bool
has_trick(struct slice text)
{
    for (size_t i = 0; i + 1 < text.n; i++) {
        unsigned char a = (unsigned char)text.p[i], b = (unsigned char)text.p[i + 1];
        unsigned char c = i + 2 < text.n ? (unsigned char)text.p[i + 2] : 0;

        if ((a == 0xC2 && b <= 0xA0) || (a == 0xE3 && b == 0x80 && c == 0x80) ||
            (a == 0xE2 && b == 0x80 && ((c >= 0x8B && c <= 0x8F) || (c >= 0xA8 && c <= 0xAE))))
            return true;
    }
    return false;
}

bool
auth_address_ok(struct slice text)
{
    size_t at;

    if (text.n > LIMIT_EMAIL_BYTES || !slice_is_utf8(text) || has_trick(text) ||
        !slice_find(text, SL("@"), &at))
        return false;
    return local_ok(slice_first(text, at)) && domain_ok(slice_from(text, at + 1));
}

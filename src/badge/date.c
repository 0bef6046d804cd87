/* Dates of badges: ISO 8601 as the reference reads it, and what older versions allowed besides. */
#include <stdlib.h>

#include "badge_int.h"
#include "core/clock.h"

/* The years 1 to 9999: what a date of four digits can say. */
static const int64_t first_s = -62135596800, last_s = 253402300799;

struct reader {
    struct slice left;
    bool         bad;
};

static bool
next_is(const struct reader *r, char c)
{
    return r->left.n > 0 && r->left.p[0] == c;
}

static bool
take_char(struct reader *r, char c)
{
    if (!next_is(r, c))
        return false;
    r->left = slice_from(r->left, 1);
    return true;
}

/* Exactly `n` digits. */
static unsigned
take_digits(struct reader *r, size_t n)
{
    unsigned value = 0;

    for (size_t i = 0; i < n; i++) {
        if (r->left.n == 0 || r->left.p[0] < '0' || r->left.p[0] > '9') {
            r->bad = true;
            return 0;
        }
        value = value * 10 + (unsigned)(r->left.p[0] - '0');
        r->left = slice_from(r->left, 1);
    }
    return value;
}

static size_t
digits_ahead(const struct reader *r)
{
    size_t n = 0;

    while (n < r->left.n && r->left.p[n] >= '0' && r->left.p[n] <= '9')
        n++;
    return n;
}

static bool
is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
days_of_month(struct reader *r, unsigned year, unsigned month, unsigned day)
{
    static const unsigned char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    if (month < 1 || month > 12 || day < 1 ||
        day > lengths[month - 1] + (unsigned)(month == 2 && is_leap(year))) {
        r->bad = true;
        return 0;
    }
    return clock_days(year, month, day);
}

/* The day `day` (1 to 7) of week `week`: week 1 is the one with the year's first Thursday. */
static int64_t
days_of_week(struct reader *r, unsigned year, unsigned week, unsigned day)
{
    int64_t  fourth = clock_days(year, 1, 4), next = clock_days((int64_t)year + 1, 1, 4);
    unsigned weekday =
        (unsigned)(((fourth + 3) % 7 + 7) % 7); /* Monday is 0; day 0 was a Thursday */
    int64_t monday = fourth - weekday;
    int64_t days = monday + (int64_t)(week - 1) * 7 + day - 1;

    if (week < 1 || day < 1 || day > 7 || days >= next - ((next + 3) % 7 + 7) % 7)
        r->bad = true;
    return days;
}

/* YYYY-MM-DD, YYYYMMDD, YYYY-DDD, YYYYDDD, YYYY-Www-D, YYYYWwwD. */
static int64_t
take_date(struct reader *r)
{
    unsigned year = take_digits(r, 4), month, week;
    bool     dashes = take_char(r, '-');
    int64_t  days;

    if (take_char(r, 'W')) {
        week = take_digits(r, 2);
        if (dashes && !take_char(r, '-'))
            r->bad = true;
        return days_of_week(r, year, week, take_digits(r, 1));
    }
    if (digits_ahead(r) == 3) {
        unsigned day = take_digits(r, 3);

        days = clock_days(year, 1, 1) + (int64_t)day - 1;
        if (day < 1 || day > 365 + (unsigned)is_leap(year))
            r->bad = true;
        return days;
    }
    month = take_digits(r, 2);
    if (dashes && !take_char(r, '-'))
        r->bad = true;
    return days_of_month(r, year, month, take_digits(r, 2));
}

/* A fraction is passed over: no check is finer than a second. */
static void
skip_fraction(struct reader *r)
{
    size_t n;

    if (!take_char(r, '.') && !take_char(r, ','))
        return;
    if ((n = digits_ahead(r)) == 0)
        r->bad = true;
    r->left = slice_from(r->left, n);
}

/* hh:mm:ss, hhmmss, hh:mm, hhmm, hh, with a fraction behind the seconds. 24:00 is the day's end. */
static int64_t
take_time(struct reader *r)
{
    unsigned hour = take_digits(r, 2), minute = 0, second = 0;
    bool     colons = take_char(r, ':');

    if (colons || digits_ahead(r) >= 2)
        minute = take_digits(r, 2);
    if (colons ? take_char(r, ':') : digits_ahead(r) >= 2) {
        second = take_digits(r, 2);
        skip_fraction(r);
    }
    if (hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute > 0 || second > 0)))
        r->bad = true;
    return (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
}

/* Z, ±hh, ±hhmm, ±hh:mm: seconds to take away. */
static int64_t
take_zone(struct reader *r)
{
    bool     west = next_is(r, '-');
    unsigned hours, minutes = 0;

    if (take_char(r, 'Z'))
        return 0;
    if (!take_char(r, '+') && !take_char(r, '-')) {
        r->bad = true;
        return 0;
    }
    hours = take_digits(r, 2);
    if (take_char(r, ':') || digits_ahead(r) > 0)
        minutes = take_digits(r, 2);
    if (hours > 23 || minutes > 59)
        r->bad = true;
    return ((int64_t)hours * 3600 + (int64_t)minutes * 60) * (west ? -1 : 1);
}

static bool
read_iso(struct slice text, bool lenient, int64_t *ret)
{
    struct reader r = { text, false };
    int64_t       seconds = take_date(&r) * 86400;

    if (r.left.n == 0 && lenient && text.n == 10 && text.p[4] == '-' && text.p[7] == '-') {
        if (r.bad)
            return false;
    } else {
        if (!take_char(&r, 'T'))
            return false;
        seconds += take_time(&r);
        if (r.left.n > 0 || !lenient)
            seconds -= take_zone(&r);
        if (r.bad || r.left.n > 0)
            return false;
    }
    if (seconds < first_s || seconds > last_s)
        return false;
    *ret = seconds;
    return true;
}

static bool
from_double(double number, int64_t *ret)
{
    /* Written so that NaN fails it. */
    if (!(number >= (double)first_s && number <= (double)last_s))
        return false;
    *ret = (int64_t)number;
    return true;
}

/* Seconds since 1970 in digits, with a sign or a fraction; no exponents, no `inf`. */
static bool
read_seconds(struct slice text, int64_t *ret)
{
    char   copy[40];
    size_t digits = 0, points = 0;

    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        digits += c >= '0' && c <= '9';
        points += c == '.';
        if (!(c >= '0' && c <= '9') && c != '.' && !(i == 0 && (c == '-' || c == '+')))
            return false;
    }
    if (digits == 0 || points > 1)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    return from_double(strtod(copy, NULL), ret);
}

bool
badge_date(json_object *value, bool lenient, int64_t *ret_unix_s)
{
    struct slice text = json_text(value);

    if (text.p != NULL)
        return (lenient && read_seconds(text, ret_unix_s)) || read_iso(text, lenient, ret_unix_s);
    if (!lenient || value == NULL)
        return false;
    if (json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double))
        return from_double(json_object_get_double(value), ret_unix_s);
    return false;
}

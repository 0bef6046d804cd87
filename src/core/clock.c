#include "core/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t
read_clock(clockid_t id, int64_t per_second)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * per_second + ts.tv_nsec / (1000000000 / per_second);
}

/* Tests move the time of running workers by writing this file; without the variable it costs a getenv. */
static int64_t
test_offset_s(void)
{
    const char *path = getenv("OBI_CLOCK_FILE");
    long long   offset = 0;
    FILE       *f;

    if (path == NULL || (f = fopen(path, "re")) == NULL)
        return 0;
    if (fscanf(f, "%lld", &offset) != 1)
        offset = 0;
    fclose(f);
    return offset;
}

static int64_t virtual_ms; /* 0: the real time */

int64_t
clock_now_ms(void)
{
    if (virtual_ms != 0)
        return virtual_ms;
    return read_clock(CLOCK_REALTIME, 1000) + test_offset_s() * 1000;
}

void
clock_virtual(void)
{
    virtual_ms = clock_now_ms();
}

void
clock_sleep_ms(int64_t ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    if (ms <= 0)
        return;
    if (virtual_ms != 0)
        virtual_ms += ms;
    else
        while (nanosleep(&left, &left) != 0)
            continue;
}

int64_t
clock_now_s(void)
{
    return clock_now_ms() / 1000;
}

int64_t
clock_monotonic_ms(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000);
}

int64_t
clock_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000000);
}

struct slice
clock_iso8601(struct arena *a, int64_t unix_s)
{
    struct tm tm;
    time_t    t = (time_t)unix_s;

    gmtime_r(&t, &tm);
    return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                        tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

struct slice
clock_http_date(struct arena *a, int64_t unix_s)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct tm         tm;
    time_t            t = (time_t)unix_s;

    gmtime_r(&t, &tm);
    return arena_printf(a, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
                        months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Days and dates by eras of 400 years that begin in March, so that a leap day is the last of its year. */
int64_t
clock_days(int64_t year, unsigned month, unsigned day)
{
    int64_t  y = month <= 2 ? year - 1 : year;
    int64_t  era = (y >= 0 ? y : y - 399) / 400;
    unsigned year_of_era = (unsigned)(y - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + (int64_t)day_of_era - 719468;
}

void
clock_date(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    int64_t  z = days + 719468;
    int64_t  era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;

    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp < 10 ? mp + 3 : mp - 9;
    *ret_year = (int64_t)yoe + era * 400 + (*ret_month <= 2);
}

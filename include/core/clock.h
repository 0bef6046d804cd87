/* The time, in one place, so that a test can set it. */
#ifndef OBI_CORE_CLOCK_H
#define OBI_CORE_CLOCK_H

#include <stdint.h>

#include "core/arena.h"

/* Milliseconds since 1970-01-01 UTC. The environment variable OBI_CLOCK_FILE, read at every call
 * and set only by tests, names a file that holds an offset in seconds to add. */
int64_t clock_now_ms(void);
int64_t clock_now_s(void);
/* Waits so long. */
void clock_sleep_ms(int64_t ms);
/* For tests: from now on the time of this process stands still, until clock_sleep_ms moves it on
 * without waiting. */
void clock_virtual(void);
/* Milliseconds that never go back, for measuring durations and deadlines; no test moves them. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* "2026-11-23T21:12:49Z", in the arena. */
struct slice clock_iso8601(struct arena *a, int64_t unix_s);
/* "Mon, 23 Nov 2026 21:12:49 GMT" (RFC 9110, IMF-fixdate). */
struct slice clock_http_date(struct arena *a, int64_t unix_s);
/* Days since 1970-01-01 of a proleptic Gregorian date; no range is checked. */
int64_t clock_days(int64_t year, unsigned month, unsigned day);
/* The date of a day number. */
void clock_date(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);

#endif

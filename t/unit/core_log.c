/* Log lines: one JSON object each, whatever is in them. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"

static char line[2000];

/* What was written to standard error since begin(). */
static int saved, ends[2];

static void
begin(void)
{
    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
}

static const char *
written(void)
{
    ssize_t n;

    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    n = read(ends[0], line, sizeof line - 1);
    close(ends[0]);
    line[n > 0 ? n : 0] = '\0';
    return line;
}

static void
a_line_is_one_object_with_its_time(void **state)
{
    (void)state;
    begin();
    log_event(ERR_LEVEL_WARN, "it", LOG_TEXT("a", SL("b")), LOG_NUMBER("n", 0), LOG_NUMBER("m", -42),
              LOG_NUMBER("big", INT64_MIN));
    written();
    /* {"time":"2026-11-24T04:05:46.849Z", */
    assert_memory_equal(line, "{\"time\":\"20", 11);
    for (size_t i = 0; i < 24; i++)
        assert_true(strchr("0123456789-T:.Z", line[9 + i]) != NULL);
    assert_int_equal(line[9 + 10], 'T');
    assert_int_equal(line[9 + 23], 'Z');
    assert_string_equal(line + 33, "\",\"level\":\"warn\",\"event\":\"it\",\"a\":\"b\",\"n\":0,\"m\":-42,"
                                   "\"big\":-9223372036854775808}\n");
}

static void
text_cannot_end_its_string_or_the_line(void **state)
{
    (void)state;
    begin();
    log_event(ERR_LEVEL_ERROR, "x", LOG_TEXT("a", SL("q\"b\\n\n\x01\x7F.")), LOG_TEXT("u", SL("\xC3\xA4")),
              LOG_TEXT("v", SL("\xFF!")));
    written();
    assert_non_null(strstr(line, "\"a\":\"q\\\"b\\\\n\\u000a\\u0001\\u007f.\",\"u\":\"\xC3\xA4\",\"v\":\"?!\"}\n"));
}

static void
lines_below_the_level_are_not_written(void **state)
{
    (void)state;
    begin();
    log_event(ERR_LEVEL_DEBUG, "x", LOG_NUMBER("n", 1));
    log_set_request(SL("abc"));
    log_event(ERR_LEVEL_INFO, "y", LOG_NUMBER("n", 1));
    log_set_request(SL(""));
    written();
    assert_null(strstr(line, "\"x\""));
    assert_non_null(strstr(line, ",\"event\":\"y\",\"request\":\"abc\","));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_object_with_its_time),
        cmocka_unit_test(text_cannot_end_its_string_or_the_line),
        cmocka_unit_test(lines_below_the_level_are_not_written),
    };

    return RUN_TAP(tests);
}

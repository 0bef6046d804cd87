/* What unit tests share: cmocka in TAP form, slices in assertions. */
#ifndef OBI_TEST_H
#define OBI_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "core/slice.h"

#define assert_slice_equal(a, b)                                                                   \
    do {                                                                                           \
        struct slice test_a = (a), test_b = (b);                                                   \
        assert_int_equal(test_a.n, test_b.n);                                                      \
        if (test_a.n > 0)                                                                          \
            assert_memory_equal(test_a.p, test_b.p, test_a.n);                                     \
    } while (0)

#define RUN_TAP(tests)                                                                             \
    (cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests((tests), NULL, NULL))

#endif

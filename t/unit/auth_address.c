#include "test.h"

#include "auth/address.h"

static void
real_addresses_are_taken(void **state)
{
    static const char *const good[] = {
        "a@b.example",
        "Jane.Doe+badges@mail.example.org",
        "o'brien@example.ie",
        "x_y-z@sub-domain.example.co.uk",
        "first..last@example.jp",
        "dot.@example.jp",
        "{curly}@example.org",
        "100%=me/you@example.org",
        "j\xC3\xBCrgen@m\xC3\xBCller.example",
        "\xE7\x94\xA8\xE6\x88\xB7@\xE4\xBE\x8B\xE5\xAD\x90.example",
        "me@xn--mller-kva.example",
        "root@localhost",
        "1@2.example",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!auth_address_ok(slice_str(good[i])))
            fail_msg("refused: %s", good[i]);
}

static void
what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "@",
        "a@",
        "@b.example",
        "a",
        "a@b",
        "a@b@c.example",
        "a b@c.example",
        " a@b.example",
        "a@b.example ",
        "a@b..example",
        "a@.example",
        "a@example.",
        "a@-b.example",
        "a@b-.example",
        "a@[192.0.2.1]",
        "\"a b\"@c.example",
        "<a@b.example>",
        "a@b.example,c@d.example",
        "a@b.example;c@d.example",
        "a:b@c.example",
        "a\\b@c.example",
        "a(b)@c.example",
        "a@b_c.example",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (auth_address_ok(slice_str(bad[i])))
            fail_msg("taken: %s", bad[i]);
}

static void
nothing_passes_that_could_end_a_header(void **state)
{
    static const struct slice bad[] = {
        SL("a@b.example\r\nBcc: c@d.example"),
        SL("a@b.example\n"),
        SL("a\r@b.example"),
        SL("a@b.example\0"),
        SL("a\0b@c.example"),
        SL("a\tb@c.example"),
        SL("a@b.exam\xC2\x85ple"),
        SL("a\xE2\x80\xA8@b.example"),
        SL("a\xC2\xA0@b.example"),
        SL("a\xE2\x80\xAE@b.example"),
        SL("a\xFF@b.example"),
        SL("a\xC0\x8D@b.example"),
        SL("a\x7F@b.example"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (auth_address_ok(bad[i]))
            fail_msg("taken: number %zu", i);
}

static void
length_is_bounded(void **state)
{
    char         text[300];
    const size_t local = 64;

    (void)state;
    memset(text, 'a', sizeof text);
    text[local] = '@';
    for (size_t i = local + 10; i < sizeof text; i += 10)
        text[i] = '.';
    assert_true(auth_address_ok((struct slice){ text, 254 }));
    assert_false(auth_address_ok((struct slice){ text, 256 }));
    text[local] = 'a';
    text[local + 1] = '@';
    assert_false(auth_address_ok((struct slice){ text, 200 }));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_addresses_are_taken),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(nothing_passes_that_could_end_a_header),
        cmocka_unit_test(length_is_bounded),
    };

    return RUN_TAP(tests);
}

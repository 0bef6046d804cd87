/* The sentences: plurals, placeholders, what a bad file is told. */
#include "test.h"

#include "http/catalogue.h"

static struct catalogue *
must_read(const char *po, bool pseudo)
{
    struct catalogue *c;
    struct err        e;

    if (catalogue_new(SL("xx"), slice_str(po), pseudo, &c, &e) != ERR_NONE)
        fail_msg("%s", e.detail);
    return c;
}

#define HEADER(plural)                                                                             \
    "msgid \"\"\nmsgstr \"\"\n\"Content-Type: text/plain; "                                        \
    "charset=UTF-8\\n\"\n\"Plural-Forms: " plural "\\n\"\n\n"

static struct slice
named(void *self, struct slice name)
{
    return slice_eq(name, SL("count")) || slice_eq(name, SL("what")) ? slice_str(self) : SLICE_NONE;
}

static const char *
say(const struct catalogue *c, struct arena *a, const char *id, const char *value)
{
    struct catalogue_names names = { named, (void *)(uintptr_t)value };

    return arena_str(a, catalogue_text(c, a, slice_str(id), &names));
}

static void
plural_expressions_are_read_as_c_reads_them(void **state)
{
    static const struct {
        const char        *text;
        unsigned long long n, want;
    } cases[] = {
        { "n != 1", 1, 0 },
        { "n != 1", 0, 1 },
        { "(n > 1)", 2, 1 },
        { "0", 7, 0 },
        { "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2", 21,
          0 },
        { "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2", 22,
          1 },
        { "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2", 12,
          2 },
        { "!n", 0, 1 },
        { "1 + 2 * 3 - 4 / 2", 0, 5 },
        { "n == 1 ? 0 : n == 2 ? 1 : 2", 2, 1 },
    };
    unsigned long long form;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(plural_form(slice_str(cases[i].text), cases[i].n, &form));
        if (form != cases[i].want)
            fail_msg("%s for %llu is %llu", cases[i].text, cases[i].n, form);
    }
}

static void
plural_expressions_that_are_none_are_refused(void **state)
{
    static const char *const cases[] = { "",
                                         "n +",
                                         "n n",
                                         "(n",
                                         "n ? 1",
                                         "m",
                                         "n % 0",
                                         "n / 0",
                                         "n = 1",
                                         "99999999999999999999",
                                         "((((((((((((((((((((((((((((((((((((((((n" };
    unsigned long long       form;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (plural_form(slice_str(cases[i]), 1, &form))
            fail_msg("took %s", cases[i]);
}

static void
the_count_chooses_the_form(void **state)
{
    struct arena     *a = arena_new();
    struct catalogue *c =
        must_read(HEADER("nplurals=3; plural=n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 ? 1 : "
                         "2;") "msgid \"n\"\nmsgid_plural \"n\"\nmsgstr[0] \"{count} "
                               "a\"\nmsgstr[1] \"{count} b\"\nmsgstr[2] \"{count} c\"\n",
                  false);
    (void)state;

    assert_string_equal(say(c, a, "n", "1"), "1 a");
    assert_string_equal(say(c, a, "n", "3"), "3 b");
    assert_string_equal(say(c, a, "n", "11"), "11 c");
    assert_string_equal(say(c, a, "n", "many"), "many c");
    catalogue_free(c);
    arena_free(a);
}

static void
what_is_missing_shows(void **state)
{
    struct arena     *a = arena_new();
    struct catalogue *c = must_read(
        HEADER("nplurals=2; plural=n != 1;") "msgid \"a\"\nmsgstr \"{what} {other} {\"\n\n"
                                             "#, fuzzy\nmsgid \"b\"\nmsgstr \"B\"\n\nmsgid "
                                             "\"c\"\nmsgstr \"\"\n",
        false);
    (void)state;

    assert_string_equal(say(c, a, "a", "x"), "x {other} {");
    assert_string_equal(say(c, a, "b", "x"), "b");
    assert_string_equal(say(c, a, "c", "x"), "c");
    assert_false(catalogue_has(c, SL("b")));
    assert_int_equal(catalogue_count(c), 1);
    catalogue_free(c);
    arena_free(a);
}

static void
the_pseudo_language_changes_every_sentence_but_no_placeholder(void **state)
{
    struct arena     *a = arena_new();
    struct catalogue *c =
        must_read(HEADER("nplurals=2; plural=n != 1;") "msgid \"a\"\nmsgstr \"an {what}\"\n", true);
    (void)state;

    assert_string_equal(say(c, a, "a", "x"), "⟦áñ x⟧");
    catalogue_free(c);
    arena_free(a);
}

static void
a_bad_file_is_refused_with_its_line(void **state)
{
    static const char *const cases[] = { "msgid \"a\nmsgstr \"b\"\n", "nonsense\n",
                                         "msgid \"a\"\nmsgstr \"1\"\n\nmsgid \"a\"\nmsgstr \"2\"\n",
                                         HEADER("nplurals=2; plural=n+;") };
    struct catalogue        *c;
    struct err               e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(catalogue_new(SL("xx"), slice_str(cases[i]), false, &c, &e), ERR_INTERNAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plural_expressions_are_read_as_c_reads_them),
        cmocka_unit_test(plural_expressions_that_are_none_are_refused),
        cmocka_unit_test(the_count_chooses_the_form),
        cmocka_unit_test(what_is_missing_shows),
        cmocka_unit_test(the_pseudo_language_changes_every_sentence_but_no_placeholder),
        cmocka_unit_test(a_bad_file_is_refused_with_its_line),
    };

    return RUN_TAP(tests);
}

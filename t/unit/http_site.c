/* What the build embeds fits together: templates compile, every message they name is in the catalogue, and
 * every month has a name. Languages are chosen as browsers ask. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/site.h"

static struct site *
must_make(const struct site_source *from)
{
    struct site *s;
    struct err   e;

    if (site_new(from, &s, &e) != ERR_NONE)
        fail_msg("%s", e.detail);
    return s;
}

static size_t missing;

static void
check_message(void *self, const char *file, struct slice id)
{
    if (catalogue_has(self, id))
        return;
    missing++;
    print_message("%s.html names %.*s, which is not in the catalogue\n", file, SLICE_FMT(id));
}

static void
every_message_of_a_template_is_in_the_catalogue(void **state)
{
    struct site *s = must_make(&site_embedded);
    (void)state;

    templates_each_message(site_templates(s), check_message,
                           (void *)(uintptr_t)site_catalogue(s, SL("en")));
    site_free(s);
    assert_int_equal(missing, 0);
}

static void
every_month_has_a_name(void **state)
{
    struct site *s = must_make(&site_embedded);
    char         id[24];
    (void)state;

    for (int month = 1; month <= 12; month++) {
        snprintf(id, sizeof id, "date.month.%d", month);
        assert_true(catalogue_has(site_catalogue(s, SL("en")), slice_str(id)));
    }
    assert_true(catalogue_has(site_catalogue(s, SL("en")), SL("date.long")));
    site_free(s);
}

static void
static_files_have_hashed_names(void **state)
{
    (void)state;
    assert_true(site_asset_count > 0);
    assert_true(slice_starts(site_asset_path(SL("app.css")), SL("/static/app.")));
    assert_int_equal(site_asset_path(SL("app.css")).n, sizeof "/static/app.0123456789abcdef.css" - 1);
    assert_null(site_asset_path(SL("none.css")).p);
}

static void
the_best_language_is_chosen(void **state)
{
    const struct text_file   catalogues[] = { { "de", SL("msgid \"a\"\nmsgstr \"A\"\n") },
                                              { "en", SL("msgid \"a\"\nmsgstr \"A\"\n") },
                                              { "pt-BR", SL("msgid \"a\"\nmsgstr \"A\"\n") } };
    const struct site_source from = { NULL, catalogues, 0, 3 };
    struct site             *s = must_make(&from);
    (void)state;

    assert_slice_equal(site_language(s, SLICE_NONE), SL("en"));
    assert_slice_equal(site_language(s, SL("fr, xx;q=0.1")), SL("en"));
    assert_slice_equal(site_language(s, SL("de-AT")), SL("de"));
    assert_slice_equal(site_language(s, SL("fr, de;q=0.5, en;q=0.4")), SL("de"));
    assert_slice_equal(site_language(s, SL("de;q=0.5, en")), SL("en"));
    assert_slice_equal(site_language(s, SL("PT-br")), SL("pt-BR"));
    assert_slice_equal(site_language(s, SL("de;q=0, ;;,,=")), SL("en"));
    site_free(s);
}

static void
the_pseudo_language_is_an_environment_away(void **state)
{
    struct arena *a = arena_new();
    struct site  *s;
    (void)state;

    setenv("OBI_PSEUDO", "1", 1);
    s = must_make(&site_embedded);
    assert_true(slice_starts(catalogue_text(site_catalogue(s, SL("en")), a, SL("layout.help"), NULL), SL("⟦")));
    unsetenv("OBI_PSEUDO");
    site_free(s);
    arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_of_a_template_is_in_the_catalogue),
        cmocka_unit_test(every_month_has_a_name),
        cmocka_unit_test(static_files_have_hashed_names),
        cmocka_unit_test(the_best_language_is_chosen),
        cmocka_unit_test(the_pseudo_language_is_an_environment_away),
    };

    return RUN_TAP(tests);
}

#include "test.h"

#include "badge/report.h"
#include "core/file.h"
#include "http/site.h"

#include <dirent.h>
#include <stdio.h>

static struct arena           *arena;
static struct site            *site;
static const struct catalogue *words;

static void
reports_say_in_the_catalogue_what_they_say_in_their_table(void **state)
{
    static const struct {
        const char *key, *sentence;
    } rows[] = {
#define M(id, level, outcome, err, name, key, sentence) { key, sentence },
#include "badge/report.def"
#undef M
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct slice id = arena_printf(arena, "report.%s", rows[i].key);

        if (!slice_eq(catalogue_text(words, arena, id, NULL), slice_str(rows[i].sentence)))
            fail_msg("en.po has another sentence for %s than badge/report.def", id.p);
    }
}

/* What code asks for by a literal id; ids that are put together are covered by the pages themselves. */
static void
look_through(struct slice text, const char *file)
{
    static const struct slice heads[] = { SL("add."),        SL("backpack."),    SL("badge."),
                                          SL("collection."), SL("collections."), SL("settings."),
                                          SL("share."),      SL("signin."),      SL("verdict."),
                                          SL("mail."),       SL("visibility."),  SL("landing."),
                                          SL("help."),       SL("sent."),        SL("confirm."),
                                          SL("dead."),       SL("report.") };

    for (size_t i = 0; i + 1 < text.n; i++) {
        struct slice rest = slice_from(text, i + 1), id = rest;

        if (text.p[i] != '"' || !slice_next(&rest, '"', &id) || slice_has_char(id, '%') ||
            slice_has_char(id, ' ') || slice_has_char(id, '\n') || slice_ends(id, SL(".h")) ||
            slice_ends(id, SL(".")))
            continue;
        for (size_t k = 0; k < COUNT_OF(heads); k++)
            if (slice_starts(id, heads[k]) && !catalogue_has(words, id))
                fail_msg("%s asks for %.*s, which en.po has not", file, SLICE_FMT(id));
    }
}

static void
what_code_asks_for_is_in_the_catalogue(void **state)
{
    static const char *const folders[] = { "src/pages", "src/auth" };
    size_t                   files = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        struct slice   path = arena_printf(arena, "%s/%s", OBI_SOURCE_DIR, folders[i]);
        DIR           *dir = opendir(path.p);
        struct dirent *entry;

        assert_non_null(dir);
        while ((entry = readdir(dir)) != NULL) {
            struct slice text;
            struct err   e;

            if (!slice_ends(slice_str(entry->d_name), SL(".c")))
                continue;
            assert_int_equal(file_read(arena, arena_printf(arena, "%s/%s", path.p, entry->d_name),
                                       1 << 20, &text, &e),
                             ERR_NONE);
            look_through(text, entry->d_name);
            files++;
        }
        closedir(dir);
    }
    assert_true(files > 10);
}

static int
begin(void **state)
{
    struct err e;

    (void)state;
    arena = arena_new();
    if (site_new(&site_embedded, &site, &e) != ERR_NONE) {
        fprintf(stderr, "%s\n", e.detail);
        return -1;
    }
    words = site_catalogue(site, SL("en"));
    return 0;
}

static int
end(void **state)
{
    (void)state;
    site_free(site);
    arena_free(arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_say_in_the_catalogue_what_they_say_in_their_table),
        cmocka_unit_test(what_code_asks_for_is_in_the_catalogue),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

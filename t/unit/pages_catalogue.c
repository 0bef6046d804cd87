#include "test.h"

#include "badge/report.h"
#include "core/file.h"
#include "core/sbuf.h"
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
        const char *key, *sentence, *advice;
    } rows[] = {
#define M(id, level, status, err, name, key, sentence, advice) { key, sentence, advice },
#include "badge/report.def"
#undef M
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct slice id = arena_printf(arena, "report.%s", rows[i].key);
        struct slice advice = arena_printf(arena, "advice.%s", rows[i].key);

        if (!slice_eq(catalogue_text(words, arena, id, NULL), slice_str(rows[i].sentence)))
            fail_msg("en.po has another sentence for %s than badge/report.def", id.p);
        if (rows[i].advice[0] == '\0')
            assert_false(catalogue_has(words, advice));
        else if (!slice_eq(catalogue_text(words, arena, advice, NULL), slice_str(rows[i].advice)))
            fail_msg("en.po has another sentence for %s than badge/report.def", advice.p);
    }
}

static void
must_say(const char *head, const char *id, const char *sentence)
{
    struct slice whole = arena_printf(arena, "%s.%s", head, id);

    if (!slice_eq(catalogue_text(words, arena, whole, NULL), slice_str(sentence)))
        fail_msg("en.po has another sentence for %s than its list", whole.p);
}

static void
primitives_are_named_in_the_catalogue_as_in_their_list(void **state)
{
    (void)state;
#define P(id, key, text) must_say("primitive", key, text);
#include "badge/primitive.def"
#undef P
}

static void
failures_and_causes_say_in_the_catalogue_what_they_say_in_their_lists(void **state)
{
    (void)state;
    for (enum err_code code = ERR_NONE + 1; code < ERR_COUNT; code++)
        must_say("error", err_name(code), err_sentence(code));
    for (enum cause_id id = CAUSE_NONE + 1; id < CAUSE_COUNT; id++)
        must_say("cause", cause_name(id), cause_sentence(id));
}

/* What code asks for by a literal id; ids that are put together are covered by the pages themselves. */
static void
look_through(struct slice text, const char *file)
{
    static const struct slice heads[] = {
        SL("add."),        SL("backpack."), SL("badge."),  SL("collection."), SL("collections."),
        SL("settings."),   SL("share."),    SL("signin."), SL("verdict."),    SL("mail."),
        SL("visibility."), SL("landing."),  SL("help."),   SL("sent."),       SL("confirm."),
        SL("dead."),       SL("report."),   SL("verify."), SL("access."),     SL("address.")
    };

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

/* Calls `seen` with each file of a folder of the sources whose name has one of two endings. */
static size_t
each_file(const char *folder, struct slice ending, struct slice or_ending,
          void (*seen)(struct slice text, const char *file))
{
    struct slice   path = arena_printf(arena, "%s/%s", OBI_SOURCE_DIR, folder);
    DIR           *dir = opendir(path.p);
    struct dirent *entry;
    size_t         files = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        struct slice text;
        struct err   e;

        if (!slice_ends(slice_str(entry->d_name), ending) &&
            !slice_ends(slice_str(entry->d_name), or_ending))
            continue;
        assert_int_equal(file_read(arena, arena_printf(arena, "%s/%s", path.p, entry->d_name),
                                   1 << 20, &text, &e),
                         ERR_NONE);
        seen(text, entry->d_name);
        files++;
    }
    closedir(dir);
    return files;
}

static void
what_code_asks_for_is_in_the_catalogue(void **state)
{
    (void)state;
    assert_true(each_file("src/pages", SL(".c"), SL(".c"), look_through) +
                    each_file("src/auth", SL(".c"), SL(".c"), look_through) >
                10);
}

static struct sbuf sources;

static void
gather(struct slice text, const char *file)
{
    (void)file;
    sbuf_add(&sources, text);
}

/* The id stands somewhere as a whole: `"add.file"` in code, `{{t.add.file}}` in a template. */
static bool
is_asked_for(struct slice id)
{
    struct slice rest = sbuf_slice(&sources);
    size_t       at;

    while (slice_find(rest, id, &at)) {
        char after = rest.p[at + id.n]; /* a quote or a brace follows the last one there is */

        if (after == '"' || after == '}')
            return true;
        rest = slice_from(rest, at + id.n);
    }
    return false;
}

static void
what_is_in_the_catalogue_is_asked_for(void **state)
{
    /* Ids that code puts together, from a table or a number. */
    static const struct slice made[] = { SL("report."),    SL("advice."),      SL("date.month."),
                                         SL("add.state_"), SL("status."),      SL("verdict."),
                                         SL("error."),     SL("verify.role_"), SL("check."),
                                         SL("history."),   SL("cause."),       SL("primitive.") };

    (void)state;
    sbuf_init(&sources, arena);
    each_file("src/pages", SL(".c"), SL(".html"), gather);
    each_file("src/auth", SL(".c"), SL(".c"), gather);
    each_file("src/api", SL(".c"), SL(".c"), gather);
    each_file("src/http", SL(".c"), SL(".c"), gather);
    for (size_t i = 0; i < catalogue_count(words); i++) {
        struct slice id = catalogue_id(words, i);
        bool         known = is_asked_for(id);

        for (size_t k = 0; k < COUNT_OF(made); k++)
            known = known || slice_starts(id, made[k]);
        if (!known)
            fail_msg("en.po has %.*s, which nothing asks for", SLICE_FMT(id));
    }
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
        cmocka_unit_test(failures_and_causes_say_in_the_catalogue_what_they_say_in_their_lists),
        cmocka_unit_test(primitives_are_named_in_the_catalogue_as_in_their_list),
        cmocka_unit_test(what_code_asks_for_is_in_the_catalogue),
        cmocka_unit_test(what_is_in_the_catalogue_is_asked_for),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

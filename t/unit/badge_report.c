/* The list of what a verification can say. */
#include <stdlib.h>

#include "test.h"

#include "badge/report.h"
#include "core/file.h"
#include "core/limits.h"

static const struct {
    enum report_code code;
    const char      *name, *key, *sentence;
} rows[] = {
#define M(id, level, status, err, name, key, sentence, advice) { REPORT_##id, name, key, sentence },
#include "badge/report.def"
#undef M
};

static void
keys_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t j = i + 1; j < COUNT_OF(rows); j++)
            if (strcmp(rows[i].key, rows[j].key) == 0)
                fail_msg("%s stands twice", rows[i].key);
}

static void
sentences_quote_only_what_a_message_has(void **state)
{
    static const char *const names[] = { "{node}",     "{prop}",     "{url}",
                                         "{received}", "{expected}", "{status}" };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (const char *p = rows[i].sentence; (p = strchr(p, '{')) != NULL; p++) {
            bool known = false;

            for (size_t n = 0; n < COUNT_OF(names); n++)
                known = known || strncmp(p, names[n], strlen(names[n])) == 0;
            if (!known)
                fail_msg("%s quotes %s", rows[i].key, p);
        }
}

static void
the_english_catalogue_has_every_sentence(void **state)
{
    struct arena *a = arena_new();
    struct slice  po;
    struct err    e;
    size_t        at;
    const char   *missing = NULL;
    (void)state;

    assert_int_equal(file_read(a, SL(OBI_SOURCE_DIR "/src/pages/catalogue/en.po"), MIB, &po, &e),
                     ERR_NONE);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (!slice_find(po,
                        arena_printf(a, "msgid \"report.%s\"\nmsgstr \"%s\"\n", rows[i].key,
                                     rows[i].sentence),
                        &at))
            missing = rows[i].key;
    arena_free(a);
    if (missing != NULL)
        fail_msg("report.%s is missing, or another sentence", missing);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_differ),
        cmocka_unit_test(sentences_quote_only_what_a_message_has),
        cmocka_unit_test(the_english_catalogue_has_every_sentence),
    };

    return RUN_TAP(tests);
}

/* The list of what a verification can say. */
#include <stdlib.h>

#include "badge_web.h"

#include "core/file.h"

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

/* Endorsements with much wrong in each, named by what JSON writes as six bytes a character. */
static const char *
endorsements(struct arena *a, char unlike)
{
    struct sbuf b;

    sbuf_init(&b, a);
    sbuf_add_str(&b, "\"endorsement\":[");
    for (int i = 0; i < 16; i++) {
        sbuf_printf(&b, "%s{\"type\":\"Endorsement\",\"id\":\"_:%c%d", i == 0 ? "" : ",", unlike,
                    i);
        for (int k = 0; k < 2000; k++)
            sbuf_add_str(&b, "\\u0001");
        sbuf_add_str(&b, "\",\"issuedOn\":1,\"claim\":[1],\"verification\":2,\"issuer\":3,"
                         "\"name\":4,\"image\":[5],\"related\":6}");
    }
    sbuf_add_str(&b, "],\"@context\"");
    return sbuf_slice(&b).p;
}

static void
the_longest_report_can_be_read_again(void **state)
{
    struct web          *w = *state;
    const struct report *r;
    json_object         *json, *again = NULL;
    struct slice         text;
    struct err           e;

    web_edit(w, A, "\"@context\"", endorsements(w->a, 'a'));
    web_edit(w, C, "\"@context\"", endorsements(w->a, 'c'));
    web_edit(w, I, "\"@context\"", endorsements(w->a, 'i'));
    r = web_verify(w, A);
    assert_int_equal(r->status, STATUS_VALID);
    /* More is counted than is said, though fewer messages than there may be. */
    assert_true(r->message_count < r->error_count);
    assert_true(r->message_count < LIMIT_REPORT_MESSAGES);
    json = json_in_arena(w->a, report_json(w->a, r));
    json_object_object_del(json, "graph"); /* which is not kept */
    text = json_print(w->a, json);
    assert_true(text.n > LIMIT_JSON_BYTES);
    assert_int_equal(json_parse_kept(text, &again, &e), ERR_NONE);
    json_in_arena(w->a, again);
    assert_int_equal(json_object_array_length(json_get(json_get(again, "report"), "messages")),
                     r->message_count);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_differ),
        cmocka_unit_test(sentences_quote_only_what_a_message_has),
        cmocka_unit_test(the_english_catalogue_has_every_sentence),
        WEB_TEST(the_longest_report_can_be_read_again),
    };

    return RUN_TAP(tests);
}

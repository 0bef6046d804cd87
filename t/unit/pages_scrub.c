#include "test.h"

#include "../../src/pages/pages_int.h"

static struct arena *arena;

static void
becomes(const char *before, const char *after)
{
    struct slice got = without_addresses(arena, slice_str(before));

    if (!slice_eq(got, slice_str(after)))
        fail_msg("\"%s\" became \"%.*s\", not \"%s\"", before, SLICE_FMT(got), after);
}

static void
no_address_is_left(void **state)
{
    (void)state;
    becomes("ann@example.org", "…");
    becomes("Write to ann@example.org.", "Write to …");
    becomes("ann@example.org, bob@example.net", "…, …");
    becomes("<ann.o'neill+x@mail.example.org>", "<…>");
    becomes("mailto:ann@example.org?subject=x", "mailto:…?subject=x");
    becomes("https://example.org/?for=ann%40example.org", "https://example.org/…");
    becomes("J\xC3\xBCrgen j\xC3\xBCrgen@m\xC3\xBCller.example", "J\xC3\xBCrgen …");
    becomes("root@localhost", "…");
    becomes("a@[192.0.2.1]", "…");
}

static void
what_is_no_address_stays(void **state)
{
    (void)state;
    becomes("", "");
    becomes("@", "@");
    becomes("Meet at @noon", "Meet at @noon");
    becomes("https://medium.example/@ann/post", "https://medium.example/@ann/post");
    becomes("5 apples @ 2 each", "5 apples @ 2 each");
    becomes("ann @ home", "ann @ home");
}

static void
no_text_of_a_document_keeps_one(void **state)
{
    json_object *doc = NULL;
    struct err   e;

    (void)state;
    assert_int_equal(json_parse(SL("{\"a@b.example\":[\"x c@d.example\",{\"k\":\"e@f.example\","
                                   "\"n\":1,\"z\":null,\"t\":true}],\"plain\":\"text\"}"),
                                &doc, &e),
                     ERR_NONE);
    json_without_addresses(arena, doc);
    assert_slice_equal(json_print(arena, json_get(doc, "plain")), SL("\"text\""));
    assert_slice_equal(json_print(arena, json_get(doc, "…")),
                       SL("[\"x …\",{\"k\":\"…\",\"n\":1,\"z\":null,\"t\":true}]"));
    assert_null(json_get(doc, "a@b.example"));
    json_object_put(doc);
}

static int
begin(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_address_is_left),
        cmocka_unit_test(what_is_no_address_stays),
        cmocka_unit_test(no_text_of_a_document_keeps_one),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}

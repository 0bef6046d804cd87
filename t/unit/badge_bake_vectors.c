/* The public extraction and baking vectors, where OBI_VECTORS names a folder that has them (ob12/). */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "badge/bake.h"
#include "core/file.h"
#include "core/limits.h"
#include "json/json.h"

struct vectors {
    struct arena *a;
    struct slice  folder;
    json_object  *manifest;
};

static struct slice
read_named(struct vectors *v, struct slice name)
{
    struct slice text;
    struct err   e;
    struct slice path = arena_printf(v->a, "%.*s/%.*s", SLICE_FMT(v->folder), SLICE_FMT(name));

    if (file_read(v->a, path, 4 * MIB, &text, &e) != ERR_NONE)
        fail_msg("%.*s: %s", SLICE_FMT(path), e.cause);
    return text;
}

static int
setup(void **state)
{
    struct arena   *a = arena_new();
    struct vectors *v = ARENA_NEW(a, struct vectors);

    v->a = a;
    *state = v;
    v->folder = arena_printf(a, "%s/ob12", getenv("OBI_VECTORS"));
    /* It is larger than any document OBI takes. */
    v->manifest = json_in_arena(a, json_tokener_parse(read_named(v, SL("manifest.json")).p));
    assert_non_null(v->manifest);
    return 0;
}

static int
teardown(void **state)
{
    struct vectors *v = *state;

    arena_free(v->a);
    return 0;
}

static json_object *
parsed(struct vectors *v, struct slice text)
{
    json_object *doc = NULL;
    struct err   e;

    if (json_parse(text, &doc, &e) != ERR_NONE)
        return NULL;
    return json_in_arena(v->a, doc);
}

static void
extracted_as_expected(struct vectors *v, json_object *test)
{
    json_object  *want = json_get(test, "expect"), *doc;
    struct slice  id = json_get_text(test, "id"), text;
    struct slice  image = read_named(v, json_get_text(test, "image"));
    struct err    e;
    enum err_code rc = badge_unbake(v->a, image, &text, &e);

    if ((rc == ERR_NONE) != json_get_bool(want, "found"))
        fail_msg("%.*s: %s", SLICE_FMT(id), err_name(rc));
    if (rc != ERR_NONE) {
        assert_true(json_get_bool(want, "error") || rc == ERR_IMAGE_UNBAKED);
        return;
    }
    doc = json_get(want, "json") != NULL ? json_get(want, "json") : json_get(want, "cdata_json");
    if (doc != NULL)
        assert_true(json_object_equal(doc, parsed(v, text)));
    else
        assert_slice_equal(text, json_get(want, "text") != NULL ? json_get_text(want, "text")
                                                                : json_get_text(want, "verify"));
}

static void
every_picture_gives_what_the_vectors_say(void **state)
{
    struct vectors *v = *state;
    json_object    *tests = json_get(v->manifest, "extract");

    assert_true(json_object_array_length(tests) > 0);
    for (size_t i = 0; i < json_object_array_length(tests); i++)
        extracted_as_expected(v, json_object_array_get_idx(tests, i));
}

static size_t
count_of(struct slice in, struct slice what)
{
    size_t count = 0, at;

    for (; slice_find(in, what, &at); count++)
        in = slice_from(in, at + what.n);
    return count;
}

static struct slice
data_of(struct vectors *v, json_object *test)
{
    if (json_get(test, "data_json") != NULL)
        return json_print(v->a, json_get(test, "data_json"));
    if (json_get_text(test, "data_file").p != NULL)
        return slice_trim(read_named(v, json_get_text(test, "data_file")));
    return json_get_text(test, "data_text");
}

static void
baked_as_expected(struct vectors *v, json_object *test)
{
    json_object  *want = json_get(test, "expect"), *svg = json_get(want, "svg");
    struct slice  data = data_of(v, test), image = json_get_text(test, "image_text"), baked, out;
    struct slice  verify = json_get_text(svg, "verify");
    struct err    e;
    enum err_code rc;

    if (image.p == NULL)
        image = read_named(v, json_get_text(test, "image"));
    rc = badge_bake(v->a, image, data, SLICE_NONE, &baked, &e);
    if ((rc != ERR_NONE) != json_get_bool(want, "error"))
        fail_msg("%.*s: %s %s", SLICE_FMT(json_get_text(test, "id")), err_name(rc), e.cause);
    if (rc != ERR_NONE)
        return;
    assert_int_equal(badge_unbake(v->a, baked, &out, &e), ERR_NONE);
    assert_slice_equal(out, data);
    if (svg == NULL) {
        assert_int_equal(count_of(baked, SL("iTXtopenbadges\0\0\0\0\0")), 1);
        return;
    }
    assert_int_equal(count_of(baked, SL("<openbadges:assertion ")), 1);
    assert_int_equal(count_of(baked, SL("xmlns:openbadges=\"http://openbadges.org\"")), 1);
    if (slice_eq(verify, SL("data")))
        verify = data;
    assert_int_equal(count_of(baked, arena_printf(v->a, "verify=\"%.*s\"", SLICE_FMT(verify))), 1);
}

static void
every_badge_is_baked_as_the_vectors_say(void **state)
{
    struct vectors *v = *state;
    json_object    *tests = json_get(v->manifest, "bake");

    assert_true(json_object_array_length(tests) > 0);
    for (size_t i = 0; i < json_object_array_length(tests); i++)
        baked_as_expected(v, json_object_array_get_idx(tests, i));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_picture_gives_what_the_vectors_say, setup, teardown),
        cmocka_unit_test_setup_teardown(every_badge_is_baked_as_the_vectors_say, setup, teardown),
    };

    if (getenv("OBI_VECTORS") == NULL) {
        puts("1..0 # SKIP OBI_VECTORS names no folder with the public test vectors");
        return 0;
    }
    return RUN_TAP(tests);
}

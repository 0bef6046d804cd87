/* multipart/form-data: what browsers send, and what is cut, nested, endless or nameless. */
#include "test.h"

#include "core/sbuf.h"
#include "http/form.h"

static const char type[] = "multipart/form-data; boundary=B";
#define PART(disposition, rest) "--B\r\nContent-Disposition: form-data; " disposition "\r\n" rest "\r\n"

static enum err_code
parse(struct arena *a, struct slice body, struct multipart *ret)
{
    struct err e;

    return form_multipart(a, slice_str(type), body, ret, &e);
}

static void
fields_and_files_are_told_apart(void **state)
{
    struct arena    *a = arena_new();
    struct multipart m;
    (void)state;

    assert_int_equal(parse(a,
                           SL("preamble\r\n" PART("name=\"a\"", "\r\nx y") PART(
                               "name=\"f\"; filename=\"p.png\"",
                               "Content-Type: image/png\r\n\r\n\0\r\n--C\r\n") "--B--\r\nepilogue"),
                           &m),
                     ERR_NONE);
    assert_int_equal(m.fields.count, 1);
    assert_slice_equal(m.fields.items[0].value, SL("x y"));
    assert_int_equal(m.upload_count, 1);
    assert_slice_equal(m.uploads[0].field, SL("f"));
    assert_slice_equal(m.uploads[0].file_name, SL("p.png"));
    assert_slice_equal(m.uploads[0].content_type, SL("image/png"));
    assert_slice_equal(m.uploads[0].bytes, SL("\0\r\n--C\r\n"));
    arena_free(a);
}

static void
several_files_of_one_field_stay_in_order(void **state)
{
    struct arena    *a = arena_new();
    struct multipart m;
    (void)state;

    assert_int_equal(parse(a,
                           SL(PART("name=\"f\"; filename=\"1\"", "\r\none") PART(
                               "name=\"f\"; filename=\"2\"", "\r\n") PART("name=\"f\"; filename=\"\"", "\r\n") "--B--"),
                           &m),
                     ERR_NONE);
    assert_int_equal(m.upload_count, 2); /* the nameless empty one is a field left empty */
    assert_slice_equal(m.uploads[1].file_name, SL("2"));
    assert_int_equal(m.uploads[1].bytes.n, 0);
    arena_free(a);
}

static void
what_is_not_whole_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "--B",
        "--B\r\n",
        "--B--no",
        "nothing",
        "--Bx\r\n",
        "--B\r\n\r\nno name\r\n--B--",
        "--B\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--B--",
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx",
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B",
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n--B--",
        "--B\nContent-Disposition: form-data; name=\"a\"\n\nx\n--B--",
        "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--B--",
        "--B\r\nContent-Disposition: form-data; name=\"\xFF\"\r\n\r\nx\r\n--B--",
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xFF\r\n--B--",
        "--B\r\nno colon\r\n\r\nx\r\n--B--",
    };
    struct arena    *a = arena_new();
    struct multipart m;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum err_code rc = parse(a, slice_str(cases[i]), &m);

        if (strcmp(cases[i], "--B--no") == 0)
            assert_int_equal(rc, ERR_NONE); /* what stands behind the end is an epilogue */
        else if (rc != ERR_BAD_REQUEST)
            fail_msg("took case %zu: %s", i, cases[i]);
    }
    arena_free(a);
}

static void
a_boundary_must_be_one(void **state)
{
    static const char *const types[] = { "multipart/form-data", "multipart/form-data; boundary=",
                                         "multipart/form-data; boundary=\"\"", "text/plain; boundary=B",
                                         "multipart/form-data; boundary=\"a\nb\"",
                                         "multipart/form-data; boundary="
                                         "01234567890123456789012345678901234567890123456789012345678901234567890" };
    struct arena            *a = arena_new();
    struct multipart         m;
    struct err               e;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(types); i++)
        assert_int_equal(form_multipart(a, slice_str(types[i]), SL("--B--"), &m, &e), ERR_BAD_REQUEST);
    assert_int_equal(form_multipart(a, SL("multipart/form-data; boundary=\"B\""), SL("--B--"), &m, &e), ERR_NONE);
    arena_free(a);
}

static enum err_code
parse_many(struct arena *a, const char *part, size_t count, struct err *e)
{
    struct sbuf      body;
    struct multipart m;

    sbuf_init(&body, a);
    for (size_t i = 0; i < count; i++)
        sbuf_add_str(&body, part);
    sbuf_add_str(&body, "--B--");
    return form_multipart(a, slice_str(type), sbuf_slice(&body), &m, e);
}

static void
more_parts_than_the_limit_are_too_large(void **state)
{
    static const char field[] = PART("name=\"a\"", "\r\nx");
    static const char file[] = PART("name=\"a\"; filename=\"f\"", "\r\nx");
    struct arena     *a = arena_new();
    struct err        e;
    (void)state;

    assert_int_equal(parse_many(a, field, LIMIT_FORM_FIELDS, &e), ERR_NONE);
    assert_int_equal(parse_many(a, field, LIMIT_FORM_FIELDS + 1, &e), ERR_TOO_LARGE);
    assert_string_equal(e.cause, "at most 256 fields");
    assert_int_equal(parse_many(a, file, 50, &e), ERR_NONE);
    assert_int_equal(parse_many(a, file, 51, &e), ERR_TOO_LARGE);
    assert_string_equal(e.cause, "at most 50 files");
    assert_int_equal(parse_many(a, PART("name=\"a\"; filename=\"\"", "\r\n"), 1000, &e), ERR_TOO_LARGE);
    arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_files_are_told_apart),
        cmocka_unit_test(several_files_of_one_field_stay_in_order),
        cmocka_unit_test(what_is_not_whole_is_refused),
        cmocka_unit_test(a_boundary_must_be_one),
        cmocka_unit_test(more_parts_than_the_limit_are_too_large),
    };

    return RUN_TAP(tests);
}

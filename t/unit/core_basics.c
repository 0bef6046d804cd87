/* The small things everything stands on: slices, arenas, texts of bytes, dates, addresses. */
#include "test.h"

#include "core/clock.h"
#include "core/cursor.h"
#include "core/digest.h"
#include "core/err.h"
#include "core/rand.h"
#include "core/sbuf.h"
#include "core/uri.h"

static void
pieces_end_with_the_last_even_when_it_is_empty(void **state)
{
    struct slice rest = SL("a,,b,"), piece;
    const char  *want[] = { "a", "", "b", "" };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_true(slice_next(&rest, ',', &piece));
        assert_slice_equal(piece, slice_str(want[i]));
    }
    assert_false(slice_next(&rest, ',', &piece));
}

static void
numbers_are_digits_only_and_bounded(void **state)
{
    unsigned long long n = 7;
    (void)state;

    assert_true(slice_u64(SL("0042"), 42, &n));
    assert_int_equal(n, 42);
    assert_false(slice_u64(SL("43"), 42, &n));
    assert_false(slice_u64(SL(""), 42, &n));
    assert_false(slice_u64(SL("1abc"), 42, &n));
    assert_false(slice_u64(SL("-1"), 42, &n));
    assert_false(slice_u64(SL("99999999999999999999"), ~0ULL, &n));
}

static void
utf8_refuses_overlong_surrogate_and_cut_sequences(void **state)
{
    (void)state;
    assert_true(slice_is_utf8(SL("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8F\x85")));
    assert_int_equal(slice_chars(SL("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8F\x85")), 4);
    assert_false(slice_is_utf8(SL("\xC0\xAF")));
    assert_false(slice_is_utf8(SL("\xED\xA0\x80")));
    assert_false(slice_is_utf8(SL("\xE2\x82")));
    assert_false(slice_is_utf8(SL("\xF4\x90\x80\x80")));
    assert_false(slice_is_utf8(SL("\xFF")));
    /* Eight at a time where it is ASCII: a fault stands at each of the places. */
    for (size_t at = 0; at < 24; at++) {
        char text[] = "abcdefghijklmnopqrstuvwx";

        text[at] = (char)0x80;
        assert_false(slice_is_utf8(slice_str(text)));
        text[at] = (char)0xC3;
        assert_false(slice_is_utf8(slice_str(text)));
        text[at + 1] = at < 23 ? (char)0xA4 : text[at + 1];
        assert_int_equal(slice_is_utf8(slice_str(text)), at < 23);
    }
}

static void
a_cut_leaves_no_half_character(void **state)
{
    struct slice text = SL("a\xC3\xA4\xF0\x9F\x8F\x85z");
    const size_t whole[] = { 0, 1, 1, 3, 3, 3, 3, 7, 8, 8 };
    (void)state;

    for (size_t n = 0; n < COUNT_OF(whole); n++)
        assert_int_equal(slice_cut(text, n).n, whole[n]);
    assert_int_equal(slice_cut(SLICE_NONE, 3).n, 0);
}

static void
count_up(void *p)
{
    int **counter = p;

    **counter = **counter * 10 + 1;
}

static void
double_up(void *p)
{
    int **counter = p;

    **counter = **counter * 10 + 2;
}

static void
an_arena_runs_what_was_deferred_last_in_first_out(void **state)
{
    struct arena *a = arena_new();
    int           order = 0;
    int          *counter = &order;
    (void)state;

    arena_defer(a, count_up, &counter);
    arena_defer(a, double_up, &counter);
    memset(arena_alloc(a, 100000), 'x', 100000);
    arena_empty(a);
    assert_int_equal(order, 21);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(((char *)arena_alloc(a, 100))[i], 0);
    arena_free(a);
    assert_int_equal(order, 21);
}

static void
a_cursor_remembers_its_first_overrun(void **state)
{
    struct cursor c = cur_of(SL("\0\0\1\2key\0rest"));
    (void)state;

    assert_int_equal(cur_be32(&c), 0x102);
    assert_slice_equal(cur_until(&c, '\0'), SL("key"));
    assert_false(c.bad);
    assert_int_equal(cur_take(&c, 5).n, 0);
    assert_true(c.bad);
    assert_int_equal(cur_u8(&c), 0);
}

/* A text is written at once where it fits, and anew where it does not. */
static void
what_is_formatted_is_whole_at_any_length(void **state)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    char                             text[600];
    (void)state;

    memset(text, 'x', sizeof text);
    for (int n = 0; n < (int)sizeof text; n++) {
        const struct slice whole = { text, (size_t)n };
        struct sbuf        empty, begun;

        assert_slice_equal(arena_printf(a, "%.*s", n, text), whole);
        sbuf_init(&empty, a);
        sbuf_printf(&empty, "%.*s", n, text);
        assert_slice_equal(sbuf_slice(&empty), whole);
        assert_int_equal(empty.p[n], '\0');
        sbuf_init(&begun, a);
        sbuf_add_str(&begun, "before");
        sbuf_printf(&begun, "%.*s", n, text);
        assert_slice_equal(slice_from(sbuf_slice(&begun), 6), whole);
        assert_slice_equal(slice_first(sbuf_slice(&begun), 6), SL("before"));
    }
}

static void
bytes_and_their_texts_agree(void **state)
{
    struct arena *a = arena_new();
    struct slice  bytes;
    (void)state;

    assert_slice_equal(base64url_encode(a, SL("\xFB\xFF")), SL("-_8"));
    assert_true(base64url_decode(a, SL("-_8"), &bytes));
    assert_slice_equal(bytes, SL("\xFB\xFF"));
    assert_false(base64url_decode(a, SL("-_9"), &bytes)); /* a bit that belongs to no byte */
    assert_false(base64url_decode(a, SL("-_8="), &bytes));
    assert_false(base64url_decode(a, SL("A"), &bytes));
    assert_true(base64_decode(a, SL("Zm9vYg=="), &bytes));
    assert_slice_equal(bytes, SL("foob"));
    assert_slice_equal(base64_encode(a, SL("foob")), SL("Zm9vYg=="));
    assert_false(base64_decode(a, SL("Zm9vYg"), &bytes));
    assert_true(hex_decode(a, SL("0aFf"), &bytes));
    assert_slice_equal(hex_encode(a, bytes), SL("0aff"));
    assert_false(hex_decode(a, SL("0a0"), &bytes));
    assert_slice_equal(digest_hex(a, "sha256", SL("foo@example.orglol")),
                       SL("764c2d5c44777ed2de8baf90bf422f859aed6e917071f8579fc9ae287aebf489"));
    arena_free(a);
}

static void
dates_agree_with_the_calendar(void **state)
{
    int64_t  year;
    unsigned month, day;
    (void)state;

    assert_int_equal(clock_days(1970, 1, 1), 0);
    assert_int_equal(clock_days(2000, 2, 29), 11016);
    assert_int_equal(clock_days(1969, 12, 31), -1);
    for (int64_t d = -200000; d < 200000; d += 37) {
        clock_date(d, &year, &month, &day);
        assert_int_equal(clock_days(year, month, day), d);
    }
}

static void
addresses_are_split_by_the_grammar(void **state)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct uri                       u;
    (void)state;

    assert_slice_equal(uri_escape(a, SL("/a-b?c=\xC3\xA9&d")), SL("/a-b%3Fc%3D%C3%A9%26d"));
    assert_true(uri_parse(SL("https://u@Example.org:8443/a/b?c=d#e"), &u));
    assert_slice_equal(u.scheme, SL("https"));
    assert_slice_equal(u.authority, SL("u@Example.org:8443"));
    assert_slice_equal(u.userinfo, SL("u"));
    assert_slice_equal(u.host, SL("Example.org"));
    assert_slice_equal(u.port, SL("8443"));
    assert_slice_equal(u.path, SL("/a/b"));
    assert_slice_equal(u.query, SL("c=d"));
    assert_slice_equal(u.fragment, SL("e"));
    assert_true(uri_parse(SL("http://[::1]:80/"), &u));
    assert_slice_equal(u.host, SL("[::1]"));
    assert_true(uri_parse(SL("urn:uuid:1"), &u));
    assert_false(uri_parse(SL("http://a b/"), &u));
    assert_false(uri_parse(SL("http://a/%4"), &u));
    assert_false(uri_parse(SL("http://\xC3\xA4/"), &u));
    assert_false(uri_parse(SL("/path"), &u));
    assert_false(uri_parse(SL("http://a:8x/"), &u));
    assert_true(uri_is_web(SL("HTTP://a")));
    assert_false(uri_is_web(SL("http://u:p@a/")));
    assert_false(uri_is_web(SL("http:///a")));
    assert_false(uri_is_web(SL("javascript:alert(1)")));
}

static void
an_origin_is_what_browsers_write(void **state)
{
    static const char *const pairs[][2] = {
        { "HTTPS://Example.org", "https://example.org" },
        { "https://example.org:443/a?b", "https://example.org" },
        { "http://example.org:443/", "http://example.org:443" },
        { "http://[::1]:80/#f", "http://[::1]" },
    };
    struct arena *a = arena_new();
    (void)state;

    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        assert_slice_equal(uri_origin(a, slice_str(pairs[i][0])), slice_str(pairs[i][1]));
    assert_null(uri_origin(a, SL("null")).p);
    assert_null(uri_origin(a, SL("http://u@example.org/")).p);
    assert_null(uri_origin(a, SL("/path")).p);
    arena_free(a);
    assert_false(uri_is_web(SL("ftp://a/")));
}

static void
a_failure_is_cut_at_a_character(void **state)
{
    struct err   e;
    char         long_text[301];
    struct slice text = { long_text, 300 };
    (void)state;

    for (size_t i = 0; i < 300; i += 2)
        memcpy(long_text + i, "\xC3\xA4", 2);
    assert_int_equal(FAIL(&e, NOT_FOUND, "row %d", 7), ERR_NOT_FOUND);
    assert_string_equal(e.detail, "row 7");
    err_set_received(&e, text);
    assert_int_equal(strlen(e.received), 254);
    assert_true(slice_is_utf8(slice_str(e.received)));
    assert_int_equal(err_status(e.code), 404);
}

static void
a_cause_is_said_with_what_it_quotes(void **state)
{
    struct arena *a = arena_new();
    struct cause  cause;
    struct err    e;
    (void)state;

    FAIL(&e, PNG_MALFORMED, "cut");
    err_set_cause(&e, CAUSE(PNG_CUT, SL("IDAT")));
    assert_string_equal(e.cause, "the file ends inside its IDAT chunk");
    cause = err_cause(a, &e);
    assert_int_equal(cause.id, CAUSE_PNG_CUT);
    assert_slice_equal(cause_text(a, &cause), slice_str(e.cause));
    cause.err = e.code;
    assert_slice_equal(
        cause_text(a, &cause),
        SL("That PNG file is damaged. The reason: the file ends inside its IDAT chunk."));
    err_set_cause_text(&e, SL("something else"));
    cause = err_cause(a, &e);
    assert_int_equal(cause.id, CAUSE_NONE);
    assert_slice_equal(cause_text(a, &cause), SL("something else"));
    FAIL(&e, PNG_MALFORMED, "again"); /* forgets the one before */
    cause = err_cause(a, &e);
    assert_int_equal(cause_text(a, &cause).n, 0);
    arena_free(a);
}

static void
ids_are_below_2_to_the_53_and_differ(void **state)
{
    uint64_t last = 0;
    (void)state;

    for (int i = 0; i < 10; i++) {
        uint64_t id = rand_id();

        assert_true(id < (1ULL << 53));
        assert_true(id != last);
        last = id;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_end_with_the_last_even_when_it_is_empty),
        cmocka_unit_test(numbers_are_digits_only_and_bounded),
        cmocka_unit_test(utf8_refuses_overlong_surrogate_and_cut_sequences),
        cmocka_unit_test(a_cut_leaves_no_half_character),
        cmocka_unit_test(an_arena_runs_what_was_deferred_last_in_first_out),
        cmocka_unit_test(a_cursor_remembers_its_first_overrun),
        cmocka_unit_test(what_is_formatted_is_whole_at_any_length),
        cmocka_unit_test(bytes_and_their_texts_agree),
        cmocka_unit_test(dates_agree_with_the_calendar),
        cmocka_unit_test(addresses_are_split_by_the_grammar),
        cmocka_unit_test(an_origin_is_what_browsers_write),
        cmocka_unit_test(a_failure_is_cut_at_a_character),
        cmocka_unit_test(a_cause_is_said_with_what_it_quotes),
        cmocka_unit_test(ids_are_below_2_to_the_53_and_differ),
    };

    return RUN_TAP(tests);
}

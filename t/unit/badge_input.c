/* What may be handed in, and how it leads to the assertion: rules R01 to R06. */
#include "badge_web.h"

#define OTHER_PIC "https://issuer.example/baked.svg"
/* A picture with that text in it, as bakers of SVG write addresses. */
#define BAKED(text)                                                                                \
    "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:openbadges=\"http://openbadges.org\">"        \
    "<openbadges:assertion verify=\"" text "\"/></svg>"

static void
json_names_its_address_in_one_of_four_ways(void **state)
{
    static const char *const good[] = { "{\"id\":\"" A "\"}", "[{\"@id\":\"" A "\"}]",
                                        "{\"verify\":{\"url\":\"" A "\"}}",
                                        "{\"id\":\"urn:x:1\",\"verification\":{\"url\":\"" A
                                        "\"}}" };
    struct web              *w = *state;

    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_valid(w, web_verify(w, good[i]));
    assert_refused(w, web_verify(w, "{\"verifier\":{\"url\":\"" A "\"}}"), "input-no-url");
    assert_refused(w, web_verify(w, "{\"verify\":{\"url\":\"a.json\"}}"), "input-no-url");
}

static void
what_is_handed_in_has_a_limit(void **state)
{
    struct web          *w = *state;
    const char          *json = "{\"id\":\"" A "\"}";
    const struct report *r;

    r = web_verify(
        w, arena_printf(w->a, "%s%*s", json, (int)(LIMIT_IMAGE_BYTES - strlen(json)), "").p);
    assert_valid(w, r);
    r = web_verify(
        w, arena_printf(w->a, "%s%*s", json, (int)(LIMIT_IMAGE_BYTES - strlen(json) + 1), "").p);
    assert_refused(w, r, "input-too-large");
    assert_int_equal(w->gets, 4); /* of the first alone */
}

static void
a_picture_leads_to_the_badge_in_it_from_a_file_and_from_an_address(void **state)
{
    struct web *w = *state;

    web_put(w, OTHER_PIC, BAKED(A));
    assert_valid(w, web_verify(w, BAKED(A)));
    assert_valid(w, web_verify(w, OTHER_PIC));
}

static void
a_picture_without_a_badge_leads_nowhere(void **state)
{
    struct web          *w = *state;
    const struct report *r;

    assert_refused(w, web_verify(w, SVG), "image-unbaked");
    assert_refused(w, web_verify(w, PIC), "image-url-unbaked");
    assert_refused(w, web_verify(w, BAKED("hello")), "input-unknown");
    web_put(w, OTHER_PIC, BAKED("hello"));
    r = web_verify(w, OTHER_PIC);
    assert_refused(w, r, "input-unknown");
    assert_int_equal(r->message_count, 1);
}

/* It would go on for ever. */
static void
the_address_of_a_picture_inside_a_picture_is_not_followed(void **state)
{
    struct web *w = *state;

    web_put(w, OTHER_PIC, BAKED(OTHER_PIC));
    assert_refused(w, web_verify(w, OTHER_PIC), "image-in-image");
    web_put(w, OTHER_PIC, BAKED(A));
    assert_refused(w, web_verify(w, BAKED(OTHER_PIC)), "image-in-image");
}

/* What is signed is only looked into; the signature counts when it is verified. */
static void
an_address_or_a_signed_badge_can_be_pushed(void **state)
{
    static const char *const bad[] = { "",
                                       "a.json",
                                       "ftp://issuer.example/a",
                                       "{\"id\":\"" A "\"}",
                                       "http://x.y/</script><script>alert(1)</script>",
                                       "a.b.c",
                                       "e30.e30.c2ln",
                                       "e30.W10.c2ln",
                                       "e30.eyJyZWNpcGllbnQiOjF9" };
    struct web              *w = *state;
    const char              *jws = "e30.eyJyZWNpcGllbnQiOjF9.c2ln"; /* {"recipient":1} */

    assert_slice_equal(badge_pushed(w->a, SL(" " A "\n")), SL(A));
    assert_slice_equal(badge_pushed(w->a, slice_str(jws)), slice_str(jws));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(badge_pushed(w->a, slice_str(bad[i])).n, 0);
}

/* Several badges that are looked at in one request share what they share. */
static void
a_memo_asks_for_each_address_once(void **state)
{
    struct web           *w = *state;
    struct fetcher        from = { web_get, w };
    const struct fetcher *memo = fetcher_memo(w->a, &from);
    struct verify_options options = { .fetch = memo };
    struct fetched        got;
    struct err            e;
    int                   gets;

    assert_true(badge_verify(w->a, SL(A), &options)->valid);
    gets = (int)w->gets;
    assert_true(gets > 0);
    assert_true(badge_verify(w->a, SL(A), &options)->valid);
    assert_int_equal(w->gets, gets);
    for (int i = 1; i <= 2; i++) {
        assert_int_not_equal(
            memo->get(memo->self, w->a, SL("https://issuer.example/no"), 9, &got, &e), ERR_NONE);
        assert_int_equal(w->gets, gets + i);
    }
}

/* What it keeps outlives whoever asked, and has a bound: a worker holds it all. */
static void
a_memo_keeps_so_much(void **state)
{
    struct web           *w = *state;
    struct fetcher        from = { web_get, w };
    const struct fetcher *memo = fetcher_memo(w->a, &from);
    const size_t          large = 9 * MIB;
    const char           *urls[] = { A, "https://issuer.example/1", "https://issuer.example/2" };
    const size_t          asked_again[] = { 0, 0, 1 }; /* there is room for one large one */
    struct fetched        got;
    struct err            e;
    size_t                gets;

    for (size_t i = 1; i < COUNT_OF(urls); i++)
        web_page(w, urls[i])->body = (struct slice){ arena_alloc(w->a, large), large };
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < COUNT_OF(urls); i++) {
            SCOPED(arena_drop) struct arena *own = arena_new();
            struct slice                     url = arena_copy(own, slice_str(urls[i]));

            gets = w->gets;
            assert_int_equal(memo->get(memo->self, own, url, 2 * large, &got, &e), ERR_NONE);
            assert_slice_equal(got.url, slice_str(urls[i]));
            assert_slice_equal(got.body, web_page(w, urls[i])->body);
            assert_int_equal(w->gets - gets, again ? asked_again[i] : 1);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WEB_TEST(json_names_its_address_in_one_of_four_ways),
        WEB_TEST(a_memo_asks_for_each_address_once),
        WEB_TEST(a_memo_keeps_so_much),
        WEB_TEST(an_address_or_a_signed_badge_can_be_pushed),
        WEB_TEST(what_is_handed_in_has_a_limit),
        WEB_TEST(a_picture_leads_to_the_badge_in_it_from_a_file_and_from_an_address),
        WEB_TEST(a_picture_without_a_badge_leads_nowhere),
        WEB_TEST(the_address_of_a_picture_inside_a_picture_is_not_followed),
    };

    return RUN_TAP(tests);
}

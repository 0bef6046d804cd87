/* Cookies of ours: the visitor's, whose form comes back with its token; the flash; those somebody else set. */
#include "http_worker.h"

static enum err_code
show_form(struct req *r, struct resp *out, struct err *e)
{
    (void)r, (void)e;
    return reply_page(out, 200, "form", json_object_new_object());
}

static enum err_code
show_plain(struct req *r, struct resp *out, struct err *e)
{
    (void)r, (void)e;
    return reply_page(out, 200, "plain", json_object_new_object());
}

static enum err_code
save(struct req *r, struct resp *out, struct err *e)
{
    (void)e;
    resp_flash(r, out, "done");
    return reply_redirect(out, SL("/form"));
}

static enum err_code
sign_in(struct req *r, struct resp *out, struct err *e)
{
    (void)e;
    resp_session(r, out, SL("TOKEN"));
    return reply_redirect(out, SL("/"));
}

static const struct route rows[] = {
    { HTTP_GET, "/form", show_form, .pool = APP, .who = ANYONE, .csrf = SAFE, .reply = HTML },
    { HTTP_GET, "/plain", show_plain, .pool = APP, .who = ANYONE, .csrf = SAFE, .reply = HTML },
    { HTTP_POST, "/save", save, .pool = APP, .who = ANYONE, .csrf = TOKEN, .reply = HTML, .body = FORM,
      .body_max = 1000 },
    { HTTP_POST, "/old", save, .pool = APP, .who = ANYONE, .csrf = ORIGIN, .reply = HTML, .body = FORM,
      .body_max = 1000 },
    { HTTP_GET, "/in", sign_in, .pool = APP, .who = ANYONE, .csrf = SAFE, .reply = HTML },
    { HTTP_GET, "/mine", show_plain, .pool = APP, .who = USER, .csrf = SAFE, .reply = HTML },
    { HTTP_POST, "/mine", show_plain, .pool = APP, .who = USER, .csrf = TOKEN, .reply = HTML, .body = FORM,
      .body_max = 1000 },
    { HTTP_GET, "/public", show_form, .pool = APP, .who = ANYONE, .csrf = SAFE, .reply = HTML, .cached = true },
};

static struct slice
between(struct slice text, const char *before, char after)
{
    size_t       at;
    struct slice found = SLICE_NONE;

    if (slice_find(text, slice_str(before), &at)) {
        text = slice_from(text, at + strlen(before));
        slice_next(&text, after, &found);
    }
    return found;
}

static struct slice
post(struct worker *w, const char *cookie, const char *token, const char *more)
{
    struct arena *a = w->life;
    char         *headers = arena_str(
        a, arena_printf(a, "CONTENT_TYPE=application/x-www-form-urlencoded\nHTTP_COOKIE=%s\n%s", cookie, more));

    return ask(w, "POST", "/save", headers, arena_printf(a, "_csrf=%s", token));
}

static void
a_form_works_for_the_visitor_who_got_it(void **state)
{
    struct worker *w = *state;
    struct slice   page = get(w, "/form");
    char          *cookie = arena_str(w->life, between(page, "Set-Cookie: ", ';'));
    char          *token = arena_str(w->life, between(page, "value=\"", '"'));
    struct slice   answer;

    assert_true(slice_starts(slice_str(cookie), SL("obi_8080_visitor=")));
    assert_has(page, "; Path=/; HttpOnly; SameSite=Lax\r\n");
    answer = post(w, cookie, token, "");
    assert_has(answer, "Status: 303 ");
    assert_has(answer, "Set-Cookie: obi_8080_flash=done; Max-Age=60;");
    /* A second page of the same visitor has the same token and sets nothing. */
    page = ask(w, "GET", "/form", arena_str(w->life, arena_printf(w->life, "HTTP_COOKIE=%s\n", cookie)), SL(""));
    assert_has(page, token);
    assert_lacks(page, "Set-Cookie");
    assert_has(post(w, "obi_8080_visitor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", token, ""), "Status: 403 ");
    assert_has(post(w, "", token, ""), "Status: 403 ");
    assert_has(post(w, cookie, "wrong", ""), "Status: 403 ");
}

static void
a_form_sent_from_another_site_is_refused_even_with_its_token(void **state)
{
    struct worker *w = *state;
    struct slice   page = get(w, "/form");
    char          *cookie = arena_str(w->life, between(page, "Set-Cookie: ", ';'));
    char          *token = arena_str(w->life, between(page, "value=\"", '"'));

    assert_has(post(w, cookie, token, "HTTP_SEC_FETCH_SITE=cross-site\n"), "Status: 403 ");
    assert_has(post(w, cookie, token, "HTTP_SEC_FETCH_SITE=same-site\n"), "Status: 403 ");
    assert_has(post(w, cookie, token, "HTTP_SEC_FETCH_SITE=same-origin\n"), "Status: 303 ");
}

/* As clients of the original did it: without any token, but never from another site. */
static void
a_route_for_old_clients_asks_the_browser_where_it_is(void **state)
{
    static const struct {
        const char *header, *status;
    } all[] = {
        { "", "303" },
        { "HTTP_ORIGIN=http://localhost:8080\n", "303" },
        { "HTTP_ORIGIN=http://localhost:8080\nHTTP_SEC_FETCH_SITE=same-origin\n", "303" },
        { "HTTP_ORIGIN=http://evil.example\n", "403" },
        { "HTTP_ORIGIN=http://localhost:8081\n", "403" },
        { "HTTP_ORIGIN=null\n", "403" },
        { "HTTP_ORIGIN=\n", "403" },
        { "HTTP_SEC_FETCH_SITE=cross-site\n", "403" },
        { "HTTP_ORIGIN=http://localhost:8080\nHTTP_SEC_FETCH_SITE=same-site\n", "403" },
    };
    struct worker *w = *state;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        assert_has(ask(w, "POST", "/old",
                       arena_str(w->life,
                                 arena_printf(w->life,
                                              "CONTENT_TYPE=application/x-www-form-urlencoded\n%s",
                                              all[i].header)),
                       SL("a=b")),
                   arena_printf(w->life, "Status: %s ", all[i].status).p);
}

static void
a_page_without_a_form_leaves_no_cookie(void **state)
{
    assert_lacks(get(*state, "/plain"), "Set-Cookie");
    assert_lacks(get(*state, "/public"), "Set-Cookie");
    assert_has(get(*state, "/public"), "value=\"\"");
}

static void
a_flash_is_shown_once_and_is_one_of_our_sentences(void **state)
{
    struct worker *w = *state;
    struct slice   page = ask(w, "GET", "/form", "HTTP_COOKIE=obi_8080_flash=done\n", SL(""));

    assert_has(page, "<p>It is done.</p>");
    assert_has(page, "Set-Cookie: obi_8080_flash=; Max-Age=0;");
    assert_lacks(ask(w, "GET", "/form", "HTTP_COOKIE=obi_8080_flash=Hacked\n", SL("")), "Hacked");
    assert_lacks(ask(w, "GET", "/public", "HTTP_COOKIE=obi_8080_flash=done\n", SL("")), "It is done");
}

static void
a_cookie_that_came_twice_is_nobodys(void **state)
{
    static const char token_a[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct worker    *w = *state;
    struct slice      page;
    char              headers[300];

    snprintf(headers, sizeof headers, "HTTP_COOKIE=obi_8080_visitor=%s; obi_8080_visitor=B%s\n", token_a, token_a + 1);
    page = ask(w, "GET", "/form", headers, SL(""));
    assert_has(page, "Set-Cookie: obi_8080_visitor="); /* a new one */
    assert_lacks(ask(w, "GET", "/form", "HTTP_COOKIE=obi_80_flash=done; flash=done\n", SL("")), "It is done");
}

static void
a_page_for_users_invites_to_sign_in(void **state)
{
    struct worker *w = *state;
    struct slice   answer = get(w, "/mine");

    assert_has(answer, "Status: 303 ");
    assert_has(answer, "Location: /signin?next=/mine\r\n");
    assert_has(ask(w, "GET", "/mine", "HTTP_ACCEPT=application/json\n", SL("")), "Status: 401 ");
    assert_has(ask(w, "POST", "/mine", "HTTP_ACCEPT=text/html\n", SL("")), "Status: 401 ");
}

static void
a_session_that_cannot_be_looked_up_is_not_ended(void **state)
{
    static const char cookie[] = "HTTP_COOKIE=obi_8080_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    struct worker    *w = *state;

    assert_has(ask(w, "GET", "/mine", cookie, SL("")), "Status: 503 ");
    assert_has(ask(w, "GET", "/mine", cookie, SL("")), "Retry-After: ");
    assert_has(ask(w, "GET", "/plain", cookie, SL("")), "Status: 200 ");
    assert_has(ask(w, "POST", "/save", cookie, SL("")), "Status: 503 ");
}

static void
https_makes_cookies_of_this_host_alone(void **state)
{
    struct worker     *w = *state;
    const struct conf *before = w->app.conf;
    struct conf        conf = *before;
    struct slice       answer;

    conf.base_url = SL("https://badges.example");
    w->app.conf = &conf;
    answer = get(w, "/in");
    w->app.conf = before;
    assert_has(answer, "Set-Cookie: __Host-obi_443_session=TOKEN; Max-Age=1000; Path=/; HttpOnly; SameSite=Lax; Secure\r\n");
    assert_has(answer, "Set-Cookie: __Host-obi_443_visitor=; Max-Age=0;");
}

static int
make(void **state)
{
    struct worker *w = worker_new(rows, COUNT_OF(rows));

    w->pool = APP;
    *state = w;
    return 0;
}

static int
end(void **state)
{
    worker_free(*state);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_works_for_the_visitor_who_got_it),
        cmocka_unit_test(a_form_sent_from_another_site_is_refused_even_with_its_token),
        cmocka_unit_test(a_route_for_old_clients_asks_the_browser_where_it_is),
        cmocka_unit_test(a_page_without_a_form_leaves_no_cookie),
        cmocka_unit_test(a_flash_is_shown_once_and_is_one_of_our_sentences),
        cmocka_unit_test(a_cookie_that_came_twice_is_nobodys),
        cmocka_unit_test(a_page_for_users_invites_to_sign_in),
        cmocka_unit_test(a_session_that_cannot_be_looked_up_is_not_ended),
        cmocka_unit_test(https_makes_cookies_of_this_host_alone),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make, end);
}

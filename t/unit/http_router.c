/* What is settled before a handler runs, and what a client gets when something fails. */
#include "http_worker.h"

#include "json/json.h"

static unsigned ran;

static enum err_code
say_path(struct req *r, struct resp *out, struct err *e)
{
    json_object *doc = json_object_new_object();
    (void)e;

    ran++;
    json_put_text(doc, "a", req_param(r, "a"));
    json_put_text(doc, "b", req_param(r, "b"));
    json_put_text(doc, "q", req_arg(r, "q"));
    json_put_text(doc, "f", req_form(r, "f"));
    json_put_text(doc, "route", slice_str(r->route->path));
    json_put_number(doc, "files", (int64_t)r->upload_count);
    json_put_text(doc, "client", r->client);
    json_put_text(doc, "csrf", r->csrf);
    return reply_json(out, 200, doc);
}

static enum err_code
show_plain(struct req *r, struct resp *out, struct err *e)
{
    json_object *model = json_object_new_object();
    (void)r, (void)e;

    json_put_text(model, "text", SL("hello"));
    return reply_page(out, 200, "plain", model);
}

static enum err_code
split_header(struct req *r, struct resp *out, struct err *e)
{
    (void)e;
    resp_header(out, "X-Echo", req_arg(r, "q"));
    return reply_bytes(out, 200, "text/plain", SL("x"));
}

static enum err_code
go(struct req *r, struct resp *out, struct err *e)
{
    (void)e;
    return reply_redirect(out, req_arg(r, "q"));
}

static enum err_code
refuse(struct req *r, struct resp *out, struct err *e)
{
    (void)r, (void)out;
    FAIL(e, TOO_MANY, "secret detail");
    err_set_received(e, SL("<b>"));
    return e->code;
}

static void
own_shape(struct req *r, const struct err *e, struct resp *out)
{
    (void)r;
    (void)reply_bytes(out, err_status(e->code), "text/x-own", SL("own"));
}

/* The pool is READ throughout, as the worker is; APP rows are another pool's. */
#define ROW .pool = READ, .who = ANYONE
static const struct route rows[] = {
    { HTTP_GET, "/a/:a", say_path, ROW, .csrf = SAFE, .reply = JSON },
    { HTTP_GET, "/a/:a.json", say_path, ROW, .csrf = SAFE, .reply = JSON },
    { HTTP_GET, "/a/b", say_path, ROW, .csrf = SAFE, .reply = JSON },
    { HTTP_GET, "/a/:a/c/:b", say_path, ROW, .csrf = SAFE, .reply = JSON, .cors = true },
    { HTTP_POST, "/post", say_path, ROW, .csrf = NO_COOKIE, .reply = JSON, .body = FORM, .body_max = 100 },
    { HTTP_POST, "/files", say_path, ROW, .csrf = NO_COOKIE, .reply = JSON, .body = MULTIPART, .body_max = 500 },
    { HTTP_POST, "/token", say_path, .pool = READ, .who = ANYONE, .csrf = TOKEN, .reply = JSON, .body = FORM, .body_max = 100 },
    { HTTP_GET, "/other", say_path, .pool = APP, .who = ANYONE, .csrf = SAFE, .reply = HTML },
    { HTTP_GET, "/page", show_plain, ROW, .csrf = SAFE, .reply = HTML },
    { HTTP_GET, "/split", split_header, ROW, .csrf = SAFE, .reply = TEXT },
    { HTTP_GET, "/go", go, ROW, .csrf = SAFE, .reply = HTML },
    { HTTP_GET, "/refuse", refuse, ROW, .csrf = SAFE, .reply = HTML },
    { HTTP_GET, "/own", refuse, ROW, .csrf = SAFE, .reply = JSON, .fail = own_shape },
    { HTTP_GET, "/framed", show_plain, ROW, .csrf = SAFE, .reply = HTML, .framed = true, .layout = "small" },
};

static void
the_more_literal_row_wins(void **state)
{
    struct worker *w = *state;

    assert_has(get(w, "/a/x"), "\"a\":\"x\"");
    assert_has(get(w, "/a/b"), "\"route\":\"/a/b\"");
    assert_has(get(w, "/a/x.json"), "\"a\":\"x\",");
    assert_has(get(w, "/a/.json"), "\"a\":\".json\"");
    assert_has(get(w, "/a/1/c/2?q=3"), "{\"a\":\"1\",\"b\":\"2\",\"q\":\"3\"");
    assert_has(get(w, "/a/%41%20"), "\"a\":\"A \"");
}

static void
other_paths_are_not_found(void **state)
{
    static const char *const paths[] = { "/",     "/a",      "/a/",        "//a/x", "/a/x/",  "/a//c/2",
                                         "/a/x/c", "/A/x", "/a/%zz", "/a/%00", "/a/%FF", "/a/../page", "*",
                                         "http://other.example", "/%61/x" };
    struct worker           *w = *state;

    for (size_t i = 0; i < COUNT_OF(paths); i++)
        if (!slice_starts(get(w, paths[i]), SL("Status: 404 ")))
            fail_msg("%s was found", paths[i]);
    assert_has(get(w, "http://other.example/a/x"), "Status: 200 ");
}

static void
other_methods_are_told_which_there_are(void **state)
{
    struct worker *w = *state;
    struct slice   answer = ask(w, "POST", "/a/x", "", SL("body"));

    assert_has(answer, "Status: 405 ");
    assert_has(answer, "Allow: GET, HEAD, OPTIONS\r\n");
    assert_has(ask(w, "BREW", "/a/x", "", SL("")), "Status: 405 ");
    answer = ask(w, "GET", "/post", "", SL(""));
    assert_has(answer, "Allow: POST, OPTIONS\r\n");
    answer = ask(w, "OPTIONS", "/a/1/c/2", "", SL(""));
    assert_has(answer, "Status: 204 ");
    assert_has(answer, "Access-Control-Allow-Origin: *\r\n");
    assert_has(answer, "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n");
    assert_lacks(ask(w, "OPTIONS", "/a/x", "", SL("")), "Access-Control");
}

static void
head_is_get_without_a_body(void **state)
{
    struct worker *w = *state;
    struct slice   head = ask(w, "HEAD", "/a/b", "", SL(""));

    assert_has(head, "Status: 200 OK\r\n");
    assert_has(head, "Content-Length: ");
    assert_true(slice_ends(head, SL("\r\n\r\n")));
}

static void
a_route_of_another_pool_is_our_fault(void **state)
{
    assert_has(get(*state, "/other"), "Status: 500 ");
}

static void
forms_are_taken_in_their_three_ways(void **state)
{
    struct worker *w = *state;

    assert_has(ask(w, "POST", "/post", "CONTENT_TYPE=application/x-www-form-urlencoded\n", SL("f=1")), "\"f\":\"1\"");
    assert_has(ask(w, "POST", "/post", "CONTENT_TYPE=application/json; charset=utf-8\n", SL("{\"f\":2}")), "\"f\":\"2\"");
    assert_has(ask(w, "POST", "/post", "CONTENT_TYPE=multipart/form-data; boundary=B\n",
                   SL("--B\r\nContent-Disposition: form-data; name=f\r\n\r\n3\r\n--B--")), "\"f\":\"3\"");
    assert_has(ask(w, "POST", "/post", "CONTENT_TYPE=application/x-www-form-urlencoded\n", SL("f=a%0D%0A%0D%0Ab%0Dc%0A%0D")),
               "\"f\":\"a\\n\\nb\\rc\\n\\r\"");
    assert_has(ask(w, "POST", "/post", "CONTENT_TYPE=multipart/form-data; boundary=B\n",
                   SL("--B\r\nContent-Disposition: form-data; name=f\r\n\r\n\r\n3\r\n\r\n--B--")), "\"f\":\"\\n3\\n\"");
    assert_has(ask(w, "POST", "/post", "", SL("")), "Status: 200 ");
}

static void
other_bodies_are_refused_before_the_handler(void **state)
{
    static const char file[] = "--B\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n3\r\n--B--";
    struct worker    *w = *state;
    char              big[101];

    ran = 0;
    memset(big, 'a', sizeof big);
    assert_has(ask(w, "POST", "/post", "CONTENT_TYPE=text/plain\n", SL("f=1")), "Status: 415 ");
    assert_has(ask(w, "POST", "/post", "", SL("f=1")), "Status: 415 ");
    assert_has(ask(w, "POST", "/post", "CONTENT_TYPE=multipart/form-data; boundary=B\n", slice_str(file)), "Status: 415 ");
    assert_has(ask(w, "POST", "/post", "CONTENT_TYPE=application/json\n", SL("{")), "Status: 400 ");
    assert_has(ask(w, "POST", "/post", "CONTENT_TYPE=application/x-www-form-urlencoded\n",
                   (struct slice){ big, sizeof big }), "Status: 413 ");
    assert_has(ask(w, "POST", "/post", "CONTENT_LENGTH=-1\n", SL("")), "Status: 400 ");
    assert_has(ask(w, "POST", "/post", "CONTENT_LENGTH=99999999999999999999\n", SL("")), "Status: 400 ");
    assert_has(ask(w, "POST", "/post", "CONTENT_LENGTH=50\nCONTENT_TYPE=application/json\n", SL("{}")), "Status: 400 ");
    assert_int_equal(ran, 0);
    assert_has(ask(w, "POST", "/files", "CONTENT_TYPE=multipart/form-data; boundary=B\n", slice_str(file)), "\"files\":1");
}

static void
a_bad_query_is_refused(void **state)
{
    struct worker *w = *state;
    struct sbuf    many;

    assert_has(get(w, "/a/x?q=%FF"), "Status: 400 ");
    assert_has(get(w, "/a/x?q=%"), "Status: 400 ");
    sbuf_init(&many, w->life);
    sbuf_add_str(&many, "/a/x?");
    for (int i = 0; i <= LIMIT_QUERY_ARGS; i++)
        sbuf_add_str(&many, "&q=1");
    assert_has(get(w, many.p), "Status: 413 ");
}

static void
too_many_header_bytes_are_refused(void **state)
{
    struct worker *w = *state;
    char          *headers = malloc(LIMIT_HEADER_BYTES + 20);

    memset(headers, 'x', LIMIT_HEADER_BYTES + 19);
    memcpy(headers, "HTTP_X=", 7);
    headers[LIMIT_HEADER_BYTES + 19] = '\0';
    assert_has(ask(w, "GET", "/a/x", headers, SL("")), "Status: 431 ");
    free(headers);
}

static void
a_form_without_its_token_is_refused(void **state)
{
    struct worker *w = *state;

    ran = 0;
    assert_has(ask(w, "POST", "/token", "", SL("")), "\"reason\":\"CSRF\"");
    assert_has(ask(w, "POST", "/token", "HTTP_X_CSRF_TOKEN=\n", SL("")), "Status: 403 ");
    assert_has(ask(w, "POST", "/token", "HTTP_X_CSRF_TOKEN=AAAA\nHTTP_COOKIE=obi_8080_visitor=AAAA\n", SL("")),
               "Status: 403 ");
    assert_int_equal(ran, 0);
}

static void
a_header_cannot_be_split(void **state)
{
    struct worker *w = *state;

    assert_has(get(w, "/split?q=fine"), "X-Echo: fine\r\n");
    assert_has(get(w, "/split?q=a%0D%0ASet-Cookie:%20x=1"), "Status: 500 ");
    assert_lacks(get(w, "/split?q=a%0D%0ASet-Cookie:%20x=1"), "Set-Cookie");
}

static void
a_redirect_stays_here(void **state)
{
    static const char *const away[] = { "//evil.example", "/%5Cevil.example", "https://evil.example", "evil",
                                        "/a%0D%0Ab", "", "%5C%5Cevil", "/a%5C..%5C" };
    struct worker           *w = *state;
    char                     target[100];

    assert_has(get(w, "/go?q=/a/b?c=d"), "Location: /a/b?c=d\r\n");
    for (size_t i = 0; i < COUNT_OF(away); i++) {
        snprintf(target, sizeof target, "/go?q=%s", away[i]);
        assert_has(get(w, target), "Location: /\r\n");
    }
}

static void
a_failure_is_a_page_or_json_as_asked(void **state)
{
    struct worker *w = *state;
    struct slice   answer = ask(w, "GET", "/refuse", "HTTP_ACCEPT=text/html,*/*;q=0.8\n", SL(""));

    assert_has(answer, "Status: 429 ");
    assert_has(answer, "<h1>429 That was too often.");
    assert_has(answer, "&lt;b&gt;");
    assert_has(answer, "Retry-After: 60\r\n");
    assert_lacks(answer, "secret");
    answer = ask(w, "GET", "/refuse", "HTTP_ACCEPT=application/json, text/html;q=0.5\n", SL(""));
    assert_has(answer, "\"reason\":\"TOO_MANY\"");
    assert_lacks(answer, "secret");
    assert_has(get(w, "/own"), "Content-Type: text/x-own\r\n");
    assert_has(ask(w, "GET", "/none", "HTTP_ACCEPT=text/html\n", SL("")), "<h1>404");
    assert_has(get(w, "/none"), "application/json");
}

static void
safety_is_in_every_answer(void **state)
{
    static const char *const targets[] = { "/page", "/none", "/a/b", "/refuse" };
    struct worker           *w = *state;

    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        struct slice answer = get(w, targets[i]);

        assert_has(answer, "X-Content-Type-Options: nosniff\r\n");
        assert_has(answer, "Content-Security-Policy: default-src 'none'");
        assert_has(answer, "frame-ancestors 'none'");
        assert_has(answer, "Referrer-Policy: ");
        assert_has(answer, "Cache-Control: private, no-store\r\n");
        assert_lacks(answer, "unsafe-inline");
        assert_lacks(answer, "Set-Cookie");
    }
    assert_has(get(w, "/framed"), "frame-ancestors *");
    assert_has(get(w, "/framed"), "<small>en hello</small>");
    assert_has(get(w, "/page"), "script-src http://localhost:8080/static/;");
    assert_has(get(w, "/page"), "Cross-Origin-Opener-Policy: same-origin\r\n");
}

static void
the_log_line_needs_nothing_of_the_request(void **state)
{
    log_set_level(ERR_LEVEL_INFO); /* the sanitizer sees it if it does */
    assert_has(get(*state, "/a/b"), "Status: 200 ");
    log_set_level(ERR_LEVEL_ERROR);
}

static void
a_client_is_an_address_or_a_network(void **state)
{
    struct worker *w = *state;

    assert_has(get(w, "/a/b"), "\"client\":\"192.0.2.1\"");
    assert_has(ask(w, "GET", "/a/b", "REMOTE_ADDR=2001:db8:1:2:3:4:5:6\n", SL("")), "\"client\":\"2001:db8:1:2::/64\"");
    assert_has(ask(w, "GET", "/a/b", "REMOTE_ADDR=::ffff:192.0.2.7\n", SL("")), "\"client\":\"192.0.2.7\"");
}

static int
make(void **state)
{
    *state = worker_new(rows, COUNT_OF(rows));
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
        cmocka_unit_test(the_more_literal_row_wins),
        cmocka_unit_test(other_paths_are_not_found),
        cmocka_unit_test(other_methods_are_told_which_there_are),
        cmocka_unit_test(head_is_get_without_a_body),
        cmocka_unit_test(a_route_of_another_pool_is_our_fault),
        cmocka_unit_test(forms_are_taken_in_their_three_ways),
        cmocka_unit_test(other_bodies_are_refused_before_the_handler),
        cmocka_unit_test(a_bad_query_is_refused),
        cmocka_unit_test(too_many_header_bytes_are_refused),
        cmocka_unit_test(a_form_without_its_token_is_refused),
        cmocka_unit_test(a_header_cannot_be_split),
        cmocka_unit_test(a_redirect_stays_here),
        cmocka_unit_test(a_failure_is_a_page_or_json_as_asked),
        cmocka_unit_test(safety_is_in_every_answer),
        cmocka_unit_test(the_log_line_needs_nothing_of_the_request),
        cmocka_unit_test(a_client_is_an_address_or_a_network),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make, end);
}

/* A small web of issuers in memory, for tests of verification. */
#ifndef OBI_TEST_BADGE_WEB_H
#define OBI_TEST_BADGE_WEB_H

#include <stdio.h>

#include "test.h"

#include "badge/verify.h"
#include "core/limits.h"
#include "core/sbuf.h"

#define A "https://issuer.example/a.json"
#define C "https://issuer.example/class.json"
#define I "https://issuer.example/issuer.json"
#define PIC "https://issuer.example/badge.svg"
#define SVG "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"
#define V2 "\"@context\":\"https://w3id.org/openbadges/v2\","
#define NOW 1700000000 /* 2023-11-14T22:13:20Z */

struct page {
    const char  *url, *final_url, *type;
    int          status;
    struct slice body;
};
struct web {
    struct arena  *a;
    struct page    pages[40];
    size_t         count, gets;
    struct fetcher fetcher;
};

static enum err_code
web_get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
        struct err *e)
{
    struct web *w = self;
    (void)a, (void)max_bytes;

    w->gets++;
    for (size_t i = 0; i < w->count; i++)
        if (slice_eq(slice_str(w->pages[i].url), url)) {
            *ret = (struct fetched){ .url = url,
                                     .final_url = slice_str(w->pages[i].final_url),
                                     .status = w->pages[i].status,
                                     .content_type = SL("application/json"),
                                     .body = w->pages[i].body,
                                     .at_s = NOW };
            return ERR_NONE;
        }
    return FAIL(e, FETCH_CONNECT, "not in this web");
}

static inline struct page *
web_page(struct web *w, const char *url)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->pages[i].url, url) == 0)
            return &w->pages[i];
    assert_true(w->count < COUNT_OF(w->pages));
    w->pages[w->count] = (struct page){ .url = url, .final_url = url, .status = 200 };
    return &w->pages[w->count++];
}

static inline void
web_put(struct web *w, const char *url, const char *body)
{
    web_page(w, url)->body = slice_str(body);
}

/* Asking for `url` ends at `final_url` with that answer. */
static inline void
web_redirect(struct web *w, const char *url, const char *final_url, const char *body)
{
    web_put(w, url, body);
    web_page(w, url)->final_url = final_url;
}

/* Replaces `old`, which must be there, in what `url` answers. */
static inline void
web_edit(struct web *w, const char *url, const char *old, const char *new)
{
    struct page *p = web_page(w, url);
    struct sbuf  b;
    size_t       at;

    assert_true(slice_find(p->body, slice_str(old), &at));
    sbuf_init(&b, w->a);
    sbuf_add(&b, slice_first(p->body, at));
    sbuf_add_str(&b, new);
    sbuf_add(&b, slice_from(p->body, at + strlen(old)));
    p->body = sbuf_slice(&b);
}

/* A valid badge of 2.0 at A, issued to learner@example.org. */
static inline void
web_good(struct web *w)
{
    web_put(
        w, A,
        "{" V2 "\"id\":\"" A "\",\"type\":\"Assertion\",\"badge\":\"" C "\","
        "\"recipient\":{\"type\":\"email\",\"hashed\":false,\"identity\":\"learner@example.org\"},"
        "\"verification\":{\"type\":\"HostedBadge\"},\"issuedOn\":\"2020-01-01T00:00:00Z\"}");
    web_put(w, C,
            "{" V2 "\"id\":\"" C "\",\"type\":\"BadgeClass\",\"name\":\"Knots\","
            "\"description\":\"Ties knots\",\"image\":\"" PIC "\","
            "\"criteria\":\"https://issuer.example/knots\",\"issuer\":\"" I "\"}");
    web_put(w, I,
            "{" V2 "\"id\":\"" I "\",\"type\":\"Issuer\",\"name\":\"Sailors\","
            "\"url\":\"https://issuer.example\",\"email\":\"post@issuer.example\"}");
    web_put(w, PIC, SVG);
}

static inline int
web_setup(void **state)
{
    struct web *w = test_calloc(1, sizeof *w);

    w->a = arena_new();
    w->fetcher = (struct fetcher){ web_get, w };
    web_good(w);
    *state = w;
    return 0;
}

static inline int
web_teardown(void **state)
{
    struct web *w = *state;

    arena_free(w->a);
    test_free(w);
    return 0;
}

static inline const struct report *
web_verify_for(struct web *w, const char *input, const char *email)
{
    const struct recipient      asked[] = { { SL("email"), SL("nobody@example.org") },
                                            { SL("email"), slice_str(email) } };
    const struct verify_options options = { .fetch = &w->fetcher,
                                            .recipients = asked,
                                            .recipient_count = email == NULL ? 0 : 2,
                                            .letter_cases = true,
                                            .now_s = NOW };

    return badge_verify(w->a, slice_str(input), &options);
}

static inline const struct report *
web_verify(struct web *w, const char *input)
{
    return web_verify_for(w, input, NULL);
}

static inline bool
says(const struct report *r, const char *key)
{
    for (size_t i = 0; i < r->message_count; i++)
        if (strcmp(r->messages[i].key, key) == 0)
            return true;
    return false;
}

static inline bool
says_of(const struct report *r, const char *key, const char *prop)
{
    for (size_t i = 0; i < r->message_count; i++)
        if (strcmp(r->messages[i].key, key) == 0 && slice_eq(r->messages[i].prop, slice_str(prop)))
            return true;
    return false;
}

#define assert_valid(w, r)                                                                         \
    do {                                                                                           \
        const struct report *test_r = (r);                                                         \
        if (!test_r->valid)                                                                        \
            fail_msg("not valid:\n%s", arena_str((w)->a, report_lines((w)->a, test_r)));           \
        assert_int_equal(test_r->status, STATUS_VALID);                                            \
    } while (0)

/* Not valid, for the reason named. */
#define assert_refused(w, r, key)                                                                  \
    do {                                                                                           \
        const struct report *test_r = (r);                                                         \
        assert_false(test_r->valid);                                                               \
        assert_int_not_equal(test_r->status, STATUS_VALID);                                        \
        if (!says(test_r, (key)))                                                                  \
            fail_msg("no %s:\n%s", (key), arena_str((w)->a, report_lines((w)->a, test_r)));        \
    } while (0)

#define WEB_TEST(fn) cmocka_unit_test_setup_teardown(fn, web_setup, web_teardown)

#endif

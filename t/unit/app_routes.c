/* The table: every row says all it must, no two say the same, and nginx sends each path to its row's pool. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/routes.h"
#include "core/file.h"

static void
every_row_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *r = &routes[i];

        if (r->methods == 0 || r->path == NULL || r->path[0] != '/' || r->handler == NULL ||
            r->pool == 0 || r->who == 0 || r->csrf == 0 || r->reply == 0)
            fail_msg("row %zu (%s) forgets something", i, r->path == NULL ? "" : r->path);
        if ((r->who == BEARER) != (r->scope != NULL))
            fail_msg("%s: a token and its scope go together", r->path);
        if ((r->body != NO_BODY) != (r->body_max > 0))
            fail_msg("%s: a body and its limit go together", r->path);
    }
}

static void
what_changes_something_is_guarded(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *r = &routes[i];

        if (r->csrf == SAFE && (r->methods & ~(HTTP_GET | HTTP_HEAD)) != 0)
            fail_msg("%s is SAFE but is not only read", r->path);
        if (r->csrf == NO_COOKIE && r->who == USER)
            fail_msg("%s is for a user, whom only a cookie names", r->path);
        if (r->who == BEARER && (r->csrf != NO_COOKIE || r->cors))
            fail_msg("%s is for whoever has a token, which no browser sends by itself", r->path);
        if (r->csrf == TOKEN && r->body == NO_BODY)
            fail_msg("%s has no form for its token", r->path);
    }
}

static void
the_read_pool_knows_nobody_and_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *r = &routes[i];

        if (r->pool == READ && (r->who != ANYONE || r->csrf == TOKEN))
            fail_msg("%s in the read pool", r->path);
        if (r->cached && (r->pool != READ || r->methods != HTTP_GET || r->csrf != SAFE))
            fail_msg("%s is kept for everybody", r->path);
        if (r->framed && !r->cached && strcmp(r->path, "/issuer/frame") != 0)
            fail_msg("%s is in a frame of another site, and not the same for everybody", r->path);
        if (r->cors && (r->who != ANYONE || r->csrf == TOKEN))
            fail_msg("%s is open to every origin", r->path);
    }
}

/* In a window that an issuer's page opened and waits for, one page that lets go of that page is enough for it never
 * to be told. A mailed link opens in a window of its own. */
static bool
is_on_the_way(struct slice path)
{
    static const char *const begins[] = {
        "/signin",           "/signout",      "/backpack/authenticate",
        "/browserid/dialog", "/issuer/frame", "/issuer/push"
    };

    if (slice_starts(path, SL("/signin/:token")) || slice_eq(path, SL("/issuer/frameless")))
        return false;
    for (size_t i = 0; i < COUNT_OF(begins); i++)
        if (slice_starts(path, slice_str(begins[i])))
            return true;
    return false;
}

static void
whatever_way_one_signs_in_the_window_keeps_its_opener(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++)
        if (routes[i].opened != is_on_the_way(slice_str(routes[i].path)))
            fail_msg("%s and the page that opened its window", routes[i].path);
}

static void
addresses_that_let_in_are_told_to_nobody(void **state)
{
    size_t at;
    (void)state;

    for (size_t i = 0; i < route_count; i++) {
        struct slice path = slice_str(routes[i].path);
        bool lets_in = slice_find(path, SL("/:token"), &at) || slice_starts(path, SL("/share/")) ||
                       slice_starts(path, SL("/embed/")) || slice_starts(path, SL("/oembed/")) ||
                       slice_ends(path, SL("/callback"));

        if (routes[i].secret != lets_in)
            fail_msg("%s and who knows it", routes[i].path);
    }
}

static void
no_two_rows_are_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(routes[i].path, routes[k].path) == 0 &&
                (routes[i].methods & routes[k].methods) != 0)
                fail_msg("%s stands twice", routes[i].path);
}

/* nginx: an exact location first, else the longest that begins the path. */
struct location {
    struct slice path, pool, onward; /* onward: the name of the one that has the pool */
    bool         exact;
};

static size_t
read_locations(struct slice conf, struct location *ret, size_t room)
{
    struct slice line, word;
    size_t       count = 0, at;

    while (slice_next(&conf, '\n', &line)) {
        line = slice_trim(line);
        if (slice_starts(line, SL("location "))) {
            assert_true(count < room);
            ret[count] = (struct location){ .exact = false };
            line = slice_from(line, sizeof "location " - 1);
            if ((ret[count].exact = slice_starts(line, SL("= "))))
                line = slice_from(line, 2);
            /* A pattern would need more than this test knows. */
            assert_true(line.p[0] == '/' || line.p[0] == '@');
            slice_next(&line, ' ', &ret[count++].path);
        } else if (slice_starts(line, SL("try_files ")) && count > 0) {
            assert_true(slice_find(line, SL("@"), &at));
            line = slice_from(line, at);
            slice_next(&line, ';', &ret[count - 1].onward);
        } else if (slice_starts(line, SL("fastcgi_pass ")) && count > 0) {
            line = slice_from(line, sizeof "fastcgi_pass " - 1);
            slice_next(&line, ';', &word);
            ret[count - 1].pool = word;
        }
    }
    return count;
}

static struct slice
pool_for(const struct location *all, size_t count, struct slice path)
{
    const struct location *best = NULL;

    for (size_t i = 0; i < count && (best == NULL || !best->exact); i++)
        if (all[i].exact
                ? slice_eq(all[i].path, path)
                : slice_starts(path, all[i].path) && (best == NULL || all[i].path.n > best->path.n))
            best = &all[i];
    if (best == NULL)
        return SLICE_NONE;
    return best->onward.n > 0 ? pool_for(all, count, best->onward) : best->pool;
}

/* The variables of /backpack/add, where POST goes out, and of /backpack/badge/, where only a check does. */
static const char *
name_of(const struct route *r, struct slice pool)
{
    static const char *const names[] = { "",          "obi_read",       "obi_app",
                                         "obi_fetch", "obi_fetch_anon", "obi_signin" };

    if (slice_eq(pool, SL("$obi_add_pool")))
        return r->methods == HTTP_POST ? names[FETCH] : names[APP];
    if (slice_eq(pool, SL("$obi_badge_pool")))
        return slice_ends(slice_str(r->path), SL("/check")) ? names[FETCH] : names[APP];
    for (size_t i = 1; i < COUNT_OF(names); i++)
        if (slice_eq(pool, slice_str(names[i])))
            return names[i];
    return "";
}

static size_t
locations_of(struct arena *a, struct slice file, struct location *ret, size_t room)
{
    struct slice conf;
    struct err   e;

    if (file_read(a, file, 64 * KIB, &conf, &e) != ERR_NONE)
        fail_msg("%s", e.cause);
    return read_locations(conf, ret, room);
}

/* What is for Prometheus has an address of its own, and is nothing at the site's. */
static void
nginx_sends_each_path_to_its_rows_pool(void **state)
{
    static const char *const names[] = { "",          "obi_read",       "obi_app",
                                         "obi_fetch", "obi_fetch_anon", "obi_signin" };
    struct arena            *a = arena_new();
    struct location          site[64], inside[8];
    struct slice             path;
    size_t                   count =
        locations_of(a, SL(OBI_SOURCE_DIR "/deploy/nginx/server.conf"), site, COUNT_OF(site));
    size_t inside_count =
        locations_of(a, SL(OBI_SOURCE_DIR "/deploy/nginx/metrics.conf"), inside, COUNT_OF(inside));
    (void)state;

    assert_int_equal(pool_for(site, count, SL("/metrics")).n, 0);
    for (size_t i = 0; i < route_count; i++) {
        const char *have;

        path = slice_str(routes[i].path);
        have = name_of(&routes[i], slice_eq(path, SL("/metrics"))
                                       ? pool_for(inside, inside_count, path)
                                       : pool_for(site, count, path));
        if (strcmp(have, names[routes[i].pool]) != 0)
            fail_msg("nginx sends %s to \"%s\", its row says %s", routes[i].path, have,
                     names[routes[i].pool]);
    }
    arena_free(a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(what_changes_something_is_guarded),
        cmocka_unit_test(the_read_pool_knows_nobody_and_changes_nothing),
        cmocka_unit_test(whatever_way_one_signs_in_the_window_keeps_its_opener),
        cmocka_unit_test(addresses_that_let_in_are_told_to_nobody),
        cmocka_unit_test(no_two_rows_are_the_same),
        cmocka_unit_test(nginx_sends_each_path_to_its_rows_pool),
    };

    return RUN_TAP(tests);
}

/* A worker without FastCGI: one call a request. The database is never there. */
#ifndef OBI_TEST_HTTP_WORKER_H
#define OBI_TEST_HTTP_WORKER_H

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#include "core/log.h"
#include "core/sbuf.h"
#include "http/serve.h"
#include "http/site.h"

struct worker {
    struct arena   *arena, *life;
    struct app      app;
    enum route_pool pool;
    struct slice    body; /* of the request */
    size_t          read;
};

static size_t
read_request_body(void *self, char *to, size_t n)
{
    struct worker *w = self;
    size_t         left = w->body.n - w->read;

    n = n < left ? n : left;
    n = n < 7 ? n : 7; /* in pieces, as from a wire */
    if (n > 0)
        memcpy(to, w->body.p + w->read, n);
    w->read += n;
    return n;
}

static struct worker *
worker_new(const struct route *routes, size_t count)
{
    struct worker      *w = calloc(1, sizeof *w);
    struct conf        *conf;
    struct err          e;
    static const struct text_file templates[] = {
        { "layout", SL("{{> page}}") },
        { "small", SL("<small>{{> page}}</small>") },
        { "error", SL("<h1>{{status}} {{sentence}}</h1>{{#received}}<p>{{received}}</p>{{/received}}") },
        { "form", SL("<form><input value=\"{{csrf}}\"></form>{{#flash}}<p>{{.}}</p>{{/flash}}") },
        { "plain", SL("{{lang}} {{text}}") },
    };
    static const struct text_file catalogues[] = { { "en", SL("msgid \"done\"\nmsgstr \"It is done.\"\n") } };
    const struct site_source      from = { templates, catalogues, COUNT_OF(templates), 1 };

    w->pool = READ;
    w->life = arena_new();
    w->arena = arena_new();
    conf = ARENA_NEW(w->life, struct conf);
    conf->base_url = SL("http://localhost:8080");
    conf->site_name = SL("Test");
    conf->db_primary = SL("unix:/nonexistent/mysql.sock");
    conf->db_name = conf->db_user = SL("obi");
    conf->db_password.hidden = conf->db_owner_password.hidden = SL("");
    conf->db_owner = SL("obi");
    conf->db_connect_timeout_ms = conf->db_query_timeout_ms = 100;
    conf->cache_timeout_ms = 500;
    conf->cache_ttl_s = 60;
    conf->session_ttl_s = 1000;
    w->app = (struct app){ .conf = conf, .store = store_new(conf), .routes = routes, .route_count = count };
    if (site_new(&from, &w->app.site, &e) != ERR_NONE)
        fail_msg("%s", e.detail);
    log_set_level(ERR_LEVEL_ERROR);
    return w;
}

static void
worker_free(struct worker *w)
{
    arena_free(w->arena);
    store_free(w->app.store);
    site_free(w->app.site);
    arena_free(w->life);
    free(w);
}

/* `headers` are FastCGI parameters, each ended by a newline: "HTTP_ACCEPT=text/html\n". Answers head and body. */
static struct slice
ask(struct worker *w, const char *method, const char *target, const char *headers, struct slice body)
{
    char            *env[300];
    size_t           n = 0;
    struct slice     rest = slice_str(headers), line, query = slice_str(target), path, answer;
    struct raw_reply reply;

    slice_next(&query, '?', &path);
    env[n++] = arena_str(w->arena, arena_printf(w->arena, "REQUEST_METHOD=%s", method));
    env[n++] = arena_str(w->arena, arena_printf(w->arena, "REQUEST_URI=%s", target));
    env[n++] = arena_str(w->arena, arena_printf(w->arena, "QUERY_STRING=%.*s", SLICE_FMT(query)));
    env[n++] = arena_str(w->arena, arena_printf(w->arena, "CONTENT_LENGTH=%zu", body.n));
    env[n++] = arena_str(w->arena, SL("REMOTE_ADDR=192.0.2.1"));
    while (slice_next(&rest, '\n', &line))
        if (line.n > 0)
            env[n++] = arena_str(w->arena, line);
    env[n] = NULL;
    for (size_t i = 0; i < n; i++)
        env[i] = strdup(env[i]);
    w->body = body;
    w->read = 0;
    http_answer(&w->app, w->pool, w->arena,
                &(struct raw_request){ env, read_request_body, w }, &reply);
    answer = arena_printf(w->life, "%.*s%.*s", SLICE_FMT(reply.head), SLICE_FMT(reply.body));
    while (n > 0) /* before the arena, as libfcgi does */
        free(env[--n]);
    arena_empty(w->arena);
    return answer;
}

static struct slice
get(struct worker *w, const char *target)
{
    return ask(w, "GET", target, "", SL(""));
}

static bool
has(struct slice answer, const char *text)
{
    size_t at;

    return slice_find(answer, slice_str(text), &at);
}

#define assert_has(answer, text) assert_has_at((answer), (text), true, __LINE__)
#define assert_lacks(answer, text) assert_has_at((answer), (text), false, __LINE__)
static void
assert_has_at(struct slice answer, const char *text, bool want, int line)
{
    if (has(answer, text) != want)
        fail_msg("line %d: %s \"%s\" in:\n%.*s", line, want ? "no" : "there is", text, SLICE_FMT(answer));
}

#endif

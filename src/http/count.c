/* What the figures say of a request: a row for each route of the pool, and one for what no route fits. */
#include "http_int.h"
#include "metrics/metrics.h"

enum { COUNTED_ROUTES = 250 };

static unsigned rows[COUNTED_ROUTES + 1]; /* the last is of no route */

static struct slice
labels(struct arena *a, const char *pool, const char *method, const char *path)
{
    return arena_printf(a, "pool=\"%s\",method=\"%s\",route=\"%s\"", pool, method, path);
}

/* A row that serves several methods goes by its first. */
static const char *
method_of(const struct route *route)
{
    for (int method = HTTP_GET; method <= HTTP_OPTIONS; method <<= 1)
        if ((route->methods & method) != 0)
            return http_method_name((enum http_method)method).p;
    return "";
}

void
count_begin(const struct app *app, enum route_pool pool)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    const char                      *name = http_pool_name(pool).p;

    metrics_worker(pool);
    rows[COUNTED_ROUTES] = metrics_row(labels(a, name, "", "none"));
    for (size_t i = 0; i < app->route_count && i < COUNTED_ROUTES; i++)
        if (app->routes[i].pool == pool)
            rows[i] = metrics_row(labels(a, name, method_of(&app->routes[i]), app->routes[i].path));
}

static unsigned
row_of(const struct exchange *x)
{
    size_t i = x->req.route == NULL ? COUNTED_ROUTES : (size_t)(x->req.route - x->app->routes);

    return i < COUNTED_ROUTES ? rows[i] : rows[COUNTED_ROUTES];
}

void
count_request(const struct exchange *x, enum err_code failure)
{
    const struct metrics_request request = { .status = x->resp.status,
                                             .failure = failure,
                                             .document = !x->keeps            ? DOCUMENT_NONE
                                                         : x->kept_head.n > 0 ? DOCUMENT_FOUND
                                                                              : DOCUMENT_BUILT,
                                             .took_us = x->took_us,
                                             .database_us = x->db_us,
                                             .cache_us = x->req.cache_us,
                                             .fetch_us = x->req.fetch_us };

    metrics_request(row_of(x), &request);
}

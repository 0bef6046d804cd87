/* A worker of the fetch pool waits for somebody else's server: one person's requests hold only a few of them. */
#include "http_int.h"

enum { PLACES = 2, MARGIN_S = 60 };

/* A worker that is killed gives nothing back: then the place comes back by its time. Without memcached nginx's
 * own limits are left. */
enum err_code
place_take(struct exchange *x, struct err *e)
{
    const struct req *r = &x->req;

    if (r->route->pool != FETCH || r->user == NULL ||
        cache_take_place(x->app->cache, r->arena,
                         arena_printf(r->arena, "place:%llu", (unsigned long long)r->user->id),
                         PLACES, x->app->conf->fetch_deadline_ms / 1000 + MARGIN_S, &x->place))
        return ERR_NONE;
    return FAIL(e, ALREADY_FETCHING, "%d requests at once", PLACES);
}

/* Before the answer goes out, so that the next request of the same person finds it free. */
void
place_give_back(struct exchange *x)
{
    if (x->place.n == 0)
        return;
    (void)cache_delete(x->app->cache, &x->place, 1);
    x->req.cache_us += cache_took_us(x->app->cache);
}

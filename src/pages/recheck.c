/* A badge's checks as its owner sees them, and one now. */
#include "core/clock.h"
#include "import/recheck.h"
#include "net/net.h"
#include "pages_int.h"

enum { CHECKS = 30, CHECKS_S = 3600, EVENTS = 50 };

static void
put_event(const struct req *r, json_object *items, int64_t at_s, struct slice status,
          struct slice reason)
{
    json_object *item = json_add_object(items);

    view_date(r, item, "date", at_s);
    put_sentence(r, item, "text",
                 arena_printf(r->arena, "history.%s", status_word(r, status, reason)).p, NULL);
    if (slice_eq(status, SL("unchecked")))
        json_put_text(item, "reason", reason);
}

enum err_code
put_checks(const struct req *r, json_object *model, const struct badge_full *badge, struct err *e)
{
    json_object        *list, *items;
    struct badge_event *events;
    size_t              count;
    enum err_code       rc;

    json_put_text(model, "check_action", path_of(r, "/backpack/badge/", badge->row.id, "/check"));
    if ((rc = store_badge_history(r->db, badge->user, badge->row.id, EVENTS, &events, &count, e)) !=
            ERR_NONE ||
        count == 0)
        return rc;
    list = json_put_object(model, "history");
    items = json_put_array(list, "items");
    for (size_t i = 0; i < count; i++)
        put_event(r, items, events[i].at_s, events[i].status, events[i].reason);
    if (count < EVENTS) /* it came as a valid one */
        put_event(r, items, badge->row.created_at_s, SL("valid"), SL(""));
    return ERR_NONE;
}

static enum err_code
look(struct req *r, const struct badge_full *badge, struct recheck *ret, struct err *e)
{
    int64_t       began_us = clock_monotonic_us();
    enum err_code rc = recheck_look(
        r->arena, r->db, net_fetcher(r->app->net, r->arena, NET_SIGNED_IN), badge, ret, e);

    r->fetch_us += clock_monotonic_us() - began_us;
    return rc;
}

enum err_code
page_badge_check(struct req *r, struct resp *out, struct err *e)
{
    struct slice bucket = arena_printf(r->arena, "recheck %llu", (unsigned long long)r->user->id);
    struct badge_full badge;
    struct recheck    found;
    uint64_t          id;
    enum err_code     rc;

    /* Who wrote reads on the primary: what a check found is kept for the badge as it was read alone. */
    if ((rc = req_param_id(r, "id", &id, e)) != ERR_NONE ||
        (rc = store_rate_take(r->db, METRIC_LIMIT_CHECK, bucket, CHECKS, CHECKS_S, e)) !=
            ERR_NONE ||
        (rc = store_badge_get(r->db, r->user->id, id, &badge, e)) != ERR_NONE ||
        (rc = look(r, &badge, &found, e)) != ERR_NONE)
        return rc;
    rc = recheck_keep(r->arena, r->db, &found, r->app->conf->recheck_every_s, e);
    if (rc != ERR_NONE && rc != ERR_CONFLICT) /* it was checked in the background meanwhile */
        return rc;
    resp_flash(r, out,
               arena_printf(r->arena, "check.%s", status_word(r, found.status, found.reason)).p);
    return reply_redirect(out, path_of(r, "/backpack/badge/", id, ""));
}

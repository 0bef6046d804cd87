#include "app_int.h"
#include "http/site.h"
#include "json/json.h"

static bool
answers(const struct req *r, bool primary)
{
    struct err why;

    return db_ping(db_lease(r->app->store, r->arena, SLICE_NONE, primary), &why) == ERR_NONE;
}

enum err_code
app_healthz(struct req *r, struct resp *out, struct err *e)
{
    json_object *doc = json_object_new_object(), *parts;
    bool         writes = answers(r, true), reads = writes || answers(r, false);
    (void)e;

    json_put_text(doc, "status", reads ? SL("ok") : SL("down"));
    json_put_text(doc, "release", slice_str(site_release));
    parts = json_put_object(doc, "parts");
    json_put_text(parts, "reads", reads ? SL("ok") : SL("down"));
    json_put_text(parts, "writes", writes ? SL("ok") : SL("down"));
    return reply_json(out, reads ? 200 : 503, doc);
}

/* The sites that may push badges, for the settings. */
#include "pages_int.h"

enum err_code
put_sites(const struct req *r, json_object *model, struct err *e)
{
    struct connect_grant *grants;
    json_object          *list;
    size_t                count;
    enum err_code         rc;

    if ((rc = store_connect_list(r->db, r->user->id, &grants, &count, e)) != ERR_NONE)
        return rc;
    if (count == 0)
        return ERR_NONE;
    list = json_put_array(json_put_object(model, "sites"), "items");
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_add_object(list);

        json_put_number(item, "id", (int64_t)grants[i].id);
        json_put_text(item, "site", site_name_of(grants[i].origin));
        put_permissions(r, item, grants[i].scope);
        view_date(r, item, "created", grants[i].created_at_s);
        view_date(r, item, "used", grants[i].used_at_s);
    }
    return ERR_NONE;
}

enum err_code
page_site_revoke(struct req *r, struct resp *out, struct err *e)
{
    uint64_t      id;
    enum err_code rc;

    if ((rc = req_param_id(r, "id", &id, e)) != ERR_NONE)
        return rc;
    rc = store_connect_revoke(r->db, r->user->id, id, e);
    if (rc != ERR_NONE && rc != ERR_NOT_FOUND) /* ended already: what was wanted */
        return rc;
    resp_flash(r, out, "settings.site_revoked");
    return reply_redirect(out, SL("/settings"));
}

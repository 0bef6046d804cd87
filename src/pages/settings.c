#include "pages_int.h"

/* Each section is a partial of its own, and a function that puts what it shows. */
enum err_code
page_settings(struct req *r, struct resp *out, struct err *e)
{
    json_object  *model = model_new(r, "settings.title", "settings");
    enum err_code rc;

    if ((rc = put_addresses(r, model, e)) != ERR_NONE ||
        (rc = put_passkeys(r, model, e)) != ERR_NONE ||
        (rc = put_accounts(r, model, e)) != ERR_NONE || (rc = put_sites(r, model, e)) != ERR_NONE ||
        (rc = put_sessions(r, model, e)) != ERR_NONE)
        return rc;
    json_put_bool(model, "findable", r->user->findable);
    return model_reply(out, 200, "settings", model);
}

enum err_code
page_settings_save(struct req *r, struct resp *out, struct err *e)
{
    bool          findable = slice_eq(req_form(r, "findable"), SL("1"));
    enum err_code rc = store_user_set_findable(r->db, r->user->id, findable, e);

    if (rc != ERR_NONE)
        return rc;
    resp_flash(r, out, "settings.saved");
    return reply_redirect(out, SL("/settings"));
}

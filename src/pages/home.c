#include "pages_int.h"

enum err_code
page_home(struct req *r, struct resp *out, struct err *e)
{
    json_object *model;

    (void)e;
    if (r->user != NULL)
        return reply_redirect(out, SL("/backpack"));
    model = model_new(r, "landing.page_title", NULL);
    put_providers(r, model, "signin.with");
    return model_reply(out, 200, "landing", model);
}

enum err_code
page_help(struct req *r, struct resp *out, struct err *e)
{
    json_object *model = model_new(r, "help.page_title", NULL);

    (void)e;
    if (r->user != NULL)
        json_put_text(model, "groups_url",
                      view_absolute(r, path_of(r, "/displayer/", r->user->id, "/groups.json")));
    return model_reply(out, 200, "help", model);
}

#include "http_int.h"
#include "json/json.h"

static void
put_missing(json_object *model, const char *name, struct slice text)
{
    if (text.n > 0 && !json_object_object_get_ex(model, name, NULL))
        json_put_text(model, name, text);
}

/* The sentence that an earlier answer left. Whoever writes the cookie can choose only among ours. */
static void
put_flash(struct exchange *x)
{
    struct req             *r = &x->req;
    const struct catalogue *words = site_catalogue(x->app->site, r->language);
    struct slice            id = req_cookie(r, "flash");

    if (id.n == 0)
        return;
    x->shown_flash = true;
    if (catalogue_has(words, id) && !json_object_object_get_ex(x->resp.model, "flash", NULL))
        json_add_text(json_put_array(x->resp.model, "flash"),
                      catalogue_text(words, r->arena, id, NULL));
}

static bool
is_right_to_left(struct slice language)
{
    static const char *const all[] = { "ar", "fa", "he", "ur" };

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (slice_eq(slice_first(language, 2), slice_str(all[i])))
            return true;
    return false;
}

enum err_code
page_render(struct exchange *x, struct err *e)
{
    struct req *r = &x->req;
    const char *layout = r->route != NULL && r->route->layout != NULL ? r->route->layout : "layout";
    json_object  *model = x->resp.model, *user;
    enum err_code rc;

    if (x->resp.page == NULL)
        return ERR_NONE;
    put_missing(model, "lang", r->language);
    put_missing(model, "dir", is_right_to_left(r->language) ? SL("rtl") : SL("ltr"));
    put_missing(model, "site_name", x->app->conf->site_name);
    put_missing(model, "contact", x->app->conf->mail_contact);
    put_missing(model, "csrf", r->csrf);
    put_flash(x);
    if (r->user != NULL && !json_object_object_get_ex(model, "user", NULL)) {
        user = json_put_object(model, "user");
        json_put_text(user, "email", r->user->email);
    }
    rc = templates_render(site_templates(x->app->site), r->arena, layout, x->resp.page, model,
                          site_catalogue(x->app->site, r->language), &x->resp.body, e);
    x->resp.content_type = SL("text/html; charset=utf-8");
    return rc;
}

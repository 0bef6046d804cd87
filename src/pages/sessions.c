/* Where somebody is signed in, as their settings show it. */
#include "pages_int.h"

struct word {
    const char *in, *name;
};

/* Of the first row whose text stands in the User-Agent; the order settles who pretends to be whom. */
static struct slice
name_in(struct slice agent, const struct word *words, size_t count)
{
    size_t at;

    for (size_t i = 0; i < count; i++)
        if (slice_find(agent, slice_str(words[i].in), &at))
            return slice_str(words[i].name);
    return SLICE_NONE;
}

struct slice
device_text(const struct req *r, struct slice agent)
{
    static const struct word browsers[] = {
        { "Edg", "Edge" },        { "OPR/", "Opera" },    { "SamsungBrowser", "Samsung Internet" },
        { "Firefox", "Firefox" }, { "FxiOS", "Firefox" }, { "CriOS", "Chrome" },
        { "Chrome", "Chrome" },   { "Safari", "Safari" },
    };
    static const struct word systems[] = {
        { "iPhone", "iPhone" },   { "iPad", "iPad" },     { "Android", "Android" },
        { "Windows", "Windows" }, { "CrOS", "ChromeOS" }, { "Mac OS X", "macOS" },
        { "Linux", "Linux" },
    };
    struct slice browser = name_in(agent, browsers, COUNT_OF(browsers));
    struct slice system = name_in(agent, systems, COUNT_OF(systems));
    json_object *names = names_new(r);

    if (browser.n > 0 && system.n > 0) {
        json_put_text(names, "browser", browser);
        json_put_text(names, "system", system);
        return view_text(r, "settings.device", names);
    }
    if (browser.n + system.n > 0)
        return browser.n > 0 ? browser : system;
    return view_text(r, "settings.unknown_device", NULL);
}

enum err_code
put_sessions(const struct req *r, json_object *model, struct err *e)
{
    json_object    *list = json_put_array(model, "sessions");
    struct session *sessions;
    size_t          count;
    enum err_code   rc;

    if ((rc = store_session_list(r->db, r->user->id, &sessions, &count, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_add_object(list);

        json_put_number(item, "id", (int64_t)sessions[i].id);
        json_put_text(item, "device", device_text(r, sessions[i].user_agent));
        json_put_bool(item, "current", sessions[i].id == r->session->id);
        view_date(r, item, "created", sessions[i].created_at_s);
        view_date(r, item, "used", sessions[i].used_at_s);
    }
    return ERR_NONE;
}

enum err_code
page_session_end(struct req *r, struct resp *out, struct err *e)
{
    uint64_t      id;
    enum err_code rc;

    if ((rc = req_param_id(r, "id", &id, e)) != ERR_NONE)
        return rc;
    rc = store_session_end(r->db, r->user->id, id, e);
    if (rc != ERR_NONE && rc != ERR_NOT_FOUND) /* ended already: what was wanted */
        return rc;
    resp_flash(r, out, "settings.session_ended");
    return reply_redirect(out, SL("/settings"));
}

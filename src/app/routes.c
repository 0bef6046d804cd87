#include "api/api.h"
#include "app_int.h"
#include "pages/pages.h"

/* 405, Allow, HEAD and OPTIONS come from this table; nginx sends a path to the pool its row names. */
const struct route routes[] = {
    { HTTP_GET, "/healthz", app_healthz, .pool = READ, .who = ANYONE, .csrf = SAFE, .reply = JSON },

    /* Pages. */
    { HTTP_GET, "/", page_home, .pool = APP, .who = ANYONE, .csrf = SAFE, .reply = HTML },
    { HTTP_GET, "/help", page_help, .pool = APP, .who = ANYONE, .csrf = SAFE, .reply = HTML },
    { HTTP_GET, "/signin", page_signin, .pool = APP, .who = ANYONE, .csrf = SAFE, .reply = HTML },
    { HTTP_POST, "/signin", page_signin_ask, .pool = APP, .who = ANYONE, .csrf = TOKEN,
      .reply = HTML, .body = FORM, .body_max = 16 * KIB },
    { HTTP_GET, "/signin/:token", page_signin_link, .pool = APP, .who = ANYONE, .csrf = SAFE,
      .reply = HTML },
    { HTTP_POST, "/signin/:token", page_signin_use, .pool = APP, .who = ANYONE, .csrf = TOKEN,
      .reply = HTML, .body = FORM, .body_max = 16 * KIB },
    { HTTP_POST, "/signout", page_signout, .pool = APP, .who = ANYONE, .csrf = TOKEN, .reply = HTML,
      .body = FORM, .body_max = 16 * KIB },
    { HTTP_GET, "/settings", page_settings, .pool = APP, .who = USER, .csrf = SAFE, .reply = HTML },
    { HTTP_POST, "/settings", page_settings_save, .pool = APP, .who = USER, .csrf = TOKEN,
      .reply = HTML, .body = FORM, .body_max = 16 * KIB },
    { HTTP_POST, "/settings/session/:id/end", page_session_end, .pool = APP, .who = USER,
      .csrf = TOKEN, .reply = HTML, .body = FORM, .body_max = 16 * KIB },

    /* What other sites ask: api/. */
    { HTTP_GET, "/displayer/convert/email", api_convert_form, .pool = READ, .who = ANYONE,
      .csrf = SAFE, .reply = HTML },
    { HTTP_POST, "/displayer/convert/email", api_convert_email, .pool = READ, .who = ANYONE,
      .csrf = NO_COOKIE, .reply = JSON, .body = FORM, .body_max = 8 * KIB,
      .fail = api_convert_fail },
    { HTTP_GET, "/displayer/:user/groups", api_groups, .pool = READ, .who = ANYONE, .csrf = SAFE,
      .reply = JSON, .cors = true, .cached = true, .fail = api_display_fail },
    { HTTP_GET, "/displayer/:user/groups.json", api_groups, .pool = READ, .who = ANYONE,
      .csrf = SAFE, .reply = JSON, .cors = true, .cached = true, .fail = api_display_fail },
    { HTTP_GET, "/displayer/:user/group/:group", api_group, .pool = READ, .who = ANYONE,
      .csrf = SAFE, .reply = JSON, .cors = true, .cached = true, .fail = api_display_fail },
    { HTTP_GET, "/images/badge/:file", api_picture, .pool = READ, .who = ANYONE, .csrf = SAFE,
      .reply = IMAGE, .cors = true },
    { HTTP_GET, "/baker", api_baker, .pool = FETCH_ANON, .who = ANYONE, .csrf = NO_COOKIE,
      .reply = IMAGE, .fail = api_baker_fail },
};
const size_t route_count = COUNT_OF(routes);

/* What people see: one handler a route, a row of src/app/routes.c each. Every one fills a view
 * model and renders a template of the same name. */
#ifndef OBI_PAGES_PAGES_H
#define OBI_PAGES_PAGES_H

#include "http/http.h"

/* GET / (a signed-in visitor goes to /backpack), GET /help. */
enum err_code page_home(struct req *r, struct resp *out, struct err *e);
enum err_code page_help(struct req *r, struct resp *out, struct err *e);

/* GET and POST /signin, GET and POST /signin/:token, POST /signout. */
enum err_code page_signin(struct req *r, struct resp *out, struct err *e);
enum err_code page_signin_ask(struct req *r, struct resp *out, struct err *e);
enum err_code page_signin_link(struct req *r, struct resp *out, struct err *e);
enum err_code page_signin_code(struct req *r, struct resp *out, struct err *e);
enum err_code page_signin_use(struct req *r, struct resp *out, struct err *e);
enum err_code page_signout(struct req *r, struct resp *out, struct err *e);

/* POST /signin/oidc/:name (signed in: adds that way to sign in), GET /signin/oidc/:name/callback, both in
 * the anonymous fetch pool; POST /settings/identity/:id/remove. */
enum err_code page_oidc_begin(struct req *r, struct resp *out, struct err *e);
enum err_code page_oidc_callback(struct req *r, struct resp *out, struct err *e);
enum err_code page_identity_remove(struct req *r, struct resp *out, struct err *e);

/* GET and POST /settings, POST /settings/session/:id/end. */
enum err_code page_settings(struct req *r, struct resp *out, struct err *e);
enum err_code page_settings_save(struct req *r, struct resp *out, struct err *e);
enum err_code page_session_end(struct req *r, struct resp *out, struct err *e);

/* GET /backpack[?before=ID]. */
enum err_code page_backpack(struct req *r, struct resp *out, struct err *e);
/* GET /backpack/add (app pool) and POST (fetch pool, MULTIPART): fields `file` and `url`. */
enum err_code page_add(struct req *r, struct resp *out, struct err *e);
enum err_code page_add_take(struct req *r, struct resp *out, struct err *e);

/* GET /backpack/badge/:id, its /picture and its /remove; POST its /remove, /visibility, /collect.
 * What cannot be taken back, or publishes an address, is asked for first: the same form with
 * `confirmed`. */
enum err_code page_badge(struct req *r, struct resp *out, struct err *e);
enum err_code page_badge_picture(struct req *r, struct resp *out, struct err *e);
enum err_code page_badge_check(struct req *r, struct resp *out, struct err *e);
enum err_code page_badge_remove(struct req *r, struct resp *out, struct err *e);
enum err_code page_badge_visibility(struct req *r, struct resp *out, struct err *e);
enum err_code page_badge_collect(struct req *r, struct resp *out, struct err *e);

/* GET /backpack/badge/:id/report: what the last check found, all of it; with `download`, or for
 * whoever names JSON, as it was stored. */
enum err_code page_badge_report(struct req *r, struct resp *out, struct err *e);

/* GET /verify[?url=] and POST (fetch-anon pool, MULTIPART): fields `data` or `image`, `profile`,
 * `recipient`. A page or the report as JSON, by Accept; with `download` a file of JSON. */
enum err_code page_verify(struct req *r, struct resp *out, struct err *e);
enum err_code page_verify_take(struct req *r, struct resp *out, struct err *e);

/* GET and POST /collections; GET /collections/:id; POST its /change, /badges, /remove. */
enum err_code page_collections(struct req *r, struct resp *out, struct err *e);
enum err_code page_collection_add(struct req *r, struct resp *out, struct err *e);
enum err_code page_collection(struct req *r, struct resp *out, struct err *e);
enum err_code page_collection_change(struct req *r, struct resp *out, struct err *e);
enum err_code page_collection_badges(struct req *r, struct resp *out, struct err *e);
enum err_code page_collection_remove(struct req *r, struct resp *out, struct err *e);

/* GET /share/collection/:path and /share/badge/:path, each also with .json behind it. Public
 * documents: nothing on them depends on who asks, and no e-mail address is on them. */
enum err_code page_share_collection(struct req *r, struct resp *out, struct err *e);
enum err_code page_share_collection_json(struct req *r, struct resp *out, struct err *e);
enum err_code page_share_badge(struct req *r, struct resp *out, struct err *e);
enum err_code page_share_badge_json(struct req *r, struct resp *out, struct err *e);

#endif

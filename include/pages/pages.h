/* What people see: one handler a route, a row of src/app/routes.c each. Every one fills a view
 * model and renders a template of the same name. */
#ifndef OBI_PAGES_PAGES_H
#define OBI_PAGES_PAGES_H

#include "http/http.h"

/* GET / (a signed-in visitor goes to /backpack), GET /help. */
enum err_code page_home(struct req *r, struct resp *out, struct err *e);
enum err_code page_help(struct req *r, struct resp *out, struct err *e);

/* GET /backpack/login, where the original signed people in: leads to /signin. */
enum err_code page_old_signin(struct req *r, struct resp *out, struct err *e);
/* GET and POST /signin, GET and POST /signin/:token, POST /signout. */
enum err_code page_signin(struct req *r, struct resp *out, struct err *e);
enum err_code page_signin_ask(struct req *r, struct resp *out, struct err *e);
enum err_code page_signin_link(struct req *r, struct resp *out, struct err *e);
enum err_code page_signin_code(struct req *r, struct resp *out, struct err *e);
enum err_code page_signin_use(struct req *r, struct resp *out, struct err *e);
enum err_code page_passkey_challenge(struct req *r, struct resp *out, struct err *e);
enum err_code page_passkey_add(struct req *r, struct resp *out, struct err *e);
enum err_code page_passkey_remove(struct req *r, struct resp *out, struct err *e);
enum err_code page_passkey_signin(struct req *r, struct resp *out, struct err *e);
enum err_code page_signout(struct req *r, struct resp *out, struct err *e);

/* POST /signin/oidc/:name (signed in: adds that way to sign in), GET /signin/oidc/:name/callback, both in
 * the sign-in pool; POST /settings/identity/:id/remove. */
enum err_code page_oidc_begin(struct req *r, struct resp *out, struct err *e);
enum err_code page_oidc_callback(struct req *r, struct resp *out, struct err *e);
enum err_code page_identity_remove(struct req *r, struct resp *out, struct err *e);

/* GET /access: a site asks for a standing permission. POST /accept: the learner gives it.
 * POST /settings/site/:id/revoke takes it back. */
enum err_code page_access(struct req *r, struct resp *out, struct err *e);
enum err_code page_accept(struct req *r, struct resp *out, struct err *e);
enum err_code page_site_revoke(struct req *r, struct resp *out, struct err *e);

/* POST /backpack/authenticate (sign-in pool): field `assertion`, and `next` of our own page.
 * GET /.well-known/browserid, /browserid/include.js; GET /browserid/dialog?origin=ORIGIN and
 * POST /browserid/certificate: fields `origin`, `email`, `key`. */
enum err_code page_authenticate(struct req *r, struct resp *out, struct err *e);
enum err_code page_browserid_support(struct req *r, struct resp *out, struct err *e);
enum err_code page_browserid_script(struct req *r, struct resp *out, struct err *e);
enum err_code page_browserid_dialog(struct req *r, struct resp *out, struct err *e);
enum err_code page_browserid_certificate(struct req *r, struct resp *out, struct err *e);

/* GET and POST /settings, POST /settings/session/:id/end. */
enum err_code page_settings(struct req *r, struct resp *out, struct err *e);
enum err_code page_settings_save(struct req *r, struct resp *out, struct err *e);
enum err_code page_session_end(struct req *r, struct resp *out, struct err *e);

/* POST /settings/addresses and its /code; GET and POST its /:token, the mailed link; POST its
 * /primary and /remove. */
enum err_code page_address_ask(struct req *r, struct resp *out, struct err *e);
enum err_code page_address_code(struct req *r, struct resp *out, struct err *e);
enum err_code page_address_link(struct req *r, struct resp *out, struct err *e);
enum err_code page_address_use(struct req *r, struct resp *out, struct err *e);
enum err_code page_address_primary(struct req *r, struct resp *out, struct err *e);
enum err_code page_address_remove(struct req *r, struct resp *out, struct err *e);

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

/* GET /backpack/badge/:id/report: what the last check found, all of it, or with `first` the import;
 * with `download`, or for whoever names JSON, as it was stored. And GET
 * /backpack/badge/:id/document/:hash: what was fetched for either, by the SHA-256 that the report
 * names, as a file. */
enum err_code page_badge_report(struct req *r, struct resp *out, struct err *e);
enum err_code page_badge_document(struct req *r, struct resp *out, struct err *e);

/* GET /verify[?url=] and POST (fetch-anon pool, MULTIPART): fields `data` or `image`, `profile`,
 * `recipient`. A page or the report as JSON, by Accept; with `download` a file of JSON. */
enum err_code page_verify(struct req *r, struct resp *out, struct err *e);
enum err_code page_verify_take(struct req *r, struct resp *out, struct err *e);

/* How issuers' pages push (docs/issuer-api.md): GET /issuer/frame is what issuer.js opens, POST
 * /issuer/push takes what that window was told, GET and POST /issuer/frameless what a form of
 * another site sends, GET /claim a link. All lead to GET /issuer/push/:token, which shows what was
 * sent, and whose POST says what became of each. GET /issuer/welcome. */
enum err_code page_push_frame(struct req *r, struct resp *out, struct err *e);
enum err_code page_push_take(struct req *r, struct resp *out, struct err *e);
enum err_code page_push_frameless(struct req *r, struct resp *out, struct err *e);
enum err_code page_claim(struct req *r, struct resp *out, struct err *e);
enum err_code page_consent(struct req *r, struct resp *out, struct err *e);
enum err_code page_consent_take(struct req *r, struct resp *out, struct err *e);
enum err_code page_push_welcome(struct req *r, struct resp *out, struct err *e);

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

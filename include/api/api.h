/* What other sites and programs ask: the display API, pictures and the baker. The rows of
 * src/app/routes.c name these handlers; docs/openapi.json describes what they answer. */
#ifndef OBI_API_API_H
#define OBI_API_API_H

#include "http/http.h"

/* POST /displayer/convert/email: the user id of an address. Field `email`. */
enum err_code api_convert_email(struct req *r, struct resp *out, struct err *e);
/* GET of the same: a form for people who try it. */
enum err_code api_convert_form(struct req *r, struct resp *out, struct err *e);
void          api_convert_fail(struct req *r, const struct err *e, struct resp *out);

/* GET /displayer/:user/groups, and with `.json` behind it. */
enum err_code api_groups(struct req *r, struct resp *out, struct err *e);
/* GET /displayer/:user/group/:group; the parameter may end in `.json`. */
enum err_code api_group(struct req *r, struct resp *out, struct err *e);
void          api_display_fail(struct req *r, const struct err *e, struct resp *out);

/* GET /oembed?url=&format=&maxwidth=&maxheight=: how another site shows a public page of ours.
 * Spec    oEmbed 1.0 (https://oembed.com). */
enum err_code api_oembed(struct req *r, struct resp *out, struct err *e);
enum err_code api_oembed_of_page(struct req *r, struct resp *out, struct err *e);

/* GET /images/badge/:file, the file being <hash>.png or <hash>.svg: the baked picture of a badge
 * that is public now. */
enum err_code api_picture(struct req *r, struct resp *out, struct err *e);

/* GET /baker?assertion=URL: checks it, bakes it, answers with the picture as a download. */
enum err_code api_baker(struct req *r, struct resp *out, struct err *e);
void          api_baker_fail(struct req *r, const struct err *e, struct resp *out);

/* GET and POST /issuer/assertion: one assertion, looked at or taken. Input: query `assertion`, else
 * of the form `assertion` or `badge`, else query `badge`. */
enum err_code api_issuer_assertion(struct req *r, struct resp *out, struct err *e);
void          api_issuer_fail(struct req *r, const struct err *e, struct resp *out);

/* One assertion that an issuer pushes, and for whom. */
struct api_issue {
    uint64_t     user;
    struct slice input;     /* as sent: an address or a compact JWS */
    struct slice origin;    /* what the issuer's must be (a token's); SLICE_NONE: not asked */
    bool         only_look; /* nothing is stored: 200 instead of 201, also for somebody else's */
};
/* Imports it as an upload is imported, and answers in the statuses and bodies of the original's
 * /issuer/assertion and /api/issue: 201, 400, 403, and 409 for a duplicate (docs/issuer-api.md). For a
 * route of the fetch pool.
 * Errors  as import_bytes: what is no fault of the badge. The route's `.fail` shapes them. */
enum err_code api_issue_answer(struct req *r, struct resp *out, const struct api_issue *issue,
                               struct err *e);

/* Backpack Connect. POST /api/token: tokens for a code or a refresh token. GET /api/identity: a hash
 * of the learner's address. POST /api/issue: `badge` into the learner's backpack. OPTIONS of all:
 * what a browser's page may send. */
enum err_code api_token(struct req *r, struct resp *out, struct err *e);
enum err_code api_identity(struct req *r, struct resp *out, struct err *e);
enum err_code api_push(struct req *r, struct resp *out, struct err *e);
enum err_code api_preflight(struct req *r, struct resp *out, struct err *e);
void          api_connect_fail(struct req *r, const struct err *e, struct resp *out);

#endif

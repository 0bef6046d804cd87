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

/* GET /images/badge/:file, the file being <hash>.png or <hash>.svg: the baked picture of a badge
 * that is public now. */
enum err_code api_picture(struct req *r, struct resp *out, struct err *e);

/* GET /baker?assertion=URL: checks it, bakes it, answers with the picture as a download. */
enum err_code api_baker(struct req *r, struct resp *out, struct err *e);
void          api_baker_fail(struct req *r, const struct err *e, struct resp *out);

#endif

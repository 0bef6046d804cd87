#ifndef OBI_API_INT_H
#define OBI_API_INT_H

#include "api/api.h"
#include "badge/report.h"
#include "json/json.h"

/* A name that may stand before the parenthesis of a JSONP answer: JavaScript identifiers (ASCII),
 * joined by dots or followed by [0], at most 128 bytes. Nothing that could end the call or begin
 * another. */
bool jsonp_name(struct slice name);
/* `/ * * /name(json)` without the spaces: the comment keeps the bytes from being taken for another
 * type of file (Rosetta Flash). `<`, U+2028 and U+2029 are escaped, so that the text is a script
 * wherever it stands. */
struct slice jsonp_wrap(struct arena *a, struct slice name, struct slice json);

/* A page with a form and nothing else of its own. */
enum err_code reply_form(const struct req *r, struct resp *out, const char *page,
                         const char *title_id);

/* What the original's push routes said of an error of ours, about the badge that `input` named. The
 * caller's reference. */
json_object *issue_down(const struct req *r, struct slice input, const struct err *e);

/* A report that is not valid as the original baker's error object. The caller's reference. */
json_object *baker_failure(const struct report *report);

#endif

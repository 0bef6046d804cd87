/* View models: what templates may link to and how values become text for people. */
#ifndef OBI_HTTP_VIEW_H
#define OBI_HTTP_VIEW_H

#include "http/http.h"

/* Puts `url` only if it is http or https with a host; otherwise nothing, so that a template cannot
 * link to anything else. Also puts `<name>_host`, the address's host, for showing where a link
 * leads. */
void view_url(json_object *model, const char *name, struct slice url);
/* A date as a person of the request's language writes it ("23 November 2026"), and `<name>_iso` for
 * <time datetime>. Nothing when unix_s is 0. */
void view_date(const struct req *r, json_object *model, const char *name, int64_t unix_s);
/* A sentence of the catalogue in the request's language. `names` is NULL or an object whose text
 * members replace `{name}` in it; a member `count` chooses the plural. In the request's arena. */
struct slice view_text(const struct req *r, const char *message_id, json_object *names);
/* The same; `english` as it is where the catalogue has no such id. */
struct slice view_text_or(const struct req *r, const char *message_id, struct slice english,
                          json_object *names);
/* A template by itself, without a layout around it and a line's end behind it. */
MUST_USE enum err_code view_fragment(const struct req *r, const char *name, json_object *model,
                                     struct slice *ret, struct err *e);
/* An absolute address: site.base_url and a path. */
struct slice view_absolute(const struct req *r, struct slice path);
/* What a report's `why` says, in the request's language; `english` where it is absent, or of another
 * release. */
struct slice view_why(const struct req *r, json_object *why, struct slice english);
/* A failure as the model that pages and JSON errors show: reason, sentence, and url, field,
 * received, cause where they are set. */
json_object *view_err(const struct req *r, const struct err *e);

#endif

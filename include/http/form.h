/* Text from a client, taken apart: query strings, forms, JSON forms, multipart, cookies. Names and
 * values are decoded into the arena, or point into what was handed in. All of it is UTF-8 without
 * NUL, or refused. */
#ifndef OBI_HTTP_FORM_H
#define OBI_HTTP_FORM_H

#include "http/http.h"

/* application/x-www-form-urlencoded, at most `max` fields. Spec: URL Standard, 5.1; a bad percent
 * escape is refused rather than taken as it is. Errors  BAD_REQUEST, TOO_LARGE. */
MUST_USE enum err_code form_urlencoded(struct arena *a, struct slice text, size_t max,
                                       struct fields *ret, struct err *e);
/* One JSON object: texts, numbers, truths; an array of these is the field several times; null is
 * left out. nested: also objects, each as its text; else they are refused.
 * Errors  JSON_MALFORMED, FIELD_INVALID, TOO_LARGE. */
MUST_USE enum err_code form_json(struct arena *a, struct slice text, size_t max, bool nested,
                                 struct fields *ret, struct err *e);

struct multipart {
    struct fields fields;
    struct upload
          *uploads; /* parts with a file name; one without a name and without bytes is left out */
    size_t upload_count;
};
/* multipart/form-data. Parts point into `body`. Spec: RFC 7578, RFC 2046 5.1.
 * In      content_type: the request's, with its boundary.
 * Errors  BAD_REQUEST: no boundary, a part without a name, no closing boundary; TOO_LARGE: more
 * than LIMIT_FORM_FIELDS fields or LIMIT_FORM_FILES files. */
MUST_USE enum err_code form_multipart(struct arena *a, struct slice content_type, struct slice body,
                                      struct multipart *ret, struct err *e);

/* A Cookie header, at most LIMIT_COOKIES. What is no pair is left out. Spec: RFC 6265, 5.4
 * and 4.2.1. */
void form_cookies(struct arena *a, struct slice header, struct fields *ret);
/* Percent-decoded; false on a bad escape. `plus`: `+` is a space. */
bool percent_decode(struct arena *a, struct slice text, bool plus, struct slice *ret);

/* The parameter of a header value: `name` of `form-data; name="x"`. False when it is not there. */
bool header_param(struct arena *a, struct slice value, const char *name, struct slice *ret);
/* The media type without parameters, trimmed. */
struct slice media_type(struct slice content_type);

/* Whether a response of application/json satisfies an Accept header, by RFC 9110, 12.5.1: the most
 * specific range that matches decides, and a weight of 0 says no. SLICE_NONE (no header) takes
 * anything. */
bool accept_takes_json(struct slice accept);
/* Whether an Accept-Encoding header names gzip. */
bool accept_takes_gzip(struct slice accept_encoding);

#endif

/* Shared inside json/ only. */
#ifndef OBI_JSON_INT_H
#define OBI_JSON_INT_H

#include "core/err.h"

/* True to RFC 8259 and I-JSON or not: everything json_parse promises to refuse is refused here,
 * before json-c sees the text.
 * Errors  JSON_MALFORMED (e->cause says what, at which byte); TOO_LARGE (too deep, too many
 *         values). */
MUST_USE enum err_code json_strict(struct slice text, struct err *e);

/* The code unit of the four hex digits at `p`; -1 when they are none. */
int json_code_unit(const char *p, const char *end);
/* A high one from 0xD800, a low one from 0xDC00. */
bool json_is_surrogate(int unit, int from);
/* For qsort over slices: what stands between a name's quotes, once read and found good, by the
 * characters it means: "a" and "\u0061" are one name. */
int json_name_cmp(const void *a, const void *b);

#endif

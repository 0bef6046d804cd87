/* Shared inside json/ only. */
#ifndef OBI_JSON_INT_H
#define OBI_JSON_INT_H

#include "core/err.h"

/* True to RFC 8259 and I-JSON or not: everything json_parse promises to refuse is refused here,
 * before json-c sees the text. Errors  JSON_MALFORMED (e->cause says what, at which byte);
 * TOO_LARGE (too deep, too many values). */
MUST_USE enum err_code json_strict(struct slice text, struct err *e);

#endif

/* A compact JWS (RFC 7515, 3.1), taken apart and not yet believed. */
#ifndef OBI_CORE_JWS_H
#define OBI_CORE_JWS_H

#include "core/arena.h"

struct jws {
    struct slice signed_text; /* header and payload as they were sent: what is signed */
    struct slice header, payload, signature; /* decoded */
};

/* Three parts of base64url with points between them, whatever they hold. */
bool jws_is(struct slice text);
/* Takes apart what jws_is. False when a part is no base64url by the letter. */
bool jws_split(struct arena *a, struct slice text, struct jws *ret);

#endif

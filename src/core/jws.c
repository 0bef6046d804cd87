#include "core/jws.h"

#include "core/digest.h"

bool
jws_is(struct slice text)
{
    struct slice part;
    size_t       parts = 0;

    for (; slice_next(&text, '.', &part); parts++) {
        if (part.n == 0)
            return false;
        for (size_t i = 0; i < part.n; i++) {
            char c = part.p[i];

            if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
                  c == '_'))
                return false;
        }
    }
    return parts == 3;
}

bool
jws_split(struct arena *a, struct slice text, struct jws *ret)
{
    struct slice rest = text, header, payload, signature;

    (void)(slice_next(&rest, '.', &header) && slice_next(&rest, '.', &payload));
    signature = rest;
    ret->signed_text = slice_first(text, header.n + 1 + payload.n);
    return base64url_decode(a, header, &ret->header) &&
           base64url_decode(a, payload, &ret->payload) &&
           base64url_decode(a, signature, &ret->signature);
}

/* What an issuer may push into a backpack, before anything of it is believed or fetched. */
#include "badge/verify.h"
#include "core/limits.h"
#include "core/uri.h"
#include "core/jws.h"

static bool
has_recipient(struct arena *a, struct slice payload)
{
    json_object *doc = NULL;
    struct err   e = { 0 };

    return json_parse(payload, &doc, &e) == ERR_NONE &&
           json_get(json_in_arena(a, doc), "recipient") != NULL;
}

struct slice
badge_pushed(struct arena *a, struct slice text)
{
    struct jws jws;

    text = slice_trim(text);
    if (uri_is_web(text) || (text.n <= LIMIT_JWS_BYTES && jws_is(text) &&
                             jws_split(a, text, &jws) && has_recipient(a, jws.payload)))
        return text;
    return SLICE_NONE;
}

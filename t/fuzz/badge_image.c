/* Whatever picture is handed in: told apart, checked, unbaked; and whatever text, baked or refused. */
#include "badge/bake.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     in = fuzz_slice(bytes, count), out, text;
    struct badge_image               info;
    struct err                       e;

    if (badge_image_check(in, &info, &e) == ERR_NONE)
        FUZZ_HOLDS(badge_image_kind(in) == info.kind && info.kind != BADGE_IMAGE_UNKNOWN);
    if (badge_unbake(a, in, &text, &e) == ERR_NONE)
        FUZZ_HOLDS(text.n > 0 && slice_is_utf8(text) && !slice_has_char(text, '\0'));
    if (badge_bake(a, SL("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), in, SLICE_NONE, &out,
                   &e) == ERR_NONE)
        FUZZ_HOLDS(badge_unbake(a, out, &text, &e) == ERR_NONE && text.n > 0);
    return 0;
}

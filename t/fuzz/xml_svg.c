/* An SVG that is taken can be baked, stays one, and gives back what was baked in. */
#include "fuzz.h"
#include "xml/svg.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static const struct slice        text = SL("{\"id\":\"]]>\"}");
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     svg = fuzz_slice(bytes, count), baked, again, out;
    struct err                       e;
    bool                             good = svg_check(svg, &e) == ERR_NONE;

    FUZZ_HOLDS(svg_is(svg) || !good);
    if (svg_unbake(a, svg, &out, &e) == ERR_NONE)
        FUZZ_HOLDS(good && out.n > 0 && slice_is_utf8(out));
    if (svg_bake(a, svg, SL("https://a.example/?a=1&b=2"), text, &baked, &e) != ERR_NONE) {
        FUZZ_HOLDS(!good);
        return 0;
    }
    FUZZ_HOLDS(good && baked.n <= svg.n + 300);
    /* Baking adds an element, a namespace and bytes: at a limit that may be one too many. */
    if (svg_unbake(a, baked, &out, &e) != ERR_NONE) {
        FUZZ_HOLDS(e.code == ERR_TOO_LARGE);
        return 0;
    }
    FUZZ_HOLDS(slice_eq(out, text));
    if (svg_bake(a, baked, SL("https://a.example/?a=1&b=2"), text, &again, &e) == ERR_NONE)
        FUZZ_HOLDS(slice_eq(again, baked));
    return 0;
}

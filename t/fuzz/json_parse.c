/* What is parsed can be printed and parsed again, and is then the same. */
#include "fuzz.h"
#include "json/json.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    SCOPED(json_drop) json_object   *doc = NULL, *again = NULL;
    struct slice                     text = fuzz_slice(bytes, count), printed;
    struct err                       e;

    if (json_parse(text, &doc, &e) != ERR_NONE) {
        /* The pre-check refuses all that json-c would. */
        FUZZ_HOLDS(strncmp(e.detail, "json-c:", 7) != 0);
        FUZZ_HOLDS(e.cause[0] != '\0');
        return 0;
    }
    FUZZ_HOLDS(slice_is_utf8(text));
    printed = json_print(a, doc);
    if (json_parse(printed, &again, &e) != ERR_NONE)
        FUZZ_HOLDS(e.code == ERR_TOO_LARGE); /* an escape may take more room than its character */
    else
        FUZZ_HOLDS(slice_eq(json_print(a, again), printed) && json_object_equal(doc, again));
    return 0;
}

/* The first byte chooses: a form, a JSON form, cookies or a header's parameters. */
#include <assert.h>
#include <stdint.h>

#include "http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void
check(const struct fields *f, bool decoded)
{
    for (size_t i = 0; i < f->count; i++)
        if (decoded)
            assert(slice_is_utf8(f->items[i].name) && slice_is_utf8(f->items[i].value) &&
                   !slice_has_char(f->items[i].value, '\0'));
        else
            assert(!slice_has_char(f->items[i].value, ';') &&
                   !slice_has_char(f->items[i].value, '\r'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     text = { (const char *)bytes, count }, found;
    struct fields                    f = { NULL, 0 };
    struct err                       e;

    if (count == 0)
        return 0;
    text = slice_from(text, 1);
    switch (bytes[0] & 3) {
    case 0:
        if (form_urlencoded(a, text, LIMIT_QUERY_ARGS, &f, &e) == ERR_NONE)
            check(&f, true);
        break;
    case 1:
        if (form_json(a, text, LIMIT_FORM_FIELDS, (bytes[0] & 4) != 0, &f, &e) == ERR_NONE)
            check(&f, true);
        break;
    case 2:
        form_cookies(a, text, &f);
        check(&f, false);
        break;
    default:
        if (header_param(a, text, "name", &found))
            assert(found.n <= text.n);
    }
    return 0;
}

/* A template, a NUL, its model in JSON. Whatever a template does, no value gets through it as a tag. */
#include <assert.h>
#include <stdint.h>

#include "http/template.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static struct slice
no_asset(struct slice name)
{
    return slice_eq(name, SL("a")) ? SL("/a") : SLICE_NONE;
}

static const struct catalogue *
words(void)
{
    static struct catalogue *c;
    struct err               e;

    if (c == NULL &&
        catalogue_new(SL("en"), SL("msgid \"a\"\nmsgstr \"A {x}\"\n"), false, &c, &e) != ERR_NONE)
        return NULL;
    return c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    SCOPED(json_drop) json_object   *model = NULL;
    struct slice                     json = { (const char *)bytes, count }, text, out;
    struct templates                *t;
    struct err                       e;

    if (count == 0 || !slice_next(&json, '\0', &text) || words() == NULL)
        return 0;
    if (json.p == NULL || json_parse(json, &model, &e) != ERR_NONE)
        model = NULL;
    if (templates_new(&(struct text_file){ "main", text }, 1, no_asset, &t, &e) != ERR_NONE)
        return 0;
    if (templates_render(t, a, "main", "main", model, words(), &out, &e) == ERR_NONE &&
        !slice_has_char(text, '<'))
        assert(!slice_has_char(out, '<')); /* so none can have come from a value */
    templates_free(t);
    return 0;
}

/* The first line is the content type, the rest the body. What is taken apart must lie inside the body. */
#include <assert.h>
#include <stdint.h>

#include "http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void
touch(struct slice body, struct slice part)
{
    assert(part.n == 0 || (part.p >= body.p && part.p + part.n <= body.p + body.n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     body = { (const char *)bytes, count }, type;
    struct multipart                 m;
    struct err                       e;

    if (count == 0 || !slice_next(&body, '\n', &type) || body.p == NULL)
        return 0;
    if (form_multipart(a, type, body, &m, &e) != ERR_NONE)
        return 0;
    for (size_t i = 0; i < m.fields.count; i++)
        touch(body, m.fields.items[i].value);
    for (size_t i = 0; i < m.upload_count; i++) {
        touch(body, m.uploads[i].bytes);
        assert(slice_is_utf8(m.uploads[i].file_name));
    }
    return 0;
}

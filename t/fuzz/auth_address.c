/* An address that is taken can stand in a header and in an SMTP path as it is. */
#include "auth/address.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct slice text = fuzz_slice(bytes, count);

    if (!auth_address_ok(text))
        return 0;
    FUZZ_HOLDS(text.n <= LIMIT_EMAIL_BYTES && slice_is_utf8(text));
    FUZZ_HOLDS(slice_has_char(text, '@') && text.p[0] != '@' && text.p[text.n - 1] != '@');
    for (size_t i = 0; i < text.n; i++)
        FUZZ_HOLDS((unsigned char)text.p[i] > ' ' && text.p[i] != 0x7F &&
                   strchr("<>()[],;:\\\"", text.p[i]) == NULL);
    return 0;
}

/* A set of keys, a line's end, and a token: whatever they are, a token that is taken says what was wanted. */
#include "auth/id_token.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     token = fuzz_slice(bytes, count), set = SL("");
    struct id_token_want             want = { .issuer = SL("https://id.example"),
                                              .client_id = SL("obi"),
                                              .nonce = SL("n-0S6"),
                                              .now_s = 1800000000 };
    struct jwks                     *keys;
    struct id_token                  got;
    struct err                       e;

    (void)slice_next(&token, '\n', &set);
    if (jwks_parse(a, set, &keys, &e) != ERR_NONE)
        return 0;
    FUZZ_HOLDS(keys->count <= JWKS_KEYS_MAX);
    for (size_t i = 0; i < keys->count; i++)
        FUZZ_HOLDS(keys->keys[i].key.kind != KEY_RSA ||
                   keys->keys[i].key.bits >= JWKS_RSA_BITS_MIN);
    if (id_token_check(a, token, keys, &want, &got, &e) == ERR_NONE)
        FUZZ_HOLDS(got.subject.n > 0 && got.subject.n <= 255);
    return 0;
}

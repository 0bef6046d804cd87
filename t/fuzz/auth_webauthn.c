/* Authenticator data of a new passkey: whatever is taken is for this site, by somebody who was verified, and a key. */
#include "auth/webauthn.h"
#include "core/digest.h"
#include "fuzz.h"

#define CLIENT_DATA                                                                                \
    SL("{\"type\":\"webauthn.create\",\"challenge\":\"YQ\",\"origin\":\"https://obi.example\"}")

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static const int algorithms[] = { WEBAUTHN_ES256, WEBAUTHN_EDDSA, WEBAUTHN_RS256 };
    static const struct webauthn_site site = { SL("https://obi.example"), SL("obi.example") };
    SCOPED(arena_drop) struct arena  *a = arena_new();
    struct sha256                     rp = sha256_of(site.rp_id);
    char                             *data = arena_alloc(a, SHA256_BYTES + count + 1);
    struct webauthn_answer            answer = { CLIENT_DATA, { data, SHA256_BYTES + count } };

    memcpy(data, rp.bytes, SHA256_BYTES); /* not to be guessed */
    memcpy(data + SHA256_BYTES, bytes, count);
    for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
        struct webauthn_key key;
        struct err          e;

        if (webauthn_new_key(a, &site, SL("a"), &answer, algorithms[i], &key, &e) != ERR_NONE) {
            FUZZ_HOLDS(e.code == ERR_PASSKEY);
            continue;
        }
        FUZZ_HOLDS(count > 0 && (bytes[0] & 0x45) == 0x45);
        FUZZ_HOLDS(key.algorithm == algorithms[i] && key.credential.n > 0 && key.public_key.n > 0);
    }
    return 0;
}

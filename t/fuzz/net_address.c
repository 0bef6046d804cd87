/* Addresses as text: read as the system reads them, and every one lies in a range with a name. */
#include <arpa/inet.h>

#include "fuzz.h"
#include "net/address.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     text = fuzz_slice(bytes, count);
    struct net_address               address;
    unsigned char                    want[16];
    bool                             good, is6 = slice_has_char(text, ':');

    good = !slice_has_char(text, '\0') &&
           inet_pton(is6 ? AF_INET6 : AF_INET, arena_str(a, text), want) == 1;
    if (!net_address_parse(text, &address))
        return 0;
    FUZZ_HOLDS(good && address.bits == (is6 ? 128 : 32) && address.port == 0);
    FUZZ_HOLDS(memcmp(address.bytes, want, (size_t)address.bits / 8) == 0);
    FUZZ_HOLDS(net_address_range(&address)[0] != '\0');
    FUZZ_HOLDS(net_address_is_public(&address) ==
               (strcmp(net_address_range(&address), "public") == 0));
    for (int bits = 0; bits <= address.bits; bits++)
        FUZZ_HOLDS(net_address_within(&address, &address, bits));
    return 0;
}

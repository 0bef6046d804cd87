#include "core/rand.h"

#include <limits.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/digest.h"

void
rand_bytes(void *to, size_t n)
{
    if (n > INT_MAX || RAND_bytes(to, (int)n) != 1) {
        fputs("{\"level\":\"error\",\"event\":\"no_randomness\"}\n", stderr);
        abort();
    }
}

struct slice
rand_token(struct arena *a)
{
    char bytes[32];

    rand_bytes(bytes, sizeof bytes);
    return base64url_encode(a, (struct slice){ bytes, sizeof bytes });
}

static const int64_t start_ms = 1767225600000; /* 2026-01-01 */

uint64_t
rand_id(void)
{
    uint16_t low;

    rand_bytes(&low, sizeof low);
    return ((uint64_t)(clock_now_ms() - start_ms) & 0x1FFFFFFFFFF) << 12 | (low & 0xFFF);
}

int64_t
rand_id_time_s(uint64_t id)
{
    return ((int64_t)(id >> 12) + start_ms) / 1000;
}

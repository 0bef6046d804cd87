#include "store_int.h"

#include "core/rand.h"

struct slice
path_new(struct arena *a)
{
    char bytes[16];

    rand_bytes(bytes, sizeof bytes);
    return base64url_encode(a, (struct slice){ bytes, sizeof bytes });
}

struct slice
email_key(struct arena *a, struct slice email)
{
    return arena_lower(a, email);
}

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
    char *p = arena_str(a, email);

    for (size_t i = 0; i < email.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] - 'A' + 'a');
    return (struct slice){ p, email.n };
}

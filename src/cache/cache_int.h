/* Shared inside cache/ only. */
#ifndef OBI_CACHE_INT_H
#define OBI_CACHE_INT_H

#include "cache/cache.h"

/* Which of several servers has a key. nginx reads documents by itself, so this is its ring: the one of
 * `hash ... consistent`, over the servers as its `server` directives write them. */
struct ring_point {
    uint32_t hash;
    uint32_t server;
};
struct ring {
    struct ring_point *points; /* by rising hash, no two of the same */
    size_t             count;
};

/* In      servers: at least one, as `cache.server` writes them.
 * Out     *ret, its points in `a`. */
void ring_init(struct arena *a, const struct conf_list *servers, struct ring *ret);

/* The key's server, by its place in the list. */
size_t ring_find(const struct ring *r, struct slice key);

#endif

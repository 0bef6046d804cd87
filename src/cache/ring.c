/* nginx's ring of servers (ngx_http_upstream_hash_module of 1.22): each server has 160 points on a circle of CRC-32
 * values, and a key is with the server of the first point at or after its own. A server more or less moves the
 * keys of its own points and no other. */
#include "cache_int.h"

#include <endian.h>
#include <stdlib.h>
#include <zlib.h>

enum { POINTS_EACH = 160 };

static uint32_t
crc_add(uint32_t crc, const void *bytes, size_t n)
{
    return (uint32_t)crc32(crc, bytes, (uInt)n);
}

/* Host, NUL, port, as they are written, an IPv6 address in its brackets; of a socket the path and NUL. */
static uint32_t
crc_of_server(struct slice name)
{
    struct slice host = name, port = SL("");

    if (slice_starts(name, SL("unix:"))) {
        host = slice_from(name, 5);
    } else {
        while (host.n > 0 && host.p[host.n - 1] != ':')
            host.n--;
        port = slice_from(name, host.n);
        host.n--; /* there is a colon: conf_load took the name */
    }
    return crc_add(crc_add(crc_add(0, host.p, host.n), "", 1), port.p, port.n);
}

static int
by_hash(const void *one, const void *two)
{
    const struct ring_point *a = one, *b = two;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->server < b->server ? -1 : a->server > b->server;
}

void
ring_init(struct arena *a, const struct conf_list *servers, struct ring *ret)
{
    struct ring_point *points = ARENA_ARRAY(a, struct ring_point, servers->count * POINTS_EACH);
    size_t             count = 0, kept = 1;

    for (uint32_t s = 0; s < servers->count; s++) {
        uint32_t name = crc_of_server(servers->items[s]), hash = 0;

        for (int i = 0; i < POINTS_EACH; i++) {
            uint32_t before = htole32(hash);

            hash = crc_add(name, &before, sizeof before);
            points[count++] = (struct ring_point){ hash, s };
        }
    }
    qsort(points, count, sizeof *points, by_hash);
    /* Of two servers with a point in common the first has it. */
    for (size_t i = 1; i < count; i++)
        if (points[i].hash != points[kept - 1].hash)
            points[kept++] = points[i];
    *ret = (struct ring){ points, kept };
}

size_t
ring_find(const struct ring *r, struct slice key)
{
    uint32_t hash = crc_add(0, key.p, key.n);
    size_t   low = 0, high = r->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (r->points[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return r->points[low % r->count].server;
}

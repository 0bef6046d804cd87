/* memcached: public documents, and nothing that could not be made again. Every function answers
 * within about `cache.timeout`; a server that does not answer is left alone for a second and asked
 * again by itself.
 *
 * Filling: cache_find; who gets the lease builds the document and calls cache_store with it, everybody
 * else builds it and stores nothing. Writing: commit, then cache_delete, then acknowledge: a lease
 * that was deleted can no longer be stored over. */
#ifndef OBI_CACHE_CACHE_H
#define OBI_CACHE_CACHE_H

#include <stdint.h>

#include "core/arena.h"
#include "core/conf.h"
#include "core/err.h"

struct cache;

/* How a document is written down. nginx has the same text in its keys (deploy/nginx/http.conf). It is not the
 * software's release: what workers of the new one have kept, a writer of the old one must still find. After a
 * release that shows the same rows in another way the cache is emptied: `obi cache empty`. */
#define CACHE_RELEASE "3"

/* What the path does not say about a document: its language, or "-" where it has none, and behind
 * it `gz` where it is compressed. A writer
 * deletes a path under each of these, so a document may be stored under no other. */
extern const char *const cache_variants[];
extern const size_t      cache_variant_count;

/* `d:<release>:<variant>:<path>`, of this release. `path` is the request's, as sent, without the
 * query; SLICE_NONE when it is no key for memcached (over 250 bytes, a blank or control byte in it)
 * or has a percent escape in it, which would be another spelling of a path: such a document is not
 * stored. `variant` is one of cache_variants. */
struct slice cache_key(struct arena *a, const char *variant, struct slice path);

/* NULL when no server is configured: every function takes that and answers as an empty cache
 * would. */
struct cache *cache_new(const struct conf *conf);
void          cache_free(struct cache *c);

enum cache_found {
    CACHE_HIT,
    CACHE_MISS,
    CACHE_LEASED, /* somebody is building it */
    CACHE_UNKEPT, /* somebody built it a moment ago, and it was not to be stored */
    CACHE_AWAY,   /* the server did not answer */
};
/* Out     *ret on CACHE_HIT, in `a`. */
enum cache_found cache_get(struct cache *c, struct arena *a, struct slice key, struct slice *ret);

enum cache_lease_answer {
    LEASE_YOURS, /* build and store */
    LEASE_TAKEN, /* somebody else is building it, or it is there by now */
    LEASE_NONE,  /* the server did not answer */
};
struct cache_lease {
    uint64_t cas;
};
/* Reserves the key for 3 s. Take it before the first read of what the document is made of. */
enum cache_lease_answer cache_lease(struct cache *c, struct slice key, struct cache_lease *ret);
/* The document, or when it is not there the lease. While somebody else has that, looks again for up
 * to 200 ms: a burst of readers builds a document once. `c` is not NULL.
 * Out     *ret on CACHE_HIT, in `a`; *ret_leased: *ret_lease is yours. */
enum cache_found cache_find(struct cache *c, struct arena *a, struct slice key, struct slice *ret,
                            struct cache_lease *ret_lease, bool *ret_leased);
/* Stores over the lease for `ttl_s` seconds, at most cache.ttl. False when the lease was deleted or
 * has run out, the server did not answer, or the document is not to be stored: it is over 4 MB, or
 * ttl_s is 0 or less; the key is CACHE_UNKEPT for a second then. */
bool cache_store(struct cache *c, struct slice key, struct cache_lease lease, struct slice document,
                 int64_t ttl_s);

/* Notes under `key` that somebody has it, for at most ttl_s seconds or until cache_delete. False when
 * somebody has it already; true also when no server answered. */
bool cache_take(struct cache *c, struct slice key, int64_t ttl_s);
/* As cache_take, where `count` may have it at once. *ret_key: the place taken, in `a`, for cache_delete. */
bool cache_take_place(struct cache *c, struct arena *a, struct slice key, int count, int64_t ttl_s,
                      struct slice *ret_key);

/* Keeps what somebody else said under `key` for ttl_s seconds, over what is there; read with
 * cache_get. Nothing happens when it is over 4 MB or the server does not answer. */
void cache_put(struct cache *c, struct slice key, struct slice value, int64_t ttl_s);

/* Removes keys. True when every one is known to be gone: the server said so, or it is not running,
 * and what it held went with it. False when a server hangs: it may still hold them until their time
 * is over. */
bool cache_delete(struct cache *c, const struct slice *keys, size_t count);

/* Forgets everything, on every server. False when one of them did not answer. */
bool cache_empty(struct cache *c);

/* Whether the n-th of cache.server answers now. */
bool cache_answers(struct cache *c, size_t n);

/* What a server says of itself, since it was started. */
struct cache_stats {
    uint64_t hits, misses; /* of every reader's, nginx too */
    uint64_t evictions, bytes, limit_bytes;
};
/* Of the n-th of cache.server. False when it does not answer. */
bool cache_stats(struct cache *c, size_t n, struct cache_stats *ret);

/* Microseconds spent waiting for memcached since the last call, for the log. */
int64_t cache_took_us(struct cache *c);

#endif

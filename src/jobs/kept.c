/* Documents that many badges share, so that each is fetched once: classes, issuers, pictures, contexts. The
 * oldest make room. */
#include "recheck_int.h"

#include <assert.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/limits.h"

enum { KEPT_BYTES = 8 * MIB, KEPT_COUNT = 4096, KEPT_MS = 3600 * 1000 };

struct entry {
    struct sha256  key;
    struct arena  *a; /* what it points to */
    struct fetched document;
    int64_t        at_ms;
};

struct kept {
    struct entry ring[KEPT_COUNT];
    size_t       first, count, bytes;
};

struct kept *
kept_new(void)
{
    struct kept *k = calloc(1, sizeof *k);

    assert(k != NULL);
    return k;
}

static void
drop_oldest(struct kept *k)
{
    struct entry *entry = &k->ring[k->first];

    k->bytes -= entry->document.body.n;
    arena_free(entry->a);
    k->first = (k->first + 1) % KEPT_COUNT;
    k->count--;
}

void
kept_free(struct kept *k)
{
    if (k == NULL)
        return;
    while (k->count > 0)
        drop_oldest(k);
    free(k);
}

static struct fetched
copy(struct arena *a, const struct fetched *d)
{
    struct fetched c = *d;

    c.url = arena_copy(a, d->url);
    c.final_url = arena_copy(a, d->final_url);
    c.content_type = arena_copy(a, d->content_type);
    c.body = arena_copy(a, d->body);
    return c;
}

bool
kept_get(const struct kept *k, struct arena *a, struct slice url, struct fetched *ret)
{
    struct sha256 key = sha256_of(url);
    int64_t       now_ms = clock_now_ms();

    for (size_t i = k->count; i > 0; i--) {
        const struct entry *entry = &k->ring[(k->first + i - 1) % KEPT_COUNT];

        if (memcmp(&entry->key, &key, sizeof key) != 0)
            continue;
        if (now_ms - entry->at_ms > KEPT_MS)
            return false;
        *ret = copy(a, &entry->document);
        return true;
    }
    return false;
}

void
kept_put(struct kept *k, const struct fetched *document)
{
    struct entry *entry;

    if (document->body.n > KEPT_BYTES / 4)
        return;
    while (k->count == KEPT_COUNT || k->bytes + document->body.n > KEPT_BYTES)
        drop_oldest(k);
    entry = &k->ring[(k->first + k->count++) % KEPT_COUNT];
    *entry = (struct entry){ .key = sha256_of(document->url),
                             .a = arena_new(),
                             .at_ms = clock_now_ms() };
    entry->document = copy(entry->a, document);
    k->bytes += document->body.n;
}

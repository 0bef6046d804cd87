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
    struct fetched document; /* its texts stand in one block, the address first */
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

static size_t
bytes_of(struct fetched d)
{
    return d.url.n + d.final_url.n + d.content_type.n + d.body.n;
}

/* With all its texts in the block, which has room for them. */
static struct fetched
copy(char *block, const struct fetched *d)
{
    struct fetched      c = *d;
    struct slice *const texts[] = { &c.url, &c.final_url, &c.content_type, &c.body };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i]->n > 0)
            memcpy(block, texts[i]->p, texts[i]->n);
        texts[i]->p = block;
        block += texts[i]->n;
    }
    return c;
}

static void
drop_oldest(struct kept *k)
{
    struct fetched *d = &k->ring[k->first].document;

    k->bytes -= bytes_of(*d);
    free((char *)(uintptr_t)d->url.p);
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
        *ret = copy(arena_alloc(a, bytes_of(entry->document)), &entry->document);
        return true;
    }
    return false;
}

void
kept_put(struct kept *k, const struct fetched *document)
{
    size_t n = bytes_of(*document);
    char  *block;

    if (n > KEPT_BYTES / 4)
        return;
    while (k->count == KEPT_COUNT || k->bytes + n > KEPT_BYTES)
        drop_oldest(k);
    block = malloc(n + 1);
    assert(block != NULL);
    k->ring[(k->first + k->count++) % KEPT_COUNT] = (struct entry){
        .key = sha256_of(document->url), .document = copy(block, document), .at_ms = clock_now_ms()
    };
    k->bytes += n;
}

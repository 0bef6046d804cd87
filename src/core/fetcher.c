#include "core/fetcher.h"

#include "core/limits.h"

struct kept {
    struct kept   *next;
    size_t         max_bytes;
    struct fetched got;
};

/* More than this is asked for again: a worker has to hold it all. */
enum { MEMO_BYTES = 16 * MIB };

struct memo {
    const struct fetcher *from;
    struct arena         *a;
    struct kept          *first;
    size_t                bytes;
};

/* Whoever asked first may be gone before whoever asks next. */
static void
keep(struct memo *memo, size_t max_bytes, const struct fetched *got)
{
    struct kept *kept = ARENA_NEW(memo->a, struct kept);

    *kept = (struct kept){ memo->first, max_bytes, *got };
    kept->got.url = arena_copy(memo->a, got->url);
    kept->got.final_url = arena_copy(memo->a, got->final_url);
    kept->got.content_type = arena_copy(memo->a, got->content_type);
    kept->got.body = arena_copy(memo->a, got->body);
    memo->first = kept;
    memo->bytes += got->body.n;
}

static enum err_code
get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    struct memo       *memo = self;
    const struct kept *kept;
    enum err_code      rc;

    for (kept = memo->first; kept != NULL; kept = kept->next)
        if (kept->max_bytes == max_bytes && slice_eq(kept->got.url, url)) {
            *ret = kept->got;
            return ERR_NONE;
        }
    rc = memo->from->get(memo->from->self, a, url, max_bytes, ret, e);
    if (rc == ERR_NONE && ret->body.n <= MEMO_BYTES - memo->bytes)
        keep(memo, max_bytes, ret);
    return rc;
}

const struct fetcher *
fetcher_memo(struct arena *a, const struct fetcher *from)
{
    struct memo    *memo = ARENA_NEW(a, struct memo);
    struct fetcher *ret = ARENA_NEW(a, struct fetcher);

    *memo = (struct memo){ .from = from, .a = a };
    *ret = (struct fetcher){ get, memo };
    return ret;
}

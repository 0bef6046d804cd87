#include "core/fetcher.h"

struct kept {
    struct kept   *next;
    size_t         max_bytes;
    struct fetched got;
};

struct memo {
    const struct fetcher *from;
    struct arena         *a;
    struct kept          *first;
};

static enum err_code
get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    struct memo  *memo = self;
    struct kept  *kept;
    enum err_code rc;

    (void)a; /* what is kept lives as long as the memo */
    for (kept = memo->first; kept != NULL; kept = kept->next)
        if (kept->max_bytes == max_bytes && slice_eq(kept->got.url, url)) {
            *ret = kept->got;
            return ERR_NONE;
        }
    if ((rc = memo->from->get(memo->from->self, memo->a, url, max_bytes, ret, e)) != ERR_NONE)
        return rc;
    kept = ARENA_NEW(memo->a, struct kept);
    *kept = (struct kept){ memo->first, max_bytes, *ret };
    memo->first = kept;
    return ERR_NONE;
}

const struct fetcher *
fetcher_memo(struct arena *a, const struct fetcher *from)
{
    struct memo    *memo = ARENA_NEW(a, struct memo);
    struct fetcher *ret = ARENA_NEW(a, struct fetcher);

    *memo = (struct memo){ from, a, NULL };
    *ret = (struct fetcher){ get, memo };
    return ret;
}

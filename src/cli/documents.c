/* Documents that lie in a folder, for verifying without a network. */
#include <sys/stat.h>

#include "cli_int.h"
#include "core/fetcher.h"
#include "core/file.h"
#include "core/uri.h"

/* Where `wget --force-directories` puts what is at the address, so that a folder is made with one command:
 * host[:port], the path, and the query behind a question mark. */
static struct slice
path_of(struct arena *a, const char *folder, const struct uri *u)
{
    struct slice name = u->path.n == 0 ? SL("/") : u->path;

    return arena_printf(a, "%s/%.*s%.*s%s%s%.*s", folder, SLICE_FMT(u->authority), SLICE_FMT(name),
                        slice_ends(name, SL("/")) ? "index.html" : "",
                        u->query.p == NULL ? "" : "?", (int)u->query.n,
                        u->query.p == NULL ? "" : u->query.p);
}

static bool
leaves(const struct uri *u)
{
    struct slice rest = u->path, part;

    while (slice_next(&rest, '/', &part))
        if (slice_eq(part, SL("..")))
            return true;
    return slice_starts(u->authority, SL(".")) ||
           (u->query.p != NULL && slice_has_char(u->query, '/'));
}

static enum err_code
get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    const char   *folder = self;
    struct uri    u;
    struct stat   info;
    struct slice  path;
    enum err_code rc;

    if (!uri_parse(url, &u) || leaves(&u))
        return FAIL(e, FETCH_REFUSED, "no name of a file");
    path = path_of(a, folder, &u);
    *ret = (struct fetched){ .url = url, .final_url = url, .status = 200, .content_type = SL("") };
    if (stat(path.p, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)FAIL(e, FETCH_CONNECT, "no file %s", path.p);
        err_set_url(e, url);
        err_set_cause_text(e, arena_printf(a, "there is no file %s", path.p));
        return e->code;
    }
    ret->at_s = info.st_mtime;
    rc = file_read(a, path, max_bytes, &ret->body, e);
    return rc == ERR_TOO_LARGE ? FAIL(e, FETCH_TOO_LARGE, "%s", path.p) : rc;
}

const struct fetcher *
cli_documents(struct arena *a, const char *folder)
{
    struct fetcher *f = ARENA_NEW(a, struct fetcher);

    *f = (struct fetcher){ get, (void *)(uintptr_t)folder };
    return f;
}

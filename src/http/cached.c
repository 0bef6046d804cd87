/* Public documents kept in memcached as the whole answer, which nginx sends as it is: status line, ETag, other
 * headers, body. That there is no such document is kept too, for a shorter time. */
#include "core/clock.h"
#include "core/digest.h"
#include "core/sbuf.h"
#include "cache/cache.h"
#include "http_int.h"

#define FOUND_LINE "HTTP/1.1 200 OK\r\n"
#define MISSING_LINE "HTTP/1.1 404 Not Found\r\n"
enum { ETAG_CHARS = 22, SHIFT_BYTES = 16, MISSING_TTL_S = 10 };

/* A number of several digits, up to the next slash or dot. */
static bool
begins_with_a_nought(struct slice s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n > 1 && s.p[0] == '0' && (n == s.n || s.p[n] == '/' || s.p[n] == '.');
}

/* A writer removes a document under the one spelling of its path that links use. Another spelling that leads to
 * the same rows would stay, so nothing is kept under it: an escape, a number with a zero in front. */
static bool
is_usual_spelling(struct slice path)
{
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];

        if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') &&
            strchr("/._~-", c) == NULL)
            return false;
        if (c == '/' && begins_with_a_nought(slice_from(path, i + 1)))
            return false;
    }
    return true;
}

/* Pages differ by language, and all but pictures by whether they are compressed. */
static const char *
variant_of(const struct exchange *x)
{
    struct slice language = x->req.route->reply == HTML ? x->req.language : SL("-");
    struct slice variant =
        arena_printf(x->req.arena, "%.*s%s", SLICE_FMT(language), x->zips ? "gz" : "");

    for (size_t i = 0; i < cache_variant_count; i++)
        if (slice_eq(slice_str(cache_variants[i]), variant))
            return cache_variants[i];
    return NULL;
}

/* As document_of writes it. */
static bool
take_apart(struct exchange *x, struct slice document)
{
    struct slice lines = document, line;
    bool         found = slice_starts(document, SL(FOUND_LINE));
    size_t       end;

    if ((!found && !slice_starts(document, SL(MISSING_LINE))) ||
        !slice_find(document, SL("\r\n\r\n"), &end))
        return false;
    slice_next(&lines, '\n', &line);
    if (found) {
        slice_next(&lines, '\n', &line);
        if (!slice_starts(line, SL("ETag: ")))
            return false;
        x->etag = slice_trim(slice_from(line, sizeof "ETag: " - 1));
    }
    x->kept_head = (struct slice){ lines.p, (size_t)(document.p + end + 4 - lines.p) };
    x->resp.status = found ? 200 : 404;
    x->resp.body = slice_from(document, end + 4);
    return true;
}

/* A document of JSON whose path does not say so is only for who takes JSON; the handler tells the others. And who
 * opens a picture by itself is told in a page when it is gone, the others in JSON. */
static bool
is_acceptable(const struct req *r)
{
    if (r->route->reply == IMAGE)
        return !req_wants_page(r);
    return r->route->reply != JSON || slice_ends(r->path, SL(".json")) ||
           slice_ends(r->path, SL(".xml")) || accept_takes_json(req_header(r, "Accept"));
}

/* What a document may be asked for in its query: then it is built for that one request. */
static bool
asks_for_more(const struct req *r)
{
    static const char *const names[] = { "callback", "maxwidth", "maxheight" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (req_arg(r, names[i]).p != NULL)
            return true;
    return false;
}

bool
cached_find(struct exchange *x)
{
    struct req  *r = &x->req;
    const char  *variant;
    struct slice document;
    bool         found = false;

    x->zips = r->route->cached && r->route->reply != IMAGE &&
              accept_takes_gzip(req_header(r, "Accept-Encoding"));
    variant = variant_of(x);
    if (!r->route->cached || asks_for_more(r) || !is_acceptable(r))
        return false;
    /* Whatever else stands in the query says nothing: the document must not depend on it. */
    r->args.count = 0;
    x->keeps = true;
    if (x->app->cache == NULL || variant == NULL || !is_usual_spelling(r->path))
        return false;
    x->key = cache_key(r->arena, variant, r->path);
    if (x->key.n == 0)
        return false;
    if (cache_find(x->app->cache, r->arena, x->key, &document, &x->lease, &x->leased) == CACHE_HIT)
        found = take_apart(x, document);
    r->cache_us += cache_took_us(x->app->cache);
    return found;
}

static struct slice
etag_of(struct arena *a, struct slice body)
{
    struct sha256 hash = sha256_of(body);

    return arena_printf(
        a, "\"%.*s\"", ETAG_CHARS,
        base64url_encode(a, (struct slice){ (const char *)hash.bytes, SHIFT_BYTES }).p);
}

/* The lifetime ends with what the document says of time. Whoever asks for what is not there makes up as many
 * addresses as they like: that is soon forgotten. */
static int64_t
ttl_of(const struct exchange *x)
{
    int64_t ttl_s = x->resp.status == 404 ? MISSING_TTL_S : x->app->conf->cache_ttl_s, left_s;

    if (x->resp.fresh_until_s > 0 && (left_s = x->resp.fresh_until_s - clock_now_s()) < ttl_s)
        ttl_s = left_s;
    return ttl_s;
}

static struct slice
document_of(struct exchange *x, struct slice head)
{
    struct sbuf b;

    sbuf_init(&b, x->req.arena);
    sbuf_room(&b, head.n + x->resp.body.n + 256);
    if (x->resp.status == 404)
        sbuf_add(&b, SL(MISSING_LINE));
    else
        sbuf_printf(&b, FOUND_LINE "ETag: %.*s\r\n", SLICE_FMT(x->etag));
    sbuf_add(&b, head);
    sbuf_add(&b, x->resp.body);
    return sbuf_slice(&b);
}

/* Whatever the read pool answers without a primary, kept or not, there or not. */
static void
mark_time(struct exchange *x)
{
    const struct req *r = &x->req;

    if (r->route != NULL && r->route->pool == READ && r->db != NULL && db_degraded(r->db))
        resp_header(&x->resp, "X-OBI-As-Of", clock_iso8601(r->arena, db_as_of_s(r->db)));
}

void
cached_mark(struct exchange *x)
{
    struct req *r = &x->req;

    mark_time(x);
    if (!x->keeps || x->resp.status != 200)
        return;
    x->etag = etag_of(r->arena, x->resp.body);
    if (resp_header_get(&x->resp, "Cache-Control").p == NULL)
        resp_header(&x->resp, "Cache-Control", SL("no-cache"));
}

void
cached_keep(struct exchange *x, struct slice head)
{
    bool good = (x->resp.status == 200 && x->etag.n > 0) || x->resp.status == 404;

    if (!x->leased)
        return;
    good = good && !db_degraded(x->req.db);
    cache_store(x->app->cache, x->key, x->lease, good ? document_of(x, head) : SL(""),
                good ? ttl_of(x) : 0);
    x->req.cache_us += cache_took_us(x->app->cache);
}

/* A tag without the mark of a weak one: compressed documents have that. */
static struct slice
opaque(struct slice tag)
{
    return slice_starts(tag, SL("W/")) ? slice_from(tag, 2) : tag;
}

/* If-None-Match: a list of tags, compared weakly (RFC 9110, 13.1.2). */
bool
cached_is_known(const struct exchange *x)
{
    struct slice rest = req_header(&x->req, "If-None-Match"), item;

    if (x->etag.n == 0 || x->resp.status != 200)
        return false;
    while (slice_next(&rest, ',', &item)) {
        item = slice_trim(item);
        if (slice_eq(opaque(item), opaque(x->etag)) || slice_eq(item, SL("*")))
            return true;
    }
    return false;
}

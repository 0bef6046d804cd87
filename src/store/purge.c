/* A write and the cache: which documents it makes old, and that they are gone before it is acknowledged.
 *
 * The addresses are written down in the write's own transaction. After the commit their keys are deleted; when
 * memcached has confirmed that, the row goes when the lease ends. While a server hangs the write waits until
 * it answers or until everything it could hold has run out; the row then stays for the sweep. A worker that
 * is killed anywhere in between leaves the row. */
#include "store_int.h"

#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/rand.h"
#include "core/sbuf.h"

enum { ADD, LEFT, REMOVE, OLD, HOLDING, SHOWN };

static const struct stmt sql[] = {
    /* By the primary's clock: those of the machines that write and sweep may be apart. */
    [ADD] = { "purge.add", ON_PRIMARY, "ub", "",
              "INSERT INTO cache_purge (id, paths, created_at_s) VALUES (?, ?, UNIX_TIMESTAMP())" },
    [LEFT] = { "purge.left", ON_PRIMARY, "", "ub", "SELECT id, paths FROM cache_purge LIMIT 1000" },
    [REMOVE] = { "purge.remove", ON_PRIMARY, "u", "", "DELETE FROM cache_purge WHERE id = ?" },
    [OLD] = { "purge.old", ON_PRIMARY, "", "ub",
              "SELECT id, paths FROM cache_purge WHERE created_at_s < UNIX_TIMESTAMP()"
              " ORDER BY id LIMIT 100" },
    [HOLDING] = { "purge.holding", ON_PRIMARY, "uu", "ub",
                  "SELECT c.id, c.path FROM collection c JOIN collection_badge m"
                  " ON m.user_id = c.user_id AND m.collection_id = c.id AND m.badge_id = ?"
                  " WHERE c.user_id = ?" },
    [SHOWN] = { "purge.shown", ON_PRIMARY, "uu", "bu",
                "SELECT b.picture_hash, b.picture_kind FROM collection_badge m JOIN badge b"
                " ON b.user_id = m.user_id AND b.id = m.badge_id"
                " WHERE m.user_id = ? AND m.collection_id = ?" },
};
const struct stmt_table purge_statements = { sql, COUNT_OF(sql) };

enum { LEASE_MS = 3000, AGAIN_MS = 100 };

struct touch {
    struct touch *next;
    struct slice  path;
};

static bool
is_touched(const struct db *db, struct slice path)
{
    for (const struct touch *t = db->touched; t != NULL; t = t->next)
        if (slice_eq(t->path, path))
            return true;
    return false;
}

static void
touch_one(struct db *db, struct slice path)
{
    struct touch *t = ARENA_NEW(db->a, struct touch);

    *t = (struct touch){ db->touched, path };
    db->touched = t;
}

static void
touch_once(struct db *db, struct slice path)
{
    if (!is_touched(db, path))
        touch_one(db, path);
}

/* Both forms of a document: as it is and as .json. */
static void
touch(struct db *db, struct slice path)
{
    touch_once(db, path);
    touch_once(db, arena_printf(db->a, "%.*s.json", SLICE_FMT(path)));
}

/* What other sites show of a public page, and what is told them of it. */
static void
touch_embedded(struct db *db, const char *kind, struct slice path)
{
    touch_once(db, arena_printf(db->a, "/embed/%s/%.*s", kind, SLICE_FMT(path)));
    touch_once(db, arena_printf(db->a, "/oembed/%s/%.*s.json", kind, SLICE_FMT(path)));
    touch_once(db, arena_printf(db->a, "/oembed/%s/%.*s.xml", kind, SLICE_FMT(path)));
}

void
touch_groups(struct db *db, uint64_t user)
{
    touch(db, arena_printf(db->a, "/displayer/%llu/groups", (unsigned long long)user));
}

void
touch_collection(struct db *db, uint64_t user, uint64_t id, struct slice path)
{
    touch_groups(db, user);
    touch(db, arena_printf(db->a, "/displayer/%llu/group/%llu", (unsigned long long)user,
                           (unsigned long long)id));
    touch(db, arena_printf(db->a, "/share/collection/%.*s", SLICE_FMT(path)));
    touch_embedded(db, "collection", path);
}

void
touch_badge_path(struct db *db, struct slice path)
{
    if (path.n == 0)
        return;
    touch(db, arena_printf(db->a, "/share/badge/%.*s", SLICE_FMT(path)));
    touch_embedded(db, "badge", path);
}

/* There may be very many, each once. */
void
touch_picture(struct db *db, struct slice hash, uint64_t kind)
{
    touch_one(db, arena_printf(db->a, "/images/badge/%.*s.%s", SLICE_FMT(hex_encode(db->a, hash)),
                               kind == PICTURE_SVG ? "svg" : "png"));
}

enum err_code
touch_pictures(struct db *db, uint64_t user, uint64_t collection, struct err *e)
{
    SCOPED(query_done) struct query q;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[SHOWN], BIND(U64(user), U64(collection)), &q, e)) != ERR_NONE)
        return rc;
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        touch_picture(db, q.col[0].s, q.col[1].u);
    return rc;
}

enum err_code
touch_badge(struct db *db, uint64_t user, uint64_t id, struct err *e)
{
    SCOPED(query_done) struct query q;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[HOLDING], BIND(U64(id), U64(user)), &q, e)) != ERR_NONE)
        return rc;
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        touch_collection(db, user, q.col[0].u, q.col[1].s);
    return rc;
}

/* Adds the paths of a row to those of this write if they have one in common. */
static void
touch_with(struct db *db, struct slice text)
{
    struct slice paths = text, path;
    bool         common = false;

    while (!common && slice_next(&paths, '\n', &path))
        common = is_touched(db, path);
    text = common ? arena_copy(db->a, text) : SLICE_NONE;
    while (slice_next(&text, '\n', &path))
        if (path.n > 0 && !is_touched(db, path))
            touch_one(db, path);
}

/* A row of this request's whose keys are gone. */
static bool
is_purged(const struct db *db, uint64_t id)
{
    for (size_t i = 0; i < db->purged_count; i++)
        if (db->purged[i] == id)
            return true;
    return false;
}

/* A worker that is killed between its commit and the deletion leaves documents of which this write, which is
 * perhaps the same once more, finds nothing to change: it is acknowledged when those are gone too. */
static enum err_code
touch_left(struct db *db, struct err *e)
{
    SCOPED(query_done) struct query q;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[LEFT], NO_BIND, &q, e)) != ERR_NONE)
        return rc;
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        if (!is_purged(db, q.col[0].u))
            touch_with(db, q.col[1].s);
    return rc;
}

enum err_code
purge_write(struct db *db, uint64_t *ret_id, struct err *e)
{
    struct sbuf   paths;
    enum err_code rc;

    *ret_id = 0;
    if (db->touched == NULL || db->s->cache == NULL)
        return ERR_NONE;
    sbuf_init(&paths, db->a);
    for (const struct touch *t = db->touched; t != NULL; t = t->next) {
        sbuf_add(&paths, t->path);
        sbuf_add_char(&paths, '\n');
    }
    /* The row has this write's own paths alone, or one that is left would grow with each that follows. */
    if ((rc = touch_left(db, e)) != ERR_NONE)
        return rc;
    do {
        *ret_id = rand_id();
        rc = query_exec(db, &sql[ADD], BIND(U64(*ret_id), BYTES(sbuf_slice(&paths))), NULL, e);
    } while (rc == ERR_STORE_DUPLICATE);
    return rc;
}

/* The keys of the paths, each under every variant. */
static size_t
keys_of(struct arena *a, const struct slice *paths, size_t count, struct slice **ret)
{
    struct slice *keys = ARENA_ARRAY(a, struct slice, count * cache_variant_count);
    size_t        n = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t v = 0; v < cache_variant_count; v++) {
            keys[n] = cache_key(a, cache_variants[v], paths[i]);
            if (keys[n].n > 0)
                n++;
        }
    *ret = keys;
    return n;
}

static void
remember_purged(struct db *db, uint64_t id)
{
    if (db->purged_count == db->purged_room) {
        uint64_t *more = ARENA_ARRAY(db->a, uint64_t, 2 * db->purged_room + 4);

        if (db->purged_count > 0)
            memcpy(more, db->purged, db->purged_count * sizeof *more);
        db->purged = more;
        db->purged_room = 2 * db->purged_room + 4;
    }
    db->purged[db->purged_count++] = id;
}

void
purge_keys(struct db *db, uint64_t id)
{
    int64_t       until_ms = clock_monotonic_ms() + db->s->conf->cache_ttl_s * 1000 + LEASE_MS;
    struct slice *paths, *keys;
    size_t        count = 0, n;

    for (const struct touch *t = db->touched; t != NULL; t = t->next)
        count++;
    paths = ARENA_ARRAY(db->a, struct slice, count);
    count = 0;
    for (const struct touch *t = db->touched; t != NULL; t = t->next)
        paths[count++] = t->path;
    db->touched = NULL;
    n = keys_of(db->a, paths, count, &keys);
    while (!cache_delete(db->s->cache, keys, n)) {
        struct timespec pause = { .tv_nsec = AGAIN_MS * 1000000L };

        if (clock_monotonic_ms() >= until_ms) {
            log_event(ERR_LEVEL_WARN, "purge_unconfirmed", LOG_NUMBER("keys", n));
            return;
        }
        nanosleep(&pause, NULL);
    }
    remember_purged(db, id);
}

void
purge_end(struct db *db)
{
    struct err e;

    for (size_t i = 0; i < db->purged_count; i++)
        if (query_exec(db, &sql[REMOVE], BIND(U64(db->purged[i])), NULL, &e) != ERR_NONE)
            break; /* the sweep finds what stays */
    db->purged_count = 0;
}

static bool
sweep_row(struct db *db, struct slice text)
{
    struct slice *paths = ARENA_ARRAY(db->a, struct slice, text.n / 2 + 1), path, *keys;
    size_t        count = 0, n;

    while (slice_next(&text, '\n', &path))
        if (path.n > 0)
            paths[count++] = path;
    n = keys_of(db->a, paths, count, &keys);
    return cache_delete(db->s->cache, keys, n);
}

enum err_code
store_purge_sweep(struct db *db, size_t *ret_done, size_t *ret_left, struct err *e)
{
    SCOPED(query_done) struct query q;
    enum err_code                   rc;
    bool                            row;
    size_t                          before = db->purged_count, seen = 0;

    if ((rc = query_run(db, &sql[OLD], NO_BIND, &q, e)) != ERR_NONE)
        return rc;
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row) {
        seen++;
        if (sweep_row(db, q.col[1].s))
            remember_purged(db, q.col[0].u);
    }
    if (rc != ERR_NONE)
        return rc;
    *ret_done = db->purged_count - before;
    *ret_left = seen - *ret_done;
    purge_end(db);
    return ERR_NONE;
}

/* Collections themselves; what is in them stands in member.c. */
#include "store_int.h"

#include "core/clock.h"
#include "core/limits.h"
#include "core/rand.h"

enum { COUNT, ADD, FIND, CHANGE, REMOVE, REMOVE_MEMBERS, ALL, GET, BY_PATH };

#define COLUMNS                                                                                    \
    "SELECT c.id, c.user_id, c.name, c.description, c.visibility, c.path, c.created_at_s,"         \
    " (SELECT COUNT(*) FROM collection_badge m WHERE m.user_id = c.user_id"                        \
    " AND m.collection_id = c.id) FROM collection c WHERE "
#define OUT "uussubiu"

static const struct stmt sql[] = {
    [COUNT] = { "collection.count", ON_PRIMARY, "u", "u",
                "SELECT COUNT(*) FROM collection WHERE user_id = ?" },
    [ADD] = { "collection.add", ON_PRIMARY, "uuubssi", "",
              "INSERT INTO collection (user_id, id, visibility, path, name, description,"
              " created_at_s) VALUES (?, ?, ?, ?, ?, ?, ?)" },
    [FIND] = { "collection.find", ON_PRIMARY, "uu", "bu",
               "SELECT path, visibility FROM collection WHERE user_id = ? AND id = ?" },
    [CHANGE] = { "collection.change", ON_PRIMARY, "ssubuu", "",
                 "UPDATE collection SET name = ?, description = ?, visibility = ?, path = ?"
                 " WHERE user_id = ? AND id = ?" },
    [REMOVE] = { "collection.remove", ON_PRIMARY, "uu", "",
                 "DELETE FROM collection WHERE user_id = ? AND id = ?" },
    [REMOVE_MEMBERS] = { "collection.remove-members", ON_PRIMARY, "uu", "",
                         "DELETE FROM collection_badge WHERE user_id = ? AND collection_id = ?" },
    [ALL] = { "collection.list", ON_REPLICA, "uu", OUT,
              COLUMNS "c.user_id = ? AND c.visibility >= ? ORDER BY c.created_at_s, c.id" },
    [GET] = { "collection.get", ON_REPLICA, "uu", OUT, COLUMNS "c.user_id = ? AND c.id = ?" },
    /* Of the newest: an address that was given a moment ago leads there, one that was taken back does not. */
    [BY_PATH] = { "collection.by-path", PREFER_PRIMARY, "b", OUT,
                  COLUMNS "c.path = ? AND c.visibility > 0" },
};
const struct stmt_table collection_statements = { sql, COUNT_OF(sql) };

enum { PATH_BYTES_MIN = 3, PATH_BYTES_MAX = 64 };

static struct collection
collection_of(const struct query *q)
{
    return (struct collection){ .id = q->col[0].u,
                                .user = q->col[1].u,
                                .name = q->col[2].s,
                                .description = q->col[3].s,
                                .visibility = (enum visibility)q->col[4].u,
                                .path = q->col[5].s,
                                .created_at_s = q->col[6].i,
                                .badge_count = q->col[7].u };
}

static enum err_code
invalid(struct err *e, const char *field, const char *why)
{
    FAIL(e, FIELD_INVALID, "%s %s", field, why);
    err_set_field(e, slice_str(field));
    err_set_cause_text(e, slice_str(why));
    return e->code;
}

static enum err_code
texts_ok(struct slice name, struct slice description, struct err *e)
{
    if (name.n == 0 || slice_chars(name) > LIMIT_COLLECTION_NAME_CHARS)
        return invalid(e, "name", "is empty or too long");
    if (slice_chars(description) > LIMIT_COLLECTION_TEXT_CHARS)
        return invalid(e, "description", "is too long");
    return ERR_NONE;
}

/* What a path may be made of: what needs no escaping in an address. */
static bool
is_path(struct slice path)
{
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' &&
            c != '_')
            return false;
    }
    return path.n >= PATH_BYTES_MIN && path.n <= PATH_BYTES_MAX;
}

struct change_args {
    uint64_t        id;
    struct slice    name, description, path;
    enum visibility visibility;
};

static enum err_code
add(struct db *db, uint64_t user, void *args, struct err *e)
{
    struct change_args *as = args;
    struct query        q;
    enum err_code       rc;

    if ((rc = query_need(db, &sql[COUNT], BIND(U64(user)), &q, e)) != ERR_NONE)
        return rc;
    if (q.col[0].u >= LIMIT_COLLECTIONS)
        return FAIL(e, CONFLICT, "%d collections", LIMIT_COLLECTIONS);
    as->id = rand_id();
    as->path = path_new(db->a);
    touch_collection(db, user, as->id, as->path);
    rc = query_exec(db, &sql[ADD],
                    BIND(U64(user), U64(as->id), U64(as->visibility), BYTES(as->path),
                         TEXT_(as->name), TEXT_(as->description), I64(clock_now_s())),
                    NULL, e);
    return rc == ERR_STORE_DUPLICATE ? FAIL(e, STORE_CONFLICT, "two ids alike") : rc;
}

enum err_code
store_collection_add(struct db *db, uint64_t user, struct slice name, struct slice description,
                     enum visibility visibility, uint64_t *ret_id, struct err *e)
{
    struct change_args args = { 0, name, description, SLICE_NONE, visibility };
    enum err_code      rc;

    if ((rc = texts_ok(name, description, e)) != ERR_NONE ||
        (rc = tx_run(db, user, add, &args, e)) != ERR_NONE)
        return rc;
    *ret_id = args.id;
    return ERR_NONE;
}

static enum err_code
change(struct db *db, uint64_t user, void *args, struct err *e)
{
    const struct change_args *as = args;
    struct slice              path = as->path;
    struct query              q;
    enum err_code             rc;

    if ((rc = query_need(db, &sql[FIND], BIND(U64(user), U64(as->id)), &q, e)) != ERR_NONE)
        return rc;
    if (path.n == 0)
        path = q.col[0].s;
    touch_collection(db, user, as->id, q.col[0].s);
    touch_collection(db, user, as->id, path);
    if ((q.col[1].u == VISIBILITY_PRIVATE) != (as->visibility == VISIBILITY_PRIVATE) &&
        (rc = touch_pictures(db, user, as->id, e)) != ERR_NONE)
        return rc;
    rc = query_exec(db, &sql[CHANGE],
                    BIND(TEXT_(as->name), TEXT_(as->description), U64(as->visibility), BYTES(path),
                         U64(user), U64(as->id)),
                    NULL, e);
    if (rc == ERR_STORE_DUPLICATE)
        err_set_field(e, SL("path"));
    return rc;
}

enum err_code
store_collection_change(struct db *db, uint64_t user, uint64_t id, struct slice name,
                        struct slice description, enum visibility visibility, struct slice path,
                        struct err *e)
{
    struct change_args args = { id, name, description, path, visibility };
    enum err_code      rc;

    if ((rc = texts_ok(name, description, e)) != ERR_NONE)
        return rc;
    if (path.n > 0 && !is_path(path))
        return invalid(e, "path", "must be 3 to 64 letters, digits, - or _");
    return tx_run(db, user, change, &args, e);
}

static enum err_code
remove_one(struct db *db, uint64_t user, void *args, struct err *e)
{
    const uint64_t *id = args;
    struct query    q;
    enum err_code   rc;

    if ((rc = query_need(db, &sql[FIND], BIND(U64(user), U64(*id)), &q, e)) != ERR_NONE ||
        (rc = touch_pictures(db, user, *id, e)) != ERR_NONE ||
        (rc = query_exec(db, &sql[REMOVE], BIND(U64(user), U64(*id)), NULL, e)) != ERR_NONE)
        return rc;
    touch_collection(db, user, *id, q.col[0].s);
    return query_exec(db, &sql[REMOVE_MEMBERS], BIND(U64(user), U64(*id)), NULL, e);
}

enum err_code
store_collection_remove(struct db *db, uint64_t user, uint64_t id, struct err *e)
{
    return tx_run(db, user, remove_one, &id, e);
}

enum err_code
store_collection_list(struct db *db, uint64_t user, enum visibility at_least,
                      struct collection **ret, size_t *ret_count, struct err *e)
{
    SCOPED(query_done) struct query q;
    struct collection              *list;
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[ALL], BIND(U64(user), U64(at_least)), &q, e)) != ERR_NONE)
        return rc;
    list = ARENA_ARRAY(db->a, struct collection, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        list[n++] = collection_of(&q);
    *ret = list;
    *ret_count = n;
    return rc;
}

enum err_code
store_collection_get(struct db *db, uint64_t user, uint64_t id, struct collection *ret,
                     struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[GET], BIND(U64(user), U64(id)), &q, e);

    if (rc == ERR_NONE)
        *ret = collection_of(&q);
    return rc;
}

enum err_code
store_collection_by_path(struct db *db, struct slice path, struct collection *ret, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[BY_PATH], BIND(BYTES(path)), &q, e);

    if (rc == ERR_NONE)
        *ret = collection_of(&q);
    return rc;
}

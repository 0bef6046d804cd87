/* What is in a collection, in its owner's order. Places ascend; a badge that moves is put between two others
 * by moving everything behind it one further, so a move is two statements however long the way. */
#include "store_int.h"

#include "core/limits.h"

enum { FIND, HAS_BADGE, COUNT, ADD, DROP, ORDER, SHIFT, PLACE, ROWS, FULL, CLASSES };

#define MEMBERS                                                                                    \
    " FROM collection_badge m JOIN badge b ON b.user_id = m.user_id AND b.id = m.badge_id"
#define WHERE_ORDER " WHERE m.user_id = ? AND m.collection_id = ? ORDER BY m.place, m.badge_id"

static const struct stmt sql[] = {
    [FIND] = { "member.find", ON_PRIMARY, "uu", "b",
               "SELECT path FROM collection WHERE user_id = ? AND id = ?" },
    [HAS_BADGE] = { "member.has-badge", ON_PRIMARY, "uu", "bu",
                    "SELECT picture_hash, picture_kind FROM badge WHERE user_id = ? AND id = ?" },
    [COUNT] = { "member.count", ON_PRIMARY, "uuu", "uiu",
                "SELECT COUNT(*), COALESCE(MAX(place), 0), COALESCE(SUM(badge_id = ?), 0)"
                " FROM collection_badge WHERE user_id = ? AND collection_id = ?" },
    [ADD] = { "member.add", ON_PRIMARY, "uuui", "",
              "INSERT INTO collection_badge (user_id, collection_id, badge_id, place)"
              " VALUES (?, ?, ?, ?)" },
    [DROP] = { "member.drop", ON_PRIMARY, "uuu", "",
               "DELETE FROM collection_badge WHERE user_id = ? AND collection_id = ?"
               " AND badge_id = ?" },
    [ORDER] = { "member.order", ON_PRIMARY, "uu", "ui",
                "SELECT badge_id, place FROM collection_badge WHERE user_id = ?"
                " AND collection_id = ? ORDER BY place, badge_id" },
    [SHIFT] = { "member.shift", ON_PRIMARY, "uui", "",
                "UPDATE collection_badge SET place = place + 1 WHERE user_id = ?"
                " AND collection_id = ? AND place >= ?" },
    [PLACE] = { "member.place", ON_PRIMARY, "iuuu", "",
                "UPDATE collection_badge SET place = ? WHERE user_id = ? AND collection_id = ?"
                " AND badge_id = ?" },
    [ROWS] = { "member.rows", ON_REPLICA, "uu", BADGE_ROW_OUT,
               "SELECT STRAIGHT_JOIN " BADGE_ROW_COLUMNS MEMBERS BADGE_ROW_JOINS WHERE_ORDER },
    [FULL] = { "member.full", ON_REPLICA_STREAM, "uu", BADGE_ROW_OUT "ubbb",
               "SELECT STRAIGHT_JOIN " BADGE_ROW_COLUMNS
               ", b.class_id, b.hosted_url, b.assertion, COALESCE(e.email, f.email)" MEMBERS
                   BADGE_ROW_JOINS BADGE_EMAIL_JOINS WHERE_ORDER },
    /* Once each, however many of the badges are of one class. */
    [CLASSES] = { "member.classes", ON_REPLICA_STREAM, "uu", "ubbbbb",
                  "SELECT STRAIGHT_JOIN c.id, c.class_url, c.class_text, c.issuer_url, "
                  "c.issuer_text, c.contexts"
                  " FROM (SELECT DISTINCT b.class_id" MEMBERS
                  " WHERE m.user_id = ? AND m.collection_id = ?) d JOIN class c ON c.id = "
                  "d.class_id"
                  " ORDER BY c.id" },
};
const struct stmt_table member_statements = { sql, COUNT_OF(sql) };

struct member_args {
    uint64_t id, badge;
    int      by;
};

/* The badge must be theirs; its picture may be seen with the collection. */
static enum err_code
find_badge(struct db *db, uint64_t user, const struct member_args *as, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[HAS_BADGE], BIND(U64(user), U64(as->badge)), &q, e);

    if (rc == ERR_NONE)
        touch_picture(db, q.col[0].s, q.col[1].u);
    return rc;
}

/* The collection must be theirs; its documents become old. */
static enum err_code
find(struct db *db, uint64_t user, const struct member_args *as, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[FIND], BIND(U64(user), U64(as->id)), &q, e);

    if (rc == ERR_NONE)
        touch_collection(db, user, as->id, q.col[0].s);
    return rc;
}

static enum err_code
put(struct db *db, uint64_t user, void *args, struct err *e)
{
    const struct member_args *as = args;
    struct query              q;
    enum err_code             rc;

    if ((rc = find(db, user, as, e)) != ERR_NONE ||
        (rc = find_badge(db, user, as, e)) != ERR_NONE ||
        (rc = query_need(db, &sql[COUNT], BIND(U64(as->badge), U64(user), U64(as->id)), &q, e)) !=
            ERR_NONE)
        return rc;
    if (q.col[2].u > 0)
        return ERR_NONE;
    if (q.col[0].u >= LIMIT_COLLECTION_BADGES)
        return FAIL(e, CONFLICT, "%d badges in a collection", LIMIT_COLLECTION_BADGES);
    return query_exec(db, &sql[ADD],
                      BIND(U64(user), U64(as->id), U64(as->badge), I64(q.col[1].i + 1)), NULL, e);
}

enum err_code
store_collection_put_badge(struct db *db, uint64_t user, uint64_t id, uint64_t badge, struct err *e)
{
    return tx_run(db, user, put, &(struct member_args){ id, badge, 0 }, e);
}

static enum err_code
take_out(struct db *db, uint64_t user, void *args, struct err *e)
{
    const struct member_args *as = args;
    enum err_code             rc;

    /* Not there any more is a write all the same: whoever took it out may have been killed before its documents
     * were deleted. */
    if ((rc = find(db, user, as, e)) != ERR_NONE ||
        ((rc = find_badge(db, user, as, e)) != ERR_NONE && rc != ERR_NOT_FOUND))
        return rc;
    return query_exec(db, &sql[DROP], BIND(U64(user), U64(as->id), U64(as->badge)), NULL, e);
}

enum err_code
store_collection_drop_badge(struct db *db, uint64_t user, uint64_t id, uint64_t badge,
                            struct err *e)
{
    return tx_run(db, user, take_out, &(struct member_args){ id, badge, 0 }, e);
}

/* The place that a badge gets by moving; everything from there on moves one further. */
static enum err_code
place_after_move(struct db *db, uint64_t user, const struct member_args *as, int64_t *ret,
                 bool *ret_moves, struct err *e)
{
    SCOPED(query_done) struct query q;
    enum err_code                   rc;
    int64_t                        *places;
    size_t                          n = 0, at = SIZE_MAX, to;
    bool                            row;

    if ((rc = query_run(db, &sql[ORDER], BIND(U64(user), U64(as->id)), &q, e)) != ERR_NONE)
        return rc;
    places = ARENA_ARRAY(db->a, int64_t, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row) {
        if (q.col[0].u == as->badge)
            at = n;
        places[n++] = q.col[1].i;
    }
    if (rc != ERR_NONE)
        return rc;
    if (at == SIZE_MAX)
        return FAIL(e, NOT_FOUND, "badge in collection");
    if (as->by < 0)
        to = at < (size_t) - (int64_t)as->by ? 0 : at - (size_t) - (int64_t)as->by;
    else
        to = n - 1 - at < (size_t)as->by ? n - 1 : at + (size_t)as->by;
    *ret_moves = to != at;
    *ret = to < at ? places[to] : places[to] + 1;
    return ERR_NONE;
}

static enum err_code
move(struct db *db, uint64_t user, void *args, struct err *e)
{
    const struct member_args *as = args;
    enum err_code             rc;
    int64_t                   place;
    bool                      moves;

    if ((rc = find(db, user, as, e)) != ERR_NONE ||
        (rc = place_after_move(db, user, as, &place, &moves, e)) != ERR_NONE)
        return rc;
    if (!moves)
        return ERR_NONE;
    if ((rc = query_exec(db, &sql[SHIFT], BIND(U64(user), U64(as->id), I64(place)), NULL, e)) !=
        ERR_NONE)
        return rc;
    return query_exec(db, &sql[PLACE], BIND(I64(place), U64(user), U64(as->id), U64(as->badge)),
                      NULL, e);
}

enum err_code
store_collection_move_badge(struct db *db, uint64_t user, uint64_t id, uint64_t badge, int by,
                            struct err *e)
{
    return tx_run(db, user, move, &(struct member_args){ id, badge, by }, e);
}

enum err_code
store_collection_badges(struct db *db, uint64_t user, uint64_t id, struct badge_row **ret,
                        size_t *ret_count, struct err *e)
{
    SCOPED(query_done) struct query q;
    enum err_code                   rc;

    if ((rc = query_run(db, &sql[ROWS], BIND(U64(user), U64(id)), &q, e)) != ERR_NONE)
        return rc;
    return badge_rows_read(&q, ret, ret_count, e);
}

/* ---- with all documents ------------------------------------------------------------------------- */

struct class
{
    uint64_t     id;
    struct slice class_url, class_text, issuer_url, issuer_text, contexts;
};

static size_t
class_bytes(const struct class *c)
{
    return c->class_text.n + c->issuer_text.n + c->contexts.n;
}

/* Room for one more behind `count`, doubling; how many rows stream in is not known before. */
static void *
one_more(struct arena *a, void *items, size_t size, size_t count)
{
    void *more;

    if (count != 0 && (count < 16 || (count & (count - 1)) != 0))
        return items;
    more = arena_alloc_array(a, size, count == 0 ? 16 : 2 * count);
    if (count > 0)
        memcpy(more, items, size * count);
    return more;
}

static enum err_code
classes_read(struct db *db, uint64_t user, uint64_t id, struct class **ret, size_t *ret_count,
             struct err *e)
{
    SCOPED(query_done) struct query q;
    struct class                   *classes = NULL;
    size_t                          n = 0, bytes = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[CLASSES], BIND(U64(user), U64(id)), &q, e)) != ERR_NONE)
        return rc;
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row) {
        struct class *c;

        classes = one_more(db->a, classes, sizeof *classes, n);
        c = &classes[n++];
        c->id = q.col[0].u;
        c->class_url = q.col[1].s;
        c->issuer_url = q.col[3].s;
        if ((rc = store_unpack(db->a, q.col[2].s, &c->class_text, e)) != ERR_NONE ||
            (rc = store_unpack(db->a, q.col[4].s, &c->issuer_text, e)) != ERR_NONE ||
            (rc = store_unpack(db->a, q.col[5].s, &c->contexts, e)) != ERR_NONE)
            return rc;
        bytes += class_bytes(c);
        if (bytes > LIMIT_COLLECTION_BYTES)
            break;
    }
    *ret = classes;
    *ret_count = n;
    return rc;
}

static const struct class *
class_find(const struct class *classes, size_t count, uint64_t id)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (classes[middle].id == id)
            return &classes[middle];
        if (classes[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static enum err_code
full_of(struct query *q, const struct class *c, uint64_t user, struct badge_full *ret,
        struct err *e)
{
    *ret = (struct badge_full){ .row = badge_row_of(q->db, q),
                                .user = user,
                                .hosted_url = q->col[BADGE_ROW_COUNT + 1].s,
                                .class_url = c->class_url,
                                .class_text = c->class_text,
                                .issuer_url = c->issuer_url,
                                .issuer_text = c->issuer_text,
                                .contexts = c->contexts,
                                .email = q->col[BADGE_ROW_COUNT + 3].s };
    return store_unpack(q->db->a, q->col[BADGE_ROW_COUNT + 2].s, &ret->assertion, e);
}

enum err_code
store_collection_badges_full(struct db *db, uint64_t user, uint64_t id, struct badge_full **ret,
                             size_t *ret_count, struct err *e)
{
    SCOPED(query_done) struct query q = { 0 };
    struct class                   *classes = NULL;
    const struct class             *c;
    struct badge_full              *badges = NULL;
    size_t                          class_count, n = 0, bytes = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = classes_read(db, user, id, &classes, &class_count, e)) != ERR_NONE ||
        (rc = query_run(db, &sql[FULL], BIND(U64(user), U64(id)), &q, e)) != ERR_NONE)
        return rc;
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row) {
        /* One added between the two queries is not in this document yet; its write makes a new one. */
        c = class_find(classes, class_count, q.col[BADGE_ROW_COUNT].u);
        if (c == NULL)
            continue;
        badges = one_more(db->a, badges, sizeof *badges, n);
        if ((rc = full_of(&q, c, user, &badges[n], e)) != ERR_NONE)
            return rc;
        bytes += badges[n].assertion.n + class_bytes(c);
        if (bytes > LIMIT_COLLECTION_BYTES)
            break;
        n++;
    }
    *ret = badges;
    *ret_count = n;
    return rc;
}

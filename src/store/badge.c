/* Reading badges. */
#include "store_int.h"

#include "core/rand.h"

enum { ALL, COUNT, GET, BY_PATH, COLLECTIONS, FIRST_REPORT };

/* In the order written: the person's rows first, whatever the optimizer thinks of a small table. */
#define SELECT "SELECT STRAIGHT_JOIN "
#define FULL_COLUMNS                                                                               \
    ", b.user_id, b.hosted_url, b.assertion, c.class_url, c.class_text, c.issuer_url,"             \
    " c.issuer_text, c.contexts, COALESCE(e.email, f.email), COALESCE(k.report, r.report)"
#define FULL_OUT BADGE_ROW_OUT "ubbbbbbbbb"
#define FULL_JOINS                                                                                 \
    BADGE_ROW_JOINS                                                                                \
    BADGE_EMAIL_JOINS                                                                              \
    " LEFT JOIN badge_report r ON r.user_id = b.user_id AND r.badge_id = b.id"                     \
    " LEFT JOIN badge_check k ON k.user_id = b.user_id AND k.badge_id = b.id"

static const struct stmt sql[] = {
    [ALL] = { "badge.list", ON_REPLICA, "uuu", BADGE_ROW_OUT,
              SELECT BADGE_ROW_COLUMNS " FROM badge b" BADGE_ROW_JOINS
                                       " WHERE b.user_id = ? AND b.id < ? ORDER BY b.id DESC"
                                       " LIMIT ?" },
    [COUNT] = { "badge.count", ON_REPLICA, "u", "u",
                "SELECT COUNT(*) FROM badge WHERE user_id = ?" },
    [GET] = { "badge.get", ON_REPLICA, "uu", FULL_OUT,
              SELECT BADGE_ROW_COLUMNS FULL_COLUMNS " FROM badge b" FULL_JOINS
                                                    " WHERE b.user_id = ? AND b.id = ?" },
    [BY_PATH] = { "badge.by-path", PREFER_PRIMARY, "b", FULL_OUT,
                  SELECT BADGE_ROW_COLUMNS FULL_COLUMNS
                  " FROM badge_path w JOIN badge b ON b.user_id = w.user_id AND b.id = "
                  "w.badge_id" FULL_JOINS " WHERE w.path = ? AND b.visibility > 0" },
    [COLLECTIONS] = { "badge.collections", ON_REPLICA, "uu", "u",
                      "SELECT m.collection_id FROM collection c JOIN collection_badge m"
                      " ON m.user_id = c.user_id AND m.collection_id = c.id AND m.badge_id = ?"
                      " WHERE c.user_id = ? ORDER BY c.id" },
    [FIRST_REPORT] = { "badge.first-report", ON_REPLICA, "uu", "b",
                       "SELECT report FROM badge_report WHERE user_id = ? AND badge_id = ?" },
};
const struct stmt_table badge_statements = { sql, COUNT_OF(sql) };

struct badge_row
badge_row_of(struct db *db, const struct query *q)
{
    return (struct badge_row){ .id = q->col[0].u,
                               .class_name = q->col[1].s,
                               .issuer_name = q->col[2].s,
                               .issuer_host = q->col[3].s,
                               .status = q->col[4].s,
                               .version = q->col[5].s,
                               .picture_hash = hex_encode(db->a, q->col[6].s),
                               .picture_kind = (enum picture_kind)q->col[7].u,
                               .visibility = (enum visibility)q->col[8].u,
                               .path = q->col[9].s,
                               .plain_identity = q->col[10].u != 0,
                               .issued_on_s = q->col[11].i,
                               .expires_s = q->col[12].i,
                               .checked_at_s = q->col[13].i,
                               .created_at_s = rand_id_time_s(q->col[0].u),
                               .reason = q->col[14].s,
                               .status_at_s =
                                   q->col[15].null ? rand_id_time_s(q->col[0].u) : q->col[15].i };
}

enum err_code
badge_rows_read(struct query *q, struct badge_row **ret, size_t *ret_count, struct err *e)
{
    struct badge_row *rows = ARENA_ARRAY(q->db->a, struct badge_row, query_rows(q) + 1);
    size_t            n = 0;
    enum err_code     rc;
    bool              row;

    while ((rc = query_next(q, &row, e)) == ERR_NONE && row)
        rows[n++] = badge_row_of(q->db, q);
    *ret = rows;
    *ret_count = n;
    return rc;
}

static enum err_code
full_of(struct db *db, const struct query *q, struct badge_full *ret, struct err *e)
{
    struct badge_full full = { .row = badge_row_of(db, q),
                               .user = q->col[BADGE_ROW_COUNT].u,
                               .hosted_url = q->col[BADGE_ROW_COUNT + 1].s,
                               .class_url = q->col[BADGE_ROW_COUNT + 3].s,
                               .issuer_url = q->col[BADGE_ROW_COUNT + 5].s,
                               .email = q->col[BADGE_ROW_COUNT + 8].s };
    enum err_code     rc;

    if ((rc = store_unpack(db->a, q->col[BADGE_ROW_COUNT + 2].s, &full.assertion, e)) != ERR_NONE ||
        (rc = store_unpack(db->a, q->col[BADGE_ROW_COUNT + 4].s, &full.class_text, e)) !=
            ERR_NONE ||
        (rc = store_unpack(db->a, q->col[BADGE_ROW_COUNT + 6].s, &full.issuer_text, e)) !=
            ERR_NONE ||
        (rc = store_unpack(db->a, q->col[BADGE_ROW_COUNT + 7].s, &full.contexts, e)) != ERR_NONE ||
        (rc = store_unpack(db->a, q->col[BADGE_ROW_COUNT + 9].s, &full.report, e)) != ERR_NONE)
        return rc;
    *ret = full;
    return ERR_NONE;
}

enum err_code
store_badge_list(struct db *db, uint64_t user, uint64_t before, size_t limit,
                 struct badge_row **ret, size_t *ret_count, struct err *e)
{
    SCOPED(query_done) struct query q;
    enum err_code                   rc;

    if ((rc = query_run(db, &sql[ALL],
                        BIND(U64(user), U64(before == 0 ? UINT64_MAX : before), U64(limit)), &q,
                        e)) != ERR_NONE)
        return rc;
    return badge_rows_read(&q, ret, ret_count, e);
}

enum err_code
store_badge_count(struct db *db, uint64_t user, uint64_t *ret, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[COUNT], BIND(U64(user)), &q, e);

    if (rc == ERR_NONE)
        *ret = q.col[0].u;
    return rc;
}

enum err_code
store_badge_get(struct db *db, uint64_t user, uint64_t id, struct badge_full *ret, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[GET], BIND(U64(user), U64(id)), &q, e);

    return rc == ERR_NONE ? full_of(db, &q, ret, e) : rc;
}

enum err_code
store_badge_by_path(struct db *db, struct slice path, struct badge_full *ret, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[BY_PATH], BIND(BYTES(path)), &q, e);

    return rc == ERR_NONE ? full_of(db, &q, ret, e) : rc;
}

enum err_code
store_badge_first_report(struct db *db, uint64_t user, uint64_t id, struct slice *ret,
                         struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[FIRST_REPORT], BIND(U64(user), U64(id)), &q, e);

    return rc == ERR_NONE ? store_unpack(db->a, q.col[0].s, ret, e) : rc;
}

bool
badge_has_picture(struct arena *a, const struct badge_full *badge, struct slice sha256_hex)
{
    struct slice  source;
    struct sha256 name;

    if (sha256_hex.n != 2 * SHA256_BYTES || !hex_decode(a, sha256_hex, &source))
        return false;
    name = picture_name(source, badge->assertion);
    return slice_eq(badge->row.picture_hash,
                    hex_encode(a, (struct slice){ (const char *)name.bytes, SHA256_BYTES }));
}

enum err_code
store_badge_collections(struct db *db, uint64_t user, uint64_t badge, uint64_t **ret,
                        size_t *ret_count, struct err *e)
{
    SCOPED(query_done) struct query q;
    uint64_t                       *ids;
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[COLLECTIONS], BIND(U64(badge), U64(user)), &q, e)) != ERR_NONE)
        return rc;
    ids = ARENA_ARRAY(db->a, uint64_t, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        ids[n++] = q.col[0].u;
    *ret = ids;
    *ret_count = n;
    return rc;
}

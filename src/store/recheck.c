/* What a check of a stored badge found. */
#include "store/recheck.h"

#include "core/clock.h"
#include "core/limits.h"
#include "store_int.h"

enum {
    SAME,
    CHANGE,
    PATH,
    EVENT,
    REPORT,
    HISTORY,
    HAS_DOCUMENT,
    COUNT_DOCUMENTS,
    ADD_DOCUMENT,
    DOCUMENT,
    DOCUMENTS
};

static const struct stmt sql[] = {
    [SAME] = { "recheck.same", ON_PRIMARY, "iiuui", "",
               "UPDATE badge SET checked_at_s = ?, check_at_s = ? WHERE user_id = ? AND id = ?"
               " AND checked_at_s = ?" },
    [CHANGE] = { "recheck.change", ON_PRIMARY, "iissiiuui", "",
                 "UPDATE badge SET checked_at_s = ?, check_at_s = ?, status = ?, status_reason = ?,"
                 " status_at_s = ?, expires_s = ? WHERE user_id = ? AND id = ?"
                 " AND checked_at_s = ?" },
    [PATH] = { "recheck.path", ON_PRIMARY, "uu", "b",
               "SELECT p.path FROM badge b LEFT JOIN badge_path p"
               " ON p.user_id = b.user_id AND p.badge_id = b.id WHERE b.user_id = ? AND b.id = ?" },
    [EVENT] = { "recheck.event", ON_PRIMARY, "uuiss", "",
                "REPLACE INTO badge_history (user_id, badge_id, at_s, status, reason)"
                " VALUES (?, ?, ?, ?, ?)" },
    [REPORT] = { "recheck.report", ON_PRIMARY, "uub", "",
                 "REPLACE INTO badge_check (user_id, badge_id, report) VALUES (?, ?, ?)" },
    [HISTORY] = { "recheck.history", ON_REPLICA, "uuu", "isb",
                  "SELECT at_s, status, reason FROM badge_history WHERE user_id = ?"
                  " AND badge_id = ? ORDER BY at_s DESC LIMIT ?" },
    [HAS_DOCUMENT] = { "recheck.has-document", ON_PRIMARY, "uub", "u",
                       "SELECT COUNT(*) FROM badge_document WHERE user_id = ? AND badge_id = ?"
                       " AND sha256 = ?" },
    [COUNT_DOCUMENTS] = { "recheck.count-documents", ON_PRIMARY, "uu", "u",
                          "SELECT COUNT(*) FROM badge_document WHERE user_id = ?"
                          " AND badge_id = ?" },
    [ADD_DOCUMENT] = { "recheck.add-document", ON_PRIMARY, "uubu", "",
                       "INSERT INTO badge_document (user_id, badge_id, sha256, document_id)"
                       " VALUES (?, ?, ?, ?)" },
    [DOCUMENT] = { "recheck.document", ON_REPLICA, "uub", "b",
                   "SELECT d.bytes FROM badge_document b JOIN document d ON d.id = b.document_id"
                   " WHERE b.user_id = ? AND b.badge_id = ? AND b.sha256 = ?" },
    [DOCUMENTS] = { "recheck.documents", ON_REPLICA, "uu", "b",
                    "SELECT sha256 FROM badge_document WHERE user_id = ? AND badge_id = ?" },
};
const struct stmt_table recheck_statements = { sql, COUNT_OF(sql) };

struct keep_args {
    uint64_t                  id;
    const struct badge_check *check;
};

static enum err_code
must_be_found(uint64_t found, struct err *e)
{
    return found > 0 ? ERR_NONE : FAIL(e, CONFLICT, "checked in the meantime, or gone");
}

enum err_code
badge_documents_take(struct db *db, uint64_t user, uint64_t id, const struct slice *documents,
                     size_t count, struct err *e)
{
    struct query  q;
    enum err_code rc;
    uint64_t      there, document;

    if (count == 0)
        return ERR_NONE;
    if ((rc = query_need(db, &sql[COUNT_DOCUMENTS], BIND(U64(user), U64(id)), &q, e)) != ERR_NONE)
        return rc;
    there = q.col[0].u;
    for (size_t i = 0; i < count && there < LIMIT_BADGE_DOCUMENTS; i++) {
        struct sha256 hash = sha256_of(documents[i]);

        if ((rc = query_need(db, &sql[HAS_DOCUMENT], BIND(U64(user), U64(id), HASH(hash)), &q,
                             e)) != ERR_NONE)
            return rc;
        if (q.col[0].u > 0)
            continue;
        if ((rc = document_take(db, documents[i], &document, e)) != ERR_NONE ||
            (rc = query_exec(db, &sql[ADD_DOCUMENT],
                             BIND(U64(user), U64(id), HASH(hash), U64(document)), NULL, e)) !=
                ERR_NONE)
            return rc;
        there++;
    }
    return ERR_NONE;
}

static enum err_code
keep_change(struct db *db, uint64_t user, void *args, struct err *e)
{
    SCOPED(arena_drop) struct arena *packed = arena_new();
    const struct keep_args          *as = args;
    const struct badge_check        *c = as->check;
    struct query                     q;
    enum err_code                    rc;
    uint64_t                         found;

    if ((rc = query_need(db, &sql[PATH], BIND(U64(user), U64(as->id)), &q, e)) != ERR_NONE)
        return rc == ERR_NOT_FOUND ? must_be_found(0, e) : rc;
    if ((rc = query_exec(db, &sql[CHANGE],
                         BIND(I64(c->checked_at_s), I64(c->next_at_s), TEXT_(c->status),
                              TEXT_(c->reason), I64(c->status_at_s),
                              I64_OR_NULL(c->expires_s, c->expires_s == 0), U64(user), U64(as->id),
                              I64(c->was_checked_at_s)),
                         &found, e)) != ERR_NONE ||
        (rc = must_be_found(found, e)) != ERR_NONE ||
        (rc = touch_badge(db, user, as->id, e)) != ERR_NONE ||
        (rc = query_exec(
             db, &sql[EVENT],
             BIND(U64(user), U64(as->id), I64(c->checked_at_s), TEXT_(c->status), TEXT_(c->reason)),
             NULL, e)) != ERR_NONE ||
        (rc = query_exec(db, &sql[REPORT],
                         BIND(U64(user), U64(as->id), BYTES(store_pack(packed, c->report))), NULL,
                         e)) != ERR_NONE)
        return rc;
    touch_badge_path(db, q.col[0].s);
    return badge_documents_take(db, user, as->id, c->documents, c->document_count, e);
}

enum err_code
store_check_keep(struct db *db, uint64_t user, uint64_t id, const struct badge_check *check,
                 struct err *e)
{
    struct keep_args args = { id, check };
    enum err_code    rc;
    uint64_t         found;

    if (check->changed) {
        rc = tx_run(db, user, keep_change, &args, e);
        return rc == ERR_NOT_FOUND ? must_be_found(0, e) : rc;
    }
    if ((rc = tx_exec(db, &sql[SAME],
                      BIND(I64(check->checked_at_s), I64(check->next_at_s), U64(user), U64(id),
                           I64(check->was_checked_at_s)),
                      &found, e)) != ERR_NONE)
        return rc;
    return must_be_found(found, e);
}

enum err_code
store_badge_history(struct db *db, uint64_t user, uint64_t id, size_t limit,
                    struct badge_event **ret, size_t *ret_count, struct err *e)
{
    SCOPED(query_done) struct query q = { 0 };
    struct badge_event             *events;
    enum err_code                   rc;
    size_t                          n = 0;
    bool                            row;

    if ((rc = query_run(db, &sql[HISTORY], BIND(U64(user), U64(id), U64(limit)), &q, e)) !=
        ERR_NONE)
        return rc;
    events = ARENA_ARRAY(db->a, struct badge_event, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        events[n++] = (struct badge_event){ q.col[0].i, q.col[1].s, q.col[2].s };
    *ret = events;
    *ret_count = n;
    return rc;
}

enum err_code
store_badge_document(struct db *db, uint64_t user, uint64_t id, struct slice sha256_hex,
                     struct slice *ret, struct err *e)
{
    struct slice  hash;
    struct query  q;
    enum err_code rc;

    if (sha256_hex.n != 2 * SHA256_BYTES || !hex_decode(db->a, sha256_hex, &hash))
        return FAIL(e, NOT_FOUND, "no hash of a document");
    if ((rc = query_need(db, &sql[DOCUMENT], BIND(U64(user), U64(id), BYTES(hash)), &q, e)) !=
        ERR_NONE)
        return rc;
    return store_unpack(db->a, q.col[0].s, ret, e);
}

enum err_code
store_badge_documents(struct db *db, uint64_t user, uint64_t id, struct slice **ret,
                      size_t *ret_count, struct err *e)
{
    SCOPED(query_done) struct query q = { 0 };
    enum err_code                   rc;
    size_t                          n = 0;
    bool                            row;

    if ((rc = query_run(db, &sql[DOCUMENTS], BIND(U64(user), U64(id)), &q, e)) != ERR_NONE)
        return rc;
    *ret = ARENA_ARRAY(db->a, struct slice, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        (*ret)[n++] = hex_encode(db->a, q.col[0].s);
    *ret_count = n;
    return rc;
}

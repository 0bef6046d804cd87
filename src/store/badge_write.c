/* Writing badges. */
#include "store_int.h"

#include <assert.h>

#include "core/limits.h"
#include "core/rand.h"

enum {
    SAME,
    MAY_ADD,
    ADD,
    ADD_REPORT,
    FIND,
    REMOVE,
    REMOVE_REPORT,
    REMOVE_PATH,
    REMOVE_HISTORY,
    REMOVE_CHECK,
    DOCUMENTS,
    REMOVE_DOCUMENTS,
    DROP,
    ADD_PATH,
    SET_VISIBILITY
};

static const struct stmt sql[] = {
    [SAME] = { "badge.same", ON_PRIMARY, "ub", "u",
               "SELECT id FROM badge WHERE user_id = ? AND identity = ?" },
    [MAY_ADD] = { "badge.may-add", ON_PRIMARY, "ububu", "uuu",
                  "SELECT (SELECT id FROM badge WHERE user_id = ? AND identity = ?),"
                  " (SELECT COUNT(*) FROM badge WHERE user_id = ?),"
                  " (SELECT number FROM user_email WHERE email_key = ? AND user_id = ?)" },
    [ADD] = { "badge.add", ON_PRIMARY, "uubbuuuuussiiibb", "",
              "INSERT INTO badge (user_id, id, identity, picture_hash, picture_id, class_id,"
              " email_number, picture_kind, visibility, plain_identity, version, status,"
              " issued_on_s, expires_s, checked_at_s, hosted_url, assertion)"
              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)" },
    [ADD_REPORT] = { "badge.add-report", ON_PRIMARY, "uub", "",
                     "INSERT INTO badge_report (user_id, badge_id, report) VALUES (?, ?, ?)" },
    [FIND] = { "badge.find", ON_PRIMARY, "uu", "uububu",
               "SELECT b.class_id, b.picture_id, p.path, b.email_number, b.picture_hash,"
               " b.picture_kind FROM badge b LEFT JOIN badge_path p"
               " ON p.user_id = b.user_id AND p.badge_id = b.id WHERE b.user_id = ? AND b.id = ?" },
    [REMOVE] = { "badge.remove", ON_PRIMARY, "uu", "",
                 "DELETE FROM badge WHERE user_id = ? AND id = ?" },
    [REMOVE_REPORT] = { "badge.remove-report", ON_PRIMARY, "uu", "",
                        "DELETE FROM badge_report WHERE user_id = ? AND badge_id = ?" },
    [REMOVE_PATH] = { "badge.remove-path", ON_PRIMARY, "uu", "",
                      "DELETE FROM badge_path WHERE user_id = ? AND badge_id = ?" },
    [REMOVE_HISTORY] = { "badge.remove-history", ON_PRIMARY, "uu", "",
                         "DELETE FROM badge_history WHERE user_id = ? AND badge_id = ?" },
    [REMOVE_CHECK] = { "badge.remove-check", ON_PRIMARY, "uu", "",
                       "DELETE FROM badge_check WHERE user_id = ? AND badge_id = ?" },
    [DOCUMENTS] = { "badge.documents", ON_PRIMARY, "uu", "u",
                    "SELECT document_id FROM badge_document WHERE user_id = ? AND badge_id = ?" },
    [REMOVE_DOCUMENTS] = { "badge.remove-documents", ON_PRIMARY, "uu", "",
                           "DELETE FROM badge_document WHERE user_id = ? AND badge_id = ?" },
    [DROP] = { "badge.drop", ON_PRIMARY, "uu", "",
               "DELETE m FROM collection c JOIN collection_badge m"
               " ON m.user_id = c.user_id AND m.collection_id = c.id AND m.badge_id = ?"
               " WHERE c.user_id = ?" },
    [ADD_PATH] = { "badge.add-path", ON_PRIMARY, "uub", "",
                   "INSERT INTO badge_path (user_id, badge_id, path) VALUES (?, ?, ?)" },
    [SET_VISIBILITY] = { "badge.set-visibility", ON_PRIMARY, "uuu", "",
                         "UPDATE badge SET visibility = ? WHERE user_id = ? AND id = ?" },
};
const struct stmt_table badge_write_statements = { sql, COUNT_OF(sql) };

enum { IDENTITY_BYTES = 8 };

struct add_args {
    const struct badge_new *badge;
    uint64_t                id;
};

enum err_code
store_badge_same(struct db *db, uint64_t user, struct slice identity, uint64_t *ret_id,
                 struct err *e)
{
    struct query  q;
    enum err_code rc;
    bool          there;

    if ((rc = query_one(db, &sql[SAME],
                        BIND(U64(user), BYTES(slice_first(identity, IDENTITY_BYTES))), &q, &there,
                        e)) == ERR_NONE)
        *ret_id = there ? q.col[0].u : 0;
    return rc;
}

/* The user's row is locked, so what is not there now comes from nobody else. */
static enum err_code
may_add(struct db *db, uint64_t user, struct add_args *as, uint64_t *ret_email_number,
        struct err *e)
{
    const struct badge_new *b = as->badge;
    struct query            q;
    enum err_code           rc;

    if ((rc = query_need(db, &sql[MAY_ADD],
                         BIND(U64(user), BYTES(slice_first(b->identity, IDENTITY_BYTES)), U64(user),
                              BYTES(email_key(db->a, b->email)), U64(user)),
                         &q, e)) != ERR_NONE)
        return rc;
    as->id = q.col[0].u;
    if (as->id != 0)
        return FAIL(e, BADGE_EXISTS, "badge %llu", (unsigned long long)as->id);
    if (q.col[1].u >= LIMIT_BADGES) {
        FAIL(e, CONFLICT, "%d badges", LIMIT_BADGES);
        err_set_cause_text(e, SL("The backpack is full."));
        return e->code;
    }
    if (q.col[2].null)
        return FAIL(e, RECIPIENT_MISMATCH, "the badge's address is not one of the user's");
    *ret_email_number = q.col[2].u;
    return ERR_NONE;
}

static enum err_code
insert(struct db *db, uint64_t user, const struct badge_new *b, uint64_t id, uint64_t email_number,
       struct err *e)
{
    SCOPED(arena_drop) struct arena *packed = arena_new();
    struct sha256                    source = sha256_of(b->picture);
    struct sha256                    name =
        picture_name((struct slice){ (const char *)source.bytes, SHA256_BYTES }, b->assertion);
    uint64_t class, picture;
    enum err_code rc;

    if ((rc = content_take(db, b, &class, &picture, e)) != ERR_NONE)
        return rc;
    return query_exec(db, &sql[ADD],
                      BIND(U64(user), U64(id), BYTES(slice_first(b->identity, IDENTITY_BYTES)),
                           HASH(name), U64(picture), U64(class), U64(email_number),
                           U64(b->picture_kind), U64(b->plain_identity), TEXT_(b->version),
                           TEXT_(b->status), I64_OR_NULL(b->issued_on_s, b->issued_on_s == 0),
                           I64_OR_NULL(b->expires_s, b->expires_s == 0), I64(b->checked_at_s),
                           BYTES(b->hosted_url), BYTES(store_pack(packed, b->assertion))),
                      NULL, e);
}

static enum err_code
add_report(struct db *db, uint64_t user, uint64_t id, struct slice report, struct err *e)
{
    SCOPED(arena_drop) struct arena *packed = arena_new();

    if (report.n == 0)
        return ERR_NONE;
    return query_exec(db, &sql[ADD_REPORT],
                      BIND(U64(user), U64(id), BYTES(store_pack(packed, report))), NULL, e);
}

static enum err_code
add(struct db *db, uint64_t user, void *args, struct err *e)
{
    struct add_args        *as = args;
    const struct badge_new *b = as->badge;
    uint64_t                id = rand_id(), email_number = 0;
    enum err_code           rc;

    if ((rc = may_add(db, user, as, &email_number, e)) != ERR_NONE)
        return rc;
    if ((rc = insert(db, user, b, id, email_number, e)) != ERR_NONE)
        return rc == ERR_STORE_DUPLICATE ? FAIL(e, STORE_CONFLICT, "two ids alike") : rc;
    if ((rc = add_report(db, user, id, b->report, e)) != ERR_NONE)
        return rc;
    as->id = id;
    return badge_documents_take(db, user, id, b->documents, b->document_count, e);
}

enum err_code
store_badge_add(struct db *db, uint64_t user, const struct badge_new *badge, uint64_t *ret_id,
                struct err *e)
{
    struct add_args args = { badge, 0 };
    enum err_code   rc;

    assert(badge->identity.n >= IDENTITY_BYTES);
    rc = tx_run(db, user, add, &args, e);
    if (rc == ERR_NONE || rc == ERR_BADGE_EXISTS)
        *ret_id = args.id;
    return rc;
}

static enum err_code
documents_of(struct db *db, uint64_t user, uint64_t id, uint64_t **ret, size_t *ret_count,
             struct err *e)
{
    SCOPED(query_done) struct query q = { 0 };
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[DOCUMENTS], BIND(U64(user), U64(id)), &q, e)) != ERR_NONE)
        return rc;
    *ret = ARENA_ARRAY(db->a, uint64_t, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        (*ret)[n++] = q.col[0].u;
    *ret_count = n;
    return rc;
}

static enum err_code
remove_one(struct db *db, uint64_t user, void *args, struct err *e)
{
    static const int rows[] = { REMOVE,         REMOVE_REPORT, REMOVE_PATH,
                                REMOVE_HISTORY, REMOVE_CHECK,  REMOVE_DOCUMENTS };
    const uint64_t  *id = args;
    struct query     q;
    enum err_code    rc;
    uint64_t        *documents;
    size_t           count;

    if ((rc = query_need(db, &sql[FIND], BIND(U64(user), U64(*id)), &q, e)) != ERR_NONE ||
        (rc = touch_badge(db, user, *id, e)) != ERR_NONE ||
        (rc = documents_of(db, user, *id, &documents, &count, e)) != ERR_NONE ||
        (rc = query_exec(db, &sql[DROP], BIND(U64(*id), U64(user)), NULL, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if ((rc = query_exec(db, &sql[rows[i]], BIND(U64(user), U64(*id)), NULL, e)) != ERR_NONE)
            return rc;
    touch_badge_path(db, q.col[2].s);
    touch_picture(db, q.col[4].s, q.col[5].u);
    if ((rc = address_forget(db, user, q.col[3].u, e)) != ERR_NONE ||
        (rc = content_give(db, q.col[0].u, q.col[1].u, e)) != ERR_NONE)
        return rc;
    return documents_give(db, documents, count, e);
}

enum err_code
store_badge_remove(struct db *db, uint64_t user, uint64_t id, struct err *e)
{
    return tx_run(db, user, remove_one, &id, e);
}

struct visibility_args {
    uint64_t        id;
    enum visibility visibility;
    struct slice    path;
};

static enum err_code
set_visibility(struct db *db, uint64_t user, void *args, struct err *e)
{
    struct visibility_args *as = args;
    struct query            q;
    enum err_code           rc;

    if ((rc = query_need(db, &sql[FIND], BIND(U64(user), U64(as->id)), &q, e)) != ERR_NONE)
        return rc;
    as->path = q.col[2].s;
    if (as->path.n == 0 && as->visibility != VISIBILITY_PRIVATE) {
        as->path = path_new(db->a);
        if ((rc = query_exec(db, &sql[ADD_PATH], BIND(U64(user), U64(as->id), BYTES(as->path)),
                             NULL, e)) != ERR_NONE)
            return rc;
    }
    touch_badge_path(db, as->path);
    touch_picture(db, q.col[4].s, q.col[5].u);
    if ((rc = touch_badge(db, user, as->id, e)) != ERR_NONE)
        return rc;
    return query_exec(db, &sql[SET_VISIBILITY], BIND(U64(as->visibility), U64(user), U64(as->id)),
                      NULL, e);
}

enum err_code
store_badge_set_visibility(struct db *db, uint64_t user, uint64_t id, enum visibility visibility,
                           struct slice *ret_path, struct err *e)
{
    struct visibility_args args = { .id = id, .visibility = visibility };
    enum err_code          rc = tx_run(db, user, set_visibility, &args, e);

    if (rc == ERR_NONE)
        *ret_path = args.path;
    return rc;
}

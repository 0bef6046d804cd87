/* Removing a person with everything that is theirs. */
#include "store_int.h"

enum {
    COLLECTION_PATHS,
    BADGE_PATHS,
    SHOWN_PICTURES,
    SHARED_CLASSES,
    SHARED_PICTURES,
    SHARED_DOCUMENTS,
    CLASSES,
    PICTURES,
    DOCUMENTS,
    SHARED_LAST,
    FIRST_TABLE
};

/* In the order written, from the person's rows on, so that no other row of `shared` is even waited for.
 * The content whose last badge this was: counted down in `shared` before, found by the person's rows. */
#define COUNT_DOWN(column, table)                                                                  \
    "UPDATE (SELECT " column " AS id, COUNT(*) AS n FROM " table " WHERE user_id = ?"              \
    " GROUP BY " column ") b STRAIGHT_JOIN shared s ON s.id = b.id SET s.uses = s.uses - b.n"
#define LAST(table, column, from)                                                                  \
    "DELETE t FROM (SELECT DISTINCT " column " AS id FROM " from " WHERE user_id = ?) b"           \
    " STRAIGHT_JOIN shared s ON s.id = b.id STRAIGHT_JOIN " table " t ON t.id = s.id"              \
    " WHERE s.uses = 0"

static const struct stmt sql[] = {
    [COLLECTION_PATHS] = { "remove.collection-paths", ON_PRIMARY, "u", "ub",
                           "SELECT id, path FROM collection WHERE user_id = ?" },
    [BADGE_PATHS] = { "remove.badge-paths", ON_PRIMARY, "u", "b",
                      "SELECT path FROM badge_path WHERE user_id = ?" },
    [SHOWN_PICTURES] = { "remove.shown-pictures", ON_PRIMARY, "u", "bu",
                         "SELECT b.picture_hash, b.picture_kind FROM badge b"
                         " WHERE b.user_id = ? AND " BADGE_IS_SHOWN },
    [SHARED_CLASSES] = { "remove.shared-classes", ON_PRIMARY, "u", "",
                         COUNT_DOWN("class_id", "badge") },
    [SHARED_PICTURES] = { "remove.shared-pictures", ON_PRIMARY, "u", "",
                          COUNT_DOWN("picture_id", "badge") },
    [SHARED_DOCUMENTS] = { "remove.shared-documents", ON_PRIMARY, "u", "",
                           COUNT_DOWN("document_id", "badge_document") },
    [CLASSES] = { "remove.classes", ON_PRIMARY, "u", "", LAST("class", "class_id", "badge") },
    [PICTURES] = { "remove.pictures", ON_PRIMARY, "u", "", LAST("picture", "picture_id", "badge") },
    [DOCUMENTS] = { "remove.documents", ON_PRIMARY, "u", "",
                    LAST("document", "document_id", "badge_document") },
    [SHARED_LAST] = { "remove.shared-last", ON_PRIMARY, "uuu", "",
                      "DELETE s FROM (SELECT class_id AS id FROM badge WHERE user_id = ? UNION"
                      " SELECT picture_id FROM badge WHERE user_id = ? UNION"
                      " SELECT document_id FROM badge_document WHERE user_id = ?) b"
                      " STRAIGHT_JOIN shared s ON s.id = b.id WHERE s.uses = 0" },
    [FIRST_TABLE] = { "remove.members", ON_PRIMARY, "u", "",
                      "DELETE FROM collection_badge WHERE user_id = ?" },
    { "remove.collections", ON_PRIMARY, "u", "", "DELETE FROM collection WHERE user_id = ?" },
    { "remove.paths", ON_PRIMARY, "u", "", "DELETE FROM badge_path WHERE user_id = ?" },
    { "remove.history", ON_PRIMARY, "u", "", "DELETE FROM badge_history WHERE user_id = ?" },
    { "remove.checks", ON_PRIMARY, "u", "", "DELETE FROM badge_check WHERE user_id = ?" },
    { "remove.badge-documents", ON_PRIMARY, "u", "",
      "DELETE FROM badge_document WHERE user_id = ?" },
    { "remove.reports", ON_PRIMARY, "u", "", "DELETE FROM badge_report WHERE user_id = ?" },
    { "remove.badges", ON_PRIMARY, "u", "", "DELETE FROM badge WHERE user_id = ?" },
    { "remove.sessions", ON_PRIMARY, "u", "", "DELETE FROM session WHERE user_id = ?" },
    { "remove.identities", ON_PRIMARY, "u", "", "DELETE FROM oidc_identity WHERE user_id = ?" },
    { "remove.oidc-states", ON_PRIMARY, "u", "", "DELETE FROM oidc_state WHERE user_id = ?" },
    { "remove.pending-identities", ON_PRIMARY, "u", "",
      "DELETE p FROM oidc_pending p JOIN user_email e ON e.email_key = p.email_key"
      " WHERE e.user_id = ?" },
    { "remove.passkeys", ON_PRIMARY, "u", "", "DELETE FROM passkey WHERE user_id = ?" },
    { "remove.grants", ON_PRIMARY, "u", "", "DELETE FROM connect_grant WHERE user_id = ?" },
    { "remove.links", ON_PRIMARY, "u", "",
      "DELETE s FROM signin s JOIN user_email e ON e.email_key = s.email_key WHERE e.user_id = ?" },
    { "remove.mails", ON_PRIMARY, "u", "",
      "DELETE o FROM outbox o JOIN user_email e ON e.email = o.send_to WHERE e.user_id = ?" },
    { "remove.asks", ON_PRIMARY, "u", "", "DELETE FROM signin WHERE user_id = ?" },
    { "remove.former-emails", ON_PRIMARY, "u", "", "DELETE FROM former_email WHERE user_id = ?" },
    { "remove.aliases", ON_PRIMARY, "u", "", "DELETE FROM user_alias WHERE user_id = ?" },
    { "remove.emails", ON_PRIMARY, "u", "", "DELETE FROM user_email WHERE user_id = ?" },
    { "remove.user", ON_PRIMARY, "u", "", "DELETE FROM user WHERE id = ?" },
};
const struct stmt_table remove_statements = { sql, COUNT_OF(sql) };

enum err_code
touch_user(struct db *db, uint64_t user, struct err *e)
{
    SCOPED(query_done) struct query collections = { 0 }, badges = { 0 }, pictures = { 0 };
    enum err_code                   rc;
    bool                            row;

    touch_groups(db, user);
    if ((rc = query_run(db, &sql[COLLECTION_PATHS], BIND(U64(user)), &collections, e)) != ERR_NONE)
        return rc;
    while ((rc = query_next(&collections, &row, e)) == ERR_NONE && row)
        touch_collection(db, user, collections.col[0].u, collections.col[1].s);
    if (rc != ERR_NONE ||
        (rc = query_run(db, &sql[BADGE_PATHS], BIND(U64(user)), &badges, e)) != ERR_NONE)
        return rc;
    while ((rc = query_next(&badges, &row, e)) == ERR_NONE && row)
        touch_badge_path(db, badges.col[0].s);
    if (rc != ERR_NONE ||
        (rc = query_run(db, &sql[SHOWN_PICTURES], BIND(U64(user)), &pictures, e)) != ERR_NONE)
        return rc;
    while ((rc = query_next(&pictures, &row, e)) == ERR_NONE && row)
        touch_picture(db, pictures.col[0].s, pictures.col[1].u);
    return rc;
}

enum err_code
user_rows_remove(struct db *db, uint64_t user, struct err *e)
{
    enum err_code rc;

    for (size_t i = SHARED_CLASSES; i < COUNT_OF(sql); i++) {
        rc = i == SHARED_LAST
                 ? query_exec(db, &sql[i], BIND(U64(user), U64(user), U64(user)), NULL, e)
                 : query_exec(db, &sql[i], BIND(U64(user)), NULL, e);
        if (rc != ERR_NONE)
            return rc;
    }
    return ERR_NONE;
}

static enum err_code
remove_all(struct db *db, uint64_t user, void *args, struct err *e)
{
    enum err_code rc = touch_user(db, user, e);

    (void)args;
    return rc == ERR_NONE ? user_rows_remove(db, user, e) : rc;
}

enum err_code
store_user_remove(struct db *db, uint64_t user, struct err *e)
{
    return tx_run(db, user, remove_all, NULL, e);
}

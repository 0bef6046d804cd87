/* Two accounts becoming one, in one transaction: what can move moves, and what is left, which both have, goes with
 * the account that is merged into the other.
 *
 * A table with a user_id gets a row in `moves` here and one in remove.c; one whose rows have an id of their own in the
 * person's key, also one in `kinds`. Where a person can have such a thing only once, its move leaves out what both
 * have, as those of badges do: what it leaves out is removed.
 */
#include "store/address.h"

#include "core/limits.h"
#include "store_int.h"

enum { LOCK, LOOK, ALIAS_ADD, ALIAS };

static const struct stmt sql[] = {
    [LOCK] = { "merge.lock", ON_PRIMARY, "u", "",
               "UPDATE user SET version = version + 1 WHERE id = ?" },
    [LOOK] = { "merge.look", ON_PRIMARY, "uuuuuuuuuuuuuu", "uuuuuuuuuu",
               "SELECT (SELECT COUNT(*) FROM badge WHERE user_id = ?),"
               " (SELECT COUNT(*) FROM badge WHERE user_id = ?),"
               " (SELECT COUNT(*) FROM badge a JOIN badge b ON b.identity = a.identity"
               " WHERE a.user_id = ? AND b.user_id = ?),"
               " (SELECT COUNT(*) FROM collection WHERE user_id = ?),"
               " (SELECT COUNT(*) FROM collection WHERE user_id = ?),"
               " (SELECT COUNT(*) FROM user_email WHERE user_id = ?),"
               " (SELECT COUNT(*) FROM user_email WHERE user_id = ?),"
               " (SELECT COUNT(*) FROM passkey WHERE user_id IN (?, ?)),"
               " (SELECT COUNT(*) FROM oidc_identity WHERE user_id IN (?, ?)),"
               " (SELECT COUNT(DISTINCT origin) FROM connect_grant WHERE user_id IN (?, ?))" },
    [ALIAS_ADD] = { "merge.alias-add", ON_PRIMARY, "uu", "",
                    "INSERT INTO user_alias (id, user_id) VALUES (?, ?)" },
    [ALIAS] = { "merge.alias", PREFER_PRIMARY, "u", "u",
                "SELECT user_id FROM user_alias WHERE id = ?" },
};

/* Ids are drawn for one person: two may have the same. Parameters: by how much, into, from. */
#define CLASHES(table)                                                                             \
    {                                                                                              \
        "merge.clashes-" table, ON_PRIMARY, "uu", "u",                                             \
            "SELECT COUNT(*) FROM " table " a JOIN " table " b ON b.id = a.id"                     \
            " WHERE a.user_id = ? AND b.user_id = ?"                                               \
    }
#define TAKEN(table)                                                                               \
    {                                                                                              \
        "merge.taken-" table, ON_PRIMARY, "uuuu", "u",                                             \
            "SELECT COUNT(*) FROM " table " a JOIN " table " b ON b.id = a.id LEFT JOIN " table    \
            " s ON s.user_id = a.user_id AND s.id = b.id + ? LEFT JOIN " table                     \
            " t ON t.user_id = b.user_id AND t.id = b.id + ? WHERE a.user_id = ?"                  \
            " AND b.user_id = ? AND (s.id IS NOT NULL OR t.id IS NOT NULL)"                        \
    }
#define SHIFT(table)                                                                               \
    {                                                                                              \
        "merge.shift-" table, ON_PRIMARY, "uuu", "",                                               \
            "UPDATE " table " a JOIN " table " b ON b.id = a.id SET b.id = b.id + ?"               \
            " WHERE a.user_id = ? AND b.user_id = ?"                                               \
    }
/* What names the thing by that id, before the thing itself. */
#define SHIFT_NAMED(table, of, column)                                                             \
    {                                                                                              \
        "merge.shift-" column "-in-" table, ON_PRIMARY, "uuu", "",                                 \
            "UPDATE " of " a JOIN " of " b ON b.id = a.id JOIN " table                             \
            " t ON t.user_id = b.user_id AND t." column " = b.id SET t." column " = t." column     \
            " + ? WHERE a.user_id = ? AND b.user_id = ?"                                           \
    }
enum { CLASHING, OCCUPIED, FIRST_SHIFT };

static const struct stmt badge_ids[] = {
    [CLASHING] = CLASHES("badge"),
    [OCCUPIED] = TAKEN("badge"),
    [FIRST_SHIFT] = SHIFT_NAMED("badge_report", "badge", "badge_id"),
    SHIFT_NAMED("badge_check", "badge", "badge_id"),
    SHIFT_NAMED("badge_history", "badge", "badge_id"),
    SHIFT_NAMED("badge_document", "badge", "badge_id"),
    SHIFT_NAMED("badge_path", "badge", "badge_id"),
    SHIFT_NAMED("collection_badge", "badge", "badge_id"),
    SHIFT("badge"),
};
static const struct stmt collection_ids[] = {
    [CLASHING] = CLASHES("collection"),
    [OCCUPIED] = TAKEN("collection"),
    [FIRST_SHIFT] = SHIFT_NAMED("collection_badge", "collection", "collection_id"),
    SHIFT("collection"),
};
static const struct stmt passkey_ids[] = {
    [CLASHING] = CLASHES("passkey"),
    [OCCUPIED] = TAKEN("passkey"),
    [FIRST_SHIFT] = SHIFT("passkey"),
};
static const struct stmt grant_ids[] = {
    [CLASHING] = CLASHES("connect_grant"),
    [OCCUPIED] = TAKEN("connect_grant"),
    [FIRST_SHIFT] = SHIFT("connect_grant"),
};
static const struct stmt identity_ids[] = {
    [CLASHING] = CLASHES("oidc_identity"),
    [OCCUPIED] = TAKEN("oidc_identity"),
    [FIRST_SHIFT] = SHIFT("oidc_identity"),
};
static const struct stmt_table kinds[] = {
    { badge_ids, COUNT_OF(badge_ids) },       { collection_ids, COUNT_OF(collection_ids) },
    { passkey_ids, COUNT_OF(passkey_ids) },   { grant_ids, COUNT_OF(grant_ids) },
    { identity_ids, COUNT_OF(identity_ids) },
};

/* The part of a badge `b` that has moved. */
#define MOVE_PART(table)                                                                           \
    "UPDATE " table " t JOIN badge b ON b.id = t.badge_id SET t.user_id = b.user_id"               \
    " WHERE b.user_id = ? AND t.user_id = ?"
#define MOVE(table) "UPDATE " table " SET user_id = ? WHERE user_id = ?"

/* Parameters: into, from; where there are three, first the number that the addresses begin behind. */
static const struct stmt moves[] = {
    /* A badge `b` that both have: its place is taken by `a`. */
    { "merge.members-of-both", ON_PRIMARY, "uu", "",
      "UPDATE badge a JOIN badge b ON b.identity = a.identity"
      " JOIN collection c ON c.user_id = b.user_id JOIN collection_badge m"
      " ON m.user_id = c.user_id AND m.collection_id = c.id AND m.badge_id = b.id"
      " SET m.badge_id = a.id WHERE a.user_id = ? AND b.user_id = ?" },
    { "merge.pages-of-both", ON_PRIMARY, "uu", "",
      "UPDATE badge a JOIN badge b ON b.identity = a.identity"
      " JOIN badge_path p ON p.user_id = b.user_id AND p.badge_id = b.id"
      " LEFT JOIN badge_path q ON q.user_id = a.user_id AND q.badge_id = a.id"
      " SET p.user_id = a.user_id, p.badge_id = a.id"
      " WHERE a.user_id = ? AND b.user_id = ? AND q.path IS NULL" },
    { "merge.visibility-of-both", ON_PRIMARY, "uu", "",
      "UPDATE badge a JOIN badge b ON b.identity = a.identity"
      " SET a.visibility = GREATEST(a.visibility, b.visibility)"
      " WHERE a.user_id = ? AND b.user_id = ?" },
    { "merge.findable", ON_PRIMARY, "uu", "",
      "UPDATE user a JOIN user b SET a.findable = a.findable AND b.findable"
      " WHERE a.id = ? AND b.id = ?" },
    { "merge.emails", ON_PRIMARY, "uuu", "",
      "UPDATE user_email SET number = number + ?, user_id = ? WHERE user_id = ?" },
    { "merge.former-emails", ON_PRIMARY, "uuu", "",
      "UPDATE former_email SET number = number + ?, user_id = ? WHERE user_id = ?" },
    { "merge.badges", ON_PRIMARY, "uuu", "",
      "UPDATE user u JOIN badge b LEFT JOIN badge a ON a.user_id = u.id AND a.identity = b.identity"
      " SET b.email_number = b.email_number + ?, b.user_id = u.id"
      " WHERE u.id = ? AND b.user_id = ? AND a.id IS NULL" },
    { "merge.reports", ON_PRIMARY, "uu", "", MOVE_PART("badge_report") },
    { "merge.checks", ON_PRIMARY, "uu", "", MOVE_PART("badge_check") },
    { "merge.history", ON_PRIMARY, "uu", "", MOVE_PART("badge_history") },
    { "merge.badge-documents", ON_PRIMARY, "uu", "", MOVE_PART("badge_document") },
    { "merge.pages", ON_PRIMARY, "uu", "", MOVE_PART("badge_path") },
    { "merge.collections", ON_PRIMARY, "uu", "", MOVE("collection") },
    { "merge.members", ON_PRIMARY, "uu", "", MOVE("collection_badge") },
    { "merge.passkeys", ON_PRIMARY, "uu", "", MOVE("passkey") },
    { "merge.identities", ON_PRIMARY, "uu", "", MOVE("oidc_identity") },
    { "merge.grants", ON_PRIMARY, "uu", "",
      "UPDATE user u JOIN connect_grant b LEFT JOIN connect_grant a ON a.user_id = u.id"
      " AND a.origin = b.origin SET b.user_id = u.id"
      " WHERE u.id = ? AND b.user_id = ? AND a.id IS NULL" },
    { "merge.aliases", ON_PRIMARY, "uu", "", MOVE("user_alias") },
};
const struct stmt_table merge_statements = { sql, COUNT_OF(sql) },
                        merge_moves = { moves, COUNT_OF(moves) },
                        merge_badge_ids = { badge_ids, COUNT_OF(badge_ids) },
                        merge_collection_ids = { collection_ids, COUNT_OF(collection_ids) },
                        merge_passkey_ids = { passkey_ids, COUNT_OF(passkey_ids) },
                        merge_grant_ids = { grant_ids, COUNT_OF(grant_ids) },
                        merge_identity_ids = { identity_ids, COUNT_OF(identity_ids) };

enum { SHIFTS_MAX = 64 };

enum err_code
store_merge_look(struct db *db, uint64_t into, uint64_t from, struct merge *ret, struct err *e)
{
    struct query  q;
    enum err_code rc;

    if ((rc = query_need(db, &sql[LOOK],
                         BIND(U64(into), U64(from), U64(into), U64(from), U64(into), U64(from),
                              U64(into), U64(from), U64(into), U64(from), U64(into), U64(from),
                              U64(into), U64(from)),
                         &q, e)) != ERR_NONE)
        return rc;
    *ret = (struct merge){ .badges = q.col[1].u,
                           .both = q.col[2].u,
                           .collections = q.col[4].u,
                           .addresses = q.col[6].u,
                           .fits = q.col[0].u + q.col[1].u - q.col[2].u <= LIMIT_BADGES &&
                                   q.col[3].u + q.col[4].u <= LIMIT_COLLECTIONS &&
                                   q.col[5].u + q.col[6].u <= LIMIT_EMAILS &&
                                   q.col[7].u <= LIMIT_PASSKEYS && q.col[8].u <= LIMIT_IDENTITIES &&
                                   q.col[9].u <= LIMIT_SITES };
    return ERR_NONE;
}

/* Gives what `from` has under an id that `into` uses, too, one near by that neither uses. */
static enum err_code
separate(struct db *db, const struct stmt_table *kind, uint64_t into, uint64_t from, struct err *e)
{
    const struct stmt *st = kind->rows;
    uint64_t           by = 0;
    struct query       q;
    enum err_code      rc;

    if ((rc = query_need(db, &st[CLASHING], BIND(U64(into), U64(from)), &q, e)) != ERR_NONE ||
        q.col[0].u == 0)
        return rc;
    do {
        if (++by > SHIFTS_MAX)
            return FAIL(e, STORE_CONFLICT, "no free ids near those of %s", st[CLASHING].name);
        rc = query_need(db, &st[OCCUPIED], BIND(U64(by), U64(by), U64(into), U64(from)), &q, e);
    } while (rc == ERR_NONE && q.col[0].u > 0);
    for (size_t i = FIRST_SHIFT; i < kind->count && rc == ERR_NONE; i++)
        rc = query_exec(db, &st[i], BIND(U64(by), U64(into), U64(from)), NULL, e);
    return rc;
}

static enum err_code
move_all(struct db *db, uint64_t into, uint64_t from, struct err *e)
{
    uint64_t      behind, count;
    enum err_code rc;

    if ((rc = address_next_number(db, into, &behind, &count, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if ((rc = separate(db, &kinds[i], into, from, e)) != ERR_NONE)
            return rc;
    for (size_t i = 0; i < COUNT_OF(moves); i++) {
        rc = moves[i].in[2] == '\0'
                 ? query_exec(db, &moves[i], BIND(U64(into), U64(from)), NULL, e)
                 : query_exec(db, &moves[i], BIND(U64(behind), U64(into), U64(from)), NULL, e);
        if (rc != ERR_NONE)
            return rc;
    }
    return addresses_adopt(db, into, e);
}

struct merge_args {
    uint64_t     from;
    struct slice email;
};

/* Nobody gives an address up any more once both are locked: then it counts whose it is. */
static enum err_code
merge(struct db *db, uint64_t into, void *args, struct err *e)
{
    const struct merge_args *as = args;
    const uint64_t          *from = &as->from;
    uint64_t                 found, owner;
    struct merge             m;
    enum err_code            rc;

    if ((rc = query_exec(db, &sql[LOCK], BIND(U64(*from)), &found, e)) != ERR_NONE ||
        (rc = store_address_owner(db, as->email, &owner, e)) != ERR_NONE)
        return rc;
    if (found == 0 || owner != *from)
        return FAIL(e, NOT_FOUND, "the account to be merged");
    if ((rc = store_merge_look(db, into, *from, &m, e)) != ERR_NONE)
        return rc;
    if (!m.fits)
        return FAIL(e, TOO_LARGE, "two accounts that are too large for one");
    touch_groups(db, into);
    if ((rc = touch_user(db, *from, e)) != ERR_NONE ||
        (rc = move_all(db, into, *from, e)) != ERR_NONE ||
        (rc = query_exec(db, &sql[ALIAS_ADD], BIND(U64(*from), U64(into)), NULL, e)) != ERR_NONE)
        return rc;
    return user_rows_remove(db, *from, e);
}

enum err_code
store_merge(struct db *db, uint64_t into, uint64_t from, struct slice email, struct err *e)
{
    struct merge_args args = { from, email };

    if (into == from)
        return FAIL(e, NOT_FOUND, "an account and itself");
    return tx_run(db, into, merge, &args, e);
}

enum err_code
store_user_alias(struct db *db, uint64_t id, uint64_t *ret, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[ALIAS], BIND(U64(id)), &q, e);

    if (rc == ERR_NONE)
        *ret = q.col[0].u;
    return rc;
}

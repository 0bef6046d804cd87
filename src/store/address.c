/* Addresses that were proved, and those that were given up and that badges still name. */
#include "store/address.h"

#include "core/limits.h"
#include "store_int.h"

enum {
    ALL,
    OWNER,
    NEXT_NUMBER,
    ADD,
    ADOPT,
    ADOPTED,
    FORGET,
    FIND,
    COUNT_BADGES,
    OLDEST_OTHER,
    SET_PRIMARY,
    KEEP,
    REMOVE,
    REMOVE_LINK
};

static const struct stmt sql[] = {
    [ALL] = { "address.list", ON_REPLICA, "u", "bu",
              "SELECT e.email, e.number = u.primary_number FROM user_email e"
              " JOIN user u ON u.id = e.user_id WHERE e.user_id = ? ORDER BY e.number" },
    [OWNER] = { "address.owner", ON_PRIMARY, "b", "u",
                "SELECT user_id FROM user_email WHERE email_key = ?" },
    [NEXT_NUMBER] = { "address.next-number", ON_PRIMARY, "uu", "uu",
                      "SELECT COALESCE(MAX(n.number), 0) + 1, COALESCE(SUM(n.live), 0) FROM"
                      " (SELECT number, 1 AS live FROM user_email WHERE user_id = ? UNION ALL"
                      " SELECT number, 0 FROM former_email WHERE user_id = ?) n" },
    [ADD] = { "address.add", ON_PRIMARY, "buub", "",
              "INSERT INTO user_email (email_key, user_id, number, email) VALUES (?, ?, ?, ?)" },
    [ADOPT] = { "address.adopt", ON_PRIMARY, "u", "",
                "UPDATE former_email f JOIN user_email e ON e.email_key = f.email_key"
                " AND e.user_id = f.user_id JOIN badge b ON b.user_id = f.user_id"
                " AND b.email_number = f.number SET b.email_number = e.number"
                " WHERE f.user_id = ?" },
    [ADOPTED] = { "address.adopted", ON_PRIMARY, "u", "",
                  "DELETE f FROM former_email f JOIN user_email e ON e.email_key = f.email_key"
                  " AND e.user_id = f.user_id WHERE f.user_id = ?" },
    [FORGET] = { "address.forget", ON_PRIMARY, "uu", "",
                 "DELETE f FROM former_email f WHERE f.user_id = ? AND f.number = ?"
                 " AND NOT EXISTS (SELECT 1 FROM badge b WHERE b.user_id = f.user_id"
                 " AND b.email_number = f.number)" },
    [FIND] = { "address.find", ON_PRIMARY, "bu", "ubub",
               "SELECT e.number, e.email, u.primary_number, p.email FROM user_email e"
               " JOIN user u ON u.id = e.user_id JOIN user_email p ON p.user_id = u.id"
               " AND p.number = u.primary_number WHERE e.email_key = ? AND e.user_id = ?" },
    [COUNT_BADGES] = { "address.count-badges", ON_PRIMARY, "uu", "u",
                       "SELECT COUNT(*) FROM badge WHERE user_id = ? AND email_number = ?" },
    [OLDEST_OTHER] = { "address.oldest-other", ON_PRIMARY, "uu", "ub",
                       "SELECT number, email FROM user_email WHERE user_id = ? AND number <> ?"
                       " ORDER BY number LIMIT 1" },
    [SET_PRIMARY] = { "address.set-primary", ON_PRIMARY, "uu", "",
                      "UPDATE user SET primary_number = ? WHERE id = ?" },
    [KEEP] = { "address.keep", ON_PRIMARY, "uu", "",
               "INSERT INTO former_email (user_id, number, email_key, email) SELECT user_id, "
               "number,"
               " email_key, email FROM user_email WHERE user_id = ? AND number = ?" },
    [REMOVE] = { "address.remove", ON_PRIMARY, "uu", "",
                 "DELETE FROM user_email WHERE user_id = ? AND number = ?" },
    [REMOVE_LINK] = { "address.remove-link", ON_PRIMARY, "b", "",
                      "DELETE FROM signin WHERE email_key = ? AND user_id = 0" },
};
const struct stmt_table address_statements = { sql, COUNT_OF(sql) };

enum err_code
store_address_list(struct db *db, uint64_t user, struct address **ret, size_t *ret_count,
                   struct err *e)
{
    SCOPED(query_done) struct query q;
    struct address                 *all;
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[ALL], BIND(U64(user)), &q, e)) != ERR_NONE)
        return rc;
    all = ARENA_ARRAY(db->a, struct address, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        all[n++] = (struct address){ q.col[0].s, q.col[1].u != 0 };
    *ret = all;
    *ret_count = n;
    return rc;
}

enum err_code
store_address_owner(struct db *db, struct slice email, uint64_t *ret, struct err *e)
{
    struct query  q;
    enum err_code rc;
    bool          row;

    if ((rc = query_one(db, &sql[OWNER], BIND(BYTES(email_key(db->a, email))), &q, &row, e)) ==
        ERR_NONE)
        *ret = row ? q.col[0].u : 0;
    return rc;
}

enum err_code
address_next_number(struct db *db, uint64_t user, uint64_t *ret_number, uint64_t *ret_count,
                    struct err *e)
{
    struct query  q;
    enum err_code rc;

    if ((rc = query_need(db, &sql[NEXT_NUMBER], BIND(U64(user), U64(user)), &q, e)) != ERR_NONE)
        return rc;
    *ret_number = q.col[0].u;
    *ret_count = q.col[1].u;
    return ERR_NONE;
}

enum err_code
addresses_adopt(struct db *db, uint64_t user, struct err *e)
{
    enum err_code rc = query_exec(db, &sql[ADOPT], BIND(U64(user)), NULL, e);

    return rc == ERR_NONE ? query_exec(db, &sql[ADOPTED], BIND(U64(user)), NULL, e) : rc;
}

enum err_code
address_forget(struct db *db, uint64_t user, uint64_t number, struct err *e)
{
    return query_exec(db, &sql[FORGET], BIND(U64(user), U64(number)), NULL, e);
}

static enum err_code
add(struct db *db, uint64_t user, void *args, struct err *e)
{
    const struct slice *email = args;
    uint64_t            owner, number, count;
    enum err_code       rc;

    if ((rc = store_address_owner(db, *email, &owner, e)) != ERR_NONE || owner == user)
        return rc;
    if (owner != 0)
        return FAIL(e, STORE_DUPLICATE, "an address of another user");
    if ((rc = address_next_number(db, user, &number, &count, e)) != ERR_NONE)
        return rc;
    if (count >= LIMIT_EMAILS)
        return FAIL(e, CONFLICT, "%d addresses", LIMIT_EMAILS);
    if ((rc = query_exec(
             db, &sql[ADD],
             BIND(BYTES(email_key(db->a, *email)), U64(user), U64(number), BYTES(*email)), NULL,
             e)) != ERR_NONE)
        return rc;
    return addresses_adopt(db, user, e);
}

enum err_code
store_address_add(struct db *db, uint64_t user, struct slice email, struct err *e)
{
    return tx_run(db, user, add, &email, e);
}

struct found {
    uint64_t     number, primary_number;
    struct slice email, primary;
};

static enum err_code
find(struct db *db, uint64_t user, struct slice email, struct found *ret, struct err *e)
{
    struct query  q;
    enum err_code rc =
        query_need(db, &sql[FIND], BIND(BYTES(email_key(db->a, email)), U64(user)), &q, e);

    if (rc == ERR_NONE)
        *ret = (struct found){ q.col[0].u, q.col[2].u, q.col[1].s, q.col[3].s };
    return rc;
}

static enum err_code
set_primary(struct db *db, uint64_t user, void *args, struct err *e)
{
    const struct slice *email = args;
    struct found        found;
    enum err_code       rc = find(db, user, *email, &found, e);

    if (rc != ERR_NONE)
        return rc;
    return query_exec(db, &sql[SET_PRIMARY], BIND(U64(found.number), U64(user)), NULL, e);
}

enum err_code
store_address_set_primary(struct db *db, uint64_t user, struct slice email, struct err *e)
{
    return tx_run(db, user, set_primary, &email, e);
}

/* What is found of it, and which address is the primary one without it. */
static enum err_code
look(struct db *db, uint64_t user, struct slice email, struct found *found,
     struct address_removal *ret, uint64_t *ret_primary, struct err *e)
{
    struct query  q;
    enum err_code rc;
    bool          other;

    if ((rc = find(db, user, email, found, e)) != ERR_NONE ||
        (rc = query_one(db, &sql[OLDEST_OTHER], BIND(U64(user), U64(found->number)), &q, &other,
                        e)) != ERR_NONE)
        return rc;
    if (!other)
        return FAIL(e, CONFLICT, "the only address");
    *ret = (struct address_removal){ .email = found->email, .primary = found->primary };
    *ret_primary = found->primary_number;
    if (found->number == found->primary_number) {
        ret->primary = q.col[1].s;
        *ret_primary = q.col[0].u;
    }
    if ((rc = query_need(db, &sql[COUNT_BADGES], BIND(U64(user), U64(found->number)), &q, e)) !=
        ERR_NONE)
        return rc;
    ret->badges = q.col[0].u;
    return ERR_NONE;
}

enum err_code
store_address_look(struct db *db, uint64_t user, struct slice email, struct address_removal *ret,
                   struct err *e)
{
    struct found found;
    uint64_t     primary;

    return look(db, user, email, &found, ret, &primary, e);
}

struct remove_args {
    struct slice            email;
    struct address_removal *ret;
};

static enum err_code
remove_one(struct db *db, uint64_t user, void *args, struct err *e)
{
    struct remove_args *as = args;
    struct found        found;
    uint64_t            primary;
    enum err_code       rc;

    if ((rc = look(db, user, as->email, &found, as->ret, &primary, e)) != ERR_NONE ||
        (as->ret->badges > 0 && (rc = query_exec(db, &sql[KEEP], BIND(U64(user), U64(found.number)),
                                                 NULL, e)) != ERR_NONE) ||
        (rc = query_exec(db, &sql[REMOVE], BIND(U64(user), U64(found.number)), NULL, e)) !=
            ERR_NONE ||
        (rc = query_exec(db, &sql[SET_PRIMARY], BIND(U64(primary), U64(user)), NULL, e)) !=
            ERR_NONE)
        return rc;
    return query_exec(db, &sql[REMOVE_LINK], BIND(BYTES(email_key(db->a, as->email))), NULL, e);
}

enum err_code
store_address_remove(struct db *db, uint64_t user, struct slice email, struct address_removal *ret,
                     struct err *e)
{
    return tx_run(db, user, remove_one, &(struct remove_args){ email, ret }, e);
}

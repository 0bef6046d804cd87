/* People and their addresses. */
#include "store_int.h"

#include "core/clock.h"
#include "core/limits.h"
#include "core/rand.h"

enum {
    BY_ID,
    BY_EMAIL,
    BY_EMAIL_NEWEST,
    EMAILS,
    ALL,
    FIND_PUBLIC,
    LOCK,
    ADD,
    ADD_EMAIL,
    SET_FINDABLE
};

#define COLUMNS "SELECT u.id, u.version, e.email, u.findable, u.created_at_s FROM "
#define BY_ADDRESS                                                                                 \
    COLUMNS "user_email k JOIN user u ON u.id = k.user_id"                                         \
            " JOIN user_email e ON e.user_id = u.id AND e.number = u.primary_number WHERE "        \
            "k.email_key = ?"

static const struct stmt sql[] = {
    [BY_ID] = { "user.by-id", ON_REPLICA, "u", "uubui",
                COLUMNS
                "user u JOIN user_email e ON e.user_id = u.id AND e.number = u.primary_number"
                " WHERE u.id = ?" },
    [BY_EMAIL] = { "user.by-email", ON_REPLICA, "b", "uubui", BY_ADDRESS },
    [BY_EMAIL_NEWEST] = { "user.by-email-newest", ON_PRIMARY, "b", "uubui", BY_ADDRESS },
    [EMAILS] = { "user.emails", ON_REPLICA, "u", "b",
                 "SELECT email FROM user_email WHERE user_id = ? ORDER BY number" },
    [ALL] = { "user.list", ON_REPLICA, "uu", "uubui",
              COLUMNS "user u JOIN user_email e ON e.user_id = u.id AND e.number = u.primary_number"
                      " WHERE u.id > ? ORDER BY u.id LIMIT ?" },
    /* Whoever has just switched it off is not found on a replica that does not know yet. */
    [FIND_PUBLIC] = { "user.find-public", PREFER_PRIMARY, "b", "u",
                      "SELECT u.id FROM user_email k JOIN user u ON u.id = k.user_id"
                      " WHERE k.email_key = ? AND u.findable AND EXISTS (SELECT 1 FROM collection c"
                      " WHERE c.user_id = u.id AND c.visibility = 2)" },
    [LOCK] = { "user.lock", ON_PRIMARY, "u", "u", "SELECT id FROM user WHERE id = ? FOR UPDATE" },
    [ADD] = { "user.add", ON_PRIMARY, "ui", "",
              "INSERT INTO user (id, version, findable, created_at_s) VALUES (?, 1, TRUE, ?)" },
    [ADD_EMAIL] = { "user.add-email", ON_PRIMARY, "bub", "",
                    "INSERT INTO user_email (email_key, user_id, number, email) VALUES (?, ?, 0, "
                    "?)" },
    [SET_FINDABLE] = { "user.set-findable", ON_PRIMARY, "uu", "",
                       "UPDATE user SET findable = ? WHERE id = ?" },
};
const struct stmt_table user_statements = { sql, COUNT_OF(sql) };

static struct user
user_of(const struct query *q)
{
    return (struct user){ .id = q->col[0].u,
                          .version = q->col[1].u,
                          .email = q->col[2].s,
                          .findable = q->col[3].u != 0,
                          .created_at_s = q->col[4].i };
}

enum err_code
store_user_by_id(struct db *db, uint64_t id, struct user *ret, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[BY_ID], BIND(U64(id)), &q, e);

    if (rc == ERR_NONE)
        *ret = user_of(&q);
    return rc;
}

static enum err_code
by_email(struct db *db, const struct stmt *st, struct slice email, struct user *ret, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, st, BIND(BYTES(email_key(db->a, email))), &q, e);

    if (rc == ERR_NONE)
        *ret = user_of(&q);
    return rc;
}

enum err_code
store_user_by_email(struct db *db, struct slice email, struct user *ret, struct err *e)
{
    return by_email(db, &sql[BY_EMAIL], email, ret, e);
}

struct add_args {
    struct slice email;
    struct user *ret;
};

enum err_code
user_lock(struct db *db, uint64_t user, struct err *e)
{
    struct query q;

    return query_need(db, &sql[LOCK], BIND(U64(user)), &q, e);
}

/* Whose it is stays so until the transaction around this ends, or a session could outlive the removal of its address:
 * that locks its person too. */
static enum err_code
lock_owner(struct db *db, struct slice email, struct user *ret, struct err *e)
{
    uint64_t      locked = 0;
    enum err_code rc;

    while ((rc = by_email(db, &sql[BY_EMAIL_NEWEST], email, ret, e)) == ERR_NONE &&
           ret->id != locked) {
        locked = ret->id;
        rc = user_lock(db, locked, e);
        if (rc != ERR_NONE && rc != ERR_NOT_FOUND) /* merged meanwhile: then it has another owner */
            return rc;
    }
    return rc;
}

/* The address first: where somebody else has just taken it nothing was done that would have to be taken back, and a
 * transaction around this one goes on with whom they made. */
static enum err_code
add(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    struct add_args *as = args;
    int64_t          now_s = clock_now_s();
    uint64_t         id = rand_id();
    enum err_code    rc;

    (void)nobody;
    rc = query_exec(db, &sql[ADD_EMAIL],
                    BIND(BYTES(email_key(db->a, as->email)), U64(id), BYTES(as->email)), NULL, e);
    if (rc == ERR_STORE_DUPLICATE)
        return lock_owner(db, as->email, as->ret, e);
    if (rc != ERR_NONE)
        return rc;
    rc = query_exec(db, &sql[ADD], BIND(U64(id), I64(now_s)), NULL, e);
    if (rc != ERR_NONE)
        return rc == ERR_STORE_DUPLICATE ? FAIL(e, STORE_CONFLICT, "two ids alike") : rc;
    touch_groups(db, id); /* that they are not there is kept too */
    *as->ret = (struct user){ .id = id,
                              .version = 1,
                              .email = arena_copy(db->a, as->email),
                              .findable = true,
                              .created_at_s = now_s };
    return ERR_NONE;
}

enum err_code
store_user_for_email(struct db *db, struct slice email, struct user *ret, struct err *e)
{
    struct add_args args = { email, ret };
    enum err_code   rc;

    if (email.n == 0 || email.n > LIMIT_EMAIL_BYTES) {
        FAIL(e, FIELD_INVALID, "an address of %zu bytes", email.n);
        err_set_field(e, SL("email"));
        return e->code;
    }
    if ((rc = lock_owner(db, email, ret, e)) != ERR_NOT_FOUND)
        return rc;
    return tx_run(db, 0, add, &args, e);
}

enum err_code
store_user_emails(struct db *db, uint64_t user, struct slice **ret, size_t *ret_count,
                  struct err *e)
{
    SCOPED(query_done) struct query q;
    struct slice                   *emails;
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[EMAILS], BIND(U64(user)), &q, e)) != ERR_NONE)
        return rc;
    emails = ARENA_ARRAY(db->a, struct slice, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        emails[n++] = q.col[0].s;
    *ret = emails;
    *ret_count = n;
    return rc;
}

enum err_code
store_user_list(struct db *db, uint64_t after, size_t limit, struct user **ret, size_t *ret_count,
                struct err *e)
{
    SCOPED(query_done) struct query q;
    struct user                    *users;
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[ALL], BIND(U64(after), U64(limit)), &q, e)) != ERR_NONE)
        return rc;
    users = ARENA_ARRAY(db->a, struct user, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        users[n++] = user_of(&q);
    *ret = users;
    *ret_count = n;
    return rc;
}

static enum err_code
set_findable(struct db *db, uint64_t user, void *args, struct err *e)
{
    const bool *findable = args;

    return query_exec(db, &sql[SET_FINDABLE], BIND(U64(*findable), U64(user)), NULL, e);
}

enum err_code
store_user_set_findable(struct db *db, uint64_t user, bool findable, struct err *e)
{
    return tx_run(db, user, set_findable, &findable, e);
}

enum err_code
store_user_find_public(struct db *db, struct slice email, uint64_t *ret, struct err *e)
{
    struct query  q;
    enum err_code rc =
        query_need(db, &sql[FIND_PUBLIC], BIND(BYTES(email_key(db->a, email))), &q, e);

    if (rc == ERR_NONE)
        *ret = q.col[0].u;
    return rc;
}

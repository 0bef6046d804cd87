/* Sign-in links: one for an address at a time, used once, kept as the hash of their token. */
#include "store_int.h"

#include "core/clock.h"
#include "core/digest.h"

enum { ADD, PEEK, FIND, USE };

static const struct stmt sql[] = {
    [ADD] = { "signin.add", ON_PRIMARY, "bbbi", "",
              "INSERT INTO signin (email_key, token_hash, email, expires_at_s) VALUES (?, ?, ?, ?)"
              " ON DUPLICATE KEY UPDATE token_hash = VALUES(token_hash), email = VALUES(email),"
              " expires_at_s = VALUES(expires_at_s)" },
    [PEEK] = { "signin.peek", PREFER_PRIMARY, "bi", "b",
               "SELECT email FROM signin WHERE token_hash = ? AND expires_at_s > ?" },
    [FIND] = { "signin.find", ON_PRIMARY, "bi", "b",
               "SELECT email FROM signin WHERE token_hash = ? AND expires_at_s > ?" },
    [USE] = { "signin.use", ON_PRIMARY, "b", "", "DELETE FROM signin WHERE token_hash = ?" },
};
const struct stmt_table signin_statements = { sql, COUNT_OF(sql) };

struct add_args {
    struct slice email, token, subject, text;
};

static enum err_code
add(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    const struct add_args *as = args;
    struct sha256          hash = sha256_of(as->token);
    enum err_code          rc;

    (void)nobody;
    if ((rc = query_exec(db, &sql[ADD],
                         BIND(BYTES(email_key(db->a, as->email)), HASH(hash), BYTES(as->email),
                              I64(clock_now_s() + db->s->conf->signin_link_ttl_s)),
                         NULL, e)) != ERR_NONE)
        return rc;
    return store_outbox_add(db, as->email, as->subject, as->text, e);
}

enum err_code
store_signin_add(struct db *db, struct slice email, struct slice token, struct slice subject,
                 struct slice text, struct err *e)
{
    struct add_args args = { email, token, subject, text };

    return tx_run(db, 0, add, &args, e);
}

static enum err_code
find(struct db *db, const struct stmt *st, const struct sha256 *hash, struct slice *ret,
     struct err *e)
{
    struct query  q;
    enum err_code rc;

    if ((rc = query_need(db, st, BIND(HASH(*hash), I64(clock_now_s())), &q, e)) != ERR_NONE)
        return rc;
    *ret = q.col[0].s;
    return ERR_NONE;
}

enum err_code
store_signin_peek(struct db *db, struct slice token, struct slice *ret_email, struct err *e)
{
    struct sha256 hash = sha256_of(token);

    return find(db, &sql[PEEK], &hash, ret_email, e);
}

/* Of two at once both may find it, but only one removes it. */
enum err_code
store_signin_use(struct db *db, struct slice token, struct slice *ret_email, struct err *e)
{
    struct sha256 hash = sha256_of(token);
    struct slice  email;
    enum err_code rc;
    uint64_t      removed;

    if ((rc = find(db, &sql[FIND], &hash, &email, e)) != ERR_NONE ||
        (rc = query_exec(db, &sql[USE], BIND(HASH(hash)), &removed, e)) != ERR_NONE)
        return rc;
    if (removed == 0)
        return FAIL(e, NOT_FOUND, "signin used by another request");
    *ret_email = email;
    return ERR_NONE;
}

/* Passkeys: public keys that sign people in, and what is asked of them. */
#include "store/passkey.h"
#include "store_int.h"

#include "core/clock.h"
#include "core/digest.h"
#include "core/limits.h"
#include "core/rand.h"

enum { CHALLENGE_ADD, CHALLENGE_FIND, CHALLENGE_USE, COUNT, ADD, FIND, USED, ALL, REMOVE };

#define COLUMNS                                                                                    \
    "SELECT id, user_id, credential, algorithm, public_key, count, name, created_at_s,"            \
    " IFNULL(used_at_s, 0) FROM passkey"

static const struct stmt sql[] = {
    [CHALLENGE_ADD] = { "passkey.challenge-add", ON_PRIMARY, "bbi", "",
                        "INSERT INTO passkey_challenge (browser_hash, challenge, expires_at_s)"
                        " VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE challenge = VALUES(challenge),"
                        " expires_at_s = VALUES(expires_at_s)" },
    [CHALLENGE_FIND] = { "passkey.challenge-find", ON_PRIMARY, "bi", "b",
                         "SELECT challenge FROM passkey_challenge WHERE browser_hash = ?"
                         " AND expires_at_s > ?" },
    [CHALLENGE_USE] = { "passkey.challenge-use", ON_PRIMARY, "bb", "",
                        "DELETE FROM passkey_challenge WHERE browser_hash = ? AND challenge = ?" },
    [COUNT] = { "passkey.count", ON_PRIMARY, "u", "u",
                "SELECT COUNT(*) FROM passkey WHERE user_id = ?" },
    [ADD] = { "passkey.add", ON_PRIMARY, "buubibusi", "",
              "INSERT INTO passkey (credential_hash, user_id, id, credential, algorithm, "
              "public_key,"
              " count, name, created_at_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)" },
    [FIND] = { "passkey.find", ON_PRIMARY, "b", "uubibusii", COLUMNS " WHERE credential_hash = ?" },
    [USED] = { "passkey.used", ON_PRIMARY, "uiuuuu", "",
               "UPDATE passkey SET count = ?, used_at_s = ? WHERE user_id = ? AND id = ?"
               " AND (count < ? OR (count = 0 AND ? = 0))" },
    [ALL] = { "passkey.list", PREFER_PRIMARY, "u", "uubibusii",
              COLUMNS " WHERE user_id = ? ORDER BY id DESC" },
    [REMOVE] = { "passkey.remove", ON_PRIMARY, "uu", "",
                 "DELETE FROM passkey WHERE user_id = ? AND id = ?" },
};
const struct stmt_table passkey_statements = { sql, COUNT_OF(sql) };

enum { CHALLENGE_S = 300 };

enum err_code
store_challenge_add(struct db *db, struct slice browser, struct slice challenge, struct err *e)
{
    struct sha256 hash = sha256_of(browser);

    return tx_exec(db, &sql[CHALLENGE_ADD],
                   BIND(HASH(hash), BYTES(challenge), I64(clock_now_s() + CHALLENGE_S)), NULL, e);
}

enum err_code
store_challenge_use(struct db *db, struct slice browser, struct slice *ret_challenge, struct err *e)
{
    struct sha256 hash = sha256_of(browser);
    struct query  q;
    enum err_code rc;
    uint64_t      used;

    if ((rc = query_need(db, &sql[CHALLENGE_FIND], BIND(HASH(hash), I64(clock_now_s())), &q, e)) !=
            ERR_NONE ||
        (rc = tx_exec(db, &sql[CHALLENGE_USE], BIND(HASH(hash), BYTES(q.col[0].s)), &used, e)) !=
            ERR_NONE)
        return rc;
    if (used == 0)
        return FAIL(e, NOT_FOUND, "a challenge used by another request");
    *ret_challenge = q.col[0].s;
    return ERR_NONE;
}

static enum err_code
add(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    const struct passkey *p = args;
    struct sha256         hash = sha256_of(p->credential);
    struct query          q;
    enum err_code         rc;

    (void)nobody;
    if ((rc = user_lock(db, p->user, e)) != ERR_NONE ||
        (rc = query_need(db, &sql[COUNT], BIND(U64(p->user)), &q, e)) != ERR_NONE)
        return rc;
    if (q.col[0].u >= LIMIT_PASSKEYS)
        return FAIL(e, CONFLICT, "%d passkeys", LIMIT_PASSKEYS);
    return query_exec(db, &sql[ADD],
                      BIND(HASH(hash), U64(p->user), U64(rand_id()), BYTES(p->credential),
                           I64(p->algorithm), BYTES(p->public_key), U64(p->count), TEXT_(p->name),
                           I64(clock_now_s())),
                      NULL, e);
}

enum err_code
store_passkey_add(struct db *db, const struct passkey *p, struct err *e)
{
    struct passkey args = *p;

    return tx_run(db, 0, add, &args, e);
}

static struct passkey
passkey_of(const struct query *q)
{
    return (struct passkey){ .id = q->col[0].u,
                             .user = q->col[1].u,
                             .credential = q->col[2].s,
                             .algorithm = q->col[3].i,
                             .public_key = q->col[4].s,
                             .count = (uint32_t)q->col[5].u,
                             .name = q->col[6].s,
                             .created_at_s = q->col[7].i,
                             .used_at_s = q->col[8].i };
}

enum err_code
store_passkey_find(struct db *db, struct slice credential, struct passkey *ret, struct err *e)
{
    struct sha256 hash = sha256_of(credential);
    struct query  q;
    enum err_code rc;

    if ((rc = query_need(db, &sql[FIND], BIND(HASH(hash)), &q, e)) == ERR_NONE)
        *ret = passkey_of(&q);
    return rc;
}

enum err_code
store_passkey_used(struct db *db, const struct passkey *p, uint32_t count, struct err *e)
{
    enum err_code rc;
    uint64_t      noted;

    if ((rc = tx_exec(
             db, &sql[USED],
             BIND(U64(count), I64(clock_now_s()), U64(p->user), U64(p->id), U64(count), U64(count)),
             &noted, e)) != ERR_NONE)
        return rc;
    return noted > 0 ? ERR_NONE : FAIL(e, CONFLICT, "signature %u after %u", count, p->count);
}

enum err_code
store_passkey_list(struct db *db, uint64_t user, struct passkey **ret, size_t *ret_count,
                   struct err *e)
{
    SCOPED(query_done) struct query q;
    struct passkey                 *all;
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[ALL], BIND(U64(user)), &q, e)) != ERR_NONE)
        return rc;
    all = ARENA_ARRAY(db->a, struct passkey, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        all[n++] = passkey_of(&q);
    *ret = all;
    *ret_count = n;
    return rc;
}

enum err_code
store_passkey_remove(struct db *db, uint64_t user, uint64_t id, struct err *e)
{
    enum err_code rc;
    uint64_t      found;

    if ((rc = tx_exec(db, &sql[REMOVE], BIND(U64(user), U64(id)), &found, e)) != ERR_NONE)
        return rc;
    return found > 0 ? ERR_NONE : FAIL(e, NOT_FOUND, "passkey");
}

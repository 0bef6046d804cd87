/* Accounts at OpenID Providers, and sign-ins with them that have been begun. */
#include "store_int.h"

#include "core/clock.h"
#include "core/limits.h"
#include "core/rand.h"
#include "store/oidc.h"

enum { OWNER, COUNT, ADD, ALL, REMOVE, BEGIN, FIND, END, HOLD, CLAIM, DROP };

#define HERE " WHERE state_hash = ? AND browser_hash = ? AND provider = ?"

static const struct stmt sql[] = {
    [OWNER] = { "oidc.owner", ON_PRIMARY, "bb", "u",
                "SELECT user_id FROM oidc_identity WHERE issuer = ? AND subject = ?" },
    [COUNT] = { "oidc.count", ON_PRIMARY, "u", "u",
                "SELECT COUNT(*) FROM oidc_identity WHERE user_id = ?" },
    [ADD] = { "oidc.add", ON_PRIMARY, "bbuubi", "",
              "INSERT INTO oidc_identity (issuer, subject, user_id, id, email, created_at_s)"
              " VALUES (?, ?, ?, ?, ?, ?)" },
    [ALL] = { "oidc.list", PREFER_PRIMARY, "u", "ubbbi",
              "SELECT id, issuer, subject, email, created_at_s FROM oidc_identity"
              " WHERE user_id = ? ORDER BY id" },
    [REMOVE] = { "oidc.remove", ON_PRIMARY, "uu", "",
                 "DELETE FROM oidc_identity WHERE user_id = ? AND id = ?" },
    [BEGIN] = { "oidc.begin", ON_PRIMARY, "bbbubi", "",
                "INSERT INTO oidc_state (state_hash, browser_hash, provider, user_id, next,"
                " expires_at_s) VALUES (?, ?, ?, ?, ?, ?)" },
    [FIND] = { "oidc.find", ON_PRIMARY, "bbbi", "ub",
               "SELECT user_id, next FROM oidc_state" HERE " AND expires_at_s > ?" },
    [END] = { "oidc.end", ON_PRIMARY, "bbb", "", "DELETE FROM oidc_state" HERE },
    [HOLD] = { "oidc.hold", ON_PRIMARY, "bbbbbi", "",
               "REPLACE INTO oidc_pending (browser_hash, email_key, issuer, subject, email,"
               " expires_at_s) VALUES (?, ?, ?, ?, ?, ?)" },
    [CLAIM] = { "oidc.claim", ON_PRIMARY, "uiubbiu", "",
                "INSERT IGNORE INTO oidc_identity (issuer, subject, user_id, id, email,"
                " created_at_s) SELECT p.issuer, p.subject, u.id, ?, p.email, ? FROM oidc_pending p"
                " JOIN user u ON u.id = ? WHERE p.browser_hash = ? AND p.email_key = ?"
                " AND p.expires_at_s > ? AND (SELECT COUNT(*) FROM oidc_identity i"
                " WHERE i.user_id = u.id) < ? FOR UPDATE" },
    [DROP] = { "oidc.drop", ON_PRIMARY, "b", "",
               "DELETE FROM oidc_pending WHERE browser_hash = ?" },
};
const struct stmt_table oidc_statements = { sql, COUNT_OF(sql) };

enum err_code
store_oidc_owner(struct db *db, struct slice issuer, struct slice subject, uint64_t *ret_user,
                 struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[OWNER], BIND(BYTES(issuer), BYTES(subject)), &q, e);

    if (rc == ERR_NONE)
        *ret_user = q.col[0].u;
    return rc;
}

enum err_code
store_oidc_add(struct db *db, uint64_t user, const struct oidc_identity *identity, struct err *e)
{
    struct query  q;
    enum err_code rc;

    if ((rc = user_lock(db, user, e)) != ERR_NONE ||
        (rc = query_need(db, &sql[COUNT], BIND(U64(user)), &q, e)) != ERR_NONE)
        return rc;
    if (q.col[0].u >= LIMIT_IDENTITIES)
        return FAIL(e, CONFLICT, "%d identities", LIMIT_IDENTITIES);
    return query_exec(db, &sql[ADD],
                      BIND(BYTES(identity->issuer), BYTES(identity->subject), U64(user),
                           U64(rand_id()), BYTES(identity->email), I64(clock_now_s())),
                      NULL, e);
}

enum err_code
store_oidc_list(struct db *db, uint64_t user, struct oidc_identity **ret, size_t *ret_count,
                struct err *e)
{
    SCOPED(query_done) struct query q;
    struct oidc_identity           *all;
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[ALL], BIND(U64(user)), &q, e)) != ERR_NONE)
        return rc;
    all = ARENA_ARRAY(db->a, struct oidc_identity, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        all[n++] = (struct oidc_identity){ .id = q.col[0].u,
                                           .issuer = q.col[1].s,
                                           .subject = q.col[2].s,
                                           .email = q.col[3].s,
                                           .created_at_s = q.col[4].i };
    *ret = all;
    *ret_count = n;
    return rc;
}

enum err_code
store_oidc_remove(struct db *db, uint64_t user, uint64_t id, struct err *e)
{
    enum err_code rc;
    uint64_t      found;

    if ((rc = tx_exec(db, &sql[REMOVE], BIND(U64(user), U64(id)), &found, e)) != ERR_NONE)
        return rc;
    return found == 0 ? FAIL(e, NOT_FOUND, "identity") : ERR_NONE;
}

enum err_code
store_oidc_begin(struct db *db, struct slice state, struct slice browser,
                 const struct oidc_state *begun, struct err *e)
{
    struct sha256 state_hash = sha256_of(state), browser_hash = sha256_of(browser);

    return tx_exec(db, &sql[BEGIN],
                   BIND(HASH(state_hash), HASH(browser_hash), BYTES(begun->provider),
                        U64(begun->user), BYTES(begun->next),
                        I64(clock_now_s() + OIDC_STATE_TTL_S)),
                   NULL, e);
}

enum err_code
store_oidc_end(struct db *db, struct slice state, struct slice browser, struct slice provider,
               struct oidc_state *ret, struct err *e)
{
    struct sha256 state_hash = sha256_of(state), browser_hash = sha256_of(browser);
    struct query  q;
    enum err_code rc;
    uint64_t      removed;

    if ((rc = query_need(
             db, &sql[FIND],
             BIND(HASH(state_hash), HASH(browser_hash), BYTES(provider), I64(clock_now_s())), &q,
             e)) != ERR_NONE ||
        (rc = tx_exec(db, &sql[END], BIND(HASH(state_hash), HASH(browser_hash), BYTES(provider)),
                      &removed, e)) != ERR_NONE)
        return rc;
    if (removed == 0)
        return FAIL(e, NOT_FOUND, "a state used by another request");
    *ret = (struct oidc_state){ .provider = provider, .user = q.col[0].u, .next = q.col[1].s };
    return ERR_NONE;
}

enum err_code
store_oidc_hold(struct db *db, struct slice browser, const struct oidc_identity *identity,
                struct err *e)
{
    struct sha256 hash = sha256_of(browser);

    return tx_exec(db, &sql[HOLD],
                   BIND(HASH(hash), BYTES(email_key(db->a, identity->email)),
                        BYTES(identity->issuer), BYTES(identity->subject), BYTES(identity->email),
                        I64(clock_now_s() + db->s->conf->signin_link_ttl_s)),
                   NULL, e);
}

enum err_code
store_oidc_forget(struct db *db, struct slice browser, struct err *e)
{
    struct sha256 hash = sha256_of(browser);

    return tx_exec(db, &sql[DROP], BIND(HASH(hash)), NULL, e);
}

enum err_code
store_oidc_claim(struct db *db, struct slice browser, struct slice email, uint64_t user,
                 bool *ret_claimed, struct err *e)
{
    struct sha256 hash = sha256_of(browser);
    int64_t       now_s = clock_now_s();
    enum err_code rc;
    uint64_t      claimed;

    if ((rc = query_exec(db, &sql[CLAIM],
                         BIND(U64(rand_id()), I64(now_s), U64(user), HASH(hash),
                              BYTES(email_key(db->a, email)), I64(now_s), U64(LIMIT_IDENTITIES)),
                         &claimed, e)) != ERR_NONE)
        return rc;
    *ret_claimed = claimed > 0;
    return store_oidc_forget(db, browser, e);
}

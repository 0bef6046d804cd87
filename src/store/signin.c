/* Mails that prove an address: one for an address, a purpose and a browser at a time, used once, by its link or by the
 * code in it. */
#include "store_int.h"

#include "core/clock.h"
#include "core/digest.h"

enum { ADD, PEEK, FIND, USE, TRY, TRIED, END, RENEW };

#define BY_TOKEN                                                                                   \
    "SELECT email, next FROM signin WHERE token_hash = ? AND user_id = ? AND expires_at_s > ?"
#define OF_BROWSER " WHERE email_key = ? AND user_id = ? AND browser_hash = ?"
#define BY_BROWSER OF_BROWSER " AND expires_at_s > ?"

static const struct stmt sql[] = {
    [ADD] = { "signin.add", ON_PRIMARY, "bubbibbb", "",
              "INSERT INTO signin (email_key, user_id, token_hash, email, expires_at_s, "
              "browser_hash,"
              " code_hash, next, tries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)"
              " ON DUPLICATE KEY UPDATE token_hash = VALUES(token_hash), email = VALUES(email),"
              " expires_at_s = VALUES(expires_at_s), code_hash = VALUES(code_hash), next = "
              "VALUES(next), tries = 0" },
    [PEEK] = { "signin.peek", PREFER_PRIMARY, "bui", "bb", BY_TOKEN },
    [FIND] = { "signin.find", ON_PRIMARY, "bui", "bb", BY_TOKEN },
    [USE] = { "signin.use", ON_PRIMARY, "b", "", "DELETE FROM signin WHERE token_hash = ?" },
    [TRY] = { "signin.try", ON_PRIMARY, "bubii", "",
              "UPDATE signin SET tries = tries + 1" BY_BROWSER " AND tries < ?" },
    [TRIED] = { "signin.tried", ON_PRIMARY, "bubi", "bbbu",
                "SELECT email, next, code_hash, tries FROM signin" BY_BROWSER },
    [END] = { "signin.end", ON_PRIMARY, "bub", "", "DELETE FROM signin" OF_BROWSER },
    [RENEW] = { "signin.renew", ON_PRIMARY, "bubub", "",
                "UPDATE signin SET token_hash = ?, tries = ?" OF_BROWSER },
};
const struct stmt_table signin_statements = { sql, COUNT_OF(sql) };

/* Only the browser that asked can make it: a code alone has too few values to be kept by a hash of its own. */
static struct sha256
code_hash(struct slice browser, struct slice code)
{
    const struct slice parts[] = { SL("signin code "), browser, SL(" "), code };

    return sha256_of_parts(parts, COUNT_OF(parts));
}

struct add_args {
    const struct signin_ask *ask;
    struct slice             subject, text;
};

static enum err_code
add(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    const struct add_args   *as = args;
    const struct signin_ask *ask = as->ask;
    struct sha256            token = sha256_of(ask->token), browser = sha256_of(ask->browser);
    struct sha256            code = code_hash(ask->browser, ask->code);
    enum err_code            rc;

    (void)nobody;
    if ((rc =
             query_exec(db, &sql[ADD],
                        BIND(BYTES(email_key(db->a, ask->email)), U64(ask->user), HASH(token),
                             BYTES(ask->email), I64(clock_now_s() + db->s->conf->signin_link_ttl_s),
                             HASH(browser), HASH(code), BYTES(ask->next)),
                        NULL, e)) != ERR_NONE)
        return rc;
    return store_outbox_add(db, ask->email, as->subject, as->text, e);
}

enum err_code
store_signin_add(struct db *db, const struct signin_ask *ask, struct slice subject,
                 struct slice text, struct err *e)
{
    struct add_args args = { ask, subject, text };

    return tx_run(db, 0, add, &args, e);
}

static enum err_code
find(struct db *db, const struct stmt *st, const struct sha256 *hash, uint64_t user,
     struct signin *ret, struct err *e)
{
    struct query  q;
    enum err_code rc;

    if ((rc = query_need(db, st, BIND(HASH(*hash), U64(user), I64(clock_now_s())), &q, e)) !=
        ERR_NONE)
        return rc;
    *ret = (struct signin){ .email = q.col[0].s, .next = q.col[1].s };
    return ERR_NONE;
}

enum err_code
store_signin_peek(struct db *db, uint64_t user, struct slice token, struct signin *ret,
                  struct err *e)
{
    struct sha256 hash = sha256_of(token);

    return find(db, &sql[PEEK], &hash, user, ret, e);
}

/* Of two at once both may find it, but only one removes it. */
enum err_code
store_signin_use(struct db *db, uint64_t user, struct slice token, struct signin *ret,
                 struct err *e)
{
    struct sha256 hash = sha256_of(token);
    struct signin found;
    enum err_code rc;
    uint64_t      removed;

    if ((rc = find(db, &sql[FIND], &hash, user, &found, e)) != ERR_NONE ||
        (rc = query_exec(db, &sql[USE], BIND(HASH(hash)), &removed, e)) != ERR_NONE)
        return rc;
    if (removed == 0)
        return FAIL(e, NOT_FOUND, "signin used by another request");
    *ret = found;
    return ERR_NONE;
}

/* The try is counted before anything is compared, or many at once would have more of them. */
enum err_code
store_signin_try(struct db *db, uint64_t user, struct slice email, struct slice browser,
                 struct slice code, struct signin *ret, uint64_t *ret_left, struct err *e)
{
    struct slice  key = email_key(db->a, email);
    struct sha256 asked = sha256_of(browser), want = code_hash(browser, code);
    int64_t       now_s = clock_now_s();
    struct query  q;
    enum err_code rc;
    uint64_t      counted;

    if ((rc = tx_exec(db, &sql[TRY],
                      BIND(BYTES(key), U64(user), HASH(asked), I64(now_s), I64(SIGNIN_TRIES)),
                      &counted, e)) != ERR_NONE)
        return rc;
    if (counted == 0)
        return FAIL(e, NOT_FOUND, "no code of this browser, or no try left");
    if ((rc = query_need(db, &sql[TRIED], BIND(BYTES(key), U64(user), HASH(asked), I64(now_s)), &q,
                         e)) != ERR_NONE)
        return rc;
    *ret = (struct signin){ .email = q.col[0].s, .next = q.col[1].s };
    *ret_left = q.col[3].u < SIGNIN_TRIES ? SIGNIN_TRIES - q.col[3].u : 0;
    if (!secret_eq(q.col[2].s, (struct slice){ (const char *)want.bytes, sizeof want.bytes })) {
        FAIL(e, FIELD_INVALID, "another code");
        err_set_field(e, SL("code"));
        return e->code;
    }
    return ERR_NONE;
}

enum err_code
store_signin_end(struct db *db, uint64_t user, struct slice email, struct slice browser,
                 struct err *e)
{
    struct sha256 asked = sha256_of(browser);
    enum err_code rc;
    uint64_t      removed;

    if ((rc =
             query_exec(db, &sql[END], BIND(BYTES(email_key(db->a, email)), U64(user), HASH(asked)),
                        &removed, e)) != ERR_NONE)
        return rc;
    return removed > 0 ? ERR_NONE : FAIL(e, NOT_FOUND, "signin used by another request");
}

enum err_code
store_signin_renew(struct db *db, uint64_t user, struct slice email, struct slice browser,
                   struct slice token, struct err *e)
{
    struct sha256 asked = sha256_of(browser), hash = sha256_of(token);
    enum err_code rc;
    uint64_t      found;

    if ((rc = tx_exec(db, &sql[RENEW],
                      BIND(HASH(hash), U64(SIGNIN_TRIES), BYTES(email_key(db->a, email)), U64(user),
                           HASH(asked)),
                      &found, e)) != ERR_NONE)
        return rc;
    return found > 0 ? ERR_NONE : FAIL(e, NOT_FOUND, "signin used by another request");
}

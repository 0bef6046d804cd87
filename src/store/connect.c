/* Grants of Backpack Connect: found by the hashes of what a site holds, so that a copy of the database pushes
 * nothing. */
#include "store/connect.h"

#include "core/clock.h"
#include "core/limits.h"
#include "core/rand.h"
#include "store_int.h"

enum {
    COUNT_OTHERS,
    FORGET,
    ADD,
    ADD_CODE,
    BY_CODE,
    BY_FAMILY,
    FIRST_TOKENS,
    NEXT_TOKENS,
    FIND,
    NOTE_USE,
    ALL,
    END
};

static const struct stmt sql[] = {
    [COUNT_OTHERS] = { "connect.count-others", ON_PRIMARY, "ub", "u",
                       "SELECT COUNT(*) FROM connect_grant WHERE user_id = ? AND origin <> ?" },
    [FORGET] = { "connect.forget", ON_PRIMARY, "ub", "",
                 "DELETE FROM connect_grant WHERE user_id = ? AND origin = ?" },
    [ADD] = { "connect.add", ON_PRIMARY, "uubbibibb", "",
              "INSERT INTO connect_grant (user_id, id, origin, scope, created_at_s, access_hash,"
              " access_expires_at_s, refresh_family_hash, refresh_hash)"
              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)" },
    [ADD_CODE] = { "connect.add-code", ON_PRIMARY, "uubbibbi", "",
                   "INSERT INTO connect_grant (user_id, id, origin, scope, created_at_s, code_hash,"
                   " code_challenge, code_expires_at_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?)" },
    [BY_CODE] = { "connect.by-code", ON_PRIMARY, "b", "uubbi",
                  "SELECT user_id, id, origin, code_challenge, code_expires_at_s FROM connect_grant"
                  " WHERE code_hash = ? FOR UPDATE" },
    [BY_FAMILY] = { "connect.by-family", ON_PRIMARY, "b", "uubb",
                    "SELECT user_id, id, origin, refresh_hash FROM connect_grant"
                    " WHERE refresh_family_hash = ? FOR UPDATE" },
    [FIRST_TOKENS] = { "connect.first-tokens", ON_PRIMARY, "bibbuu", "",
                       "UPDATE connect_grant SET access_hash = ?, access_expires_at_s = ?,"
                       " refresh_family_hash = ?, refresh_hash = ?, code_expires_at_s = NULL"
                       " WHERE user_id = ? AND id = ?" },
    [NEXT_TOKENS] = { "connect.next-tokens", ON_PRIMARY, "bibuu", "",
                      "UPDATE connect_grant SET access_hash = ?, access_expires_at_s = ?,"
                      " refresh_hash = ? WHERE user_id = ? AND id = ?" },
    [FIND] = { "connect.find", PREFER_PRIMARY, "b", "uubbiiiubui",
               "SELECT g.user_id, g.id, g.origin, g.scope, g.created_at_s, g.used_at_s,"
               " g.access_expires_at_s, u.version, e.email, u.findable, u.created_at_s"
               " FROM connect_grant g JOIN user u ON u.id = g.user_id"
               " JOIN user_email e ON e.user_id = u.id AND e.number = u.primary_number"
               " WHERE g.access_hash = ?" },
    [NOTE_USE] = { "connect.note-use", ON_PRIMARY, "iuu", "",
                   "UPDATE connect_grant SET used_at_s = ? WHERE user_id = ? AND id = ?" },
    [ALL] = { "connect.list", PREFER_PRIMARY, "ui", "ubbii",
              "SELECT id, origin, scope, created_at_s, used_at_s FROM connect_grant WHERE user_id "
              "= ?"
              " AND (code_expires_at_s IS NULL OR code_expires_at_s > ?) ORDER BY origin" },
    [END] = { "connect.end", ON_PRIMARY, "uu", "",
              "DELETE FROM connect_grant WHERE user_id = ? AND id = ?" },
};
const struct stmt_table connect_statements = { sql, COUNT_OF(sql) };

enum { TOKEN_CHARS = 43, NOTE_EVERY_S = 3600 };

static struct slice
join(struct arena *a, struct slice family, struct slice secret)
{
    return arena_printf(a, "%.*s%.*s", SLICE_FMT(family), SLICE_FMT(secret));
}

struct grant_args {
    struct slice origin, scope;
    /* Tokens, or a code and its challenge. */
    struct slice code, challenge;
    struct slice access, family, refresh;
};

static enum err_code
make_room(struct db *db, uint64_t user, struct slice origin, struct err *e)
{
    struct query  q;
    enum err_code rc;

    if ((rc = query_need(db, &sql[COUNT_OTHERS], BIND(U64(user), BYTES(origin)), &q, e)) !=
        ERR_NONE)
        return rc;
    if (q.col[0].u >= LIMIT_SITES)
        return FAIL(e, CONFLICT, "%d sites", LIMIT_SITES);
    return query_exec(db, &sql[FORGET], BIND(U64(user), BYTES(origin)), NULL, e);
}

static enum err_code
grant(struct db *db, uint64_t user, void *args, struct err *e)
{
    const struct grant_args *as = args;
    struct sha256            code = sha256_of(as->code), access = sha256_of(as->access);
    struct sha256            family = sha256_of(as->family), refresh = sha256_of(as->refresh);
    int64_t                  now_s = clock_now_s();
    enum err_code            rc;

    if ((rc = make_room(db, user, as->origin, e)) != ERR_NONE)
        return rc;
    if (as->code.n > 0)
        return query_exec(db, &sql[ADD_CODE],
                          BIND(U64(user), U64(rand_id()), BYTES(as->origin), BYTES(as->scope),
                               I64(now_s), HASH(code), BYTES(as->challenge),
                               I64(now_s + CONNECT_CODE_S)),
                          NULL, e);
    return query_exec(db, &sql[ADD],
                      BIND(U64(user), U64(rand_id()), BYTES(as->origin), BYTES(as->scope),
                           I64(now_s), HASH(access), I64(now_s + CONNECT_ACCESS_S), HASH(family),
                           HASH(refresh)),
                      NULL, e);
}

enum err_code
store_connect_grant(struct db *db, uint64_t user, struct slice origin, struct slice scope,
                    struct connect_tokens *ret, struct err *e)
{
    struct grant_args args = { .origin = origin,
                               .scope = scope,
                               .access = rand_token(db->a),
                               .family = rand_token(db->a),
                               .refresh = rand_token(db->a) };
    enum err_code     rc = tx_run(db, user, grant, &args, e);

    if (rc == ERR_NONE)
        *ret = (struct connect_tokens){ args.access, join(db->a, args.family, args.refresh) };
    return rc;
}

enum err_code
store_connect_grant_code(struct db *db, uint64_t user, struct slice origin, struct slice scope,
                         struct slice challenge, struct slice *ret_code, struct err *e)
{
    struct grant_args args = {
        .origin = origin, .scope = scope, .code = rand_token(db->a), .challenge = challenge
    };
    enum err_code rc = tx_run(db, user, grant, &args, e);

    if (rc == ERR_NONE)
        *ret_code = args.code;
    return rc;
}

/* Tokens for a code, or for a refresh token. */
struct exchange {
    struct slice code, verifier; /* a code; or */
    struct slice family, secret; /* a refresh token */
    struct slice origin;         /* of the page that asks, or SLICE_NONE */
    /* What comes of it. */
    bool                  ended; /* the grant ended: what was shown had been used before */
    struct slice          owner; /* the grant's origin */
    struct connect_tokens tokens;
};

/* The grant of a code or of a refresh token, locked. */
static enum err_code
find_locked(struct db *db, const struct stmt *st, struct slice key, struct exchange *x,
            struct query *q, struct err *e)
{
    struct sha256 hash = sha256_of(key);
    enum err_code rc;

    if ((rc = query_need(db, st, BIND(HASH(hash)), q, e)) != ERR_NONE)
        return rc;
    x->owner = q->col[2].s;
    x->ended = false; /* a transaction that lost against another begins again */
    return x->origin.p == NULL || slice_eq(x->origin, x->owner)
               ? ERR_NONE
               : FAIL(e, TOKEN_ORIGIN, "a page of another origin");
}

static bool
is_hash_of(struct slice hash, struct slice text)
{
    struct sha256 made = sha256_of(text);

    return secret_eq(hash, (struct slice){ (const char *)made.bytes, SHA256_BYTES });
}

static enum err_code
end_grant(struct db *db, struct exchange *x, uint64_t user, uint64_t id, struct err *e)
{
    x->ended = true;
    return query_exec(db, &sql[END], BIND(U64(user), U64(id)), NULL, e);
}

static enum err_code
use_code(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    struct exchange *x = args;
    struct sha256    access, family, refresh;
    struct slice     new_family = rand_token(db->a), new_secret = rand_token(db->a);
    struct query     q;
    enum err_code    rc;

    (void)nobody;
    if ((rc = find_locked(db, &sql[BY_CODE], x->code, x, &q, e)) != ERR_NONE)
        return rc;
    if (!is_hash_of(q.col[3].s, x->verifier))
        return FAIL(e, NOT_FOUND, "another verifier");
    if (q.col[4].null)
        return end_grant(db, x, q.col[0].u, q.col[1].u, e);
    if (q.col[4].i <= clock_now_s())
        return FAIL(e, NOT_FOUND, "a code whose time is over");
    x->tokens = (struct connect_tokens){ rand_token(db->a), join(db->a, new_family, new_secret) };
    access = sha256_of(x->tokens.access);
    family = sha256_of(new_family);
    refresh = sha256_of(new_secret);
    return query_exec(db, &sql[FIRST_TOKENS],
                      BIND(HASH(access), I64(clock_now_s() + CONNECT_ACCESS_S), HASH(family),
                           HASH(refresh), U64(q.col[0].u), U64(q.col[1].u)),
                      NULL, e);
}

static enum err_code
refresh(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    struct exchange *x = args;
    struct sha256    access, next;
    struct slice     new_secret = rand_token(db->a);
    struct query     q;
    enum err_code    rc;

    (void)nobody;
    if ((rc = find_locked(db, &sql[BY_FAMILY], x->family, x, &q, e)) != ERR_NONE)
        return rc;
    if (!is_hash_of(q.col[3].s, x->secret))
        return end_grant(db, x, q.col[0].u, q.col[1].u, e);
    x->tokens = (struct connect_tokens){ rand_token(db->a), join(db->a, x->family, new_secret) };
    access = sha256_of(x->tokens.access);
    next = sha256_of(new_secret);
    return query_exec(db, &sql[NEXT_TOKENS],
                      BIND(HASH(access), I64(clock_now_s() + CONNECT_ACCESS_S), HASH(next),
                           U64(q.col[0].u), U64(q.col[1].u)),
                      NULL, e);
}

static enum err_code
exchange(struct db *db, tx_work work, struct exchange *x, struct connect_tokens *ret,
         struct slice *ret_origin, struct err *e)
{
    enum err_code rc = tx_run(db, 0, work, x, e);

    if (rc != ERR_NONE)
        return rc;
    if (x->ended)
        return FAIL(e, NOT_FOUND, "used before: the grant ended");
    *ret = x->tokens;
    *ret_origin = x->owner;
    return ERR_NONE;
}

enum err_code
store_connect_use_code(struct db *db, struct slice code, struct slice verifier, struct slice origin,
                       struct connect_tokens *ret, struct slice *ret_origin, struct err *e)
{
    struct exchange x = { .code = code, .verifier = verifier, .origin = origin };

    return exchange(db, use_code, &x, ret, ret_origin, e);
}

enum err_code
store_connect_refresh(struct db *db, struct slice token, struct slice origin,
                      struct connect_tokens *ret, struct slice *ret_origin, struct err *e)
{
    struct exchange x = { .family = slice_first(token, TOKEN_CHARS),
                          .secret = slice_from(token, TOKEN_CHARS),
                          .origin = origin };

    if (token.n != 2 * (size_t)TOKEN_CHARS)
        return FAIL(e, NOT_FOUND, "no refresh token");
    return exchange(db, refresh, &x, ret, ret_origin, e);
}

/* Not worth failing a push for. */
static void
note_use(struct db *db, const struct connect_grant *g, int64_t now_s)
{
    struct err e;
    bool       wrote = db->wrote;

    if (query_exec(db, &sql[NOTE_USE], BIND(I64(now_s), U64(g->user), U64(g->id)), NULL, &e) !=
        ERR_NONE)
        return;
    db->wrote = wrote; /* reads may stay where they are */
}

enum err_code
store_connect_find(struct db *db, struct slice access, struct connect_grant *ret,
                   struct user *ret_user, struct err *e)
{
    struct sha256 hash = sha256_of(access);
    int64_t       now_s = clock_now_s();
    struct query  q;
    enum err_code rc;

    if ((rc = query_need(db, &sql[FIND], BIND(HASH(hash)), &q, e)) != ERR_NONE)
        return rc;
    *ret = (struct connect_grant){ .user = q.col[0].u,
                                   .id = q.col[1].u,
                                   .origin = q.col[2].s,
                                   .scope = q.col[3].s,
                                   .created_at_s = q.col[4].i,
                                   .used_at_s = q.col[5].i,
                                   .access_expires_at_s = q.col[6].i };
    *ret_user = (struct user){ .id = q.col[0].u,
                               .version = q.col[7].u,
                               .email = q.col[8].s,
                               .findable = q.col[9].u != 0,
                               .created_at_s = q.col[10].i };
    if (ret->access_expires_at_s > now_s && now_s - ret->used_at_s >= NOTE_EVERY_S && !db->degraded)
        note_use(db, ret, now_s);
    return ERR_NONE;
}

enum err_code
store_connect_list(struct db *db, uint64_t user, struct connect_grant **ret, size_t *ret_count,
                   struct err *e)
{
    SCOPED(query_done) struct query q;
    struct connect_grant           *grants;
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[ALL], BIND(U64(user), I64(clock_now_s())), &q, e)) != ERR_NONE)
        return rc;
    grants = ARENA_ARRAY(db->a, struct connect_grant, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        grants[n++] = (struct connect_grant){ .user = user,
                                              .id = q.col[0].u,
                                              .origin = q.col[1].s,
                                              .scope = q.col[2].s,
                                              .created_at_s = q.col[3].i,
                                              .used_at_s = q.col[4].i };
    *ret = grants;
    *ret_count = n;
    return rc;
}

enum err_code
store_connect_revoke(struct db *db, uint64_t user, uint64_t id, struct err *e)
{
    enum err_code rc;
    uint64_t      found;

    if ((rc = tx_exec(db, &sql[END], BIND(U64(user), U64(id)), &found, e)) != ERR_NONE)
        return rc;
    return found == 0 ? FAIL(e, NOT_FOUND, "grant") : ERR_NONE;
}

/* Sessions: found by the hash of their token, so that a copy of the database signs nobody in. */
#include "store_int.h"

#include "core/clock.h"
#include "core/digest.h"
#include "core/rand.h"

enum { ADD, FIND, NOTE_USE, ALL, END, END_OTHERS };

static const struct stmt sql[] = {
    [ADD] = { "session.add", ON_PRIMARY, "buubiii", "",
              "INSERT INTO session (token_hash, user_id, id, user_agent, created_at_s, used_at_s,"
              " expires_at_s) VALUES (?, ?, ?, ?, ?, ?, ?)" },
    [FIND] = { "session.find", PREFER_PRIMARY, "bi", "uubiiiubui",
               "SELECT s.id, s.user_id, s.user_agent, s.created_at_s, s.used_at_s, s.expires_at_s,"
               " u.version, e.email, u.findable, u.created_at_s FROM session s"
               " JOIN user u ON u.id = s.user_id"
               " JOIN user_email e ON e.user_id = u.id AND e.number = u.primary_number"
               " WHERE s.token_hash = ? AND s.expires_at_s > ?" },
    [NOTE_USE] = { "session.note-use", ON_PRIMARY, "iib", "",
                   "UPDATE session SET used_at_s = ?, expires_at_s = ? WHERE token_hash = ?" },
    [ALL] = { "session.list", PREFER_PRIMARY, "ui", "ubiii",
              "SELECT id, user_agent, created_at_s, used_at_s, expires_at_s FROM session"
              " WHERE user_id = ? AND expires_at_s > ? ORDER BY id DESC" },
    [END] = { "session.end", ON_PRIMARY, "uu", "",
              "DELETE FROM session WHERE user_id = ? AND id = ?" },
    [END_OTHERS] = { "session.end-others", ON_PRIMARY, "uu", "",
                     "DELETE FROM session WHERE user_id = ? AND id <> ?" },
};
const struct stmt_table session_statements = { sql, COUNT_OF(sql) };

enum { USER_AGENT_BYTES = 255, NOTE_EVERY_S = 3600 };

enum err_code
store_session_add(struct db *db, uint64_t user, struct slice token, struct slice user_agent,
                  struct err *e)
{
    struct sha256 hash = sha256_of(token);
    int64_t       now_s = clock_now_s();

    return query_exec(db, &sql[ADD],
                      BIND(HASH(hash), U64(user), U64(rand_id()),
                           BYTES(slice_cut(user_agent, USER_AGENT_BYTES)), I64(now_s), I64(now_s),
                           I64(now_s + db->s->conf->session_ttl_s)),
                      NULL, e);
}

/* Not worth failing a read for. */
static void
note_use(struct db *db, const struct sha256 *hash, int64_t now_s)
{
    struct err e;
    bool       wrote = db->wrote;

    if (query_exec(db, &sql[NOTE_USE],
                   BIND(I64(now_s), I64(now_s + db->s->conf->session_ttl_s), HASH(*hash)), NULL,
                   &e) != ERR_NONE)
        return;
    db->wrote = wrote; /* nothing that anybody reads: reads may stay where they are */
}

enum err_code
store_session_find(struct db *db, struct slice token, struct session *ret, struct user *ret_user,
                   struct err *e)
{
    struct sha256 hash = sha256_of(token);
    int64_t       now_s = clock_now_s();
    struct query  q;
    enum err_code rc;

    if ((rc = query_need(db, &sql[FIND], BIND(HASH(hash), I64(now_s)), &q, e)) != ERR_NONE)
        return rc;
    *ret = (struct session){ .id = q.col[0].u,
                             .user = q.col[1].u,
                             .user_agent = q.col[2].s,
                             .created_at_s = q.col[3].i,
                             .used_at_s = q.col[4].i,
                             .expires_at_s = q.col[5].i };
    *ret_user = (struct user){ .id = q.col[1].u,
                               .version = q.col[6].u,
                               .email = q.col[7].s,
                               .findable = q.col[8].u != 0,
                               .created_at_s = q.col[9].i };
    if (now_s - ret->used_at_s >= NOTE_EVERY_S && !db->degraded)
        note_use(db, &hash, now_s);
    return ERR_NONE;
}

enum err_code
store_session_list(struct db *db, uint64_t user, struct session **ret, size_t *ret_count,
                   struct err *e)
{
    SCOPED(query_done) struct query q;
    struct session                 *sessions;
    size_t                          n = 0;
    enum err_code                   rc;
    bool                            row;

    if ((rc = query_run(db, &sql[ALL], BIND(U64(user), I64(clock_now_s())), &q, e)) != ERR_NONE)
        return rc;
    sessions = ARENA_ARRAY(db->a, struct session, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        sessions[n++] = (struct session){ .id = q.col[0].u,
                                          .user = user,
                                          .user_agent = q.col[1].s,
                                          .created_at_s = q.col[2].i,
                                          .used_at_s = q.col[3].i,
                                          .expires_at_s = q.col[4].i };
    *ret = sessions;
    *ret_count = n;
    return rc;
}

enum err_code
store_session_end(struct db *db, uint64_t user, uint64_t session, struct err *e)
{
    enum err_code rc;
    uint64_t      found;

    if ((rc = query_exec(db, &sql[END], BIND(U64(user), U64(session)), &found, e)) != ERR_NONE)
        return rc;
    return found == 0 ? FAIL(e, NOT_FOUND, "session") : ERR_NONE;
}

enum err_code
store_session_end_others(struct db *db, uint64_t user, uint64_t session, struct err *e)
{
    return tx_exec(db, &sql[END_OTHERS], BIND(U64(user), U64(session)), NULL, e);
}

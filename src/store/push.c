#include "store/push.h"

#include "store_int.h"

#include "core/clock.h"
#include "core/digest.h"

enum { ADD, GET };

static const struct stmt sql[] = {
    [ADD] = { "push.add", ON_PRIMARY, "bbbbbi", "",
              "INSERT INTO push (token_hash, assertions, sender, return_to, window_key,"
              " expires_at_s) VALUES (?, ?, ?, ?, ?, ?)" },
    /* The page that follows the push is opened at once: no replica need have it. */
    [GET] = { "push.get", PREFER_PRIMARY, "bi", "bbbb",
              "SELECT assertions, sender, return_to, window_key FROM push"
              " WHERE token_hash = ? AND expires_at_s > ?" },
};
const struct stmt_table push_statements = { sql, COUNT_OF(sql) };

enum err_code
store_push_add(struct db *db, struct slice token, const struct push *push, struct err *e)
{
    struct sha256 hash = sha256_of(token);

    return query_exec(db, &sql[ADD],
                      BIND(HASH(hash), BYTES(push->assertions), BYTES(push->sender),
                           BYTES(push->return_to), BYTES(push->window_key),
                           I64(clock_now_s() + PUSH_TTL_S)),
                      NULL, e);
}

enum err_code
store_push_get(struct db *db, struct slice token, struct push *ret, struct err *e)
{
    struct sha256 hash = sha256_of(token);
    struct query  q;
    enum err_code rc;

    if ((rc = query_need(db, &sql[GET], BIND(HASH(hash), I64(clock_now_s())), &q, e)) != ERR_NONE)
        return rc;
    *ret = (struct push){ q.col[0].s, q.col[1].s, q.col[2].s, q.col[3].s };
    return ERR_NONE;
}

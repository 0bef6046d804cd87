/* Mails that wait to be sent. */
#include "store_int.h"

#include "core/clock.h"
#include "core/limits.h"
#include "core/rand.h"

enum { ADD, CLAIM, CLAIMED, SENT, FAILED };

static const struct stmt sql[] = {
    [ADD] = { "outbox.add", ON_PRIMARY, "uiibss", "",
              "INSERT INTO outbox (id, claim, attempts, due_at_s, created_at_s, send_to, subject,"
              " body) VALUES (?, 0, 0, ?, ?, ?, ?, ?)" },
    [CLAIM] = { "outbox.claim", ON_PRIMARY, "uiiu", "",
                "UPDATE outbox SET claim = ?, due_at_s = ? WHERE due_at_s <= ? ORDER BY due_at_s"
                " LIMIT ?" },
    [CLAIMED] = { "outbox.claimed", ON_PRIMARY, "u", "ubssu",
                  "SELECT id, send_to, subject, body, attempts FROM outbox WHERE claim = ?"
                  " ORDER BY id" },
    [SENT] = { "outbox.sent", ON_PRIMARY, "u", "", "DELETE FROM outbox WHERE id = ?" },
    /* A minute after the first failure, two after the second, …; the sweep ends it after a day. */
    [FAILED] = { "outbox.failed", ON_PRIMARY, "iu", "",
                 "UPDATE outbox SET claim = 0, due_at_s = ? + 60 * (1 << LEAST(attempts, 20)),"
                 " attempts = attempts + 1 WHERE id = ?" },
};
const struct stmt_table outbox_statements = { sql, COUNT_OF(sql) };

enum { CLAIM_S = 60 };

enum err_code
store_outbox_add(struct db *db, struct slice to, struct slice subject, struct slice text,
                 struct err *e)
{
    int64_t       now_s = clock_now_s();
    enum err_code rc;

    do
        rc = query_exec(
            db, &sql[ADD],
            BIND(U64(rand_id()), I64(now_s), I64(now_s), BYTES(to), TEXT_(subject), TEXT_(text)),
            NULL, e);
    while (rc == ERR_STORE_DUPLICATE);
    return rc;
}

enum err_code
store_outbox_claim(struct db *db, size_t limit, struct outbox_mail **ret, size_t *ret_count,
                   struct err *e)
{
    SCOPED(query_done) struct query q = { 0 };
    int64_t                         now_s = clock_now_s();
    uint64_t                        claim = rand_id();
    struct outbox_mail             *mails;
    enum err_code                   rc;
    size_t                          n = 0;
    bool                            row;

    if ((rc = tx_exec(db, &sql[CLAIM],
                      BIND(U64(claim), I64(now_s + CLAIM_S), I64(now_s), U64(limit)), NULL, e)) !=
            ERR_NONE ||
        (rc = query_run(db, &sql[CLAIMED], BIND(U64(claim)), &q, e)) != ERR_NONE)
        return rc;
    mails = ARENA_ARRAY(db->a, struct outbox_mail, query_rows(&q) + 1);
    while ((rc = query_next(&q, &row, e)) == ERR_NONE && row)
        mails[n++] = (struct outbox_mail){ .id = q.col[0].u,
                                           .to = q.col[1].s,
                                           .subject = q.col[2].s,
                                           .text = q.col[3].s,
                                           .attempts = (unsigned)q.col[4].u };
    *ret = mails;
    *ret_count = n;
    return rc;
}

enum err_code
store_outbox_sent(struct db *db, uint64_t id, struct err *e)
{
    return query_exec(db, &sql[SENT], BIND(U64(id)), NULL, e);
}

enum err_code
store_outbox_failed(struct db *db, uint64_t id, struct err *e)
{
    return query_exec(db, &sql[FAILED], BIND(I64(clock_now_s()), U64(id)), NULL, e);
}

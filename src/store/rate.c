/* Counting against limits, in windows of fixed length. */
#include "store_int.h"

#include "core/clock.h"
#include "core/digest.h"

enum { TAKE, TAKEN };

static const struct stmt sql[] = {
    /* The order matters: `taken` is set by the end that stood before. */
    [TAKE] = { "rate.take", ON_PRIMARY, "biii", "",
               "INSERT INTO rate (bucket_hash, taken, ends_at_s) VALUES (?, 1, ?)"
               " ON DUPLICATE KEY UPDATE taken = IF(ends_at_s <= ?, 1, taken + 1),"
               " ends_at_s = IF(ends_at_s <= ?, VALUES(ends_at_s), ends_at_s)" },
    [TAKEN] = { "rate.taken", ON_PRIMARY, "b", "i",
                "SELECT taken FROM rate WHERE bucket_hash = ?" },
};
const struct stmt_table rate_statements = { sql, COUNT_OF(sql) };

struct take_args {
    struct slice bucket;
    int64_t      window_s, taken;
};

/* Both in one transaction: the row stays locked until its count is read. */
static enum err_code
take(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    struct take_args *as = args;
    struct sha256     hash = sha256_of(as->bucket);
    int64_t           now_s = clock_now_s();
    struct query      q;
    enum err_code     rc;

    (void)nobody;
    if ((rc = query_exec(db, &sql[TAKE],
                         BIND(HASH(hash), I64(now_s + as->window_s), I64(now_s), I64(now_s)), NULL,
                         e)) != ERR_NONE ||
        (rc = query_need(db, &sql[TAKEN], BIND(HASH(hash)), &q, e)) != ERR_NONE)
        return rc;
    as->taken = q.col[0].i;
    return ERR_NONE;
}

enum err_code
store_rate_take(struct db *db, enum metric_value which, struct slice bucket, int64_t limit,
                int64_t window_s, struct err *e)
{
    struct take_args args = { bucket, window_s, 0 };
    enum err_code    rc;

    if ((rc = tx_run(db, 0, take, &args, e)) != ERR_NONE)
        return rc;
    if (args.taken <= limit)
        return ERR_NONE;
    metrics_add(which);
    return FAIL(e, TOO_MANY, "%lld of %lld", (long long)args.taken, (long long)limit);
}

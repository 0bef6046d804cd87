/* Assertions of BrowserID that were used: one row each, which a second use meets. */
#include "store_int.h"

static const struct stmt sql[] = {
    { "browserid.use", ON_PRIMARY, "bi", "",
      "INSERT INTO browserid_used (once_hash, expires_at_s) VALUES (?, ?)" },
};
const struct stmt_table browserid_statements = { sql, COUNT_OF(sql) };

enum err_code
store_browserid_use(struct db *db, struct sha256 once, int64_t expires_at_s, struct err *e)
{
    return query_exec(db, &sql[0], BIND(HASH(once), I64(expires_at_s)), NULL, e);
}

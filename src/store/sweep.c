/* What time has ended. Bounded pieces, so that no sweep holds many locks. */
#include "store_int.h"

#include "core/clock.h"

static const struct stmt sql[] = {
    { "sweep.sessions", ON_PRIMARY, "i", "",
      "DELETE FROM session WHERE expires_at_s <= ? LIMIT 1000" },
    { "sweep.signins", ON_PRIMARY, "i", "",
      "DELETE FROM signin WHERE expires_at_s <= ? LIMIT 1000" },
    { "sweep.oidc-states", ON_PRIMARY, "i", "",
      "DELETE FROM oidc_state WHERE expires_at_s <= ? LIMIT 1000" },
    { "sweep.oidc-pending", ON_PRIMARY, "i", "",
      "DELETE FROM oidc_pending WHERE expires_at_s <= ? LIMIT 1000" },
    { "sweep.browserid", ON_PRIMARY, "i", "",
      "DELETE FROM browserid_used WHERE expires_at_s <= ? LIMIT 1000" },
    { "sweep.challenges", ON_PRIMARY, "i", "",
      "DELETE FROM passkey_challenge WHERE expires_at_s <= ? LIMIT 1000" },
    /* Grants whose code nobody came for. */
    { "sweep.codes", ON_PRIMARY, "i", "",
      "DELETE FROM connect_grant WHERE code_expires_at_s <= ? LIMIT 1000" },
    { "sweep.rates", ON_PRIMARY, "i", "", "DELETE FROM rate WHERE ends_at_s <= ? LIMIT 1000" },
    { "sweep.pushes", ON_PRIMARY, "i", "", "DELETE FROM push WHERE expires_at_s <= ? LIMIT 1000" },
    { "sweep.mails", ON_PRIMARY, "i", "",
      "DELETE FROM outbox WHERE created_at_s <= ? - 86400 LIMIT 1000" },
};
const struct stmt_table sweep_statements = { sql, COUNT_OF(sql) };

enum err_code
store_sweep(struct db *db, uint64_t *ret_removed, struct err *e)
{
    enum err_code rc;
    uint64_t      removed = 0, n;

    for (size_t i = 0; i < COUNT_OF(sql); i++)
        do {
            if ((rc = query_exec(db, &sql[i], BIND(I64(clock_now_s())), &n, e)) != ERR_NONE)
                return rc;
            removed += n;
        } while (n == 1000);
    *ret_removed = removed;
    return ERR_NONE;
}

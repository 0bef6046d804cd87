/* Whether this program and the schema know each other. */
#include "store_int.h"

static const struct stmt_table *const tables[] = {
    &position_statements, &status_statements, &tx_statements,      &user_statements,      &session_statements,
    &signin_statements,   &rate_statements,    &outbox_statements,    &purge_statements,
    &sweep_statements,    &host_statements,    &recheck_statements,   &push_statements,
    &passkey_statements,  &connect_statements, &address_statements,   &merge_statements,
    &merge_moves,         &merge_badge_ids,    &merge_collection_ids, &merge_passkey_ids,
    &merge_grant_ids,     &merge_identity_ids, &oidc_statements,    &browserid_statements,
};

enum err_code
store_check_schema(struct db *db, struct err *e)
{
    struct server *sv;
    MYSQL_STMT    *handle;
    enum err_code  rc;
    bool           lost;

    if ((rc = server_choose(db, ON_PRIMARY, &sv, e)) != ERR_NONE)
        return rc;
    for (size_t t = 0; t < COUNT_OF(tables); t++)
        for (size_t i = 0; i < tables[t]->count; i++)
            if ((rc = stmt_prepare(sv, &tables[t]->rows[i], &handle, &lost, e)) != ERR_NONE)
                return rc;
    return ERR_NONE;
}

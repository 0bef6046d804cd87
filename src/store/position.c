/* Positions in the binary log, and how far behind a replica is. All that MariaDB does otherwise than MySQL
 * stands here: there it would be WAIT_FOR_EXECUTED_GTID_SET and SHOW REPLICA STATUS. */
#include "store_int.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"

enum { LAST, WAIT, STATUS };

static const struct stmt sql[] = {
    [LAST] = { "position.last", ON_PRIMARY, "", "s", "SELECT @@last_gtid" },
    [WAIT] = { "position.wait", ON_REPLICA, "si", "i",
               "SELECT MASTER_GTID_WAIT(?, CAST(? AS DECIMAL(10, 3)) / 1000)" },
    [STATUS] = { "position.status", ON_REPLICA, "", "*", "SHOW SLAVE STATUS" },
};
const struct stmt_table position_statements = { sql, COUNT_OF(sql) };

enum { POSITION_BYTES_MAX = 256, LAG_EVERY_MS = 1000, BEHIND_MS = 1000 };

/* Several domains are parted by commas, which a cookie may not hold. */
static struct slice
replaced(struct arena *a, struct slice s, char from, char to)
{
    char *p = arena_str(a, s);

    for (size_t i = 0; i < s.n; i++)
        if (p[i] == from)
            p[i] = to;
    return (struct slice){ p, s.n };
}

/* It comes back from outside. */
static bool
is_position(struct slice s)
{
    if (s.n > POSITION_BYTES_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-' && s.p[i] != '_')
            return false;
    return s.n > 0;
}

enum err_code
position_last(struct db *db, struct server *sv, struct slice *ret, struct err *e)
{
    struct query  q;
    enum err_code rc;
    bool          row;

    if ((rc = stmt_ask(db, sv, &sql[LAST], NO_BIND, &q, &row, e)) != ERR_NONE)
        return rc;
    *ret = row && q.col[0].s.n > 0 ? replaced(db->a, q.col[0].s, ',', '_') : SLICE_NONE;
    return ERR_NONE;
}

bool
position_reached(struct db *db, struct server *sv, struct slice position)
{
    struct query q;
    struct err   ignored;
    bool         row;

    if (!is_position(position))
        return true;
    if (clock_monotonic_ms() < sv->behind_until_ms)
        return false;
    if (stmt_ask(db, sv, &sql[WAIT],
                 BIND(TEXT_(replaced(db->a, position, '_', ',')), I64(GTID_WAIT_MS)), &q, &row,
                 &ignored) == ERR_NONE &&
        row && !q.col[0].null && q.col[0].i == 0)
        return true;
    sv->behind_until_ms = clock_monotonic_ms() + BEHIND_MS;
    return false;
}

/* The value of a named column of the one row; false when there is no row or it is NULL. */
static bool
named_number(MYSQL_STMT *handle, const char *name, int64_t *ret)
{
    MYSQL_RES  *meta = mysql_stmt_result_metadata(handle);
    unsigned    count = mysql_stmt_field_count(handle), at = count;
    MYSQL_BIND *out = calloc(count, sizeof *out);
    my_bool     null = 1;
    bool        found;

    if (meta == NULL || out == NULL)
        abort();
    for (unsigned i = 0; i < count; i++) {
        out[i].buffer_type = MYSQL_TYPE_NULL;
        if (strcmp(mysql_fetch_field_direct(meta, i)->name, name) == 0)
            at = i;
    }
    if (at < count)
        out[at] =
            (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_LONGLONG, .buffer = ret, .is_null = &null };
    found = at < count && mysql_stmt_bind_result(handle, out) == 0 &&
            (mysql_stmt_fetch(handle) & ~MYSQL_DATA_TRUNCATED) == 0 && !null;
    mysql_free_result(meta);
    free(out);
    return found;
}

bool
position_lag_ok(struct db *db, struct server *sv)
{
    int64_t     now_ms = clock_monotonic_ms(), lag_s = -1;
    MYSQL_STMT *handle;
    struct err  e;
    bool        lost, was_ok = sv->lag_ok || sv->lag_checked_ms == 0;

    if (sv->lag_checked_ms != 0 && now_ms - sv->lag_checked_ms < LAG_EVERY_MS)
        return sv->lag_ok;
    sv->lag_ok = false;
    if (stmt_run(db, sv, &sql[STATUS], NO_BIND, &handle, &lost, &e) == ERR_NONE) {
        sv->lag_ok = named_number(handle, "Seconds_Behind_Master", &lag_s) &&
                     lag_s <= db->s->conf->db_replica_lag_max_s;
        mysql_stmt_free_result(handle);
    }
    if (lost)
        return false;
    sv->lag_checked_ms = now_ms;
    if (was_ok && !sv->lag_ok)
        log_event(ERR_LEVEL_INFO, "replica_behind", LOG_TEXT("server", sv->address),
                  LOG_NUMBER("lag_s", lag_s));
    return sv->lag_ok;
}

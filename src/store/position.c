/* Positions in the binary log, and what a server says of itself. All that MySQL does otherwise than MariaDB stands
 * here, chosen by what the server says it is. MySQL's is written from its manual and not tested. */
#include "store_int.h"

#include <mysqld_error.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"

enum { POSITION_BYTES_MAX = 256, BEHIND_MS = 1000 };

enum { LAST, WAIT };

static const struct stmt sql[] = {
    [LAST] = { "position.last", ON_PRIMARY, "", "s", "SELECT @@last_gtid" },
    [WAIT] = { "position.wait", ON_REPLICA, "si", "i",
               "SELECT MASTER_GTID_WAIT(?, CAST(? AS DECIMAL(10, 3)) / 1000)" },
};
const struct stmt_table position_statements = { sql, COUNT_OF(sql) };

/* In no table that is prepared against the schema: only MySQL knows it. */
static const struct stmt mysql_wait = {
    "position.wait-mysql", ON_REPLICA, "si", "i",
    "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, CAST(? AS DECIMAL(10, 3)) / 1000)"
};

/* What a look asks, as text, because the answer is waited for with a patience of its own: a prepared statement
 * waits as long as its connection does. Nothing in them comes from outside. */
struct dialect {
    const char *self;    /* read_only, position, the clock in microseconds */
    const char *replica; /* one row where it is configured as a replica, with these columns */
    const char *io, *applier, *behind, *received;
};

static const struct dialect mariadb = {
    .self = "SELECT @@global.read_only, @@global.gtid_current_pos, " SERVER_NOW_US,
    .replica = "SHOW SLAVE STATUS",
    .io = "Slave_IO_Running",
    .applier = "Slave_SQL_Running",
    .behind = "Seconds_Behind_Master",
    .received = "Gtid_IO_Pos",
};
static const struct dialect mysql = {
    .self = "SELECT @@global.read_only, @@global.gtid_executed, " SERVER_NOW_US,
    .replica = "SHOW REPLICA STATUS",
    .io = "Replica_IO_Running",
    .applier = "Replica_SQL_Running",
    .behind = "Seconds_Behind_Source",
    .received = "Retrieved_Gtid_Set",
};
static const char heartbeat[] = "SELECT at_us, term FROM heartbeat WHERE id = 1";
static const char galera[] = "SHOW GLOBAL STATUS LIKE 'wsrep\\_local\\_state'";
#define GALERA_SYNCED "4"
static const char semisync[] = "SHOW GLOBAL STATUS LIKE 'Rpl\\_semi\\_sync\\_%'";

static bool
is_mysql(const struct server *sv)
{
    return strstr(mysql_get_server_info(sv->conn), "MariaDB") == NULL;
}

void
position_begin(struct server *sv)
{
    /* MySQL: else a write's own position is not told. Galera: anybody may have written last through another node, so
     * each read and each BEGIN waits until this node has what the cluster had committed before. */
    (void)mysql_query(sv->conn, is_mysql(sv) ? "SET SESSION session_track_gtids = OWN_GTID"
                                             : "SET SESSION wsrep_sync_wait = 1");
}

/* ---- a person's own writes ----------------------------------------------------------------------- */

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
    static const char letters[] = "0123456789abcdefABCDEF:-_";

    if (s.n > POSITION_BYTES_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || strchr(letters, s.p[i]) == NULL)
            return false;
    return s.n > 0;
}

enum err_code
position_last(struct db *db, struct server *sv, struct slice *ret, struct err *e)
{
    struct query  q;
    enum err_code rc;
    const char   *p;
    size_t        n;
    bool          row;

    *ret = SLICE_NONE;
    if (is_mysql(sv)) {
        if (mysql_session_track_get_first(sv->conn, SESSION_TRACK_GTIDS, &p, &n) == 0)
            *ret = replaced(db->a, (struct slice){ p, n }, ',', '_');
        return ERR_NONE;
    }
    if ((rc = stmt_ask(db, sv, &sql[LAST], NO_BIND, &q, &row, e)) == ERR_NONE && row &&
        q.col[0].s.n > 0)
        *ret = replaced(db->a, q.col[0].s, ',', '_');
    return rc;
}

bool
position_reached(struct db *db, struct server *sv, struct slice position)
{
    int64_t      began_ms = clock_monotonic_ms();
    int64_t      wait_ms = db->wait_left_ms < GTID_WAIT_MS ? db->wait_left_ms : GTID_WAIT_MS;
    struct query q;
    struct err   ignored;
    bool         row, reached;

    if (sv->seen.node || !is_position(position))
        return true;
    if (began_ms < sv->behind_until_ms || wait_ms <= 0)
        return false;
    reached = stmt_ask(db, sv, is_mysql(sv) ? &mysql_wait : &sql[WAIT],
                       BIND(TEXT_(replaced(db->a, position, '_', ',')), I64(wait_ms)), &q, &row,
                       &ignored) == ERR_NONE &&
              row && !q.col[0].null && q.col[0].i == 0;
    db->wait_left_ms -= clock_monotonic_ms() - began_ms;
    if (!reached)
        sv->behind_until_ms = clock_monotonic_ms() + BEHIND_MS;
    return reached;
}

/* The number of the domain at the front of a MariaDB position `domain-server-number[,…]`; moves behind it. */
static bool
next_domain(struct slice *rest, unsigned long long *domain, unsigned long long *number)
{
    struct slice       one, part;
    unsigned long long server;

    return slice_next(rest, ',', &one) && slice_next(&one, '-', &part) &&
           slice_u64(part, UINT32_MAX, domain) && slice_next(&one, '-', &part) &&
           slice_u64(part, UINT32_MAX, &server) && slice_u64(one, UINT64_MAX, number);
}

bool
position_covers(const char *have, const char *want)
{
    struct slice       wanted = slice_str(want);
    unsigned long long domain, number, other, got;

    if (strcmp(have, want) == 0)
        return true;
    while (wanted.n > 0) {
        struct slice rest = slice_str(have);
        bool         found = false;

        if (!next_domain(&wanted, &domain, &number))
            return false; /* a set of MySQL's: it is told by heartbeat */
        while (!found && rest.n > 0 && next_domain(&rest, &other, &got))
            found = other == domain && got >= number;
        if (!found)
            return false;
    }
    return true;
}

/* ---- a look at a server -------------------------------------------------------------------------- */

/* The whole answer, or NULL; *ret_late when none came in time. */
static MYSQL_RES *
ask(struct server *sv, const char *text, int64_t until_ms, bool *ret_late)
{
    int64_t       left_ms = until_ms - clock_monotonic_ms();
    struct pollfd fd = { .fd = mysql_get_socket(sv->conn), .events = POLLIN };

    if (mysql_send_query(sv->conn, text, strlen(text)) != 0)
        return NULL;
    if (poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0) == 0) {
        *ret_late = true;
        return NULL;
    }
    return mysql_read_query_result(sv->conn) == 0 ? mysql_store_result(sv->conn) : NULL;
}

static int64_t
number_of(const char *text, int64_t otherwise)
{
    return text == NULL ? otherwise : strtoll(text, NULL, 10);
}

static void
copy_position(char to[POSITION_SEEN_BYTES], const char *from)
{
    snprintf(to, POSITION_SEEN_BYTES, "%s", from == NULL ? "" : from);
}

typedef void (*reader)(MYSQL_RES *res, const struct dialect *d, struct sight *ret);

static void
read_self(MYSQL_RES *res, const struct dialect *d, struct sight *ret)
{
    MYSQL_ROW row = mysql_fetch_row(res);
    (void)d;

    ret->writable = number_of(row[0], 1) == 0;
    copy_position(ret->position, row[1]);
    ret->now_us = number_of(row[2], 0);
}

static void
read_heartbeat(MYSQL_RES *res, const struct dialect *d, struct sight *ret)
{
    MYSQL_ROW row = mysql_fetch_row(res);
    (void)d;

    if (row != NULL) {
        ret->beat_us = number_of(row[0], 0);
        ret->term = (uint64_t)number_of(row[1], 0);
    }
}

static void
read_replica_row(const char *const *row, const MYSQL_FIELD *fields, unsigned count,
                 const struct dialect *d, struct sight *ret)
{
    bool receives = false;

    for (unsigned i = 0; i < count; i++) {
        const char *name = fields[i].name, *value = row[i] == NULL ? "" : row[i];

        if (strcmp(name, d->io) == 0)
            receives = strcmp(value, "No") != 0; /* or it tries to connect */
        else if (strcmp(name, d->applier) == 0)
            ret->applies = strcmp(value, "Yes") == 0;
        else if (strcmp(name, d->behind) == 0)
            ret->said_behind_s = number_of(row[i], -1);
        else if (strcmp(name, d->received) == 0)
            copy_position(ret->received, row[i]);
        else if (strcmp(name, "Channel_Name") == 0 && slice_starts(slice_str(value), SL("group_")))
            return; /* a member of a group, which has no primary that it follows */
    }
    ret->replicates = true;
    ret->running = receives && ret->applies;
}

static void
read_replica(MYSQL_RES *res, const struct dialect *d, struct sight *ret)
{
    MYSQL_ROW row;

    while ((row = mysql_fetch_row(res)) != NULL)
        read_replica_row((const char *const *)row, mysql_fetch_fields(res), mysql_num_fields(res),
                         d, ret);
}

/* Only a node of Galera has this row. */
static void
read_galera(MYSQL_RES *res, const struct dialect *d, struct sight *ret)
{
    MYSQL_ROW row = mysql_fetch_row(res);
    (void)d;

    ret->node = row != NULL;
    ret->synced = row != NULL && strcmp(row[1], GALERA_SYNCED) == 0;
}

/* Named rpl_semi_sync_master_… or rpl_semi_sync_source_…; none where MySQL has no such plugin. */
static void
read_semisync(MYSQL_RES *res, const struct dialect *d, struct sight *ret)
{
    MYSQL_ROW row;
    (void)d;

    while ((row = mysql_fetch_row(res)) != NULL) {
        struct slice name = slice_str(row[0]);

        if (slice_ends(name, SL("master_status")) || slice_ends(name, SL("source_status")))
            ret->semisync.on = strcmp(row[1], "ON") == 0;
        else if (slice_ends(name, SL("_clients")))
            ret->semisync.clients = (uint64_t)number_of(row[1], 0);
        else if (slice_ends(name, SL("_wait_sessions")))
            ret->semisync.waiting = (uint64_t)number_of(row[1], 0);
    }
}

/* One question of a look. False when it got no answer, so that its connection is of no use any more. A table
 * that is not there yet, or what its user may not see, is an answer. */
static bool
question(struct server *sv, const char *text, int64_t until_ms, reader read, struct sight *ret,
         bool *ret_late)
{
    MYSQL_RES *res = ask(sv, text, until_ms, ret_late);
    unsigned   why = mysql_errno(sv->conn);

    if (res != NULL)
        read(res, is_mysql(sv) ? &mysql : &mariadb, ret);
    mysql_free_result(res); /* takes NULL */
    return res != NULL ||
           (!*ret_late && (why == ER_NO_SUCH_TABLE || why == ER_SPECIFIC_ACCESS_DENIED_ERROR ||
                           why == ER_TABLEACCESS_DENIED_ERROR));
}

bool
position_look(struct server *sv, int64_t patience_ms, struct sight *ret, bool *ret_late)
{
    const struct dialect *d = is_mysql(sv) ? &mysql : &mariadb;
    int64_t               until_ms = clock_monotonic_ms() + patience_ms;

    *ret_late = false;
    *ret = (struct sight){ .at_ms = clock_monotonic_ms(), .said_behind_s = -1 };
    ret->answers = question(sv, galera, until_ms, read_galera, ret, ret_late) &&
                   question(sv, d->self, until_ms, read_self, ret, ret_late) &&
                   question(sv, heartbeat, until_ms, read_heartbeat, ret, ret_late) &&
                   question(sv, d->replica, until_ms, read_replica, ret, ret_late) &&
                   (!ret->writable || ret->replicates ||
                    question(sv, semisync, until_ms, read_semisync, ret, ret_late));
    return ret->answers;
}

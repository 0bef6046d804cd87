/* Prepared statements: kept prepared per connection, bound by the letters of their row, read row by row. */
#include "store_int.h"

#include <assert.h>
#include <errmsg.h>
#include <mysqld_error.h>

#include "core/clock.h"
#include "core/log.h"

enum err_code
stmt_fail(struct err *e, unsigned number, const char *what, bool *ret_lost)
{
    switch (number) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case CR_STMT_CLOSED:
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
    case ER_NEW_ABORTING_CONNECTION:
    case ER_ABORTING_CONNECTION:
    case ER_CON_COUNT_ERROR:
    case ER_UNKNOWN_COM_ERROR: /* a node of Galera that is not, or no longer, part of the cluster */
    case ER_ERROR_DURING_COMMIT: /* so it became while it was to commit */
        *ret_lost = true;
        return FAIL(e, STORE_DOWN, "%s: error %u", what, number);
    case ER_OPTION_PREVENTS_STATEMENT: /* a primary that was made read-only, and did nothing: another may take it */
    case ER_READ_ONLY_MODE:
        *ret_lost = true;
        return FAIL(e, STORE_CONFLICT, "%s: error %u", what, number);
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_CHECKREAD:
        return FAIL(e, STORE_CONFLICT, "%s: error %u", what, number);
    case ER_DUP_ENTRY:
        return FAIL(e, STORE_DUPLICATE, "%s", what);
    case ER_DATA_TOO_LONG:
    case ER_NET_PACKET_TOO_LARGE:
        return FAIL(e, TOO_LARGE, "%s: error %u", what, number);
    case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
        return FAIL(e, FIELD_INVALID, "%s: text that is not UTF-8", what);
    default:
        return FAIL(e, STORE_FAULT, "%s: error %u", what, number);
    }
}

/* The server's own words may quote a row, so they are for debugging alone. */
static enum err_code
fail(MYSQL_STMT *handle, const struct stmt *st, bool *ret_lost, struct err *e)
{
    log_event(ERR_LEVEL_DEBUG, "statement_failed", LOG_TEXT("statement", slice_str(st->name)),
              LOG_TEXT("said", slice_str(mysql_stmt_error(handle))));
    return stmt_fail(e, mysql_stmt_errno(handle), st->name, ret_lost);
}

enum err_code
stmt_prepare(struct server *sv, const struct stmt *st, MYSQL_STMT **ret, bool *ret_lost,
             struct err *e)
{
    size_t slot = ((uintptr_t)st / sizeof *st) % PREPARED_SLOTS;

    for (; sv->prepared[slot].st != NULL; slot = (slot + 1) % PREPARED_SLOTS)
        if (sv->prepared[slot].st == st) {
            *ret = sv->prepared[slot].handle;
            return ERR_NONE;
        }
    assert(sv->prepared_count < PREPARED_SLOTS - 1);
    *ret = mysql_stmt_init(sv->conn);
    assert(*ret != NULL);
    if (mysql_stmt_prepare(*ret, st->text, strlen(st->text)) != 0) {
        enum err_code rc = fail(*ret, st, ret_lost, e);

        mysql_stmt_close(*ret);
        return rc;
    }
    assert(mysql_stmt_param_count(*ret) == strlen(st->in));
    assert(mysql_stmt_field_count(*ret) == strlen(st->out) || st->out[0] == '*');
    sv->prepared[slot].st = st;
    sv->prepared[slot].handle = *ret;
    sv->prepared_count++;
    return ERR_NONE;
}

static void
bind_in(MYSQL_BIND *to, const struct bind *from, my_bool *null, unsigned long *length)
{
    *null = from->null;
    *length = from->s.n;
    to->is_null = null;
    if (from->type == 'u' || from->type == 'i') {
        to->buffer_type = MYSQL_TYPE_LONGLONG;
        to->is_unsigned = from->type == 'u';
        to->buffer = (void *)(uintptr_t)(from->type == 'u' ? (const void *)&from->u : &from->i);
        return;
    }
    to->buffer_type = from->type == 's' ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
    to->buffer = (void *)(uintptr_t)(from->s.p == NULL ? "" : from->s.p);
    to->buffer_length = *length;
    to->length = length;
}

struct params {
    MYSQL_BIND    *binds;
    my_bool       *null;
    unsigned long *length;
};

static int
bind_params(MYSQL_STMT *handle, const struct stmt *st, const struct bind *binds, size_t count,
            const struct params *p)
{
    for (size_t i = 0; i < count; i++) {
        assert(binds[i].type == st->in[i]);
        bind_in(&p->binds[i], &binds[i], &p->null[i], &p->length[i]);
    }
    return count == 0 ? 0 : mysql_stmt_bind_param(handle, p->binds);
}

static enum err_code
execute(MYSQL_STMT *handle, const struct stmt *st, const struct params *p, const struct bind *binds,
        size_t count, bool *ret_lost, struct err *e)
{
    assert(count == strlen(st->in));
    if (bind_params(handle, st, binds, count, p) != 0 || mysql_stmt_execute(handle) != 0 ||
        (st->out[0] != '\0' && st->on != ON_REPLICA_STREAM && mysql_stmt_store_result(handle) != 0))
        return fail(handle, st, ret_lost, e);
    return ERR_NONE;
}

enum { FEW_PARAMS = 32 };

static enum err_code
execute_few(MYSQL_STMT *handle, const struct stmt *st, const struct bind *binds, size_t count,
            bool *ret_lost, struct err *e)
{
    MYSQL_BIND    params[FEW_PARAMS];
    my_bool       null[FEW_PARAMS];
    unsigned long length[FEW_PARAMS];

    memset(params, 0, count * sizeof params[0]);
    return execute(handle, st, &(struct params){ params, null, length }, binds, count, ret_lost, e);
}

/* The many that store/bulk.h sends at once. */
static enum err_code
execute_many(MYSQL_STMT *handle, const struct stmt *st, const struct bind *binds, size_t count,
             bool *ret_lost, struct err *e)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct params p = { ARENA_ARRAY(a, MYSQL_BIND, count), ARENA_ARRAY(a, my_bool, count),
                        ARENA_ARRAY(a, unsigned long, count) };

    return execute(handle, st, &p, binds, count, ret_lost, e);
}

/* A write of which nobody says that it has it is no fault of the primary's, which answers reads as before. */
static void
note_lost(struct db *db, struct server *sv, const struct stmt *st, int64_t took_ms)
{
    bool waited = db->s->query_timeout_ms > 0 && took_ms >= db->s->query_timeout_ms;

    db->looked = false;
    if (waited && sv == db->s->primary && sv->seen.semisync.on && st->out[0] == '\0') {
        db->s->stuck = true;
        log_event(ERR_LEVEL_WARN, "write_unacknowledged", LOG_TEXT("server", sv->address));
        server_close(sv);
    } else if (waited) {
        server_rest(sv, took_ms);
    } else {
        server_close(sv);
    }
}

enum err_code
stmt_run(struct db *db, struct server *sv, const struct stmt *st, const struct bind *binds,
         size_t count, MYSQL_STMT **ret, bool *ret_lost, struct err *e)
{
    int64_t       began_us = clock_monotonic_us();
    enum err_code rc;

    *ret_lost = false;
    if ((rc = stmt_prepare(sv, st, ret, ret_lost, e)) == ERR_NONE)
        rc = count > FEW_PARAMS ? execute_many(*ret, st, binds, count, ret_lost, e)
                                : execute_few(*ret, st, binds, count, ret_lost, e);
    if (*ret_lost) {
        *ret = NULL;
        note_lost(db, sv, st, (clock_monotonic_us() - began_us) / 1000);
    }
    db->took_us += clock_monotonic_us() - began_us;
    return rc;
}

/* A read may be sent again when its connection was lost: to the same server once, then to another. A write
 * may not, but that its connection is alive was seen just before. */
static enum err_code
run(struct db *db, const struct stmt *st, const struct bind *binds, size_t count, MYSQL_STMT **ret,
    struct err *e)
{
    struct server *sv;
    enum err_code  rc = ERR_NONE;
    bool           lost = false;

    *ret = NULL;
    for (size_t tries = 0; tries < 2 * db->s->count; tries++) {
        if ((rc = server_choose(db, st->on, &sv, e)) != ERR_NONE)
            return rc;
        rc = stmt_run(db, sv, st, binds, count, ret, &lost, e);
        if (lost && db->tx_depth > 0)
            db->tx_doomed = true;
        if (!lost || db->tx_depth > 0 || st->out[0] == '\0')
            return rc;
        db->reads = NULL;
    }
    return rc;
}

enum err_code
query_run(struct db *db, const struct stmt *st, const struct bind *binds, size_t count,
          struct query *ret, struct err *e)
{
    *ret = (struct query){ .db = db, .st = st };
    db->streamed = db->streamed || st->on == ON_REPLICA_STREAM;
    return run(db, st, binds, count, &ret->handle, e);
}

/* Strings are asked for with no room first: the fetch tells their length. */
static enum err_code
read_column(struct query *q, unsigned i, const MYSQL_BIND *from, struct err *e)
{
    char type = q->st->out[i];
    bool lost;

    q->col[i].null = *from->is_null;
    q->col[i].s = SLICE_NONE;
    if (q->col[i].null) {
        q->col[i].u = 0;
        q->col[i].i = 0;
    } else if (type == 'i' || type == 'u') {
        if (*from->error)
            return FAIL(e, STORE_FAULT, "%s: column %u does not fit", q->st->name, i + 1);
    } else {
        unsigned long length = *from->length, got = 0;
        my_bool       null, error;
        MYSQL_BIND    whole = { .buffer_type = MYSQL_TYPE_BLOB,
                                .buffer = arena_alloc(q->db->a, length + 1),
                                .buffer_length = length,
                                .length = &got,
                                .is_null = &null,
                                .error = &error };

        if (length > 0 && mysql_stmt_fetch_column(q->handle, &whole, i, 0) != 0)
            return fail(q->handle, q->st, &lost, e);
        q->col[i].s = (struct slice){ whole.buffer, length };
    }
    return ERR_NONE;
}

static void
bind_out(struct query *q, MYSQL_BIND *out, unsigned long *length, my_bool *null, my_bool *error)
{
    size_t count = strlen(q->st->out);

    for (size_t i = 0; i < count; i++) {
        char type = q->st->out[i];

        out[i].length = &length[i];
        out[i].is_null = &null[i];
        out[i].error = &error[i];
        if (type == 'u' || type == 'i') {
            out[i].buffer_type = MYSQL_TYPE_LONGLONG;
            out[i].is_unsigned = type == 'u';
            out[i].buffer = type == 'u' ? (void *)&q->col[i].u : (void *)&q->col[i].i;
        } else {
            out[i].buffer_type = MYSQL_TYPE_BLOB;
        }
    }
}

enum err_code
query_next(struct query *q, bool *ret_row, struct err *e)
{
    MYSQL_BIND    out[QUERY_COLUMNS_MAX];
    unsigned long length[QUERY_COLUMNS_MAX];
    my_bool       null[QUERY_COLUMNS_MAX], error[QUERY_COLUMNS_MAX];
    unsigned      count = (unsigned)strlen(q->st->out);
    enum err_code rc;
    bool          lost;

    assert(count <= QUERY_COLUMNS_MAX);
    memset(out, 0, sizeof out);
    bind_out(q, out, length, null, error);
    if (mysql_stmt_bind_result(q->handle, out) != 0)
        return fail(q->handle, q->st, &lost, e);
    switch (mysql_stmt_fetch(q->handle)) {
    case MYSQL_NO_DATA:
        query_done(q);
        *ret_row = false;
        return ERR_NONE;
    case 0:
    case MYSQL_DATA_TRUNCATED: /* strings always; a number says so itself */
        break;
    default:
        return fail(q->handle, q->st, &lost, e);
    }
    for (unsigned i = 0; i < count; i++)
        if ((rc = read_column(q, i, &out[i], e)) != ERR_NONE)
            return rc;
    *ret_row = true;
    return ERR_NONE;
}

size_t
query_rows(const struct query *q)
{
    assert(q->st->on != ON_REPLICA_STREAM);
    return (size_t)mysql_stmt_num_rows(q->handle);
}

void
query_done(struct query *q)
{
    if (q->handle != NULL)
        mysql_stmt_free_result(q->handle);
    q->handle = NULL;
}

enum err_code
query_one(struct db *db, const struct stmt *st, const struct bind *binds, size_t count,
          struct query *ret, bool *ret_row, struct err *e)
{
    enum err_code rc;

    if ((rc = query_run(db, st, binds, count, ret, e)) == ERR_NONE)
        rc = query_next(ret, ret_row, e);
    query_done(ret);
    return rc;
}

enum err_code
query_need(struct db *db, const struct stmt *st, const struct bind *binds, size_t count,
           struct query *ret, struct err *e)
{
    bool          row = false;
    enum err_code rc = query_one(db, st, binds, count, ret, &row, e);

    return rc == ERR_NONE && !row ? FAIL(e, NOT_FOUND, "%s", st->name) : rc;
}

enum err_code
stmt_ask(struct db *db, struct server *sv, const struct stmt *st, const struct bind *binds,
         size_t count, struct query *ret, bool *ret_row, struct err *e)
{
    enum err_code rc;
    bool          lost;

    *ret = (struct query){ .db = db, .st = st };
    *ret_row = false;
    if ((rc = stmt_run(db, sv, st, binds, count, &ret->handle, &lost, e)) == ERR_NONE)
        rc = query_next(ret, ret_row, e);
    query_done(ret);
    return rc;
}

enum err_code
query_exec(struct db *db, const struct stmt *st, const struct bind *binds, size_t count,
           uint64_t *ret_affected, struct err *e)
{
    MYSQL_STMT   *handle;
    enum err_code rc;

    if ((rc = run(db, st, binds, count, &handle, e)) != ERR_NONE)
        return rc;
    db->wrote = true;
    if (ret_affected != NULL)
        *ret_affected = mysql_stmt_affected_rows(handle);
    return ERR_NONE;
}

enum err_code
query_upsert(struct db *db, const struct stmt *st, const struct bind *binds, size_t count,
             bool *ret_new, uint64_t *ret_id, struct err *e)
{
    MYSQL_STMT   *handle;
    enum err_code rc;

    if ((rc = run(db, st, binds, count, &handle, e)) != ERR_NONE)
        return rc;
    db->wrote = true;
    *ret_new = mysql_stmt_affected_rows(handle) == 1; /* 2: updated */
    *ret_id = mysql_stmt_insert_id(handle);
    return ERR_NONE;
}

/* Connections: one to each server, made when first needed, kept for the life of the process. */
#include "store_int.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/rand.h"
#include "store/promote.h"

/* One that was waited for longer than this is left alone for a while, or each request would wait for it. */
enum { SLOW_REFUSAL_MS = 40, REST_MS = 1000, ADMIN_TIMEOUT_MS = 60000 };

static void
add_servers(struct store *s, const struct conf *conf)
{
    s->count = 1 + conf->db_replicas.count;
    s->servers = calloc(s->count, sizeof *s->servers);
    if (s->servers == NULL)
        abort();
    s->servers[0] =
        (struct server){ .address = conf->db_primary, .weight = 1, .rotation = ROTATION_IN };
    for (size_t i = 1; i < s->count; i++) {
        struct conf_replica replica;
        const char         *wrong = conf_replica_parse(conf->db_replicas.items[i - 1], &replica);

        assert(wrong == NULL); /* conf_load took it */
        s->servers[i] = (struct server){ .address = replica.address,
                                         .weight = replica.weight,
                                         .rotation = ROTATION_IN };
    }
}

static struct store *
new_for(const struct conf *conf, struct slice user, struct secret password,
        int64_t query_timeout_ms)
{
    struct store *s = calloc(1, sizeof *s);

    if (s == NULL || mysql_library_init(0, NULL, NULL) != 0)
        abort();
    s->conf = conf;
    s->user = user;
    s->password = password.hidden;
    s->query_timeout_ms = query_timeout_ms;
    add_servers(s, conf);
    s->turn = rand_id(); /* workers that start together do not all begin with the same replica */
    s->cache = cache_new(conf);
    return s;
}

struct store *
store_new(const struct conf *conf)
{
    return new_for(conf, conf->db_user, conf->db_password, conf->db_query_timeout_ms);
}

struct store *
store_new_as_owner(const struct conf *conf)
{
    return new_for(conf, conf->db_owner, conf->db_owner_password, 0);
}

struct store *
store_new_as_admin(const struct conf *conf, struct slice user, struct slice password)
{
    return new_for(conf, user, (struct secret){ password }, ADMIN_TIMEOUT_MS);
}

void
server_close(struct server *sv)
{
    for (size_t i = 0; i < PREPARED_SLOTS && sv->prepared_count > 0; i++)
        if (sv->prepared[i].st != NULL)
            mysql_stmt_close(sv->prepared[i].handle);
    memset(sv->prepared, 0, sizeof sv->prepared);
    sv->prepared_count = 0;
    mysql_close(sv->conn); /* takes NULL */
    sv->conn = NULL;
    sv->seen.at_ms = 0;
}

void
server_rest(struct server *sv, int64_t took_ms)
{
    unsigned times = 1U << (sv->failures < 4 ? sv->failures : 4);
    int64_t  rest_ms = took_ms * times > REST_MS ? took_ms * times : REST_MS;

    server_close(sv);
    sv->seen.answers = false;
    sv->late = true;
    sv->failures++;
    sv->rests_since_ms = clock_monotonic_ms();
    /* Not all workers come back at the same moment. */
    sv->retry_at_ms = sv->rests_since_ms + rest_ms + (int64_t)(rand_id() % 100) * rest_ms / 400;
}

void
store_free(struct store *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        server_close(&s->servers[i]);
    cache_free(s->cache);
    free(s->servers);
    free(s);
}

/* An idle connection says nothing by itself: what can be read from it is its end, as after a restart. */
static bool
is_alive(struct server *sv)
{
    struct pollfd fd = { .fd = mysql_get_socket(sv->conn), .events = POLLIN };

    return poll(&fd, 1, 0) == 0;
}

static unsigned
whole_seconds(int64_t ms)
{
    return (unsigned)((ms + 999) / 1000);
}

static void
set_options(const struct store *s, MYSQL *conn)
{
    unsigned connect_s = whole_seconds(s->conf->db_connect_timeout_ms);
    unsigned query_s = whole_seconds(s->query_timeout_ms);
    my_bool  no = 0;

    mysql_options(conn, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(conn, MYSQL_OPT_READ_TIMEOUT, &query_s);
    mysql_options(conn, MYSQL_OPT_WRITE_TIMEOUT, &query_s);
    mysql_options(conn, MYSQL_OPT_RECONNECT, &no);
    mysql_options(conn, MYSQL_REPORT_DATA_TRUNCATION, &(my_bool){ 1 });
    mysql_options(conn, MYSQL_OPT_LOCAL_INFILE, &(unsigned){ 0 });
    mysql_options(conn, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    /* Read committed: rows are locked one by one, without the gaps between them that would make two people's
     * writes wait for each other. Strict: nothing is cut silently. */
    mysql_options(conn, MYSQL_INIT_COMMAND,
                  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'");
    mysql_options(conn, MYSQL_INIT_COMMAND,
                  "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    mysql_options(conn, MYSQL_INIT_COMMAND, "SET SESSION innodb_lock_wait_timeout = 5");
}

static MYSQL *
connect_to(const struct store *s, struct arena *a, MYSQL *conn, struct slice address)
{
    struct conf_server to;
    const char        *user = arena_str(a, s->user), *password = arena_str(a, s->password);
    const char        *name = arena_str(a, s->conf->db_name);
    const char        *wrong = conf_server_parse(address, &to);

    assert(wrong == NULL); /* conf_load took it */
    if (to.path.n > 0)
        return mysql_real_connect(conn, NULL, user, password, name, 0, arena_str(a, to.path),
                                  CLIENT_FOUND_ROWS);
    return mysql_real_connect(conn, arena_str(a, to.host), user, password, name, to.port, NULL,
                              CLIENT_FOUND_ROWS);
}

static enum err_code
connect_new(struct db *db, struct server *sv, struct err *e)
{
    int64_t       began_ms = clock_monotonic_ms(), took_ms;
    MYSQL        *conn;
    enum err_code rc;

    if (began_ms < sv->retry_at_ms)
        return FAIL(e, STORE_DOWN, "%.*s did not answer a moment ago", SLICE_FMT(sv->address));
    conn = mysql_init(NULL);
    if (conn == NULL)
        abort();
    set_options(db->s, conn);
    if (connect_to(db->s, db->a, conn, sv->address) != NULL) {
        sv->conn = conn;
        position_begin(sv);
        return ERR_NONE;
    }
    took_ms = clock_monotonic_ms() - began_ms;
    rc = FAIL(e, STORE_DOWN, "%.*s: error %u: %s", SLICE_FMT(sv->address), mysql_errno(conn),
              mysql_error(conn));
    mysql_close(conn);
    sv->seen.answers = false;
    sv->late = false;
    if (took_ms > SLOW_REFUSAL_MS)
        server_rest(sv, took_ms);
    return rc;
}

enum err_code
server_connect(struct db *db, struct server *sv, struct err *e)
{
    int64_t       began_us = clock_monotonic_us();
    enum err_code rc = ERR_NONE;

    if (sv->conn != NULL && sv->checked_for != db->number && !is_alive(sv))
        server_close(sv);
    if (sv->conn == NULL)
        rc = connect_new(db, sv, e);
    if (rc == ERR_NONE)
        sv->checked_for = db->number;
    db->took_us += clock_monotonic_us() - began_us;
    return rc;
}

static void
give_back(void *p)
{
    struct db *db = p;

    if (db->tx_depth > 0)
        log_event(ERR_LEVEL_ERROR, "lease_in_transaction", LOG_NUMBER("depth", db->tx_depth));
    purge_end(db);
}

struct db *
db_lease(struct store *s, struct arena *a, struct slice after, bool primary_only)
{
    struct db *db = ARENA_NEW(a, struct db);

    *db = (struct db){ .s = s,
                       .a = a,
                       .number = ++s->leases,
                       .primary_only = primary_only,
                       .wait_left_ms = GTID_WAIT_ALL_MS };
    db->after = arena_copy(a, after);
    s->turn++;
    arena_defer(a, give_back, db);
    return db;
}

struct slice
db_position(const struct db *db)
{
    return db->position;
}

bool
db_degraded(const struct db *db)
{
    return db->degraded;
}

int64_t
db_as_of_s(const struct db *db)
{
    return db->as_of_us / 1000000;
}

int64_t
db_took_us(const struct db *db)
{
    return db->took_us;
}

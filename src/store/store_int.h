/* What the files of store/ share: connections, statements, queries. */
#ifndef OBI_STORE_INT_H
#define OBI_STORE_INT_H

#include <mysql.h>

#include "cache/cache.h"
#include "core/digest.h"
#include "store/badge.h"
#include "store/collection.h"
#include "store/outbox.h"
#include "store/status.h"
#include "store/store.h"
#include "store/user.h"

/* ---- statements ------------------------------------------------------------------------------ */

enum stmt_on {
    ON_REPLICA,        /* reads that any server with the data may answer */
    ON_REPLICA_STREAM, /* the same, row by row from the server: more may come than memory is for */
    ON_PRIMARY,        /* writes, and reads that decide about them */
    PREFER_PRIMARY, /* reads that want the newest, and would rather have a replica's than nothing */
};

/* `in` and `out` have a letter for each parameter and column: u uint64_t, i int64_t, s text, b
 * bytes. */
struct stmt {
    const char  *name;
    enum stmt_on on;
    const char  *in, *out, *text;
};

/* Every table of statements, for the test that prepares them all against the schema. */
struct stmt_table {
    const struct stmt *rows;
    size_t             count;
};
extern const struct stmt_table position_statements, status_statements, tx_statements,
    user_statements, session_statements, signin_statements, rate_statements, outbox_statements,
    badge_statements, badge_write_statements, shared_statements, picture_statements,
    collection_statements, member_statements, purge_statements, sweep_statements, remove_statements,
    bulk_statements, host_statements, recheck_statements, passkey_statements, push_statements,
    connect_statements, address_statements, merge_statements, merge_moves, merge_badge_ids,
    merge_collection_ids, merge_passkey_ids, merge_grant_ids, merge_identity_ids, oidc_statements,
    browserid_statements;

struct bind {
    char         type; /* as in struct stmt */
    bool         null;
    uint64_t     u;
    int64_t      i;
    struct slice s;
};
#define U64(x) ((struct bind){ .type = 'u', .u = (x) })
#define I64(x) ((struct bind){ .type = 'i', .i = (x) })
#define I64_OR_NULL(x, is_null) ((struct bind){ .type = 'i', .i = (x), .null = (is_null) })
#define TEXT_(x) ((struct bind){ .type = 's', .s = (x) })
#define BYTES(x) ((struct bind){ .type = 'b', .s = (x) })
#define HASH(x) BYTES(((struct slice){ (const char *)(x).bytes, SHA256_BYTES }))
#define BIND(...)                                                                                  \
    ((const struct bind[]){ __VA_ARGS__ }),                                                        \
        (sizeof((const struct bind[]){ __VA_ARGS__ }) / sizeof(struct bind))
#define NO_BIND NULL, 0

enum { QUERY_COLUMNS_MAX = 26 };

/* The rows of a SELECT: held by the client unless they stream, copied into the lease's arena one by
 * one. While one is open no other statement runs on its connection. */
struct query {
    struct db         *db;
    MYSQL_STMT        *handle; /* NULL when done */
    const struct stmt *st;
    struct {
        bool         null; /* then u and i are 0 and s is SLICE_NONE */
        uint64_t     u;
        int64_t      i;
        struct slice s;
    } col[QUERY_COLUMNS_MAX];
};

/* Runs a SELECT where its row and the lease allow. The caller ends it with SCOPED(query_done). */
MUST_USE enum err_code query_run(struct db *db, const struct stmt *st, const struct bind *binds,
                                 size_t count, struct query *ret, struct err *e);
/* Three answers: a failure, a row (*ret_row), the end. */
MUST_USE enum err_code query_next(struct query *q, bool *ret_row, struct err *e);
void                   query_done(struct query *q);
/* How many rows there are in all, before the first is read; not of one that streams. */
size_t query_rows(const struct query *q);
/* Runs a SELECT that answers at most one row and reads it; *ret_row says whether there was one. */
MUST_USE enum err_code query_one(struct db *db, const struct stmt *st, const struct bind *binds,
                                 size_t count, struct query *ret, bool *ret_row, struct err *e);
/* The same where a row must be there. Errors NOT_FOUND. */
MUST_USE enum err_code query_need(struct db *db, const struct stmt *st, const struct bind *binds,
                                  size_t count, struct query *ret, struct err *e);
/* Runs anything else. *ret_affected (may be NULL): rows that were found, changed or not. */
MUST_USE enum err_code query_exec(struct db *db, const struct stmt *st, const struct bind *binds,
                                  size_t count, uint64_t *ret_affected, struct err *e);
/* Runs an INSERT … ON DUPLICATE KEY UPDATE that changes the row that is there, and calls LAST_INSERT_ID of
 * what *ret_id is to be then. *ret_new: there was none, and *ret_id says nothing. */
MUST_USE enum err_code query_upsert(struct db *db, const struct stmt *st, const struct bind *binds,
                                    size_t count, bool *ret_new, uint64_t *ret_id, struct err *e);

/* ---- servers --------------------------------------------------------------------------------- */

enum {
    PREPARED_SLOTS = 512,
    LOOK_EVERY_MS = 1000,   /* a worker knows what a server was so long ago, at most */
    GTID_WAIT_MS = 200,     /* for one replica to reach a person's last write, */
    GTID_WAIT_ALL_MS = 400, /* and for all that are asked */
    POSITION_SEEN_BYTES = 1024,
};

/* What a server said of itself when it was last looked at. */
struct sight {
    int64_t  at_ms; /* monotonic; 0: not since it was connected to */
    bool     answers;
    bool     writable, replicates; /* replicates: it is configured as a replica, */
    bool     applies, running;     /* applies what it received; and receives what there is */
    bool     node, synced;         /* node: of Galera, with all that its cluster has */
    int64_t  said_behind_s;        /* -1: it does not know */
    int64_t  now_us;               /* its clock */
    int64_t  beat_us;              /* its copy of the heartbeat */
    uint64_t term;
    struct store_semisync semisync;
    char                  position[POSITION_SEEN_BYTES], received[POSITION_SEEN_BYTES];
};

struct server {
    struct slice address;
    unsigned     weight;
    MYSQL       *conn; /* NULL: not connected */
    struct {
        const struct stmt *st;
        MYSQL_STMT        *handle;
    } prepared[PREPARED_SLOTS];
    size_t              prepared_count;
    uint64_t            checked_for;    /* the lease that last saw the connection alive */
    int64_t             retry_at_ms;    /* not connected to again before; monotonic */
    int64_t             rests_since_ms; /* since it was last waited for in vain */
    unsigned            failures;       /* since it last answered a look */
    bool                late;           /* the last of them was a wait in vain */
    struct sight        seen;
    enum store_rotation rotation;
    int64_t             lag_ms; /* -1: not known */
    int64_t behind_until_ms;    /* a wait for a position failed: not waited for again before */
};

struct store {
    const struct conf *conf;
    struct slice       user, password;
    int64_t            query_timeout_ms; /* 0: none */
    struct server     *servers;          /* db.primary, then each db.replica */
    size_t             count;
    struct server     *primary;      /* the one that takes writes; NULL: none is known */
    struct sight       primary_seen; /* the last of a primary, also when it is gone */
    bool               stuck;  /* a write was waited for in vain, and none acknowledged since */
    bool               looked; /* at the servers, ever: that all is well at first is not said */
    size_t             turn;   /* which replica the next lease begins with */
    uint64_t           leases; /* given out so far: the current one's number */
    struct cache      *cache;
};

struct db {
    struct store  *s;
    struct arena  *a;
    uint64_t       number;
    struct slice   after;
    bool           primary_only, wrote, degraded;
    bool           looked;   /* at the servers, by this lease */
    bool           streamed; /* rows may still come on a connection: nothing else is asked on it */
    struct server *tx_on;    /* while tx_depth > 0 */
    int64_t        wait_left_ms;
    int64_t        as_of_us; /* the oldest heartbeat of the replicas that were asked; 0: none was */
    bool fresh; /* `reads` was seen to have a version: no other replica may take its place */
    struct server *reads; /* chosen at the first read */
    struct slice   position;
    int64_t        took_us;
    struct touch  *touched; /* addresses that the open transaction makes old */
    int            tx_depth;
    bool           tx_doomed; /* an inner one ended without commit, or its connection is gone */
    bool           unsure;    /* no answer to a COMMIT came: it may be done or not */
    uint64_t *purged; /* rows whose keys are gone from the cache: removed when the lease ends */
    size_t    purged_count, purged_room;
};

/* pool.c: a connection that is alive as far as can be told without asking. Errors STORE_DOWN. */
MUST_USE enum err_code server_connect(struct db *db, struct server *sv, struct err *e);
/* Ends the connection and all that was prepared on it. */
void server_close(struct server *sv);
/* Ends the connection of one that was waited for in vain so long, and leaves it alone: for as long again, twice
 * as long the next time, so that waiting never takes more than a small part of a worker's time. */
void server_rest(struct server *sv, int64_t took_ms);

/* look.c: asks the servers what they are, each at most once a second, and those at once that were not there
 * (`again`: all of them at once); chooses the primary and says which replicas serve reads. Nothing is asked on
 * a connection on which rows may still come. */
void servers_look(struct db *db, bool again);
/* Whether the primary takes writes that somebody acknowledges, where that is asked for. */
bool store_acknowledges(const struct store *s);

/* route.c: the server for a statement, connected. Errors STORE_DOWN. */
MUST_USE enum err_code server_choose(struct db *db, enum stmt_on on, struct server **ret,
                                     struct err *e);

/* stmt.c: runs on this very server. *ret_lost: the connection ended under it. */
MUST_USE enum err_code stmt_run(struct db *db, struct server *sv, const struct stmt *st,
                                const struct bind *binds, size_t count, MYSQL_STMT **ret,
                                bool *ret_lost, struct err *e);
MUST_USE enum err_code stmt_prepare(struct server *sv, const struct stmt *st, MYSQL_STMT **ret,
                                    bool *ret_lost, struct err *e);
/* Runs a SELECT of at most one row on this very server. */
MUST_USE enum err_code stmt_ask(struct db *db, struct server *sv, const struct stmt *st,
                                const struct bind *binds, size_t count, struct query *ret,
                                bool *ret_row, struct err *e);
/* The failure that a number of the server or the client library stands for. */
enum err_code stmt_fail(struct err *e, unsigned number, const char *what, bool *ret_lost);

/* The server's clock, in microseconds: as UTC, or an hour would come twice in autumn. */
#define SERVER_NOW_US "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))"

/* position.c: all that MariaDB and MySQL do differently. */
/* What a new connection must be told. */
void position_begin(struct server *sv);
/* The position of this connection's last write; SLICE_NONE when the server writes no binary log. */
MUST_USE enum err_code position_last(struct db *db, struct server *sv, struct slice *ret,
                                     struct err *e);
/* Whether the replica has the position, waiting for it a little. A position that is none is one it
 * has. */
bool position_reached(struct db *db, struct server *sv, struct slice position);
/* Whether who is at `have` has all of `want`; false where that cannot be told from the text. */
bool position_covers(const char *have, const char *want);
/* Asks the connected server what it is. False when it does not answer, *ret_late when not in time: then its
 * connection has to be closed. */
bool position_look(struct server *sv, int64_t patience_ms, struct sight *ret, bool *ret_late);

/* tx.c --------------------------------------------------------------------------------------------
 * A unit of work on what is one person's: locks and raises the user's version first, so that two
 * writes of one person never interleave; runs `work`; commits; tried again when it lost against
 * another transaction, or its server before the COMMIT. `user` 0: nobody's. Errors NOT_FOUND when
 * there is no such user, and those of `work`. */
typedef enum err_code (*tx_work)(struct db *db, uint64_t user, void *args, struct err *e);
MUST_USE enum err_code tx_run(struct db *db, uint64_t user, tx_work work, void *args,
                              struct err *e);
/* One statement that is a unit of work by itself: as query_exec, and tried again when it lost
 * against another transaction; db_position then has it. Inside a transaction that is for the transaction to do. */
MUST_USE enum err_code tx_exec(struct db *db, const struct stmt *st, const struct bind *binds,
                               size_t count, uint64_t *ret_affected, struct err *e);

/* purge.c: the open transaction makes the document at this path old, with its .json form. */
void touch_groups(struct db *db, uint64_t user);

/* user.c: until the transaction ends nobody else removes or merges this person, or counts with them what they have.
 * NOT_FOUND: there is no such person any more. */
MUST_USE enum err_code user_lock(struct db *db, uint64_t user, struct err *e);
void touch_collection(struct db *db, uint64_t user, uint64_t id, struct slice path);
void touch_badge_path(struct db *db, struct slice path);
/* The picture of that name (its 32 bytes) may be seen now, or no longer. */
void touch_picture(struct db *db, struct slice hash, uint64_t kind);
/* So may those of all badges in a collection. */
MUST_USE enum err_code touch_pictures(struct db *db, uint64_t user, uint64_t collection,
                                      struct err *e);
/* A badge's own page, and all collections that hold it. */
MUST_USE enum err_code touch_badge(struct db *db, uint64_t user, uint64_t id, struct err *e);
/* Writes the purge row into the open transaction; *ret_id 0 when nothing was touched. */
MUST_USE enum err_code purge_write(struct db *db, uint64_t *ret_id, struct err *e);
/* After the commit: deletes the keys, waiting until that is confirmed or the documents have run
 * out. */
void purge_keys(struct db *db, uint64_t id);
/* When the lease ends: removes the rows that are done. */
void purge_end(struct db *db);

/* pack.c: text that many rows hold, deflated where that is shorter. It takes as much room as the text and is needed
 * until its statement is sent: whoever packs gives it an arena that ends then. */
struct slice           store_pack(struct arena *a, struct slice text);
MUST_USE enum err_code store_unpack(struct arena *a, struct slice packed, struct slice *ret,
                                    struct err *e);

/* shared.c: the class and issuer, and the picture, of a badge: taken in this order, always, so that
 * no two writers wait for each other. */
MUST_USE enum err_code content_take(struct db *db, const struct badge_new *badge,
                                    uint64_t *ret_class, uint64_t *ret_picture, struct err *e);
MUST_USE enum err_code content_give(struct db *db, uint64_t class, uint64_t picture, struct err *e);
/* A document that is kept for its hash alone. */
MUST_USE enum err_code document_take(struct db *db, struct slice bytes, uint64_t *ret_id,
                                     struct err *e);
/* One use fewer of each of a badge's. */
MUST_USE enum err_code documents_give(struct db *db, const uint64_t *ids, size_t count,
                                      struct err *e);
/* recheck.c: those that a badge has not yet become its own, up to LIMIT_BADGE_DOCUMENTS. */
MUST_USE enum err_code badge_documents_take(struct db *db, uint64_t user, uint64_t id,
                                            const struct slice *documents, size_t count,
                                            struct err *e);
/* The public name of a badge's picture. */
struct sha256 picture_name(struct slice source_hash, struct slice assertion);

/* badge.c: the columns of a line, in the order of BADGE_ROW_OUT, from tables b, c and p. */
#define BADGE_ROW_COLUMNS                                                                          \
    "b.id, c.class_name, c.issuer_name, c.issuer_host, b.status, b.version, b.picture_hash,"       \
    " b.picture_kind, b.visibility, p.path, b.plain_identity, b.issued_on_s, b.expires_s,"         \
    " b.checked_at_s, b.status_reason, b.status_at_s"
#define BADGE_ROW_OUT "ussbssbuubuiiibi"
/* Of a badge b: strangers may see its picture. */
#define BADGE_IS_SHOWN                                                                             \
    "(b.visibility > 0 OR EXISTS (SELECT 1 FROM collection c JOIN collection_badge m"              \
    " ON m.user_id = c.user_id AND m.collection_id = c.id AND m.badge_id = b.id"                   \
    " WHERE c.user_id = b.user_id AND c.visibility > 0))"
#define BADGE_ROW_JOINS                                                                            \
    " JOIN class c ON c.id = b.class_id"                                                           \
    " LEFT JOIN badge_path p ON p.user_id = b.user_id AND p.badge_id = b.id"
/* The address it was issued to, COALESCE(e.email, f.email): one of the user's, or one they gave up. */
#define BADGE_EMAIL_JOINS                                                                          \
    " LEFT JOIN user_email e ON e.user_id = b.user_id AND e.number = b.email_number"               \
    " LEFT JOIN former_email f ON f.user_id = b.user_id AND f.number = b.email_number"
enum { BADGE_ROW_COUNT = sizeof BADGE_ROW_OUT - 1 };
struct badge_row badge_row_of(struct db *db, const struct query *q);
/* Every row of a query that selects them. */
MUST_USE enum err_code badge_rows_read(struct query *q, struct badge_row **ret, size_t *ret_count,
                                       struct err *e);

/* address.c */
/* A number that no address of the user has, or had that a badge names; how many addresses there are. */
MUST_USE enum err_code address_next_number(struct db *db, uint64_t user, uint64_t *ret_number,
                                           uint64_t *ret_count, struct err *e);
/* Badges that name a given-up address of the user name the live one, where it is theirs again. */
MUST_USE enum err_code addresses_adopt(struct db *db, uint64_t user, struct err *e);
/* A badge that named this number is gone: so is the given-up address with the last of them. */
MUST_USE enum err_code address_forget(struct db *db, uint64_t user, uint64_t number, struct err *e);

/* remove.c: every public document of the user becomes old; all rows that name them go. */
MUST_USE enum err_code touch_user(struct db *db, uint64_t user, struct err *e);
MUST_USE enum err_code user_rows_remove(struct db *db, uint64_t user, struct err *e);

/* text.c */
/* 128 random bits as 22 characters of base64url: an address nobody guesses. */
struct slice path_new(struct arena *a);
/* The form an address is found by. */
struct slice email_key(struct arena *a, struct slice email);

#endif

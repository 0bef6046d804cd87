/* The database: one primary that takes writes, any number of replicas that serve reads.
 * A worker handles one request at a time, so a process holds at most one connection to each
 * server. */
#ifndef OBI_STORE_STORE_H
#define OBI_STORE_STORE_H

#include <stdint.h>

#include "core/arena.h"
#include "core/conf.h"
#include "core/err.h"

struct store; /* connections, kept for the life of the process */
struct db;    /* a lease: what one request does with them */

/* Connects lazily, so that a worker starts without a database. Takes the worker's user, or the
 * schema owner's. */
struct store *store_new(const struct conf *conf);
struct store *store_new_as_owner(const struct conf *conf);
void          store_free(struct store *s);

/* Begins a request. `after` is a position that db_position gave an earlier request of the same
 * person (or SLICE_NONE): reads then go to a replica known to have it, waiting at most 500 ms, or
 * to the primary. `primary_only` sends every read there. Owner: lives in `a`, which gives it back
 * (arena_defer). */
struct db *db_lease(struct store *s, struct arena *a, struct slice after, bool primary_only);
/* The position of this lease's last write, or SLICE_NONE when it wrote nothing. Plain ASCII, fit
 * for a cookie. */
struct slice db_position(const struct db *db);
/* True when what this lease read came from a replica because no primary answers. */
bool db_degraded(const struct db *db);
/* When db_degraded: a time, in Unix seconds by the primary's clock, up to which all writes are in what this lease
 * read. 0 where the servers never had a heartbeat. */
int64_t db_as_of_s(const struct db *db);
/* Microseconds spent waiting for the database under this lease, for the log. */
int64_t db_took_us(const struct db *db);
/* Whether the primary, or for reads any server, answers now. For /healthz. */
MUST_USE enum err_code db_ping(struct db *db, struct err *e);

/* Before a document that is public and will be kept is built of what is `user`'s: reads their
 * version on the primary; the lease's reads then go to a replica that has that version, else to the
 * primary. While no primary answers they go to a replica and db_degraded is true: then the document
 * must not be kept.
 * Errors NOT_FOUND: no such user. STORE_DOWN. */
MUST_USE enum err_code db_read_fresh(struct db *db, uint64_t user, struct err *e);

/* Transactions: begun on the primary, rolled back when the scope ends unless committed.
 *     SCOPED(tx_done) struct tx tx = { 0 };
 *     if ((rc = tx_begin(db, &tx, e)) != ERR_NONE || ... || (rc = tx_commit(&tx, e)) != ERR_NONE)
 *         return rc;
 * Deadlocks and certification failures are STORE_CONFLICT; a lost primary is STORE_DOWN.
 * One inside another joins it: its commit waits for the outer one's, its rollback undoes both.
 * A commit that changed a public document also removes it from the cache before it returns: within
 * about cache.timeout, and only while a memcached server hangs after up to cache.ttl and 3 s. */
struct tx {
    struct db *db;
};
MUST_USE enum err_code tx_begin(struct db *db, struct tx *tx, struct err *e);
MUST_USE enum err_code tx_commit(struct tx *tx, struct err *e);
void                   tx_done(struct tx *tx);

/* Applies the numbered files of `folder` that were not applied yet, one after the other, and says
 * each through `say`. Errors STORE_DOWN; STORE_FAULT with the file's name in e->cause. */
MUST_USE enum err_code store_migrate(struct db *db, struct slice                       folder,
                                     void (*say)(struct slice name, void *self), void *self,
                                     struct err *e);

/* Prepares every statement there is on the primary: whether the schema is the one this program
 * knows. */
MUST_USE enum err_code store_check_schema(struct db *db, struct err *e);

/* What `obi jobs` does now and then. */
/* Deletes what purge rows name from the cache again, and the rows that are then done; *ret_left
 * counts those that stay because a memcached server hangs. Rows younger than a second are left to
 * their writer. */
MUST_USE enum err_code store_purge_sweep(struct db *db, size_t *ret_done, size_t *ret_left,
                                         struct err *e);
/* Removes sessions, sign-in links, pushed badges and rate buckets whose time is over, and mails nobody could send
 * for a day. */
MUST_USE enum err_code store_sweep(struct db *db, uint64_t *ret_removed, struct err *e);

/* What every function of the entities answers besides its own errors: STORE_DOWN when no server
 * that may answer does; STORE_FAULT for what should not happen; NOT_FOUND where there is no such
 * row, or it is not the named user's: every look-up by id has its owner in the WHERE clause. Text
 * in rows lives in the lease's arena. */

#endif

/* How the databases, the cache and what waits in them are doing, as this process sees them now: what `obi
 * status` prints and /metrics counts. */
#ifndef OBI_STORE_STATUS_H
#define OBI_STORE_STATUS_H

#include "store/store.h"

/* Why a server serves no reads. */
enum store_rotation {
    ROTATION_IN,      /* it does */
    ROTATION_PRIMARY, /* it takes the writes, and serves reads that no replica may */
    ROTATION_DOWN,    /* does not answer */
    ROTATION_SLOW,    /* took too long to answer */
    ROTATION_STOPPED, /* does not replicate: its state says why */
    ROTATION_BEHIND,  /* further than db.replica_lag_max, or nobody knows how far */
    ROTATION_ASTRAY,  /* follows another primary than the one that takes the writes */
    ROTATION_COUNT
};
/* "in", "primary", "down", "slow", "stopped", "behind", "astray". */
extern const char *const store_rotation_names[ROTATION_COUNT];

struct store_server_status {
    struct slice        address;
    unsigned            weight;
    bool                answers, writable, replicates;
    enum store_rotation rotation;
    /* The rest is empty, 0 or -1 where it does not answer. */
    struct slice version, position;
    uint64_t     term;   /* raised by each promotion */
    int64_t      lag_ms; /* behind the primary; -1: not known */
};

struct store_semisync {
    bool     on;      /* a write waits until a replica has it */
    uint64_t clients; /* replicas that say so */
    uint64_t waiting; /* writes that wait now */
};

struct store_cache_status {
    struct slice address;
    bool         answers;
};

struct store_status {
    struct store_server_status *servers; /* db.primary first, then each db.replica */
    size_t                      server_count;
    struct store_cache_status  *caches; /* each cache.server */
    size_t                      cache_count;
    bool                  writable; /* a primary takes writes, and they are acknowledged in time */
    struct store_semisync semisync; /* of the primary */
    /* What the primary, or while there is none a replica, has rows of; valid when `counted`. */
    bool         counted;
    uint64_t     outbox, purges, rechecks_due; /* mails; purge rows; hosts with badges to check */
    int64_t      outbox_oldest_s, recheck_oldest_s; /* how long the oldest mail and badge have been due; 0: none is */
    struct slice schema;                            /* the last migration's name */
};

/* Asks every server, each within db.query_timeout. What does not answer is told in *ret, which lives in the
 * lease's arena. */
void store_status(struct db *db, struct store_status *ret);

/* Notes on the primary that it is alive, at most once a second whoever calls: by the age of that row, and by
 * its position, is seen how far behind a replica is. */
MUST_USE enum err_code store_heartbeat(struct db *db, struct err *e);

#endif

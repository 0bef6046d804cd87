#include "cache_int.h"

#include <assert.h>
#include <errno.h>
#include <libmemcached/memcached.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/rand.h"

const char *const cache_variants[] = { "-", "-gz", "en", "engz" };
const size_t      cache_variant_count = COUNT_OF(cache_variants);

enum { KEY_BYTES_MAX = 250, LEASE_S = 3, UNKEPT_S = 1, DOCUMENT_BYTES_MAX = 4 * MIB - 4 * KIB };

/* What stands under a key while its document is being built; no document begins so. */
#define LEASE_MARK "lease "
enum { LEASE_BYTES = sizeof LEASE_MARK - 1 + 16 };
/* What takes the lease's place when the document is not stored, so that nobody waits for it. */
#define UNKEPT_MARK "unkept"

enum { AWAY_MS = 1000 };
/* How long a reader waits for the one who is building the document, and how often it looks. Who builds may have
 * been killed, or be slow: whoever waited in vain waits for nobody for a while. */
enum { WAIT_MS = 200, LOOK_EVERY_MS = 5, IMPATIENT_MS = 1000 };

/* libmemcached knows of one server at a time: which one has a key is the ring's to say. */
struct server {
    memcached_st *reader;
    memcached_st *writer;        /* asks every time: a key that must go is worth the wait */
    int64_t       away_until_ms; /* when it did not answer the reader it is left alone so long */
    bool          unsure;        /* during one cache_delete: it did not confirm */
};

struct cache {
    struct arena  *a;
    struct ring    ring;
    struct server *servers;
    size_t         server_count;
    int64_t        ttl_s, took_us, impatient_until_ms;
};

struct slice
cache_key(struct arena *a, const char *variant, struct slice path)
{
    struct slice key = arena_printf(a, "d:" CACHE_RELEASE ":%s:%.*s", variant, SLICE_FMT(path));

    if (key.n > KEY_BYTES_MAX)
        return SLICE_NONE;
    /* None of our paths needs an escape: one that has one is another spelling of a document that a write
     * would not find. */
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] <= ' ' || key.p[i] == 0x7F || key.p[i] == '%')
            return SLICE_NONE;
    return key;
}

static void
set(memcached_st *m, memcached_behavior_t what, uint64_t to)
{
    memcached_return_t rc = memcached_behavior_set(m, what, to);

    if (rc != MEMCACHED_SUCCESS)
        log_event(ERR_LEVEL_WARN, "cache_setting", LOG_NUMBER("setting", what));
}

static memcached_st *
connect_to(struct arena *a, struct slice address, int64_t timeout_ms)
{
    memcached_st      *m = memcached_create(NULL);
    uint64_t           ms = (uint64_t)timeout_ms;
    struct conf_server to;
    const char        *wrong = conf_server_parse(address, &to);

    assert(wrong == NULL); /* conf_load took it */
    if (m == NULL)
        abort();
    set(m, MEMCACHED_BEHAVIOR_NO_BLOCK, 1);
    set(m, MEMCACHED_BEHAVIOR_TCP_NODELAY, 1);
    set(m, MEMCACHED_BEHAVIOR_SUPPORT_CAS, 1);
    set(m, MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, ms);
    set(m, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, ms);
    set(m, MEMCACHED_BEHAVIOR_SND_TIMEOUT, ms * 1000);
    set(m, MEMCACHED_BEHAVIOR_RCV_TIMEOUT, ms * 1000);
    set(m, MEMCACHED_BEHAVIOR_RETRY_TIMEOUT, 0);
    /* Else a server that failed five times is not even asked. */
    set(m, MEMCACHED_BEHAVIOR_SERVER_FAILURE_LIMIT, INT32_MAX);
    if (to.path.n > 0)
        memcached_server_add_unix_socket(m, arena_str(a, to.path));
    else
        memcached_server_add(m, arena_str(a, to.host), to.port);
    return m;
}

struct cache *
cache_new(const struct conf *conf)
{
    const struct conf_list *servers = &conf->cache_servers;
    struct arena           *a;
    struct cache           *c;

    if (servers->count == 0)
        return NULL;
    a = arena_new();
    c = ARENA_NEW(a, struct cache);
    *c = (struct cache){ .a = a, .server_count = servers->count, .ttl_s = conf->cache_ttl_s };
    ring_init(a, servers, &c->ring);
    c->servers = ARENA_ARRAY(a, struct server, servers->count);
    for (size_t i = 0; i < servers->count; i++)
        c->servers[i] = (struct server){
            .reader = connect_to(a, servers->items[i], conf->cache_timeout_ms),
            .writer = connect_to(a, servers->items[i], conf->cache_timeout_ms),
        };
    return c;
}

void
cache_free(struct cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->server_count; i++) {
        memcached_free(c->servers[i].reader);
        memcached_free(c->servers[i].writer);
    }
    arena_free(c->a);
}

int64_t
cache_took_us(struct cache *c)
{
    int64_t took_us = 0;

    if (c != NULL) {
        took_us = c->took_us;
        c->took_us = 0;
    }
    return took_us;
}

/* ---- one key ------------------------------------------------------------------------------------- */

static bool
is_lease(const char *value, size_t n)
{
    return n == LEASE_BYTES && memcmp(value, LEASE_MARK, sizeof LEASE_MARK - 1) == 0;
}

static struct server *
server_of(struct cache *c, struct slice key)
{
    return &c->servers[ring_find(&c->ring, key)];
}

static bool
is_away(const struct server *s)
{
    return clock_monotonic_ms() < s->away_until_ms;
}

/* Notes how an answer to a reader ended. A connection on which one was waited for in vain is closed: the
 * answer may still come, and would be taken for another's. */
static void
note(struct server *s, bool answered)
{
    if (!answered) {
        s->away_until_ms = clock_monotonic_ms() + AWAY_MS;
        memcached_quit(s->reader);
    }
}

static bool
is_answer(memcached_return_t rc)
{
    return rc == MEMCACHED_SUCCESS || rc == MEMCACHED_NOTFOUND || rc == MEMCACHED_NOTSTORED ||
           rc == MEMCACHED_DATA_EXISTS || rc == MEMCACHED_E2BIG;
}

/* A connection that ended meanwhile, as after a restart, is seen only when it is used: once more on a new one. */
static bool
worth_another(struct server *s, memcached_return_t rc, int tries)
{
    if (is_answer(rc) || rc == MEMCACHED_TIMEOUT || tries > 0)
        return false;
    memcached_quit(s->reader);
    return true;
}

/* The value under a key with its cas; *ret_value is malloc's. */
static memcached_return_t
fetch(memcached_st *m, struct slice key, char **ret_value, size_t *ret_n, uint64_t *ret_cas)
{
    const char         *keys[] = { key.p };
    memcached_return_t  rc = memcached_mget(m, keys, &key.n, 1);
    memcached_result_st result, *got;

    *ret_value = NULL;
    if (rc != MEMCACHED_SUCCESS)
        return rc;
    memcached_result_create(m, &result);
    got = memcached_fetch_result(m, &result, &rc);
    if (got != NULL) {
        memcached_return_t end;

        *ret_n = memcached_result_length(got);
        *ret_cas = memcached_result_cas(got);
        *ret_value = memcached_result_take_value(got);
        while (memcached_fetch_result(m, &result, &end) != NULL)
            continue;
        rc = MEMCACHED_SUCCESS;
    } else if (rc == MEMCACHED_END || rc == MEMCACHED_SUCCESS) {
        rc = MEMCACHED_NOTFOUND;
    }
    memcached_result_free(&result);
    return rc;
}

static void
drop(char **p)
{
    free(*p);
}

enum cache_found
cache_get(struct cache *c, struct arena *a, struct slice key, struct slice *ret)
{
    SCOPED(drop) char *value = NULL;
    int64_t            began_us = clock_monotonic_us();
    memcached_return_t rc = MEMCACHED_FAILURE;
    size_t             n = 0;
    uint64_t           cas;
    struct server     *s;

    if (c == NULL || key.n == 0)
        return CACHE_MISS;
    if (is_away(s = server_of(c, key)))
        return CACHE_AWAY;
    for (int tries = 0; tries == 0 || worth_another(s, rc, tries - 1); tries++)
        rc = fetch(s->reader, key, &value, &n, &cas);
    note(s, is_answer(rc));
    c->took_us += clock_monotonic_us() - began_us;
    if (rc == MEMCACHED_NOTFOUND)
        return CACHE_MISS;
    if (rc != MEMCACHED_SUCCESS)
        return CACHE_AWAY;
    if (value == NULL)
        return CACHE_MISS;
    if (is_lease(value, n))
        return CACHE_LEASED;
    if (slice_eq((struct slice){ value, n }, SL(UNKEPT_MARK)))
        return CACHE_UNKEPT;
    *ret = arena_copy(a, (struct slice){ value, n });
    return CACHE_HIT;
}

/* The mark holds a number drawn for this lease: between `add` and reading its cas another may have replaced it. */
static enum cache_lease_answer
take_lease(struct server *s, struct slice key, struct cache_lease *ret)
{
    SCOPED(drop) char *value = NULL;
    char               mark[LEASE_BYTES + 1];
    memcached_return_t rc = MEMCACHED_FAILURE;
    uint64_t           number;
    size_t             n = 0;

    rand_bytes(&number, sizeof number);
    snprintf(mark, sizeof mark, LEASE_MARK "%016llx", (unsigned long long)number);
    for (int tries = 0; tries == 0 || worth_another(s, rc, tries - 1); tries++)
        rc = memcached_add(s->reader, key.p, key.n, mark, LEASE_BYTES, LEASE_S, 0);
    if (rc == MEMCACHED_NOTSTORED || rc == MEMCACHED_DATA_EXISTS)
        return LEASE_TAKEN;
    if (rc != MEMCACHED_SUCCESS)
        return LEASE_NONE;
    rc = fetch(s->reader, key, &value, &n, &ret->cas);
    if (rc != MEMCACHED_SUCCESS && rc != MEMCACHED_NOTFOUND)
        return LEASE_NONE;
    return value != NULL && n == LEASE_BYTES && memcmp(value, mark, n) == 0 ? LEASE_YOURS
                                                                            : LEASE_TAKEN;
}

enum cache_lease_answer
cache_lease(struct cache *c, struct slice key, struct cache_lease *ret)
{
    int64_t                 began_us = clock_monotonic_us();
    enum cache_lease_answer answer;
    struct server          *s;

    if (c == NULL || key.n == 0 || is_away(s = server_of(c, key)))
        return LEASE_NONE;
    answer = take_lease(s, key, ret);
    note(s, answer != LEASE_NONE);
    c->took_us += clock_monotonic_us() - began_us;
    return answer;
}

enum cache_found
cache_find(struct cache *c, struct arena *a, struct slice key, struct slice *ret,
           struct cache_lease *ret_lease, bool *ret_leased)
{
    int64_t                 began_ms = clock_monotonic_ms();
    enum cache_lease_answer answer = LEASE_TAKEN;
    enum cache_found        found;

    for (;;) {
        found = cache_get(c, a, key, ret);
        if (found == CACHE_MISS)
            answer = cache_lease(c, key, ret_lease);
        *ret_leased = answer == LEASE_YOURS;
        if ((found != CACHE_MISS && found != CACHE_LEASED) || answer != LEASE_TAKEN ||
            began_ms < c->impatient_until_ms)
            return found;
        if (clock_monotonic_ms() >= began_ms + WAIT_MS) {
            c->impatient_until_ms = clock_monotonic_ms() + IMPATIENT_MS;
            return found;
        }
        clock_sleep_ms(LOOK_EVERY_MS);
    }
}

bool
cache_store(struct cache *c, struct slice key, struct cache_lease lease, struct slice document,
            int64_t ttl_s)
{
    int64_t            began_us = clock_monotonic_us();
    memcached_return_t rc;
    struct server     *s;
    bool               keeps;

    if (c == NULL || key.n == 0)
        return false;
    if (is_away(s = server_of(c, key)))
        return false; /* the lease runs out by itself */
    keeps = ttl_s > 0 && document.n <= DOCUMENT_BYTES_MAX;
    if (!keeps) {
        document = SL(UNKEPT_MARK);
        ttl_s = UNKEPT_S;
    } else if (ttl_s > c->ttl_s) {
        ttl_s = c->ttl_s;
    }
    rc = memcached_cas(s->reader, key.p, key.n, document.p, document.n, ttl_s, 0, lease.cas);
    note(s, is_answer(rc));
    c->took_us += clock_monotonic_us() - began_us;
    return keeps && rc == MEMCACHED_SUCCESS;
}

bool
cache_take(struct cache *c, struct slice key, int64_t ttl_s)
{
    int64_t            began_us = clock_monotonic_us();
    memcached_return_t rc = MEMCACHED_FAILURE;
    struct server     *s;

    if (c == NULL || is_away(s = server_of(c, key)))
        return true;
    for (int tries = 0; tries == 0 || worth_another(s, rc, tries - 1); tries++)
        rc = memcached_add(s->reader, key.p, key.n, "", 0, ttl_s, 0);
    note(s, is_answer(rc));
    c->took_us += clock_monotonic_us() - began_us;
    return rc != MEMCACHED_NOTSTORED && rc != MEMCACHED_DATA_EXISTS;
}

bool
cache_take_place(struct cache *c, struct arena *a, struct slice key, int count, int64_t ttl_s,
                 struct slice *ret_key)
{
    for (int i = 0; i < count; i++) {
        struct slice place = arena_printf(a, "%.*s:%d", SLICE_FMT(key), i);

        if (cache_take(c, place, ttl_s)) {
            *ret_key = place;
            return true;
        }
    }
    return false;
}

void
cache_put(struct cache *c, struct slice key, struct slice value, int64_t ttl_s)
{
    int64_t            began_us = clock_monotonic_us();
    memcached_return_t rc = MEMCACHED_FAILURE;
    struct server     *s;

    if (c == NULL || value.n > DOCUMENT_BYTES_MAX || is_away(s = server_of(c, key)))
        return;
    for (int tries = 0; tries == 0 || worth_another(s, rc, tries - 1); tries++)
        rc = memcached_set(s->reader, key.p, key.n, value.p, value.n, ttl_s, 0);
    note(s, is_answer(rc));
    c->took_us += clock_monotonic_us() - began_us;
}

/* ---- figures ------------------------------------------------------------------------------------- */

bool
cache_stats(struct cache *c, size_t n, struct cache_stats *ret)
{
    struct server      *s = &c->servers[n];
    memcached_return_t  rc = MEMCACHED_FAILURE;
    memcached_stat_st  *said;

    if (is_away(s))
        return false;
    said = memcached_stat(s->reader, NULL, &rc);
    note(s, rc == MEMCACHED_SUCCESS);
    if (rc == MEMCACHED_SUCCESS)
        *ret = (struct cache_stats){ .hits = said->get_hits,
                                     .misses = said->get_misses,
                                     .evictions = said->evictions,
                                     .bytes = said->bytes,
                                     .limit_bytes = said->limit_maxbytes };
    memcached_stat_free(s->reader, said);
    return rc == MEMCACHED_SUCCESS;
}

bool
cache_answers(struct cache *c, size_t n)
{
    struct server *s = &c->servers[n];
    bool           answers = memcached_version(s->reader) == MEMCACHED_SUCCESS;

    note(s, answers);
    return answers;
}

/* ---- deleting ------------------------------------------------------------------------------------ */

/* Nobody listens there: what the server held went with it. */
static bool
is_not_running(memcached_st *m, memcached_return_t rc)
{
    int no = memcached_last_error_errno(m);

    return rc != MEMCACHED_TIMEOUT && (no == ECONNREFUSED || no == ENOENT);
}

static bool
delete_one(memcached_st *m, struct slice key)
{
    memcached_return_t rc = MEMCACHED_SUCCESS;
    bool               gone = false;

    /* A connection that ended meanwhile, as after a restart, is seen only now: once more on a new one. */
    for (int tries = 0; tries < 2; tries++) {
        rc = memcached_delete(m, key.p, key.n, 0);
        if (rc == MEMCACHED_SUCCESS || rc == MEMCACHED_NOTFOUND)
            return true;
        gone = is_not_running(m, rc);
        /* An answer that still comes would be taken for the next key's. What was sent is not taken back: a
         * server that was only stopped reads it before anything else. */
        memcached_quit(m);
        if (gone || rc == MEMCACHED_TIMEOUT)
            break;
    }
    return gone;
}

/* A server that hangs is waited for once, and the keys of the others go all the same. */
bool
cache_delete(struct cache *c, const struct slice *keys, size_t count)
{
    int64_t began_us = clock_monotonic_us();
    bool    all = true;

    if (c == NULL)
        return true;
    for (size_t i = 0; i < c->server_count; i++)
        c->servers[i].unsure = false;
    for (size_t i = 0; i < count; i++) {
        struct server *s = server_of(c, keys[i]);

        if (!s->unsure)
            s->unsure = !delete_one(s->writer, keys[i]);
        all = all && !s->unsure;
    }
    c->took_us += clock_monotonic_us() - began_us;
    return all;
}

bool
cache_empty(struct cache *c)
{
    bool all = true;

    for (size_t i = 0; c != NULL && i < c->server_count; i++)
        all = memcached_flush(c->servers[i].writer, 0) == MEMCACHED_SUCCESS && all;
    return all;
}

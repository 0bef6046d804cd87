#include "jobs/recheck.h"

#include <assert.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/rand.h"
#include "core/uri.h"
#include "import/recheck.h"
#include "recheck_int.h"

enum {
    CLAIM_MS = 300000, /* longer than one check can take: polite.c's bounds and fetch.timeout */
    MANY_MS = 60000,   /* of the checks that a host's failure settles */
    SETTLED_AFTER = 3, /* failures in a row */
    RETRY_S = 120,     /* a badge whose host failed: not again under one claim */
    QUEUE_EVERY_MS = 10000, /* new badges are looked for */
    IDLE_MS = 1000,
    SOON_MS = 5000, /* what comes due so soon still belongs to this run */
    REST_TIMES = 9,
    REST_MS = 60000, /* a slow host has a tenth of one worker's time */
};

struct rechecker {
    const struct conf *conf;
    struct store      *store;
    struct net        *net;
    struct polite     *polite;
    struct arena      *a;            /* of one lease and one check */
    int64_t            queued_at_ms; /* when all badges were in queues */
    enum err_code      outage;       /* what was logged and is not over */
};

enum err_code
rechecker_new(const struct conf *conf, const struct fetcher *fetch, struct rechecker **ret,
              struct err *e)
{
    struct rechecker *r;
    struct net       *net = NULL;
    enum err_code     rc;

    if (fetch == NULL && (rc = net_new(conf, &net, e)) != ERR_NONE)
        return rc;
    r = calloc(1, sizeof *r);
    assert(r != NULL);
    *r = (struct rechecker){ .conf = conf,
                             .store = store_new(conf),
                             .net = net,
                             .polite = polite_new(net, fetch, conf->recheck_per_minute),
                             .a = arena_new() };
    *ret = r;
    return ERR_NONE;
}

void
rechecker_free(struct rechecker *r)
{
    if (r == NULL)
        return;
    arena_free(r->a);
    polite_free(r->polite);
    net_free(r->net);
    store_free(r->store);
    free(r);
}

/* The host is the issuer's; nothing else of the badge is said. */
static void
log_check(const struct rechecker *r, const struct recheck *c)
{
    struct uri u = { 0 };

    (void)!uri_parse(c->before.hosted_url, &u);
    log_event(ERR_LEVEL_INFO, "recheck",
              LOG_TEXT("host", u.host.n > 0 ? u.host : c->before.row.issuer_host),
              LOG_TEXT("status", c->status), LOG_TEXT("reason", c->reason),
              LOG_NUMBER("changed", c->changed), LOG_NUMBER("ms", r->polite->took_ms));
}

/* Checks that come due together drift apart. */
static int64_t
next_in_s(const struct rechecker *r)
{
    int64_t  every_s = r->conf->recheck_every_s;
    uint16_t random;

    if (r->polite->failed)
        return every_s < RETRY_S ? every_s : RETRY_S;
    rand_bytes(&random, sizeof random);
    return every_s - every_s / 10 * random / UINT16_MAX;
}

static enum err_code
check_one(struct rechecker *r, struct db *db, const struct check_turn *turn, struct err *e)
{
    struct polite    *p = r->polite;
    struct badge_full badge;
    struct recheck    found;
    enum err_code     rc;

    if ((rc = store_badge_get(db, turn->user, turn->badge, &badge, e)) != ERR_NONE)
        return rc;
    polite_begin(p, db, badge.hosted_url);
    rc = recheck_look(r->a, db, &p->fetcher, &badge, &found, e);
    if (p->trouble != ERR_NONE) {
        *e = p->why;
        return p->trouble;
    }
    if (rc != ERR_NONE)
        return rc;
    if (p->postponed_until_ms != 0)
        return store_check_postpone(db, turn, p->postponed_until_ms / 1000 + 1, e);
    if ((rc = recheck_keep(r->a, db, &found, next_in_s(r), e)) == ERR_NONE)
        log_check(r, &found);
    return rc;
}

/* The next badge of the host; *ret_more: another one may be checked at once. */
static enum err_code
check_next(struct rechecker *r, const struct host_claim *claim, bool *ret_more, struct err *e)
{
    struct db        *db = db_lease(r->store, r->a, SLICE_NONE, true);
    struct check_turn turn;
    enum err_code     rc;

    *ret_more = false;
    r->polite->failed = false;
    if ((rc = store_check_next(db, claim->host, &turn, e)) == ERR_NONE && turn.badge != 0) {
        rc = check_one(r, db, &turn, e);
        if (rc == ERR_CONFLICT || rc == ERR_NOT_FOUND) /* its owner was faster */
            rc = ERR_NONE;
        *ret_more = r->polite->failed && r->polite->down.host == claim->host &&
                    claim->failures + 1 >= SETTLED_AFTER;
    }
    arena_empty(r->a);
    return rc;
}

static enum err_code
release(struct rechecker *r, const struct host_claim *claim, int64_t took_ms, struct err *e)
{
    struct db    *db = db_lease(r->store, r->a, SLICE_NONE, true);
    int64_t       rest_ms = took_ms * REST_TIMES < REST_MS ? took_ms * REST_TIMES : REST_MS;
    enum err_code rc = store_host_release(db, claim, rest_ms, r->conf->recheck_every_s, e);

    arena_empty(r->a);
    return rc;
}

static enum err_code
queue_new(struct rechecker *r, struct err *e)
{
    int64_t       now_ms = clock_now_ms();
    enum err_code rc = ERR_NONE;

    for (size_t count = 1; count > 0 && rc == ERR_NONE;) {
        if (now_ms - r->queued_at_ms < QUEUE_EVERY_MS && now_ms >= r->queued_at_ms)
            return ERR_NONE;
        rc = store_check_queue(db_lease(r->store, r->a, SLICE_NONE, true), r->conf->recheck_every_s,
                               &count, e);
        arena_empty(r->a);
    }
    r->queued_at_ms = now_ms;
    return rc;
}

static enum err_code
claim_host(struct rechecker *r, struct host_claim *ret, struct err *e)
{
    enum err_code rc =
        store_host_claim(db_lease(r->store, r->a, SLICE_NONE, true), CLAIM_MS, ret, e);

    arena_empty(r->a);
    return rc;
}

enum err_code
recheck_round(struct rechecker *r, bool *ret_worked, struct err *e)
{
    int64_t           begun_ms = clock_now_ms(), took_ms = 0;
    struct host_claim claim;
    enum err_code     rc;
    bool              more = true;

    *ret_worked = false;
    if ((rc = queue_new(r, e)) != ERR_NONE || (rc = claim_host(r, &claim, e)) != ERR_NONE ||
        claim.claim == 0)
        return rc;
    *ret_worked = true;
    while (more && rc == ERR_NONE && clock_now_ms() - begun_ms < MANY_MS) {
        rc = check_next(r, &claim, &more, e);
        took_ms += r->polite->took_ms;
    }
    return rc == ERR_NONE ? release(r, &claim, took_ms, e) : rc;
}

/* What was due a moment ago at a host that may be asked once a second is not left for another day. */
static enum err_code
wait_soon(struct rechecker *r, bool *ret_waited, struct err *e)
{
    int64_t       due_ms = 0, now_ms = clock_now_ms();
    enum err_code rc = store_host_due(db_lease(r->store, r->a, SLICE_NONE, true), &due_ms, e);

    arena_empty(r->a);
    *ret_waited = rc == ERR_NONE && due_ms != 0 && due_ms <= now_ms + SOON_MS;
    if (*ret_waited)
        clock_sleep_ms(due_ms - now_ms);
    return rc;
}

enum err_code
recheck_once(struct rechecker *r, struct err *e)
{
    enum err_code rc;
    bool          more = true;

    while (more) {
        if ((rc = recheck_round(r, &more, e)) != ERR_NONE)
            return rc;
        if (!more && (rc = wait_soon(r, &more, e)) != ERR_NONE)
            return rc;
    }
    return ERR_NONE;
}

void
recheck_run(struct rechecker *r)
{
    for (;;) {
        struct err    e;
        bool          worked = false;
        enum err_code rc = recheck_round(r, &worked, &e);

        if (rc != ERR_NONE && rc != r->outage)
            log_err("recheck_outage", &e);
        if (rc == ERR_NONE && r->outage != ERR_NONE)
            log_event(ERR_LEVEL_INFO, "recheck_again",
                      LOG_TEXT("after", slice_str(err_name(r->outage))));
        r->outage = rc;
        if (rc != ERR_NONE || !worked)
            clock_sleep_ms(IDLE_MS);
    }
}

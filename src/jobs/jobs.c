#include "jobs_int.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"

enum { SWEEP_EVERY_MS = 60000 };

enum err_code
jobs_new(const struct conf *conf, struct jobs **ret, struct err *e)
{
    struct jobs  *j;
    struct mail  *mail;
    enum err_code rc;

    if ((rc = mail_new(conf, &mail, e)) != ERR_NONE)
        return rc;
    mail_end_when(mail, jobs_must_end);
    j = calloc(1, sizeof *j);
    assert(j != NULL);
    *j = (struct jobs){
        .store = store_new(conf), .mail = mail, .a = arena_new(), .swept_at_ms = -SWEEP_EVERY_MS
    };
    *ret = j;
    return ERR_NONE;
}

void
jobs_free(struct jobs *j)
{
    if (j == NULL)
        return;
    arena_free(j->a);
    store_free(j->store);
    mail_free(j->mail);
    free(j);
}

/* What a memcached server that hung has not confirmed yet. Said when it changes, not every second. */
static enum err_code
purge(struct jobs *j, struct db *db, struct err *e)
{
    size_t        done, left;
    enum err_code rc;

    if ((rc = store_purge_sweep(db, &done, &left, e)) != ERR_NONE)
        return rc;
    if (done > 0 || left != j->purges_left)
        log_event(ERR_LEVEL_INFO, "purge", LOG_NUMBER("done", done), LOG_NUMBER("left", left));
    j->purges_left = left;
    return ERR_NONE;
}

static enum err_code
sweep(struct jobs *j, struct db *db, struct err *e)
{
    int64_t       now_ms = clock_monotonic_ms();
    uint64_t      removed;
    enum err_code rc;

    if (now_ms - j->swept_at_ms < SWEEP_EVERY_MS)
        return ERR_NONE;
    if ((rc = store_sweep(db, &removed, e)) != ERR_NONE)
        return rc;
    j->swept_at_ms = now_ms;
    if (removed > 0)
        log_event(ERR_LEVEL_INFO, "sweep", LOG_NUMBER("removed", removed));
    return ERR_NONE;
}

static void
note_outage(struct jobs *j, enum err_code rc, const struct err *e)
{
    if (rc != ERR_NONE && rc != j->outage)
        log_err("jobs_outage", e);
    if (rc == ERR_NONE && j->outage != ERR_NONE)
        log_event(ERR_LEVEL_INFO, "jobs_again", LOG_TEXT("after", slice_str(err_name(j->outage))));
    j->outage = rc;
}

enum err_code
jobs_round(struct jobs *j, size_t *ret_sent, struct err *e)
{
    struct db    *db = db_lease(j->store, j->a, SLICE_NONE, true);
    enum err_code rc;

    *ret_sent = 0;
    if ((rc = store_heartbeat(db, e)) == ERR_NONE &&
        (rc = outbox_send(j, db, ret_sent, e)) == ERR_NONE && (rc = purge(j, db, e)) == ERR_NONE)
        rc = sweep(j, db, e);
    note_outage(j, rc, e);
    arena_empty(j->a);
    return rc;
}

/* SIGUSR1 is how multiwatch, which keeps the process in a local stack, says that it should end. */
static const int ending[] = { SIGTERM, SIGINT, SIGUSR1 };

static bool
is_ending(int signal_taken)
{
    for (size_t i = 0; i < COUNT_OF(ending); i++)
        if (signal_taken == ending[i])
            return true;
    return false;
}

bool
jobs_must_end(void)
{
    sigset_t waiting;

    sigpending(&waiting);
    for (size_t i = 0; i < COUNT_OF(ending); i++)
        if (sigismember(&waiting, ending[i]) == 1)
            return true;
    return false;
}

void
jobs_run(struct jobs *j)
{
    static const struct timespec now = { 0 }, second = { .tv_sec = 1 };
    sigset_t                     taken;
    int                          signal_taken;

    sigemptyset(&taken);
    sigaddset(&taken, SIGUSR2);
    for (size_t i = 0; i < COUNT_OF(ending); i++)
        sigaddset(&taken, ending[i]);
    sigprocmask(SIG_BLOCK, &taken, NULL); /* from here on they wait to be asked for */
    log_event(ERR_LEVEL_INFO, "jobs_begin", LOG_NUMBER("round_ms", 1000));
    do {
        struct err e;
        size_t     sent = 0;

        (void)!jobs_round(j, &sent, &e); /* it has said what there is to say */
        signal_taken = sigtimedwait(&taken, NULL, sent > 0 ? &now : &second);
    } while (!is_ending(signal_taken));
    log_event(ERR_LEVEL_INFO, "jobs_end", LOG_NUMBER("signal", signal_taken));
}

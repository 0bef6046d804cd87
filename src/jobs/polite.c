#include "recheck_int.h"

#include <assert.h>
#include <stdlib.h>

#include "core/clock.h"

enum {
    APART_MS = 1000, /* of two requests to one host */
    WAIT_MS = 10000, /* for a slot, at most: longer, and somebody else's badge is checked instead */
    CHECK_MS = 60000, /* of one check in all */
    DOWN_MS = 60000,  /* how long a failure is told to others that need the host */
    MINUTE_MS = 60000,
};

/* What says more about the server than about the document. */
static bool
is_failure(enum err_code code, int status)
{
    return code == ERR_FETCH_DNS || code == ERR_FETCH_CONNECT || code == ERR_FETCH_TLS ||
           code == ERR_FETCH_TIMEOUT || code == ERR_FETCH_ANSWER ||
           (code == ERR_NONE && (status == 429 || status >= 500));
}

/* The check is for another time, or the store is in trouble: its report is thrown away. */
static enum err_code
give_up(struct polite *p, enum err_code rc, int64_t until_ms, struct err *e)
{
    if (rc == ERR_TOO_MANY) {
        p->postponed_until_ms = until_ms;
    } else {
        p->trouble = rc;
        p->why = *e;
    }
    return rc;
}

/* Waits until the host may be asked, and the budget allows it. */
static enum err_code
wait_for_turn(struct polite *p, uint64_t host, struct err *e)
{
    struct host_slot slot = { 0 }, all = { 0 };
    enum err_code    rc;

    if ((rc = store_host_slot(p->db, host, APART_MS, WAIT_MS, &slot, e)) != ERR_NONE)
        return give_up(p, rc, slot.at_ms, e);
    if ((rc = store_host_slot(p->db, HOST_ALL, p->apart_ms, WAIT_MS, &all, e)) != ERR_NONE)
        return give_up(p, rc, all.at_ms, e);
    p->host = host;
    p->host_failures = slot.failures;
    clock_sleep_ms((slot.at_ms > all.at_ms ? slot.at_ms : all.at_ms) - clock_now_ms());
    return ERR_NONE;
}

static bool
is_down(const struct polite *p, uint64_t host)
{
    return host == p->down.host && clock_now_ms() < p->down.until_ms;
}

static enum err_code
note_answered(struct polite *p, struct err *e)
{
    return p->host_failures > 0 ? store_host_answered(p->db, p->host, e) : ERR_NONE;
}

/* A host answered with a redirect: the one it leads to has turns too. */
static enum err_code
redirected(void *self, struct slice url, struct err *e)
{
    struct polite *p = self;
    uint64_t       host = store_host_id(url);
    enum err_code  rc;

    if ((rc = note_answered(p, e)) != ERR_NONE)
        return give_up(p, rc, 0, e);
    p->is_down = is_down(p, host);
    return p->is_down ? FAIL(e, TOO_MANY, "it is down") : wait_for_turn(p, host, e);
}

static enum err_code
ask(struct polite *p, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    const struct net_turns turns = { redirected, p };
    /* One for each document: the deadline is of asking, not of waiting for the next turn. */
    const struct fetcher *f =
        p->net == NULL ? p->fetch : net_fetcher_in_turn(p->net, a, NET_SIGNED_IN, &turns);

    return f->get(f->self, a, url, max_bytes, ret, e);
}

static void
note_down(struct polite *p, int status, const struct err *said)
{
    p->failed = true;
    p->down.host = p->host;
    p->down.until_ms = clock_now_ms() + DOWN_MS;
    p->down.status = status;
    p->down.said = *said;
}

/* Answers as the host did a moment ago. */
static enum err_code
answer_down(struct polite *p, struct slice url, struct fetched *ret, struct err *e)
{
    p->failed = true;
    if (p->down.status == 0) {
        *e = p->down.said;
        err_set_url(e, url);
        return e->code;
    }
    *ret = (struct fetched){
        .url = url, .final_url = url, .status = p->down.status, .at_s = clock_now_s()
    };
    return ERR_NONE;
}

/* What the answer says about the host. */
static enum err_code
learn(struct polite *p, enum err_code got, const struct fetched *ret, const struct err *said,
      struct err *e)
{
    if (!is_failure(got, ret->status))
        return note_answered(p, e);
    note_down(p, ret->status, said);
    return store_host_failed(p->db, p->host, e);
}

static bool
is_given_up(const struct polite *p)
{
    return p->trouble != ERR_NONE || p->postponed_until_ms != 0;
}

static enum err_code
get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    struct polite *p = self;
    uint64_t       host = store_host_id(url);
    struct fetched got = { 0 };
    struct err     trouble = { 0 };
    enum err_code  rc, learnt;

    if (kept_get(p->kept, a, url, ret) && ret->body.n <= max_bytes)
        return ERR_NONE;
    p->is_down = is_down(p, host);
    if (p->is_down)
        return answer_down(p, url, ret, e);
    if (clock_now_ms() - p->begun_ms > CHECK_MS)
        return FAIL(e, FETCH_TIMEOUT, "the check takes too long");
    if (is_given_up(p))
        return FAIL(e, TOO_MANY, "the check is given up");
    if ((rc = wait_for_turn(p, host, e)) != ERR_NONE)
        return rc;
    rc = ask(p, a, url, max_bytes, &got, e);
    p->took_ms += got.took_ms;
    if (p->is_down)
        return answer_down(p, url, ret, e);
    if (is_given_up(p))
        return rc;
    if ((learnt = learn(p, rc, &got, e, &trouble)) != ERR_NONE)
        return give_up(p, learnt, 0, &trouble);
    if (rc != ERR_NONE)
        return rc;
    if (got.status == 200 && !slice_eq(url, p->subject))
        kept_put(p->kept, &got);
    *ret = got;
    return ERR_NONE;
}

struct polite *
polite_new(struct net *net, const struct fetcher *fetch, int64_t per_minute)
{
    struct polite *p = calloc(1, sizeof *p);

    assert(p != NULL);
    *p = (struct polite){ .fetcher = { .get = get, .self = p },
                          .net = net,
                          .fetch = fetch,
                          .apart_ms = MINUTE_MS / per_minute,
                          .kept = kept_new() };
    return p;
}

void
polite_free(struct polite *p)
{
    if (p == NULL)
        return;
    kept_free(p->kept);
    free(p);
}

void
polite_begin(struct polite *p, struct db *db, struct slice subject)
{
    p->db = db;
    p->subject = subject;
    p->begun_ms = clock_now_ms();
    p->took_ms = 0;
    p->postponed_until_ms = 0;
    p->failed = false;
    p->trouble = ERR_NONE;
}

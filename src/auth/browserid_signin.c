/* Signing in by BrowserID. */
#include "browserid_int.h"

#include "auth/address.h"
#include "auth/session.h"
#include "cache/cache.h"
#include "core/clock.h"
#include "net/net.h"
#include "store/user.h"

static enum err_code
send(void *fetcher, struct arena *a, struct slice url, struct slice form, size_t max_bytes,
     struct fetched *ret, struct err *e)
{
    const struct net_call call = { .url = url, .form = form };

    return net_send(*(const struct fetcher *const *)fetcher, a, &call, max_bytes, ret, e);
}

/* Whoever sends an assertion names the domain that is asked: one for each client and a few for all at a time, or slow
 * ones that strangers name would hold every worker that signs people in, and those of one stranger the turns of all.
 * What is kept of a domain needs no turn. */
enum { TURNS = 2, TURN_WAIT_MS = 300, TURN_LOOK_MS = 20 };

struct turns {
    const struct fetcher *from;
    struct cache         *cache;
    int64_t               most_s; /* a worker that is killed does not give its turn back */
    struct slice          client, for_all;
    bool                  missed;
};

static bool
take_turn(struct turns *t, struct arena *a)
{
    if (!cache_take(t->cache, t->client, t->most_s))
        return false;
    if (cache_take_place(t->cache, a, SL("browserid:turn"), TURNS, t->most_s, &t->for_all))
        return true;
    (void)cache_delete(t->cache, &t->client, 1);
    return false;
}

static bool
wait_for_turn(struct turns *t, struct arena *a)
{
    for (int waited_ms = 0; !take_turn(t, a); waited_ms += TURN_LOOK_MS) {
        if (waited_ms >= TURN_WAIT_MS)
            return false;
        clock_sleep_ms(TURN_LOOK_MS);
    }
    return true;
}

static enum err_code
get_in_turn(void *turns, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
            struct err *e)
{
    struct turns *t = turns;
    enum err_code rc;

    if (!wait_for_turn(t, a)) {
        t->missed = true;
        return FAIL(e, FETCH_TIMEOUT, "no turn");
    }
    rc = t->from->get(t->from->self, a, url, max_bytes, ret, e);
    (void)cache_delete(t->cache, (const struct slice[]){ t->for_all, t->client }, 2);
    return rc;
}

/* A domain that was not asked is not one that does not answer: then nobody else speaks for it either. */
static enum err_code
verify_in_turn(const struct req *r, struct browserid_rules rules, struct slice backed,
               struct browserid_claim *ret, struct err *e)
{
    struct turns         turns = { .from = rules.fetcher,
                                   .cache = rules.cache,
                                   .most_s = r->app->conf->fetch_timeout_ms / 1000 + 1,
                                   .client = arena_printf(r->arena, "browserid:client:%.*s",
                                                          SLICE_FMT(r->client)) };
    const struct fetcher fetcher = { get_in_turn, &turns };
    enum err_code        rc;

    rules.fetcher = &fetcher;
    rc = auth_browserid_verify(r->arena, &rules, backed, ret, e);
    return turns.missed ? FAIL(e, TOO_MANY, "other domains are being asked") : rc;
}

static enum err_code
verify(const struct req *r, struct slice backed, struct browserid_claim *ret, struct err *e)
{
    const struct conf *conf = r->app->conf;
    bool               is_asked = conf->browserid_verifier.n > 0;
    /* A verifier is the operator's choice, a domain the visitor's. */
    const struct fetcher *fetcher =
        net_fetcher(r->app->net, r->arena, is_asked ? NET_SIGNED_IN : NET_ANONYMOUS);
    const struct browserid_post  post = { send, &fetcher };
    const struct browserid_rules rules = { .audience = conf->base_url,
                                           .fallback = conf->browserid_fallback,
                                           .trusted = conf->browserid_trusted,
                                           .now_ms = clock_now_ms(),
                                           .fetcher = fetcher,
                                           .cache = r->app->cache };

    if (is_asked)
        return auth_browserid_ask(r->arena, &rules, &post, conf->browserid_verifier, backed, ret,
                                  e);
    return verify_in_turn(r, rules, backed, ret, e);
}

/* Rounded up: a row must not go before its assertion does. */
static enum err_code
use(const struct req *r, const struct browserid_claim *claim, struct err *e)
{
    enum err_code rc = store_browserid_use(r->db, claim->once, claim->expires_ms / 1000 + 1, e);

    return rc == ERR_STORE_DUPLICATE ? REFUSE(r->arena, e, "it was used before") : rc;
}

enum err_code
auth_browserid_signin(struct req *r, struct resp *out, struct slice backed, struct slice *ret_email,
                      struct err *e)
{
    SCOPED(tx_done)
    struct tx tx = { 0 }; /* an assertion is not used up for a session that was not made */
    struct browserid_claim claim;
    struct user            user;
    enum err_code          rc;
    int64_t                waited_us;

    if (r->app->conf->browserid_dialog.n == 0)
        return FAIL(e, NOT_FOUND, "browserid.dialog is not set");
    waited_us = net_took_us(r->app->net);
    rc = verify(r, backed, &claim, e);
    r->fetch_us += net_took_us(r->app->net) - waited_us;
    if (rc != ERR_NONE)
        return rc;
    if (!auth_address_ok(claim.email))
        return REFUSE(r->arena, e, "no mail can be sent to that address");
    if ((rc = tx_begin(r->db, &tx, e)) != ERR_NONE || (rc = use(r, &claim, e)) != ERR_NONE ||
        (rc = store_user_for_email(r->db, claim.email, &user, e)) != ERR_NONE ||
        (rc = auth_session_start(r, out, user.id, e)) != ERR_NONE ||
        (rc = tx_commit(&tx, e)) != ERR_NONE)
        return rc;
    *ret_email = claim.email;
    return ERR_NONE;
}

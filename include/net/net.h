/* The one way out: every document that OBI fetches from somebody else's server comes through here.
 *
 * http and https only; at most three redirects. Each connection is held against the policy at the
 * moment it is made, by the address it really goes to, so that neither a redirect, nor a name, nor
 * a DNS server that changes its answer leads anywhere else. What is refused is never connected to,
 * and everything refused gets one answer, FETCH_REFUSED, whether something is there or not; so does
 * a name of one label or under a local top (`.internal`, `.local`, …) that does not resolve.
 * Proxies, cookies, credentials and .netrc are not used, whatever the environment says. */
#ifndef OBI_NET_NET_H
#define OBI_NET_NET_H

#include "core/arena.h"
#include "core/conf.h"
#include "core/err.h"
#include "core/fetcher.h"
#include "core/secret.h"

struct net;

/* Whose request it is. Entries of fetch.allow_net without `public` do not apply to ANONYMOUS. */
enum net_who { NET_ANONYMOUS, NET_SIGNED_IN };

/* For the life of the process; made once, by its only thread, before other threads begin.
 * In      conf: outlives it.
 * Errors  CONF, with the first of what net_check_conf finds.
 * Owner   the caller ends *ret with net_free, after every fetcher. */
MUST_USE enum err_code net_new(const struct conf *conf, struct net **ret, struct err *e);
void                   net_free(struct net *n);

/* Whether signed-in people may fetch from where anonymous requests may not. */
bool net_opens_more(const struct net *n);

/* A fetcher for one request of one user. fetch.deadline, over everything it fetches, begins now.
 * Connections are kept between its fetches and end with it: none is ever shared with another
 * fetcher. `get` answers as core/fetcher.h says. Limits hold after decompression; headers may have
 * 64 KiB in all. Errors of get besides those named there: FETCH_ANSWER for what is no HTTP answer,
 * or a broken one. Owner   lives in `a` and ends with it. */
const struct fetcher *net_fetcher(struct net *n, struct arena *a, enum net_who who);

/* What is sent to a server that the operator has named, with something of ours in it. */
struct net_call {
    struct slice  url;
    struct slice  form;          /* application/x-www-form-urlencoded, as a POST; p NULL: a GET */
    struct secret authorization; /* the header's value; empty: none */
};
/* Sends it with a fetcher of net_fetcher. No redirect is followed: what it carries is for nobody
 * else. Answers and errors as `get`; FETCH_REDIRECTS where one was wanted. */
MUST_USE enum err_code net_send(const struct fetcher *fetcher, struct arena *a,
                                const struct net_call *call, size_t max_bytes, struct fetched *ret,
                                struct err *e);

/* Who asks each host in its turn: `wait` is called with the address that a redirect leads to before
 * that is asked, and may fail the fetch. The time it takes is none of the fetch's. */
struct net_turns {
    enum err_code (*wait)(void *self, struct slice url, struct err *e);
    void *self;
};
/* The same fetcher. Errors of get besides: those of `wait`. */
const struct fetcher *net_fetcher_in_turn(struct net *n, struct arena *a, enum net_who who,
                                          const struct net_turns *turns);

/* Microseconds that all fetches of this process have waited so far, for the log: take the
 * difference. */
int64_t net_took_us(const struct net *n);

/* Checks the fetch.* settings that core cannot check. */
void net_check_conf(const struct conf *conf, struct conf_faults *faults);

#endif

#include "http/serve.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "http_int.h"
#include "metrics/metrics.h"

static volatile sig_atomic_t stopping;

static void
on_stop(int signal)
{
    (void)signal;
    stopping = 1;
}

/* Signals that end the worker are let in while it waits for a connection and at no other time: libfcgi takes an
 * interrupted read for the end of the connection, and the request would be lost. SIGUSR1 is multiwatch's way to
 * say SIGTERM, SIGUSR2 says it without telling multiwatch that this was the last worker. */
static void
catch_signals(sigset_t *ret_while_waiting)
{
    static const int ending[] = { SIGTERM, SIGUSR1, SIGUSR2 };
    struct sigaction stop = { .sa_handler = on_stop };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigset_t         held;

    sigemptyset(&held);
    for (size_t i = 0; i < COUNT_OF(ending); i++)
        sigaddset(&held, ending[i]);
    sigprocmask(SIG_BLOCK, &held, ret_while_waiting);
    for (size_t i = 0; i < COUNT_OF(ending); i++) {
        sigdelset(ret_while_waiting, ending[i]);
        sigaction(ending[i], &stop, NULL);
    }
    sigaction(SIGPIPE, &ignore, NULL);
}

/* What tells of connections at descriptor 0; -1 when that is no listening socket. One that waits wakes one worker,
 * and where another was faster, accept() does not wait. */
static int
listen_events(void)
{
    struct epoll_event any = { .events = EPOLLIN | EPOLLEXCLUSIVE };
    int                flags = fcntl(0, F_GETFL);
    int                events = epoll_create1(EPOLL_CLOEXEC);

    if (flags < 0 || fcntl(0, F_SETFL, flags | O_NONBLOCK) < 0 ||
        epoll_ctl(events, EPOLL_CTL_ADD, 0, &any) < 0) {
        close(events);
        return -1;
    }
    return events;
}

static size_t
read_body(void *self, char *to, size_t n)
{
    FCGX_Request *fcgi = self;
    int           want = n > 1 << 20 ? 1 << 20 : (int)n;
    int           got = FCGX_GetStr(to, want, fcgi->in);

    return got > 0 ? (size_t)got : 0;
}

static void
answer(const struct app *app, enum route_pool pool, struct arena *a, FCGX_Request *fcgi)
{
    struct raw_request raw = { fcgi->envp, read_body, fcgi };
    struct raw_reply   reply;

    metrics_busy(true);
    http_answer(app, pool, a, &raw, &reply);
    FCGX_PutStr(reply.head.p, (int)reply.head.n, fcgi->out);
    if (reply.body.n > 0)
        FCGX_PutStr(reply.body.p, (int)reply.body.n, fcgi->out);
    FCGX_Finish_r(fcgi);
    arena_empty(a);
    metrics_busy(false);
}

int
http_serve(const struct app *app, enum route_pool pool)
{
    struct arena      *a = arena_new();
    FCGX_Request       fcgi;
    struct epoll_event waiting;
    sigset_t           while_waiting;
    int                events, taken = 0;

    /* What one upload took is given back to the system rather than kept for the next. */
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
    catch_signals(&while_waiting);
    if ((events = listen_events()) < 0 || FCGX_Init() != 0 || FCGX_InitRequest(&fcgi, 0, 0) != 0) {
        log_event(ERR_LEVEL_ERROR, "no_fastcgi", LOG_NUMBER("fd", 0));
        arena_free(a);
        usleep(200 * 1000);
        return 71;
    }
    count_begin(app, pool);
    while (!stopping && (taken >= 0 || taken == -EAGAIN)) {
        if (epoll_pwait(events, &waiting, 1, -1, &while_waiting) == 1 &&
            (taken = FCGX_Accept_r(&fcgi)) >= 0)
            answer(app, pool, a, &fcgi);
    }
    close(events);
    arena_free(a);
    return 0;
}

static const struct slice pools[] = {
    [READ] = SL("read"),     [APP] = SL("app"),
    [FETCH] = SL("fetch"),   [FETCH_ANON] = SL("fetch-anon"),
    [SIGNIN] = SL("signin"),
};

struct slice
http_pool_name(enum route_pool pool)
{
    return pool < COUNT_OF(pools) ? pools[pool] : SLICE_NONE;
}

enum route_pool
http_pool(struct slice name)
{
    for (enum route_pool i = READ; i < COUNT_OF(pools); i++)
        if (slice_eq(pools[i], name))
            return i;
    return 0;
}

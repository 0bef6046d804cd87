#include "http/serve.h"

#include <fcgiapp.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "http_int.h"
#include "metrics/metrics.h"

/* FCGX_ShutdownPending makes the wait for a connection end, but a signal that arrives just before that wait
 * begins would be lost in it: the alarm ends it a second later. */
static void
on_stop(int signal)
{
    (void)signal;
    FCGX_ShutdownPending();
    alarm(1);
}

static void
catch_signals(void)
{
    struct sigaction stop = { .sa_handler = on_stop }; /* no SA_RESTART */
    struct sigaction ignore = { .sa_handler = SIG_IGN };

    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGALRM, &stop, NULL);
    sigaction(SIGUSR1, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
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
    struct arena *a = arena_new();
    FCGX_Request  fcgi;

    /* What one upload took is given back to the system rather than kept for the next. */
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
    catch_signals();
    if (FCGX_Init() != 0 || FCGX_InitRequest(&fcgi, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
        log_event(ERR_LEVEL_ERROR, "no_fastcgi", LOG_NUMBER("fd", 0));
        arena_free(a);
        usleep(200 * 1000);
        return 71;
    }
    count_begin(app, pool);
    while (FCGX_Accept_r(&fcgi) >= 0)
        answer(app, pool, a, &fcgi);
    arena_free(a);
    return 0;
}

static const struct slice pools[] = { [READ] = SL("read"),
                                      [APP] = SL("app"),
                                      [FETCH] = SL("fetch"),
                                      [FETCH_ANON] = SL("fetch-anon"),
                                      [SIGNIN] = SL("signin") };

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

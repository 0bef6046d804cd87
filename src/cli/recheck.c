/* obi recheck */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_int.h"
#include "core/log.h"
#include "jobs/recheck.h"
#include "metrics/metrics.h"

static const char help[] =
    "usage: obi recheck [--once] --conf FILE [--conf FILE…]\n"
    "\n"
    "Verifies stored badges again, each when recheck.every has passed since its last check, those "
    "that\n"
    "have waited longest first. One host is asked once a second at most, all of them together for\n"
    "recheck.per_minute documents a minute, and a host that fails is left alone for longer each "
    "time,\n"
    "up to a day. Runs until SIGTERM; with --once until nothing is due, for a timer. It starts\n"
    "recheck.workers processes, so that a slow host holds up no other, and any number of it may "
    "run,\n"
    "on any number of machines: no badge is checked twice at once. One that is killed loses what "
    "it was\n"
    "at after five minutes. Standard error has one line a check: host, status, reason and how "
    "long\n"
    "fetching took.\n";

/* A process of its own, which ends with the one that started it. */
static pid_t
start(const struct conf *conf, bool once)
{
    pid_t             starter = getpid(), pid = fork();
    struct rechecker *r;
    struct err        e;

    if (pid != 0)
        return pid;
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != starter)
        _exit(CLI_TROUBLE);
    if (rechecker_new(conf, NULL, &r, &e) != ERR_NONE)
        _exit(cli_fail(&e));
    if (!once)
        recheck_run(r);
    else if (recheck_once(r, &e) != ERR_NONE)
        _exit(cli_fail(&e));
    rechecker_free(r);
    _exit(CLI_OK);
}

/* Waits for all with --once; else one that ends takes the others along, and whoever keeps this running starts
 * it anew. */
static int
run(const struct conf *conf, bool once)
{
    int   worst = CLI_OK, status;
    pid_t pid;

    for (int64_t i = 0; i < conf->recheck_workers; i++)
        if (start(conf, once) < 0)
            return CLI_TROUBLE;
    for (;;) {
        pid = wait(&status);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return worst;
        status = WIFEXITED(status) ? WEXITSTATUS(status) : CLI_TROUBLE;
        worst = status > worst ? status : worst;
        if (!once)
            return CLI_TROUBLE;
    }
}

int
cli_recheck(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     files[CLI_VALUES_MAX];
    size_t                           file_count = 0, operands = 0;
    bool                             once = false;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count),
                                                   CLI_FLAG("once", &once) };
    const struct conf               *conf;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands > 0 || file_count == 0) {
        (void)fputs(help, stderr);
        return CLI_USAGE;
    }
    if ((conf = cli_conf(a, files, file_count, "db")) == NULL)
        rc = CLI_TROUBLE;
    else {
        log_set_level_named(conf->log_level);
        metrics_open(conf->metrics_file);
        rc = run(conf, once);
    }
    if (rc != CLI_OK)
        usleep(200 * 1000); /* whoever starts it again does not do so in a circle */
    return rc;
}

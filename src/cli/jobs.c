/* obi jobs */
#include <stdio.h>
#include <unistd.h>

#include "cli_int.h"
#include "core/log.h"
#include "jobs/jobs.h"
#include "metrics/metrics.h"

static const char help[] =
    "usage: obi jobs --conf FILE [--conf FILE…]\n"
    "\n"
    "Runs until SIGTERM beside the workers: sends the mails that wait in the outbox, removes from "
    "the\n"
    "cache what a worker could not, and deletes what time has ended. It looks once a second, or "
    "at\n"
    "SIGUSR2. Any number may run; one is enough. It starts and stays without a database or a mail\n"
    "server, and says on standard error, one line each, when they go and come.\n";

int
cli_jobs(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     files[CLI_VALUES_MAX];
    size_t                           file_count = 0, operands = 0;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count) };
    const struct conf               *conf;
    struct jobs                     *jobs;
    struct err                       e;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands > 0 || file_count == 0) {
        (void)fputs(help, stderr);
        return CLI_USAGE;
    }
    if ((conf = cli_conf(a, files, file_count, "db mail")) == NULL)
        rc = CLI_TROUBLE;
    else if (jobs_new(conf, &jobs, &e) != ERR_NONE)
        rc = cli_fail(&e);
    if (rc != CLI_OK) {
        usleep(200 * 1000); /* whoever starts it again does not do so in a circle */
        return rc;
    }
    log_set_level_named(conf->log_level);
    metrics_open(conf->metrics_file);
    jobs_run(jobs);
    jobs_free(jobs);
    return CLI_OK;
}

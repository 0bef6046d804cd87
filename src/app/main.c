/* The worker. It starts without a database, a cache or an issuer, and says on standard error what it lacks. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/routes.h"
#include "auth/browserid.h"
#include "auth/oidc.h"
#include "cache/cache.h"
#include "core/log.h"
#include "http/serve.h"
#include "http/site.h"
#include "metrics/metrics.h"
#include "net/net.h"

enum { EXIT_USAGE = 64, EXIT_TROUBLE = 70, MAX_FILES = 8 };

static const char help[] =
    "usage: obi-fcgi --conf FILE [--conf FILE ...] --pool read|app|fetch|fetch-anon|signin\n"
    "\n"
    "Serves FastCGI on standard input, which is a listening socket, until SIGTERM.\n"
    "\n"
    "  --conf FILE  the configuration; a later file's values replace an earlier one's\n"
    "  --pool NAME  which requests this worker serves; nginx decides by location\n"
    "  --help       this text\n";

struct args {
    struct slice    files[MAX_FILES];
    size_t          file_count;
    enum route_pool pool;
};

static bool
read_args(int argc, char **argv, struct args *ret)
{
    static const struct option options[] = { { "conf", required_argument, NULL, 'c' },
                                             { "pool", required_argument, NULL, 'p' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };

    *ret = (struct args){ .file_count = 0 };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'c' && ret->file_count < MAX_FILES)
            ret->files[ret->file_count++] = slice_str(optarg);
        else if (c == 'p')
            ret->pool = http_pool(slice_str(optarg));
        else if (c == 'h') {
            fputs(help, stdout);
            exit(0);
        } else
            return false;
    }
    return optind == argc && ret->file_count > 0 && ret->pool != 0;
}

/* Ways to sign in are for the pools that offer them: what is wrong with one leaves the others going. */
static enum err_code
check_conf(const struct conf *conf, enum route_pool pool, struct err *e)
{
    struct conf_faults faults = { .count = 0 };

    if (pool != APP && pool != SIGNIN)
        return ERR_NONE;
    auth_browserid_check_conf(conf, &faults);
    oidc_check_conf(conf, &faults);
    return conf_faults_fail(&faults, e);
}

static enum err_code
app_new(struct arena *a, const struct args *args, struct app *ret, struct err *e)
{
    enum err_code rc;

    *ret = (struct app){ .routes = routes, .route_count = route_count };
    if ((rc = conf_load(a, args->files, args->file_count, NULL, &ret->conf, NULL, NULL, e)) !=
            ERR_NONE ||
        (rc = check_conf(ret->conf, args->pool, e)) != ERR_NONE ||
        (rc = site_new(&site_embedded, &ret->site, e)) != ERR_NONE)
        return rc;
    log_set_level_named(ret->conf->log_level);
    metrics_open(ret->conf->metrics_file);
    ret->store = store_new(ret->conf);
    /* Documents, the places of the fetch pool, and what identity providers publish. */
    if (args->pool != APP)
        ret->cache = cache_new(ret->conf);
    /* The pools that show what is stored have no way out at all. */
    if (args->pool != READ && args->pool != APP)
        return net_new(ret->conf, &ret->net, e);
    return ERR_NONE;
}

static void
app_done(struct app *app)
{
    net_free(app->net);
    cache_free(app->cache);
    if (app->store != NULL)
        store_free(app->store);
    site_free(app->site);
}

int
main(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct args                      args;
    struct app                       app;
    struct err                       e;
    int                              status;

    if (!read_args(argc, argv, &args)) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (app_new(a, &args, &app, &e) != ERR_NONE) {
        log_err("start", &e);
        app_done(&app);
        usleep(200 * 1000); /* whoever starts us again does not do so in a circle */
        return EXIT_TROUBLE;
    }
    status = http_serve(&app, args.pool);
    app_done(&app);
    return status;
}

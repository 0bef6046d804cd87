/* obi cache */
#include <stdio.h>

#include "cache/cache.h"
#include "cli_int.h"

static const char help[] = "usage: obi cache empty --conf FILE\n"
                           "\n"
                           "Takes everything out of memcached. For after an upgrade, when the old "
                           "workers have ended:\n"
                           "documents that they kept would be shown for up to cache.ttl. Nothing "
                           "is lost, the next readers\n"
                           "fill it again.\n";

static int
empty(const struct conf *conf)
{
    struct cache *cache = cache_new(conf);
    bool          done = cache_empty(cache);

    cache_free(cache);
    if (!done)
        fputs("obi: a memcached server does not answer; what it keeps runs out by itself\n", stderr);
    return done ? CLI_OK : CLI_NO;
}

int
cli_cache(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     files[CLI_VALUES_MAX];
    size_t                           file_count = 0, operands = 0;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count) };
    const struct conf               *conf;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands != 1 || !slice_eq(slice_str(argv[1]), SL("empty"))) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    conf = cli_conf(a, files, file_count, "");
    return conf == NULL ? CLI_USAGE : empty(conf);
}

/* obi migrate */
#include <stdio.h>
#include <unistd.h>

#include "cli_int.h"
#include "store/store.h"

static const char help[] = "usage: obi migrate --conf FILE [--schema FOLDER]\n"
                           "\n"
                           "Applies the numbered files of FOLDER that were not applied yet, as the "
                           "user db.owner, and says\n"
                           "each. Without --schema: the folder `schema` that is installed with "
                           "the program, or that of its\n"
                           "checkout. Safe to run again, and while the workers run.\n";

static void
say(struct slice name, void *self)
{
    (void)self;
    printf("%.*s\n", SLICE_FMT(name));
}

/* Installed, it stands beside the programs; in a checkout these are in build/ or build/<preset>/. */
static struct slice
schema_near(struct arena *a)
{
    static const char *const near[] = { "schema", "../schema", "../../schema" };
    char                     self[4096];
    ssize_t                  n = readlink("/proc/self/exe", self, sizeof self);

    while (n > 0 && self[n - 1] != '/')
        n--;
    for (size_t i = 0; n > 0 && i < COUNT_OF(near); i++) {
        const char *path = arena_printf(a, "%.*s%s", (int)n, self, near[i]).p;

        if (access(path, R_OK | X_OK) == 0)
            return slice_str(path);
    }
    return SLICE_NONE;
}

static int
migrate(struct arena *a, const struct conf *conf, struct slice folder)
{
    struct store *store = store_new_as_owner(conf);
    struct err    e;
    enum err_code rc = store_migrate(db_lease(store, a, SLICE_NONE, true), folder, say, NULL, &e);

    /* The lease must be given back before what it was taken from goes. */
    arena_empty(a);
    store_free(store);
    return rc == ERR_NONE ? CLI_OK : cli_fail(&e);
}

int
cli_migrate(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new(), *lease = arena_new();
    struct slice                     files[CLI_VALUES_MAX], folder = schema_near(a);
    size_t                           file_count = 0, operands = 0;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count),
                                                   CLI_VALUE("schema", &folder) };
    const struct conf               *conf;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands != 0 || folder.p == NULL) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    if ((conf = cli_conf(a, files, file_count, "db")) == NULL)
        return CLI_USAGE;
    return migrate(lease, conf, folder);
}

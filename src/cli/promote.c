/* obi promote */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli_int.h"
#include "store/promote.h"

static const char help[] =
    "usage: obi promote [SERVER] [--admin USER] [--hand-over] [--force] --conf FILE\n"
    "\n"
    "Makes a replica the primary: the one that received most, or SERVER, as db.replica names it. "
    "Waits\n"
    "until it has applied what it received, lets the other replicas follow it, and then lets it "
    "take\n"
    "writes. The workers find it by themselves, within a second or two. Run it once, on any "
    "machine\n"
    "that reaches all the servers.\n"
    "\n"
    "--admin USER  The databases' user for this, `obi_admin` without. Its password is taken from "
    "the\n"
    "              environment's OBI_ADMIN_PASSWORD, or asked for.\n"
    "--hand-over   The primary is there and is to hand over: it becomes read-only first. Without "
    "this\n"
    "              nothing is promoted while any server takes writes.\n"
    "--force       Promotes although more servers than one do not answer, one of which may have "
    "writes\n"
    "              that are then lost.\n"
    "\n"
    "Ends with 1 when it refuses and all is as it was, with 70 when it stopped half-way; it may be "
    "run\n"
    "again then. See operating.md, \"The primary is gone\".\n";

static void
say(struct slice line, void *self)
{
    (void)self;
    printf("%.*s\n", SLICE_FMT(line));
    (void)fflush(stdout);
}

static struct slice
password(void)
{
    const char *given = getenv("OBI_ADMIN_PASSWORD");

    if (given == NULL && isatty(STDIN_FILENO))
        given = getpass("The admin's password at the databases: ");
    return given == NULL ? SL("") : slice_str(given);
}

int
cli_promote(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new(), *lease = arena_new();
    struct slice                     files[CLI_VALUES_MAX], admin = SL("obi_admin");
    size_t                           file_count = 0, operands = 0;
    struct promote_wish              wish = { .server = SL("") };
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count),
                                                   CLI_VALUE("admin", &admin),
                                                   CLI_FLAG("hand-over", &wish.hand_over),
                                                   CLI_FLAG("force", &wish.force) };
    static const int                 ends[] = {
                        [PROMOTED] = CLI_OK, [PROMOTE_REFUSED] = CLI_NO, [PROMOTE_FAILED] = CLI_TROUBLE
    };
    const struct conf *conf;
    struct store      *store;
    int                rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands > 1) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    if ((conf = cli_conf(a, files, file_count, "db")) == NULL)
        return CLI_USAGE;
    if (operands == 1)
        wish.server = slice_str(argv[1]);
    store = store_new_as_admin(conf, admin, password());
    rc = ends[store_promote(db_lease(store, lease, SLICE_NONE, true), &wish, say, NULL)];
    arena_empty(lease); /* the lease goes before what it was taken from */
    store_free(store);
    return rc;
}

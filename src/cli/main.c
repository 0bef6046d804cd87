/* The tool: `obi VERB …`. A verb is a file beside this one and a row here. */
#include <stdio.h>

#include "cli_int.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *sentence;
} verbs[] = {
    { "bake", cli_bake, "put a badge into a picture" },
    { "collection", cli_collection, "make a collection for a user" },
    { "config", cli_config, "check a configuration, or say what can be set" },
    { "import", cli_import, "take badges into somebody's backpack" },
    { "jobs", cli_jobs, "send mails and sweep, beside the workers" },
    { "migrate", cli_migrate, "bring the database schema up to date" },
    { "unbake", cli_unbake, "take a badge out of a picture" },
    { "user", cli_user, "add, list or remove users" },
    { "verify", cli_verify, "verify badges: addresses, pictures, JSON" },
};

static void
say_usage(FILE *to)
{
    fputs("usage: obi VERB [OPTION…] [INPUT…]\n\n", to);
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        fprintf(to, "  %-12s%s\n", verbs[i].name, verbs[i].sentence);
    fputs("\n`obi VERB --help` says more. See docs/tool.md.\n", to);
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        say_usage(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        say_usage(stdout);
        return CLI_OK;
    }
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (strcmp(argv[1], verbs[i].name) == 0) {
            int status = verbs[i].run(argc - 1, argv + 1);

            /* A full disk or a closed pipe must not look like success. */
            return fflush(stdout) != 0 && status == CLI_OK ? CLI_TROUBLE : status;
        }
    fprintf(stderr, "obi: there is no verb '%s'\n", argv[1]);
    say_usage(stderr);
    return CLI_USAGE;
}

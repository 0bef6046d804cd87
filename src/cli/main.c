/* The tool: `obi VERB …`. A verb is a file beside this one and a row here. */
#include <stdio.h>

#include "cli_int.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *sentence;
} verbs[] = {
    { "bake", cli_bake, "put a badge into a picture" },
    { "cache", cli_cache, "empty memcached, after a new release" },
    { "collection", cli_collection, "make a collection for a user" },
    { "config", cli_config, "check a configuration, or say what can be set" },
    { "error-pages", cli_error_pages, "write what nginx sends when no worker answers" },
    { "import", cli_import, "take badges into somebody's backpack" },
    { "jobs", cli_jobs, "send mails and sweep, beside the workers" },
    { "promote", cli_promote, "make a replica the primary" },
    { "recheck", cli_recheck, "verify stored badges again, in the background" },
    { "key", cli_key, "make a private key in a file" },
    { "migrate", cli_migrate, "bring the database schema up to date" },
    { "seed", cli_seed, "fill the database with people and badges for trying it" },
    { "status", cli_status, "say how the databases and the cache are, and what waits" },
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

static const char intro[] =
    "# The tool\n"
    "\n"
    "<!-- Made by `obi help --docs` from what each verb says of itself. Edit that. -->\n"
    "\n"
    "`obi` is one program with a verb for each task. `verify`, `bake` and `unbake` need nothing "
    "but the\n"
    "program: no server, no database, no configuration. The others work on the same database as "
    "the workers\n"
    "and take the same configuration, `--conf FILE` (see configuration.md).\n"
    "\n"
    "An option's value stands behind it (`--user ADDRESS`) or after an equals sign "
    "(`--user=ADDRESS`);\n"
    "options may stand before or behind operands, and `--` ends them. What a verb has to say goes "
    "to standard\n"
    "output, complaints to standard error.\n"
    "\n"
    "| status | meaning |\n"
    "| --- | --- |\n"
    "| 0 | done; for `verify`: every badge is valid |\n"
    "| 1 | a negative answer: not valid, refused, nobody's, a mistake in the configuration |\n"
    "| 64 | used wrongly |\n"
    "| 70 and above | trouble: no database, a file that cannot be read |\n";

static int
say_docs(void)
{
    fputs(intro, stdout);
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        char  name[16], option[] = "--help";
        char *words[] = { name, option, NULL };

        snprintf(name, sizeof name, "%s", verbs[i].name);
        printf("\n## obi %s\n\n```text\n", name);
        verbs[i].run(2, words);
        puts("```");
    }
    return CLI_OK;
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        say_usage(stderr);
        return CLI_USAGE;
    }
    if (argc == 3 && strcmp(argv[1], "help") == 0 && strcmp(argv[2], "--docs") == 0)
        return say_docs();
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

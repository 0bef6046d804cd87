/* obi config check|upstream|docs|errors|messages|metrics */
#include <stdio.h>

#include "auth/browserid.h"
#include "auth/oidc.h"
#include "cli_int.h"
#include "core/file.h"
#include "core/limits.h"
#include "mail/mail.h"
#include "metrics/metrics.h"
#include "net/net.h"

static const char help[] =
    "usage: obi config check --conf FILE [--conf FILE…]\n"
    "       obi config upstream --conf FILE [--conf FILE…]\n"
    "       obi config docs\n"
    "       obi config errors\n"
    "       obi config messages\n"
    "       obi config metrics\n"
    "\n"
    "check   Reads the files as OBI does, a later one over an earlier one. Says each mistake as\n"
    "        FILE:LINE: KEY: REASON and ends with status 1, or says `ok` and ends with 0.\n"
    "upstream\n"
    "        Prints cache.server as nginx's `upstream obi_memcached`, so that nginx and the\n"
    "        workers look for a document on the same server.\n"
    "docs    Prints docs/configuration.md, which is made from the table of settings.\n"
    "errors  Prints docs/errors.md, which is made from the table of errors.\n"
    "messages\n"
    "        Prints docs/verification.md, which is made from the table of what a verification "
    "says.\n"
    "metrics Prints docs/metrics.md, which is made from the table of figures.\n";

/* The line of the last file that sets this key to this value; 0 when none does: it is a default. */
static int
line_of(struct arena *a, struct slice file, struct slice key, struct slice value)
{
    struct slice text, line;
    struct err   e;
    size_t       equals;

    if (file_read(a, file, LIMIT_JSON_BYTES, &text, &e) != ERR_NONE)
        return 0;
    for (int number = 1; slice_next(&text, '\n', &line); number++)
        if (slice_find(line, SL("="), &equals) &&
            slice_eq(slice_trim(slice_first(line, equals)), key) &&
            slice_eq(slice_trim(slice_from(line, equals + 1)), value))
            return number;
    return 0;
}

/* Says what modules find wrong with their own settings, in the form that cli_conf says mistakes in. */
static void
say_faults(struct arena *a, const struct slice *files, size_t count,
           const struct conf_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct conf_fault *f = &faults->items[i];
        size_t                   at = count;
        int                      line = 0;

        while (line == 0 && at > 0)
            line = line_of(a, files[--at], slice_str(f->key), f->value);
        fprintf(stderr, "%.*s:%d: %s: '%.*s' %s\n", SLICE_FMT(files[at]), line, f->key,
                SLICE_FMT(f->value), f->wrong);
    }
}

static int
check(const struct slice *files, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    const struct conf               *conf;
    struct conf_mistake             *mistakes = NULL;
    size_t                           mistake_count = 0;
    struct conf_faults               faults = { .count = 0 };
    struct err                       e;
    int                              status = CLI_OK;

    if (count == 0) {
        fputs("obi config check: which file? --conf FILE\n", stderr);
        return CLI_USAGE;
    }
    if (conf_load(a, files, count, NULL, &conf, &mistakes, &mistake_count, &e) != ERR_NONE) {
        if (mistake_count == 0) {
            fprintf(stderr, "obi: the configuration cannot be read: %s\n", e.detail);
            return CLI_NO;
        }
        cli_say_mistakes(mistakes, mistake_count);
        status = CLI_NO;
    }
    net_check_conf(conf, &faults);
    auth_browserid_check_conf(conf, &faults);
    mail_check_conf(conf, &faults);
    oidc_check_conf(conf, &faults);
    say_faults(a, files, count, &faults);
    if (status != CLI_OK || faults.count > 0)
        return CLI_NO;
    puts("ok");
    return CLI_OK;
}

/* Between quotes, as nginx reads them. */
static void
print_quoted(struct slice text)
{
    putchar('"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            putchar('\\');
        putchar(text.p[i]);
    }
    putchar('"');
}

/* A server that does not answer is asked again each time (max_fails=0): nginx would ask another for a while, find
 * documents there that no write had deleted, and the server itself would come back with old ones. */
static int
print_upstream(const struct slice *files, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    const struct conf               *conf = cli_conf(a, files, count, "cache");

    if (conf == NULL)
        return CLI_USAGE;
    fputs("# Made by `obi config upstream` from cache.server: change that.\n"
          "upstream obi_memcached {\n"
          "    hash $memc_key consistent;\n",
          stdout);
    for (size_t i = 0; i < conf->cache_servers.count; i++) {
        fputs("    server ", stdout);
        print_quoted(conf->cache_servers.items[i]);
        puts(" max_fails=0;");
    }
    if (conf->cache_servers.count == 0)
        puts("    server unix:/none down;");
    puts("    keepalive 512;\n"
         "}");
    return CLI_OK;
}

static void
print_row(const struct conf_row *r)
{
    printf("\n### %s\n\n%s\n\n", r->key, r->sentence);
    switch (r->type) {
    case CONF_NUMBER:
        printf("A whole number (%s) from %lld to %lld. Default: `%lld`.\n", r->unit,
               (long long)r->low, (long long)r->high, (long long)r->number_default);
        break;
    case CONF_LIST:
        puts("May be given any number of times. Default: none.");
        break;
    case CONF_SECRET:
        puts("A secret: it is never printed or logged. Default: empty.");
        break;
    case CONF_TEXT:
        if (r->text_default == NULL)
            puts("Must be set.");
        else if (r->text_default[0] == '\0')
            puts("Default: empty.");
        else
            printf("Default: `%s`.\n", r->text_default);
        break;
    }
}

static int
print_docs(void)
{
    fputs("# Configuration\n\n"
          "<!-- Made by `obi config docs` from include/core/conf.def. Edit that. -->\n\n"
          "One file of `key = value` lines; a line that begins with `#` is a comment. A program "
          "takes any\n"
          "number of files (`--conf FILE --conf FILE`): a later one's values go over an earlier "
          "one's, and\n"
          "the items a later file gives for a list replace all earlier ones. `obi config check "
          "--conf FILE`\n"
          "says file, line, key and reason of every mistake. Workers read the files once, when "
          "they start.\n"
          "\n## Settings\n",
          stdout);
    for (size_t i = 0; i < conf_row_count; i++)
        print_row(&conf_rows[i]);
    return CLI_OK;
}

static int
print_errors(void)
{
    fputs("# Errors\n\n"
          "<!-- Made by `obi config errors` from include/core/err.def. Edit that. -->\n\n"
          "Every way to fail that a client can see. `reason` is for programs and stays; the "
          "sentence is for\n"
          "people and may be improved or translated. Several failures may share a reason.\n\n"
          "| code | status | reason | sentence |\n| --- | --- | --- | --- |\n",
          stdout);
    for (int i = ERR_NONE + 1; i < ERR_COUNT; i++) {
        enum err_code code = (enum err_code)i;

        printf("| %s | %d | `%s` | %s |\n", err_name(code), err_status(code), err_reason(code),
               err_sentence(code));
    }
    return CLI_OK;
}

static int
print_metrics(void)
{
    fputs("# Metrics\n\n"
          "<!-- Made by `obi config metrics` from include/metrics/metrics.def. Edit that. -->\n\n"
          "What `/metrics` tells Prometheus, and nobody else: [operating](operating.md#metrics). "
          "Each machine\n"
          "has figures of its own.\n\n"
          "| name | type | labels | what |\n| --- | --- | --- | --- |\n",
          stdout);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metrics_family *f = &metrics_families[i];

        printf("| `%s` | %s | %s | %s |\n", f->name, f->type, f->labels, f->sentence);
    }
    return CLI_OK;
}

int
cli_config(int argc, char **argv)
{
    struct slice            files[CLI_VALUES_MAX];
    size_t                  file_count = 0, operands = 0;
    const struct cli_option options[] = { CLI_VALUES("conf", files, &file_count) };
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands == 1 && strcmp(argv[1], "check") == 0)
        return check(files, file_count);
    if (operands == 1 && strcmp(argv[1], "upstream") == 0)
        return print_upstream(files, file_count);
    if (operands == 1 && strcmp(argv[1], "docs") == 0)
        return print_docs();
    if (operands == 1 && strcmp(argv[1], "errors") == 0)
        return print_errors();
    if (operands == 1 && strcmp(argv[1], "messages") == 0)
        return cli_messages();
    if (operands == 1 && strcmp(argv[1], "metrics") == 0)
        return print_metrics();
    fputs(help, stderr);
    return CLI_USAGE;
}

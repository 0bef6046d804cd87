/* obi verify */
#include <stdio.h>

#include "badge/verify.h"
#include "cli_int.h"
#include "net/net.h"

static const char help[] =
    "usage: obi verify [--recipient ADDRESS…] [--json] [--documents DIR] [--cacert FILE]\n"
    "                  [--connect-to H1:P1:H2:P2…] [--allow-net CIDR…] [--conf FILE…] INPUT…\n"
    "\n"
    "Verifies badges: each INPUT is an http or https address, JSON, a signed badge, or a file "
    "(`-`: "
    "standard\n"
    "input) with a picture or one of these in it. Needs no server: what the badge names is "
    "fetched.\n"
    "\n"
    "--recipient ADDRESS\n"
    "                   The badge must be issued to this address; given more than once, to any of "
    "them.\n"
    "--json             Prints each report as one line of JSON instead of as text.\n"
    "--documents DIR    Fetches nothing: what is at an address is taken from DIR, where\n"
    "                   `wget --force-directories` puts it "
    "(DIR/host:port/path?query).\n" CLI_REACH_HELP "\n"
    "Ends with 0 when all badges are valid, 1 when one is not, 2 when one could not be checked "
    "and none is\n"
    "invalid, 64 when used wrongly, 70 after trouble.\n";

struct verifying {
    struct arena         *a;
    struct verify_options options;
    bool                  json, many;
};

static int
verify_one(struct verifying *v, const char *operand)
{
    struct slice         input;
    const struct report *report;

    if (!cli_input(v->a, operand, &input))
        return CLI_TROUBLE;
    report = badge_verify(v->a, input, &v->options);
    if (v->json) {
        cli_print(v->a, report_json(v->a, report));
    } else {
        struct slice lines = report_lines(v->a, report);

        if (v->many)
            printf("input     %s\n", operand);
        fwrite(lines.p, 1, lines.n, stdout);
        if (v->many)
            putchar('\n');
    }
    return report->valid                                      ? CLI_OK
           : strcmp(report_outcome(report), "unchecked") == 0 ? CLI_UNCHECKED
                                                              : CLI_NO;
}

/* Trouble first; then a badge that is not valid weighs more than one of which nothing is known. */
static int
worse(int one, int two)
{
    if (one > CLI_UNCHECKED || two > CLI_UNCHECKED)
        return one > two ? one : two;
    if (one == CLI_NO || two == CLI_NO)
        return CLI_NO;
    return one > two ? one : two;
}

/* Where documents come from: a folder, or by the settings. */
struct source {
    const char        *folder; /* NULL: the network */
    const struct conf *conf;
};

static int
verify_all(const struct source *source, struct verify_options options, bool json, size_t count,
           char **operands)
{
    int result = CLI_OK;

    for (size_t i = 0; i < count; i++) {
        struct net      *net = NULL;
        struct arena    *a = arena_new();
        struct verifying v = { .a = a, .options = options, .json = json, .many = count > 1 };
        int              rc = CLI_TROUBLE;

        /* A fetcher each: its deadline is for one badge. */
        v.options.fetch = source->folder != NULL ? cli_documents(a, source->folder)
                                                 : cli_fetcher(a, source->conf, &net);
        if (v.options.fetch != NULL)
            rc = verify_one(&v, operands[i]);
        arena_free(a);
        net_free(net);
        result = worse(rc, result);
    }
    return result;
}

int
cli_verify(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     emails[CLI_VALUES_MAX], folder = SLICE_NONE;
    struct recipient                 recipients[CLI_VALUES_MAX];
    struct cli_reach                *reach = ARENA_NEW(a, struct cli_reach);
    size_t                           email_count = 0, operands = 0;
    bool                             json = false;
    const struct cli_option          options[] = { CLI_REACH(reach),
                                                   CLI_VALUES("recipient", emails, &email_count),
                                                   CLI_VALUE("documents", &folder),
                                                   CLI_FLAG("json", &json) };
    struct source                    source = { NULL, NULL };
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands == 0) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    if ((rc = cli_reach_conf(a, reach, &source.conf)) != CLI_OK)
        return rc;
    if (folder.p != NULL)
        source.folder = arena_str(a, folder);
    for (size_t i = 0; i < email_count; i++)
        recipients[i] = (struct recipient){ SL("email"), emails[i] };
    return verify_all(
        &source,
        (struct verify_options){ .recipients = recipients, .recipient_count = email_count }, json,
        operands, argv + 1);
}

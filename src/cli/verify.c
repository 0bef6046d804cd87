/* obi verify */
#include <stdio.h>

#include "badge/verify.h"
#include "cli_int.h"
#include "net/net.h"

static const char help[] =
    "usage: obi verify [--recipient ADDRESS…] [--json] [--conf FILE…] INPUT…\n"
    "\n"
    "Verifies badges: each INPUT is an http or https address, or a file (`-`: standard input) with "
    "a\n"
    "picture, JSON or a signed badge in it. Needs no server: what the badge names is fetched.\n"
    "\n"
    "--recipient ADDRESS\n"
    "                 The badge must be issued to this address; given more than once, to any of "
    "them.\n"
    "--json           Prints each report as one line of JSON instead of as text.\n"
    "--conf FILE      Takes the fetch.* settings from a configuration, such as fetch.allow_net "
    "for\n"
    "                 issuers in a closed network.\n"
    "\n"
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

static int
verify_all(const struct conf *conf, struct verify_options options, bool json, size_t count,
           char **operands)
{
    int result = CLI_OK;

    for (size_t i = 0; i < count; i++) {
        struct net      *net = NULL;
        struct arena    *a = arena_new();
        struct verifying v = { .a = a, .options = options, .json = json, .many = count > 1 };
        int              rc = CLI_TROUBLE;

        /* A fetcher each: its deadline is for one badge. */
        if ((v.options.fetch = cli_fetcher(a, conf, &net)) != NULL)
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
    struct slice                     files[CLI_VALUES_MAX], emails[CLI_VALUES_MAX];
    struct recipient                 recipients[CLI_VALUES_MAX];
    size_t                           file_count = 0, email_count = 0, operands = 0;
    bool                             json = false;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count),
                                                   CLI_VALUES("recipient", emails, &email_count),
                                                   CLI_FLAG("json", &json) };
    const struct conf               *conf;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands == 0) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    conf = cli_conf(a, files, file_count, false);
    if (conf == NULL && file_count > 0)
        return CLI_TROUBLE;
    for (size_t i = 0; i < email_count; i++)
        recipients[i] = (struct recipient){ SL("email"), emails[i] };
    return verify_all(
        conf, (struct verify_options){ .recipients = recipients, .recipient_count = email_count },
        json, operands, argv + 1);
}

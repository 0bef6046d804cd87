/* obi verify */
#include <stdio.h>

#include "badge/verify.h"
#include "cli_int.h"
#include "net/net.h"

static const char help[] =
    "usage: obi verify [--recipient ADDRESS…] [--json] [--cacert FILE] [--connect-to "
    "H1:P1:H2:P2…]\n"
    "                  [--allow-net CIDR…] [--documents DIR] [--conf FILE…] INPUT…\n"
    "\n"
    "Verifies badges: each INPUT is an http or https address, JSON, a signed badge, or a file "
    "(`-`: "
    "standard\n"
    "input) with a picture or one of these in it. Needs no server: what the badge names is "
    "fetched.\n"
    "\n"
    "--recipient ADDRESS\n"
    "                 The badge must be issued to this address; given more than once, to any of "
    "them.\n"
    "--json           Prints each report as one line of JSON instead of as text.\n"
    "--cacert FILE    Trusts the CA certificates in it besides the system's.\n"
    "--connect-to H1:P1:H2:P2\n"
    "                 Connects to H2:P2 where an address says H1:P1, as curl does.\n"
    "--allow-net CIDR\n"
    "                 Fetches from this network although it is private: `CIDR`, `CIDR:port` or "
    "`[CIDR]:port`.\n"
    "--documents DIR  Fetches nothing: what is at an address is taken from DIR, where\n"
    "                 `wget --force-directories` puts it (DIR/host:port/path?query).\n"
    "--conf FILE      Takes the fetch.* settings from a configuration; the three above replace "
    "theirs.\n"
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

/* What the command line says of fetching. */
struct reach {
    struct slice     cacert;
    struct conf_list connect_to, allow_net;
};

/* The settings with what the command line says over them; NULL, after saying why, when that is wrong. */
static const struct conf *
with_reach(struct arena *a, const struct conf *conf, const struct reach *reach)
{
    struct conf       *own = conf_defaults(a);
    struct conf_faults faults = { .count = 0 };
    struct err         e = { 0 };

    if (conf != NULL)
        *own = *conf;
    if (reach->cacert.n > 0)
        own->fetch_cacert = reach->cacert;
    if (reach->connect_to.count > 0)
        own->fetch_connect_to = reach->connect_to;
    if (reach->allow_net.count > 0)
        own->fetch_allow_net = reach->allow_net;
    net_check_conf(own, &faults);
    if (conf_faults_fail(&faults, &e) == ERR_NONE)
        return own;
    cli_fail(&e);
    return NULL;
}

int
cli_verify(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     files[CLI_VALUES_MAX], emails[CLI_VALUES_MAX];
    struct slice                     mapped[CLI_VALUES_MAX], opened[CLI_VALUES_MAX];
    struct recipient                 recipients[CLI_VALUES_MAX];
    struct reach            reach = { .connect_to = { mapped, 0 }, .allow_net = { opened, 0 } };
    size_t                  file_count = 0, email_count = 0, operands = 0;
    struct slice            folder = SLICE_NONE;
    bool                    json = false;
    const struct cli_option options[] = { CLI_VALUES("conf", files, &file_count),
                                          CLI_VALUES("recipient", emails, &email_count),
                                          CLI_VALUE("cacert", &reach.cacert),
                                          CLI_VALUES("connect-to", mapped, &reach.connect_to.count),
                                          CLI_VALUES("allow-net", opened, &reach.allow_net.count),
                                          CLI_VALUE("documents", &folder),
                                          CLI_FLAG("json", &json) };
    struct source           source;
    const struct conf      *conf;
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
    if (reach.cacert.n + reach.connect_to.count + reach.allow_net.count > 0 &&
        (conf = with_reach(a, conf, &reach)) == NULL)
        return CLI_USAGE;
    for (size_t i = 0; i < email_count; i++)
        recipients[i] = (struct recipient){ SL("email"), emails[i] };
    source = (struct source){ folder.p == NULL ? NULL : arena_str(a, folder), conf };
    return verify_all(
        &source,
        (struct verify_options){ .recipients = recipients, .recipient_count = email_count }, json,
        operands, argv + 1);
}

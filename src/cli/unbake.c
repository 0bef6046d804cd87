/* obi unbake */
#include <stdio.h>

#include "badge/bake.h"
#include "cli_int.h"
#include "core/limits.h"
#include "core/uri.h"
#include "net/net.h"

static const char help[] =
    "usage: obi unbake [--output FILE] [--cacert FILE] [--connect-to H1:P1:H2:P2…] "
    "[--allow-net CIDR…]\n"
    "                  [--conf FILE…] INPUT\n"
    "\n"
    "Prints what is baked into a PNG or SVG picture: JSON, a signed badge or an address. INPUT is "
    "a file\n"
    "(`-`: standard input) or an http or https address. Nothing is verified.\n"
    "\n"
    "--output FILE      Where the text goes; standard output without it.\n" CLI_REACH_HELP "\n"
    "Ends with 0; 1 when the picture has no badge in it or is damaged; 64; 70 after trouble.\n";

static int
fetch(struct arena *a, const struct conf *conf, struct slice url, struct slice *ret,
      struct net **net)
{
    const struct fetcher *fetcher = cli_fetcher(a, conf, net);
    struct fetched        got;
    struct err            e = { 0 };

    if (fetcher == NULL)
        return CLI_TROUBLE;
    if (fetcher->get(fetcher->self, a, url, LIMIT_IMAGE_BYTES, &got, &e) != ERR_NONE)
        return cli_fail(&e);
    if (got.status != 200) {
        fprintf(stderr, "obi: %.*s answered with HTTP status %d\n", SLICE_FMT(url), got.status);
        return CLI_NO;
    }
    *ret = got.body;
    return CLI_OK;
}

static int
unbake(struct arena *a, const struct conf *conf, const char *operand, struct slice output,
       struct net **net)
{
    struct slice image, text, line;
    struct err   e = { 0 };
    int          rc;

    if (!cli_input(a, operand, &image))
        return CLI_TROUBLE;
    if (uri_is_http(image) && (rc = fetch(a, conf, image, &image, net)) != CLI_OK)
        return rc;
    if (badge_unbake(a, image, &text, &e) != ERR_NONE)
        return cli_fail(&e);
    line = arena_printf(a, "%.*s\n", SLICE_FMT(text));
    return cli_write(a, output, line) ? CLI_OK : CLI_TROUBLE;
}

int
cli_unbake(int argc, char **argv)
{
    struct arena           *conf_arena = arena_new(), *a = arena_new();
    struct slice            output = SL("-");
    struct cli_reach       *reach = ARENA_NEW(conf_arena, struct cli_reach);
    size_t                  operands = 0;
    const struct cli_option options[] = { CLI_REACH(reach), CLI_VALUE("output", &output) };
    const struct conf      *conf = NULL;
    struct net             *net = NULL;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc == CLI_OK && operands != 1) {
        fputs(help, stderr);
        rc = CLI_USAGE;
    }
    if (rc == CLI_OK && (rc = cli_reach_conf(conf_arena, reach, &conf)) == CLI_OK)
        rc = unbake(a, conf, argv[1], output, &net);
    arena_free(a);
    net_free(net);
    arena_free(conf_arena);
    return CLI_EXIT(rc);
}

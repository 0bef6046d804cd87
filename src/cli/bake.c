/* obi bake */
#include <stdio.h>

#include "badge/bake.h"
#include "badge/verify.h"
#include "cli_int.h"
#include "core/limits.h"
#include "core/uri.h"
#include "net/net.h"

static const char help[] =
    "usage: obi bake --assertion INPUT [--output FILE] [--cacert FILE] [--connect-to "
    "H1:P1:H2:P2…]\n"
    "                [--allow-net CIDR…] [--conf FILE…] [PICTURE]\n"
    "\n"
    "Puts an assertion into a PNG or SVG picture. PICTURE is a file (`-`: standard input) or an "
    "http or\n"
    "https address; it may be left out with the address of an assertion: then it is the issuer's.\n"
    "\n"
    "--assertion INPUT  An http or https address, or a file. An address is verified first, and its "
    "badge\n"
    "                   is baked only when valid. A file is baked as it is: JSON, a signed badge "
    "or an\n"
    "                   address.\n"
    "--output FILE      Where the new picture goes; standard output without it.\n" CLI_REACH_HELP
    "\n"
    "Ends with 0; 1 when the badge is not valid or the picture cannot take it; 64; 70 after "
    "trouble.\n";

struct baking {
    struct arena         *a;
    const struct fetcher *fetch;
    struct slice          image, text, url;
};

static int
refuse(const struct err *e)
{
    return cli_fail(e);
}

/* The badge at an address: verified, then its assertion, and its picture when none was given. */
static int
take_hosted(struct baking *b, bool with_image)
{
    const struct verify_options options = { .fetch = b->fetch };
    const struct report        *report = badge_verify(b->a, b->text, &options);
    struct err                  e = { 0 };

    if (report_must_be_valid(report, &e) != ERR_NONE) {
        struct slice lines = report_lines(b->a, report);

        fwrite(lines.p, 1, lines.n, stderr);
        return refuse(&e);
    }
    b->text = report->assertion_text;
    b->url = report->subject;
    if (!with_image)
        b->image = report->picture;
    return CLI_OK;
}

static int
read_image(struct baking *b, struct slice operand)
{
    struct fetched got;
    struct err     e = { 0 };

    if (!uri_is_http(operand))
        return cli_input(b->a, arena_str(b->a, operand), &b->image) ? CLI_OK : CLI_TROUBLE;
    if (b->fetch->get(b->fetch->self, b->a, operand, LIMIT_IMAGE_BYTES, &got, &e) != ERR_NONE)
        return cli_fail(&e);
    if (got.status != 200) {
        fprintf(stderr, "obi: %.*s answered with HTTP status %d\n", SLICE_FMT(operand), got.status);
        return CLI_NO;
    }
    b->image = got.body;
    return CLI_OK;
}

static int
bake(struct baking *b, struct slice assertion, struct slice image, struct slice output)
{
    struct slice bytes;
    struct err   e = { 0 };
    int          rc;

    if (image.p != NULL && (rc = read_image(b, image)) != CLI_OK)
        return rc;
    if (!cli_input(b->a, arena_str(b->a, assertion), &b->text))
        return CLI_TROUBLE;
    if (uri_is_http(assertion)) {
        if ((rc = take_hosted(b, image.p != NULL)) != CLI_OK)
            return rc;
    } else if (image.p == NULL) {
        fputs("obi bake: which picture?\n", stderr);
        return CLI_USAGE;
    }
    if (badge_bake(b->a, b->image, b->text, b->url, &bytes, &e) != ERR_NONE)
        return refuse(&e);
    return cli_write(b->a, output, bytes) ? CLI_OK : CLI_TROUBLE;
}

int
cli_bake(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     assertion = SLICE_NONE, image = SLICE_NONE, output = SL("-");
    struct cli_reach                *reach = ARENA_NEW(a, struct cli_reach);
    size_t                           operands = 0;
    const struct cli_option options[] = { CLI_REACH(reach), CLI_VALUE("assertion", &assertion),
                                          CLI_VALUE("output", &output) };
    const struct conf      *conf;
    struct net             *net = NULL;
    struct baking           b = { .a = arena_new() };
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc == CLI_OK && (operands > 1 || assertion.p == NULL)) {
        fputs(help, stderr);
        rc = CLI_USAGE;
    }
    if (rc == CLI_OK && operands == 1)
        image = slice_str(argv[1]);
    if (rc == CLI_OK && (rc = cli_reach_conf(a, reach, &conf)) == CLI_OK) {
        b.fetch = cli_fetcher(b.a, conf, &net);
        rc = b.fetch == NULL ? CLI_TROUBLE : bake(&b, assertion, image, output);
    }
    arena_free(b.a);
    net_free(net);
    return CLI_EXIT(rc);
}

#include <stdio.h>
#include <unistd.h>

#include "cli_int.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/uri.h"
#include "json/json.h"
#include "net/net.h"

static void
say_file(struct slice path, const struct err *e)
{
    fprintf(stderr, "obi: %.*s: %s\n", SLICE_FMT(path),
            e->code == ERR_IO && e->cause[0] != '\0' ? e->cause : err_sentence(e->code));
}

/* An address, JSON, or a signed badge (whose header is JSON too) stands for itself. */
static bool
is_literal(struct slice operand)
{
    return uri_is_http(operand) || slice_starts(operand, SL("{")) ||
           (slice_starts(operand, SL("eyJ")) && access(operand.p, F_OK) != 0);
}

bool
cli_input(struct arena *a, const char *operand, struct slice *ret)
{
    struct slice bytes = slice_str(operand);
    struct err   e = { 0 };

    if (!is_literal(bytes) && file_read(a, bytes, LIMIT_IMAGE_BYTES, &bytes, &e) != ERR_NONE) {
        say_file(slice_str(operand), &e);
        return false;
    }
    /* A picture has no white space around it that counts; a text file ends with a newline. */
    *ret = slice_is_utf8(bytes) ? slice_trim(bytes) : bytes;
    return true;
}

const struct fetcher *
cli_fetcher(struct arena *a, const struct conf *conf, struct net **ret_net)
{
    struct err e = { 0 };

    if (net_new(conf, ret_net, &e) != ERR_NONE) {
        cli_fail(&e);
        return NULL;
    }
    return net_fetcher(*ret_net, a, NET_SIGNED_IN);
}

bool
cli_write(struct arena *a, struct slice path, struct slice bytes)
{
    struct err e = { 0 };

    if (slice_eq(path, SL("-")))
        return fwrite(bytes.p, 1, bytes.n, stdout) == bytes.n;
    if (file_write(a, path, bytes, &e) == ERR_NONE)
        return true;
    say_file(path, &e);
    return false;
}

void
cli_print(struct arena *a, json_object *value)
{
    struct slice text = json_print(a, json_in_arena(a, value));

    fwrite(text.p, 1, text.n, stdout);
    putchar('\n');
}

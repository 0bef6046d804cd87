/* obi import */
#include <stdio.h>

#include "cli_int.h"
#include "core/uri.h"
#include "import/import.h"
#include "net/net.h"
#include "store/user.h"

static const char help[] =
    "usage: obi import --user ADDRESS --conf FILE [--conf FILE…] INPUT…\n"
    "\n"
    "Takes badges into somebody's backpack, just as an upload does: each INPUT, an http or https "
    "address\n"
    "or a file (`-`: standard input), is verified, matched against the user's addresses and "
    "stored.\n"
    "\n"
    "--user ADDRESS  Whose backpack: any verified address of an existing user.\n"
    "\n"
    "Prints one line of JSON for each input: `outcome` is added, exists or refused; `id` is the "
    "badge's;\n"
    "`recipientInOtherCase` is true when it names the address in other upper and lower case "
    "letters;\n"
    "a refusal has `reason`, `message`, `url`, `field`, `received`, `httpStatus` where they are "
    "known.\n"
    "Ends with 0 when all were added or there already, 1 when one was refused, 64, 70 after "
    "trouble.\n";

struct importing {
    struct store *store;
    struct net   *net;
    struct slice  user;
};

static json_object *
line_of(struct arena *a, const char *operand, const struct import_result *result)
{
    json_object *line = json_object_new_object(), *rest = import_json(a, result);

    json_put_text(line, "input", slice_str(operand));
    json_object_object_foreach(rest, key, value) json_put(line, key, json_object_get(value));
    json_object_put(rest);
    return line;
}

/* Of any scheme, so that one that is not fetched is refused and not looked for as a file. */
static bool
is_address(struct slice operand)
{
    struct uri u;

    return uri_parse(operand, &u) && u.authority.p != NULL;
}

/* A file that cannot be read has its line too: there is one for each input. */
static bool
take_input(struct arena *a, const char *operand, struct slice *ret)
{
    json_object *line;

    *ret = slice_str(operand);
    if (is_address(*ret) || cli_input(a, operand, ret))
        return true;
    line = json_object_new_object();
    json_put_text(line, "input", slice_str(operand));
    json_put_text(line, "outcome", SL("refused"));
    json_put_text(line, "reason", SL("IO"));
    json_put_text(line, "message", SL("That file cannot be read."));
    cli_print(a, line);
    return false;
}

/* Arena, lease and fetcher are one input's: a deadline is for one badge. */
static int
import_one(struct importing *i, const char *operand)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct db                       *db = db_lease(i->store, a, SLICE_NONE, true);
    const struct fetcher            *fetch = net_fetcher(i->net, a, NET_SIGNED_IN);
    struct slice                     input;
    struct user                      user;
    struct import_result             result;
    struct err                       e = { 0 };
    enum err_code                    rc;

    if ((rc = store_user_by_email(db, i->user, &user, &e)) == ERR_NOT_FOUND) {
        fprintf(stderr, "obi import: no user has the address %.*s\n", SLICE_FMT(i->user));
        return CLI_NO;
    }
    if (rc != ERR_NONE)
        return cli_fail(&e);
    if (!take_input(a, operand, &input))
        return CLI_TROUBLE;
    rc = is_address(input) ? import_url(a, db, fetch, user.id, input, &result, &e)
                           : import_bytes(a, db, fetch, user.id, input, &result, &e);
    if (rc != ERR_NONE)
        return cli_fail(&e);
    cli_print(a, line_of(a, operand, &result));
    return result.outcome == IMPORT_REFUSED ? CLI_NO : CLI_OK;
}

static int
import_all(const struct conf *conf, struct slice user, size_t count, char **operands)
{
    struct importing i = { .user = user };
    struct err       e = { 0 };
    int              result = CLI_OK;

    if (net_new(conf, &i.net, &e) != ERR_NONE)
        return cli_fail(&e);
    i.store = store_new(conf);
    for (size_t n = 0; n < count; n++) {
        int rc = import_one(&i, operands[n]);

        result = rc > result ? rc : result;
    }
    store_free(i.store);
    net_free(i.net);
    return result;
}

int
cli_import(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     files[CLI_VALUES_MAX], user = SLICE_NONE;
    size_t                           file_count = 0, operands = 0;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count),
                                                   CLI_VALUE("user", &user) };
    const struct conf               *conf;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands == 0 || user.p == NULL || file_count == 0) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    if ((conf = cli_conf(a, files, file_count, "db")) == NULL)
        return CLI_TROUBLE;
    return import_all(conf, user, operands, argv + 1);
}

/* obi collection */
#include <stdio.h>

#include "cli_int.h"
#include "core/limits.h"
#include "store/collection.h"
#include "store/user.h"

static const char help[] =
    "usage: obi collection add --user EMAIL --name NAME [--text TEXT] [--link | --public]\n"
    "                          [--badge ID]… --conf FILE\n"
    "\n"
    "Makes a collection of the badges given, in that order: private, or by link, or public. All "
    "or\n"
    "nothing. Prints one line of tab-separated fields: the collection's id and its path, so that "
    "it\n"
    "stands at <site.base_url>/share/collection/<path> unless it is private.\n";

struct args {
    struct slice email, name, text;
    bool         link, public;
    uint64_t     badges[CLI_VALUES_MAX];
    size_t       badge_count;
};

/* In one transaction: a badge that is not theirs leaves no collection behind. */
static enum err_code
add(struct db *db, const struct args *as, struct collection *ret, struct err *e)
{
    SCOPED(tx_done) struct tx tx = { 0 };
    enum visibility           visibility = as->public ? VISIBILITY_PUBLIC
                                           : as->link ? VISIBILITY_LINK
                                                      : VISIBILITY_PRIVATE;
    struct user               user;
    enum err_code             rc;
    uint64_t                  id;

    if ((rc = tx_begin(db, &tx, e)) != ERR_NONE ||
        (rc = store_user_by_email(db, as->email, &user, e)) != ERR_NONE ||
        (rc = store_collection_add(db, user.id, as->name, as->text, visibility, &id, e)) !=
            ERR_NONE)
        return rc;
    for (size_t i = 0; i < as->badge_count; i++)
        if ((rc = store_collection_put_badge(db, user.id, id, as->badges[i], e)) != ERR_NONE) {
            char text[24];

            snprintf(text, sizeof text, "%llu", (unsigned long long)as->badges[i]);
            err_set_received(e, slice_str(text));
            return rc;
        }
    if ((rc = store_collection_get(db, user.id, id, ret, e)) != ERR_NONE)
        return rc;
    return tx_commit(&tx, e);
}

static int
run(const struct conf *conf, const struct args *as)
{
    struct arena     *a = arena_new();
    struct store     *store = store_new(conf);
    struct db        *db = db_lease(store, a, SLICE_NONE, true);
    struct collection c;
    struct err        e = { 0 };
    int               status = CLI_OK;

    if (add(db, as, &c, &e) == ERR_NONE)
        printf("%llu\t%.*s\n", (unsigned long long)c.id, SLICE_FMT(c.path));
    else
        status = cli_fail(&e);
    arena_free(a);
    store_free(store);
    return status;
}

static bool
read_ids(const struct slice *texts, size_t count, struct args *as)
{
    for (size_t i = 0; i < count; i++) {
        unsigned long long id;

        if (!slice_u64(texts[i], (1ULL << 53) - 1, &id)) {
            fprintf(stderr, "obi collection: '%.*s' is no badge's id\n", SLICE_FMT(texts[i]));
            return false;
        }
        as->badges[as->badge_count++] = id;
    }
    return true;
}

int
cli_collection(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct args                      as = { 0 };
    struct slice                     files[CLI_VALUES_MAX], ids[CLI_VALUES_MAX];
    size_t                           file_count = 0, id_count = 0, operands = 0;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count),
                                                   CLI_VALUES("badge", ids, &id_count),
                                                   CLI_VALUE("user", &as.email),
                                                   CLI_VALUE("name", &as.name),
                                                   CLI_VALUE("text", &as.text),
                                                   CLI_FLAG("link", &as.link),
                                                   CLI_FLAG("public", &as.public) };
    const struct conf               *conf;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands != 1 || strcmp(argv[1], "add") != 0 || as.email.n == 0 || as.name.n == 0 ||
        (as.link && as.public)) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    if (!read_ids(ids, id_count, &as) || (conf = cli_conf(a, files, file_count, "db")) == NULL)
        return CLI_USAGE;
    return run(conf, &as);
}

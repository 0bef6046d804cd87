/* obi user */
#include <stdio.h>

#include "auth/address.h"
#include "cli_int.h"
#include "store/user.h"

static const char help[] =
    "usage: obi user add EMAIL… --conf FILE\n"
    "       obi user list --conf FILE\n"
    "       obi user remove EMAIL… --conf FILE\n"
    "\n"
    "add     makes a user for each address that has none yet\n"
    "list    says every user\n"
    "remove  removes each user with everything that is theirs: badges, collections, sessions\n"
    "\n"
    "Each prints a line for each user: the id, a tab, the address. remove ends with 1 when an\n"
    "address is nobody's.\n";

struct work {
    struct arena *a;
    struct store *store;
};

/* Each address in a lease of its own. */
typedef enum err_code (*on_address)(struct db *db, struct slice email, struct user *ret,
                                    struct err *e);

static enum err_code
add(struct db *db, struct slice email, struct user *ret, struct err *e)
{
    if (!auth_address_ok(email)) {
        FAIL(e, FIELD_INVALID, "no e-mail address");
        err_set_field(e, SL("email"));
        err_set_cause_text(e, SL("must be one whole mail address, such as name@example.org"));
        return e->code;
    }
    return store_user_for_email(db, email, ret, e);
}

static enum err_code
remove_user(struct db *db, struct slice email, struct user *ret, struct err *e)
{
    enum err_code rc = store_user_by_email(db, email, ret, e);

    return rc == ERR_NONE ? store_user_remove(db, ret->id, e) : rc;
}

static void
say(const struct user *user)
{
    printf("%llu\t%.*s\n", (unsigned long long)user->id, SLICE_FMT(user->email));
}

static int
each_address(const struct work *w, char **emails, size_t count, on_address fn)
{
    int status = CLI_OK;

    for (size_t i = 0; i < count && status < CLI_TROUBLE; i++) {
        struct db  *db = db_lease(w->store, w->a, SLICE_NONE, true);
        struct user user;
        struct err  e = { 0 };

        if (fn(db, slice_str(emails[i]), &user, &e) == ERR_NONE) {
            say(&user);
        } else {
            err_set_received(&e, slice_str(emails[i]));
            status = cli_fail(&e);
        }
        arena_empty(w->a);
    }
    return status;
}

static int
list(const struct work *w)
{
    enum { PAGE = 1000 };
    uint64_t after = 0;
    size_t   count = PAGE;

    while (count == PAGE) {
        struct db   *db = db_lease(w->store, w->a, SLICE_NONE, true);
        struct user *users;
        struct err   e;

        if (store_user_list(db, after, PAGE, &users, &count, &e) != ERR_NONE)
            return cli_fail(&e);
        for (size_t i = 0; i < count; i++)
            say(&users[i]);
        if (count > 0)
            after = users[count - 1].id;
        arena_empty(w->a);
    }
    return CLI_OK;
}

/* argv[1] says what to do, the operands behind it with whom. -1: neither. */
static int
run(const struct work *w, char **argv, size_t operands)
{
    struct slice what = operands > 0 ? slice_str(argv[1]) : SLICE_NONE;

    if (slice_eq(what, SL("list")) && operands == 1)
        return list(w);
    if (slice_eq(what, SL("add")) && operands > 1)
        return each_address(w, argv + 2, operands - 1, add);
    if (slice_eq(what, SL("remove")) && operands > 1)
        return each_address(w, argv + 2, operands - 1, remove_user);
    fputs(help, stderr);
    return CLI_USAGE;
}

int
cli_user(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     files[CLI_VALUES_MAX];
    size_t                           file_count = 0, operands = 0;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count) };
    const struct conf               *conf;
    struct work                      w;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if ((conf = cli_conf(a, files, file_count, "db")) == NULL)
        return CLI_USAGE;
    w = (struct work){ arena_new(), store_new(conf) };
    rc = run(&w, argv, operands);
    arena_free(w.a);
    store_free(w.store);
    return rc;
}

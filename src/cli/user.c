/* obi user */
#include <stdio.h>

#include "auth/address.h"
#include "auth/addresses.h"
#include "cli_int.h"
#include "http/site.h"
#include "store/user.h"

static const char help[] =
    "usage: obi user add EMAIL… --conf FILE\n"
    "       obi user address EMAIL NEW --conf FILE\n"
    "       obi user list --conf FILE\n"
    "       obi user remove EMAIL… --conf FILE\n"
    "\n"
    "add     makes a user for each address that has none yet\n"
    "address makes NEW an address of the user who has EMAIL, on your word instead of a mail to "
    "it:\n"
    "        for somebody whose mailboxes are gone. They sign in with it, and badges may be issued "
    "to\n"
    "        it. Make sure that NEW is theirs. The addresses that they had are told by mail\n"
    "list    says every user\n"
    "remove  removes each user with everything that is theirs: badges, collections, sessions\n"
    "\n"
    "Each prints a line for each user: the id, a tab, the address. address and remove end with 1 "
    "when\n"
    "EMAIL is nobody's, address also when NEW is somebody's.\n";

struct work {
    struct arena      *a;
    struct store      *store;
    const struct conf *conf;
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

static enum err_code
give(const struct work *w, struct slice email, struct slice new, struct user *user, struct err *e)
{
    struct app app = { .conf = w->conf };
    struct req r = {
        .arena = w->a, .app = &app, .db = db_lease(w->store, w->a, SLICE_NONE, true), .user = user
    };
    enum err_code rc;

    if ((rc = store_user_by_email(r.db, email, user, e)) != ERR_NONE) {
        err_set_received(e, email);
        return rc;
    }
    if ((rc = site_new(&site_embedded, &app.site, e)) == ERR_NONE) {
        r.language = site_language(app.site, SL(""));
        rc = auth_address_give(&r, new, e);
    }
    if (rc != ERR_NONE)
        err_set_received(e, new);
    site_free(app.site);
    return rc;
}

static int
give_address(const struct work *w, struct slice email, struct slice new)
{
    struct user user = { 0 };
    struct err  e = { 0 };

    if (give(w, email, new, &user, &e) != ERR_NONE)
        return cli_fail(&e);
    user.email = new;
    say(&user);
    return CLI_OK;
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
    if (slice_eq(what, SL("address")) && operands == 3)
        return give_address(w, slice_str(argv[2]), slice_str(argv[3]));
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
    if ((conf = cli_conf(a, files, file_count, "db site")) == NULL)
        return CLI_USAGE;
    w = (struct work){ arena_new(), store_new(conf), conf };
    rc = run(&w, argv, operands);
    arena_free(w.a);
    store_free(w.store);
    return rc;
}

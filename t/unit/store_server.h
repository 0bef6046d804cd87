/* A primary and a replica of their own for the tests of the store, with the schema in them. */
#ifndef OBI_TEST_STORE_SERVER_H
#define OBI_TEST_STORE_SERVER_H

#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/conf.h"
#include "core/digest.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/log.h"
#include "store/badge.h"
#include "store/collection.h"
#include "store/outbox.h"
#include "store/store.h"
#include "store/user.h"

static char test_dir[] = "/tmp/obi-store-XXXXXX";

/* What the script says goes to its log: a test's own output is TAP. */
__attribute__((format(printf, 1, 2))) static void
server_do(const char *fmt, ...)
{
    char    verb[1024], line[3072], self[512];
    va_list ap;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    assert_true(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    va_start(ap, fmt);
    vsnprintf(verb, sizeof verb, fmt, ap);
    va_end(ap);
    snprintf(line, sizeof line,
             "TEMPLATE='%s/../store-template' TEST_PID=%d; export TEMPLATE TEST_PID; set -- %s; "
             "verb=$1; shift;"
             " '" OBI_SOURCE_DIR "/t/unit/store_server.sh' $verb %s \"$@\" >>%s.log 2>&1",
             self, (int)getpid(), verb, test_dir, test_dir);
    if (system(line) != 0)
        fail_msg("store_server.sh %s failed: see %s.log", verb, test_dir);
}

/* One statement as root, at "primary" or "replica". */
static void __attribute__((unused)) server_sql(const char *name, const char *sql)
{
    char line[2048];

    snprintf(line, sizeof line,
             "echo \"%s\" | mariadb --no-defaults -uroot -S %s/%s.sock obi >>%s.log 2>&1", sql,
             test_dir, name, test_dir);
    if (system(line) != 0)
        fail_msg("%s", sql);
}

/* Fails unless the condition holds at that server. */
__attribute__((unused)) static void
server_must(const char *name, const char *condition)
{
    char line[1024];

    snprintf(line, sizeof line, "SELECT (SELECT 1 UNION SELECT 2 FROM DUAL WHERE NOT (%s))",
             condition); /* of which two rows are an error */
    server_sql(name, line);
}

static void
server_end(void)
{
    char line[256];

    snprintf(line, sizeof line, "'" OBI_SOURCE_DIR "/t/unit/store_server.sh' end %s; rm -f %s.log",
             test_dir, test_dir);
    if (system(line) != 0)
        fprintf(stderr, "%s stays\n", test_dir);
}

/* Settings over those that tests need. */
static const struct conf *
test_conf(struct arena *a, const char *more)
{
    struct slice file = arena_printf(a, "%s/obi-%d.conf", test_dir, (int)getpid());
    struct slice text =
        arena_printf(a,
                     "site.base_url = http://localhost:1\nmail.url = file:/tmp/nowhere\n"
                     "mail.from = obi@example.org\ndb.primary = unix:%s/primary.sock\n%s",
                     test_dir, more);
    const struct conf *conf;
    struct err         e;

    assert_int_equal(file_write(a, file, text, &e), ERR_NONE);
    if (conf_load(a, &file, 1, NULL, &conf, NULL, NULL, &e) != ERR_NONE)
        fail_msg("%s", e.detail);
    return conf;
}

/* What a test holds. `db` is a lease that reads on the primary alone, unless it takes another. */
struct fixture {
    struct arena      *a, *request;
    const struct conf *conf;
    struct store      *store;
    struct db         *db;
    struct err         e;
};

#define OK(call)                                                                                   \
    do {                                                                                           \
        enum err_code ok_rc = (call);                                                              \
        if (ok_rc != ERR_NONE)                                                                     \
            fail_msg("%s: %s (%s, %s:%d)", #call, err_name(ok_rc), f->e.detail, f->e.file,         \
                     f->e.line);                                                                   \
    } while (0)

/* Ends the request that was, begins one as a worker would. */
static void __attribute__((unused))
next_request(struct fixture *f, struct slice after, bool primary_only)
{
    struct slice kept = arena_copy(f->a, after);

    arena_empty(f->request);
    f->db = db_lease(f->store, f->request, kept, primary_only);
}

/* Where SQL as root is needed in a test, f->db may be asked meanwhile. */
static int __attribute__((unused)) fixture_begin(void **state, const char *more_conf)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct store   *owner;
    struct db      *db;

    f->a = arena_new();
    f->request = arena_new();
    if (mkdtemp(test_dir) == NULL)
        return -1;
    atexit(server_end);
    server_do("make");
    f->conf = test_conf(f->a, more_conf);
    owner = store_new_as_owner(f->conf);
    db = db_lease(owner, f->request, SLICE_NONE, true);
    OK(store_migrate(db, SL(OBI_SOURCE_DIR "/schema"), NULL, NULL, &f->e));
    arena_empty(f->request);
    store_free(owner);
    f->store = store_new(f->conf);
    f->db = db_lease(f->store, f->request, SLICE_NONE, true);
    *state = f;
    return 0;
}

/* The same servers with other settings. */
__attribute__((unused, format(printf, 2, 3))) static void
fixture_conf(struct fixture *f, const char *fmt, ...)
{
    char    more[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(more, sizeof more, fmt, ap);
    va_end(ap);
    arena_empty(f->request);
    store_free(f->store);
    f->conf = test_conf(f->a, more);
    f->store = store_new(f->conf);
    f->db = db_lease(f->store, f->request, SLICE_NONE, true);
}

/* A request that reads where it may. */
__attribute__((unused)) static struct db *
reader(struct fixture *f, struct slice after)
{
    next_request(f, after, false);
    return f->db;
}

static int __attribute__((unused)) fixture_end(void **state)
{
    struct fixture *f = *state;

    if (f == NULL) /* it did not begin */
        return -1;
    arena_free(f->request);
    store_free(f->store);
    arena_free(f->a);
    free(f);
    return 0;
}

/* A person with the address of that name. */
static struct user __attribute__((unused)) a_user(struct fixture *f, const char *name)
{
    struct user user = { 0 };

    OK(store_user_for_email(f->db, arena_printf(f->a, "%s@example.org", name), &user, &f->e));
    user.email = arena_copy(f->a, user.email); /* outlives the request */
    return user;
}

#define RUN_TAP_WITH(tests, begin)                                                                 \
    (cmocka_set_message_output(CM_OUTPUT_TAP),                                                     \
     cmocka_run_group_tests((tests), (begin), fixture_end))

/* Sets the time so many seconds from the real one. */
static void __attribute__((unused)) move_clock(struct fixture *f, int64_t offset_s)
{
    struct slice file = arena_printf(f->a, "%s/clock", test_dir);

    OK(file_write(f->a, file, arena_printf(f->a, "%lld\n", (long long)offset_s), &f->e));
    setenv("OBI_CLOCK_FILE", file.p, 1);
}

#endif

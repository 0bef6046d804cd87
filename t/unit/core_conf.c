/* The configuration file: what it takes, and how it names a mistake. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/file.h"

#define NEEDED                                                                                     \
    "site.base_url = http://localhost:8080\ndb.primary = unix:/tmp/x\n"                            \
    "mail.url = file:/tmp/mail\nmail.from = obi@example.org\n"

struct fixture {
    struct arena        *a;
    const char          *needs; /* NULL: all */
    const struct conf   *conf;
    struct conf_mistake *mistakes;
    size_t               count;
    struct err           err;
};

static enum err_code
load(struct fixture *f, const char *first, const char *second)
{
    const char  *texts[] = { first, second };
    struct slice files[2];
    size_t       n = second == NULL ? 1 : 2;

    for (size_t i = 0; i < n; i++) {
        files[i] = arena_printf(f->a, "/tmp/obi-conf-test-%d-%zu", (int)getpid(), i);
        assert_int_equal(file_write(f->a, files[i], slice_str(texts[i]), &f->err), ERR_NONE);
    }
    enum err_code rc =
        conf_load(f->a, files, n, f->needs, &f->conf, &f->mistakes, &f->count, &f->err);
    for (size_t i = 0; i < n; i++)
        unlink(files[i].p);
    return rc;
}

static void
defaults_hold_where_nothing_is_said(void **state)
{
    struct fixture f = { .a = arena_new() };
    (void)state;

    assert_int_equal(load(&f, NEEDED, NULL), ERR_NONE);
    assert_int_equal(f.conf->signin_link_ttl_s, 900);
    assert_slice_equal(f.conf->db_name, SL("obi"));
    assert_int_equal(f.conf->db_replicas.count, 0);
    arena_free(f.a);
}

static void
a_later_file_replaces_values_and_whole_lists(void **state)
{
    struct fixture f = { .a = arena_new() };
    (void)state;

    assert_int_equal(load(&f, NEEDED "db.replica = a:1\ndb.replica = b:2\n",
                          "db.replica = c:3\nsite.name = Other\n"),
                     ERR_NONE);
    assert_int_equal(f.conf->db_replicas.count, 1);
    assert_slice_equal(f.conf->db_replicas.items[0], SL("c:3"));
    assert_slice_equal(f.conf->site_name, SL("Other"));
    arena_free(f.a);
}

static void
each_mistake_is_named_with_file_line_key_and_reason(void **state)
{
    struct fixture f = { .a = arena_new() };
    (void)state;

    assert_int_equal(load(&f,
                          NEEDED "fetch.timeout = soon\nnonsense = 1\nno equals sign\n"
                                 "db.name = a\ndb.name = b\n",
                          NULL),
                     ERR_CONF);
    assert_int_equal(f.count, 4);
    assert_int_equal(f.mistakes[0].line, 5);
    assert_slice_equal(f.mistakes[0].key, SL("fetch.timeout"));
    assert_slice_equal(f.mistakes[0].reason,
                       SL("must be a whole number from 100 to 120000 (ms), not 'soon'"));
    assert_slice_equal(f.mistakes[1].reason, SL("is no setting of OBI"));
    assert_slice_equal(f.mistakes[2].reason, SL("is no `key = value` line"));
    assert_slice_equal(f.mistakes[3].reason, SL("is set twice in this file"));
    arena_free(f.a);
}

static void
what_must_be_set_is_asked_for(void **state)
{
    struct fixture f = { .a = arena_new() };
    (void)state;

    assert_int_equal(load(&f, "site.base_url = localhost/\n", NULL), ERR_CONF);
    assert_int_equal(f.count, 4);
    assert_slice_equal(f.mistakes[0].key, SL("site.base_url"));
    assert_int_equal(f.mistakes[0].line, 1);
    assert_slice_equal(f.mistakes[1].key, SL("db.primary"));
    arena_free(f.a);
}

static void
only_what_is_needed_must_be_set(void **state)
{
    struct fixture f = { .a = arena_new(), .needs = "" };
    (void)state;

    assert_int_equal(load(&f, "site.name = Other\n", NULL), ERR_NONE);
    f.needs = "db";
    assert_int_equal(load(&f, "site.name = Other\n", NULL), ERR_CONF);
    assert_int_equal(f.count, 1);
    assert_slice_equal(f.mistakes[0].key, SL("db.primary"));
    f.needs = "site mail";
    assert_int_equal(load(&f, "db.primary = nonsense\n", NULL), ERR_CONF);
    assert_int_equal(f.count, 4);
    assert_slice_equal(f.mistakes[0].key, SL("db.primary")); /* what is there is looked at */
    assert_int_equal(f.mistakes[0].line, 1);
    assert_slice_equal(f.mistakes[1].key, SL("site.base_url"));
    arena_free(f.a);
}

static void
a_wrong_value_is_named_where_it_stands(void **state)
{
    static const char x_example[] =
        "must be an origin alone, as browsers write it: https://x.example";
    static const struct {
        const char *key, *value, *reason;
    } bad[] = { { "db.primary", "foo", "must be unix:/path/of/socket or host:port" },
                { "db.primary", "h:99999", "must have a port from 1 to 65535" },
                { "db.primary", "unix:x", "must be unix:/path/of/socket or host:port" },
                { "db.primary", "::1:3306", "must have an IPv6 address in brackets" },
                { "db.replica", "h:abc", "must have a port from 1 to 65535" },
                { "db.replica", "", "must be unix:/path/of/socket or host:port" },
                { "db.replica", "h:1 weight=0",
                  "must be a server, then weight=N from 1 to 100 where you like" },
                { "db.replica", "h:1 weight=101",
                  "must be a server, then weight=N from 1 to 100 where you like" },
                { "db.replica", "h:1 heavy",
                  "must be a server, then weight=N from 1 to 100 where you like" },
                { "db.replica", "h weight=2", "must be unix:/path/of/socket or host:port" },
                { "cache.server", "x", "must be unix:/path/of/socket or host:port" },
                { "cache.server", "[::1]:0", "must have a port from 1 to 65535" },
                { "site.base_url", "x.example", "must be an address of http or https" },
                { "site.base_url", "https://me@x.example", "must be an address of http or https" },
                { "site.base_url", "https://x.example/", x_example },
                { "site.base_url", "https://x.example/sub", x_example },
                { "site.base_url", "https://x.example?a", x_example },
                { "site.base_url", "https://x.example:443", x_example },
                { "site.base_url", "https://x.example:", x_example },
                { "site.base_url", "https://X.example", x_example },
                { "site.base_url", "HTTPS://x.example", x_example },
                { "site.base_url", "http://x.example:80",
                  "must be an origin alone, as browsers write it: http://x.example" },
                { "log.level", "chatty", "must be debug, info, warn or error" } };
    struct fixture f = { .a = arena_new() };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct slice text = arena_printf(f.a, "\n%s = %s\n", bad[i].key, bad[i].value);

        assert_int_equal(load(&f, text.p, NEEDED), ERR_CONF);
        assert_int_equal(f.count, 1);
        assert_int_equal(f.mistakes[0].line, 2);
        assert_true(slice_ends(f.mistakes[0].file, SL("-0")));
        assert_slice_equal(f.mistakes[0].key, slice_str(bad[i].key));
        assert_slice_equal(f.mistakes[0].reason,
                           arena_printf(f.a, "'%s' %s", bad[i].value, bad[i].reason));
    }
    arena_free(f.a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_hold_where_nothing_is_said),
        cmocka_unit_test(a_later_file_replaces_values_and_whole_lists),
        cmocka_unit_test(each_mistake_is_named_with_file_line_key_and_reason),
        cmocka_unit_test(what_must_be_set_is_asked_for),
        cmocka_unit_test(only_what_is_needed_must_be_set),
        cmocka_unit_test(a_wrong_value_is_named_where_it_stands),
    };

    return RUN_TAP(tests);
}

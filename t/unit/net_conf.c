/* The settings of fetch.*: what they take, and how a mistake is named. */
#include "test.h"

#include "net/net.h"

static void
must_fail(const char *key, struct slice value, const char *cause)
{
    struct conf        conf = { .base_url = SL("https://obi.example.org") };
    struct conf_list   list = { &value, 1 };
    struct conf_faults faults = { .count = 0 };

    if (strcmp(key, "fetch.allow_net") == 0)
        conf.fetch_allow_net = list;
    else if (strcmp(key, "fetch.connect_to") == 0)
        conf.fetch_connect_to = list;
    else
        conf.fetch_cacert = value;
    net_check_conf(&conf, &faults);
    if (faults.count != 1)
        fail_msg("%s = %.*s was taken", key, SLICE_FMT(value));
    assert_string_equal(faults.items[0].key, key);
    assert_slice_equal(faults.items[0].value, value);
    assert_string_equal(faults.items[0].wrong, cause);
}

static void
a_bad_network_is_named_with_its_reason(void **state)
{
    static const struct {
        const char *value, *cause;
    } bad[] = {
        { "10.0.0/8", "must be a network such as 10.0.0.0/8 or fd00::/8" },
        { "localhost/8", "must be a network such as 10.0.0.0/8 or fd00::/8" },
        { "/8", "must be a network such as 10.0.0.0/8 or fd00::/8" },
        { "10.0.0.0/8/8", "must have 0 to 32 behind its slash" },
        { "10.0.0.0/33", "must have 0 to 32 behind its slash" },
        { "10.0.0.0/", "must have 0 to 32 behind its slash" },
        { "10.0.0.0/-1", "must have 0 to 32 behind its slash" },
        { "fd00::/129", "must have 0 to 128 behind its slash" },
        { "10.0.0.1/8", "has bits set behind its prefix" },
        { "fd00::1/8", "has bits set behind its prefix" },
        { "10.0.0.0/8:0", "must have a port from 1 to 65535" },
        { "10.0.0.0/8:65536", "must have a port from 1 to 65535" },
        { "10.0.0.0/8:http", "must have a port from 1 to 65535" },
        { "10.0.0.0/8:", "has something else than `:port` behind the network" },
        { "[fd00::/8]80", "has something else than `:port` behind the network" },
        { "[fd00::/8:80", "has a [ without its ]" },
        { "10.0.0.0/8 private", "may have the word `public` behind the network and nothing else" },
        { "10.0.0.0/8 public x", "may have the word `public` behind the network and nothing else" },
        { "", "must be a network such as 10.0.0.0/8 or fd00::/8" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        must_fail("fetch.allow_net", slice_str(bad[i].value), bad[i].cause);
}

static void
networks_are_taken_in_each_form(void **state)
{
    struct slice       good[] = { SL("10.0.0.0/8"),
                                  SL("127.0.0.1/32:8081 public"),
                                  SL("fd00::/8"),
                                  SL("[fd00::/8]:8443"),
                                  SL("[::1/128]:80\tpublic"),
                                  SL("[192.168.0.0/16]:80"),
                                  SL("0.0.0.0/0"),
                                  SL("::/0  public "),
                                  SL("127.0.0.1:8081 public"),
                                  SL("[::1]:80"),
                                  SL("::1") };
    struct conf        conf = { .fetch_allow_net = { good, COUNT_OF(good) } };
    struct conf_faults faults = { .count = 0 };
    (void)state;

    net_check_conf(&conf, &faults);
    if (faults.count > 0)
        fail_msg("%.*s %s", SLICE_FMT(faults.items[0].value), faults.items[0].wrong);
}

static void
a_bad_mapping_is_named(void **state)
{
    static const char *const form = "must be HOST1:PORT1:HOST2:PORT2";
    (void)state;

    must_fail("fetch.connect_to", SL(""), form);
    must_fail("fetch.connect_to", SL("a.example:443"), form);
    must_fail("fetch.connect_to", SL("a.example:443:b.example"), form);
    must_fail("fetch.connect_to", SL("a.example:443:[::1:443"), form);
    must_fail("fetch.connect_to", SL("a.example:x:b.example:443"),
              "must have a first port from 1 to 65535, or none");
    must_fail("fetch.connect_to", SL("a.example:443:b.example:70000"),
              "must have a second port from 1 to 65535, or none");
}

static void
mappings_are_taken_in_each_form(void **state)
{
    struct slice good[] = { SL("a.example:443:127.0.0.1:8443"), SL("a.example:443:[::1]:8443"),
                            SL("::127.0.0.1:8443"), SL("a.example::b.example:") };
    struct conf  conf = { .fetch_connect_to = { good, COUNT_OF(good) } };
    struct conf_faults faults = { .count = 0 };
    (void)state;

    net_check_conf(&conf, &faults);
    if (faults.count > 0)
        fail_msg("%.*s %s", SLICE_FMT(faults.items[0].value), faults.items[0].wrong);
}

static void
certificates_that_cannot_be_read_are_named(void **state)
{
    (void)state;
    must_fail("fetch.cacert", SL("/nonexistent/ca.pem"), "is no file that can be read");
}

static void
a_client_is_not_made_from_a_mistake(void **state)
{
    struct slice bad = SL("10.0.0.0/99");
    struct conf  conf = { .fetch_allow_net = { &bad, 1 } };
    struct net  *n = NULL;
    struct err   err;
    (void)state;

    assert_int_equal(net_new(&conf, &n, &err), ERR_CONF);
    assert_string_equal(err.field, "fetch.allow_net");
    assert_string_equal(err.received, "10.0.0.0/99");
    assert_string_equal(err.cause, "must have 0 to 32 behind its slash");
    assert_null(n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_network_is_named_with_its_reason),
        cmocka_unit_test(networks_are_taken_in_each_form),
        cmocka_unit_test(a_bad_mapping_is_named),
        cmocka_unit_test(mappings_are_taken_in_each_form),
        cmocka_unit_test(certificates_that_cannot_be_read_are_named),
        cmocka_unit_test(a_client_is_not_made_from_a_mistake),
    };

    return RUN_TAP(tests);
}

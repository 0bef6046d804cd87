/* Which addresses are open to everybody: each range by its first and last address and its
 * neighbours. */
#include "test.h"

#include "net/address.h"

static const char *
range_of(const char *text)
{
    struct net_address address;

    assert_true(net_address_parse(slice_str(text), &address));
    return net_address_range(&address);
}

struct expectation {
    const char *address, *range;
};

static void
check(const struct expectation *e, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(range_of(e[i].address), e[i].range) != 0)
            fail_msg("%s is %s, not %s", e[i].address, range_of(e[i].address), e[i].range);
}

static void
each_ipv4_range_is_closed_from_its_first_address_to_its_last(void **state)
{
    static const struct expectation all[] = {
        { "0.0.0.0", "this-network" },
        { "0.255.255.255", "this-network" },
        { "1.0.0.0", "public" },
        { "9.255.255.255", "public" },
        { "10.0.0.0", "private" },
        { "10.255.255.255", "private" },
        { "11.0.0.0", "public" },
        { "100.63.255.255", "public" },
        { "100.64.0.0", "carrier-nat" },
        { "100.100.100.200", "carrier-nat" },
        { "100.127.255.255", "carrier-nat" },
        { "100.128.0.0", "public" },
        { "126.255.255.255", "public" },
        { "127.0.0.0", "loopback" },
        { "127.0.0.1", "loopback" },
        { "127.255.255.255", "loopback" },
        { "128.0.0.0", "public" },
        { "168.63.129.15", "public" },
        { "168.63.129.16", "metadata" },
        { "168.63.129.17", "public" },
        { "169.253.255.255", "public" },
        { "169.254.0.0", "link-local" },
        { "169.254.169.254", "link-local" },
        { "169.254.255.255", "link-local" },
        { "169.255.0.0", "public" },
        { "172.15.255.255", "public" },
        { "172.16.0.0", "private" },
        { "172.31.255.255", "private" },
        { "172.32.0.0", "public" },
        { "191.255.255.255", "public" },
        { "192.0.0.0", "protocol" },
        { "192.0.0.192", "protocol" },
        { "192.0.0.255", "protocol" },
        { "192.0.1.0", "public" },
        { "192.0.2.0", "documentation" },
        { "192.0.2.255", "documentation" },
        { "192.0.3.0", "public" },
        { "192.88.99.0", "6to4" },
        { "192.88.99.255", "6to4" },
        { "192.88.100.0", "public" },
        { "192.167.255.255", "public" },
        { "192.168.0.0", "private" },
        { "192.168.255.255", "private" },
        { "192.169.0.0", "public" },
        { "198.17.255.255", "public" },
        { "198.18.0.0", "benchmark" },
        { "198.19.255.255", "benchmark" },
        { "198.20.0.0", "public" },
        { "198.51.100.0", "documentation" },
        { "198.51.100.255", "documentation" },
        { "198.51.101.0", "public" },
        { "203.0.112.255", "public" },
        { "203.0.113.0", "documentation" },
        { "203.0.113.255", "documentation" },
        { "203.0.114.0", "public" },
        { "223.255.255.255", "public" },
        { "224.0.0.0", "multicast" },
        { "239.255.255.255", "multicast" },
        { "240.0.0.0", "reserved" },
        { "255.255.255.254", "reserved" },
        { "255.255.255.255", "broadcast" },
        { "8.8.8.8", "public" },
    };
    (void)state;

    check(all, COUNT_OF(all));
}

static void
each_ipv6_form_is_what_it_is(void **state)
{
    static const struct expectation all[] = {
        { "::", "unspecified" },
        { "::1", "loopback" },
        { "::2", "compatible" },
        { "::10.0.0.1", "compatible" },
        { "::8.8.8.8", "compatible" },
        { "::ffff:127.0.0.1", "mapped" },
        { "::ffff:8.8.8.8", "mapped" },
        { "::ffff:ffff:ffff", "mapped" },
        { "::ffff:0:127.0.0.1", "reserved" }, /* SIIT's translated form */
        { "64:ff9b::127.0.0.1", "loopback" },
        { "64:ff9b::10.1.2.3", "private" },
        { "64:ff9b::169.254.169.254", "link-local" },
        { "64:ff9b::255.255.255.255", "broadcast" },
        { "64:ff9b::8.8.8.8", "public" },
        { "64:ff9b::1:0:0", "reserved" },
        { "64:ff9b:1::", "local-nat64" },
        { "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "local-nat64" },
        { "64:ff9b:2::", "reserved" },
        { "100::", "discard" },
        { "100:0:0:1::", "reserved" },
        { "1fff:ffff::", "reserved" },
        { "2000::", "public" },
        { "2001::", "teredo" },
        { "2001:0:ffff::1", "teredo" },
        { "2001:1::1", "protocol" },
        { "2001:2::1", "benchmark" },
        { "2001:10::1", "protocol" },
        { "2001:20::1", "protocol" },
        { "2001:1ff:ffff::", "protocol" },
        { "2001:200::", "public" },
        { "2001:db7:ffff::", "public" },
        { "2001:db8::", "documentation" },
        { "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation" },
        { "2001:db9::", "public" },
        { "2002::", "6to4" },
        { "2002:7f00:1::", "6to4" },
        { "2002:808:808::1", "6to4" },
        { "2003::1", "public" },
        { "2606:4700:4700::1111", "public" },
        { "3ffe::1", "reserved" },
        { "3fff::", "documentation" },
        { "3fff:fff:ffff::", "documentation" },
        { "3fff:1000::", "public" },
        { "4000::", "reserved" },
        { "5f00::1", "reserved" },
        { "fbff::1", "reserved" },
        { "fc00::", "private" },
        { "fd00:ec2::254", "private" },
        { "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private" },
        { "fe00::1", "reserved" },
        { "fe80::1", "link-local" },
        { "febf:ffff::1", "link-local" },
        { "fec0::1", "site-local" },
        { "feff::1", "site-local" },
        { "ff00::", "multicast" },
        { "ff02::1", "multicast" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast" },
    };
    (void)state;

    check(all, COUNT_OF(all));
}

static void
only_public_is_public(void **state)
{
    struct net_address address;
    (void)state;

    assert_true(net_address_parse(SL("8.8.8.8"), &address));
    assert_true(net_address_is_public(&address));
    assert_true(net_address_parse(SL("10.8.8.8"), &address));
    assert_false(net_address_is_public(&address));
}

static void
an_address_is_read_in_its_plain_form_only(void **state)
{
    static const char *const bad[] = {
        "",          "1",     "127.1",      "0177.0.0.1", "0x7f.1", "2130706433", "1.2.3.4 ",
        "1.2.3.256", "[::1]", "fe80::1%lo", "::1/128",    ":::",    "1.2.3.4.5",  "12345::"
    };
    struct net_address address;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (net_address_parse(slice_str(bad[i]), &address))
            fail_msg("'%s' was read", bad[i]);
    assert_false(net_address_parse(SL("1.2.3.4\0.5"), &address));
}

static void
a_prefix_is_held_against_its_bits_and_its_family(void **state)
{
    struct net_address address, prefix, six;
    (void)state;

    assert_true(net_address_parse(SL("192.168.129.7"), &address));
    assert_true(net_address_parse(SL("192.168.128.0"), &prefix));
    assert_true(net_address_parse(SL("c0a8:8000::"), &six));
    assert_true(net_address_within(&address, &prefix, 17));
    assert_true(net_address_within(&address, &prefix, 23));
    assert_false(net_address_within(&address, &prefix, 24));
    assert_true(net_address_within(&address, &prefix, 0));
    assert_true(net_address_within(&address, &address, 32));
    assert_false(net_address_within(&address, &six, 0));
}

static void
ports_of_other_protocols_are_bad(void **state)
{
    static const uint16_t bad[] = { 0, 22, 25, 110, 143, 465, 587, 993, 2049, 6000, 6667, 10080 };
    static const uint16_t good[] = { 80, 443, 3000, 3306, 8080, 8443, 65535 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_true(net_port_is_bad(bad[i]));
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_false(net_port_is_bad(good[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_ipv4_range_is_closed_from_its_first_address_to_its_last),
        cmocka_unit_test(each_ipv6_form_is_what_it_is),
        cmocka_unit_test(only_public_is_public),
        cmocka_unit_test(an_address_is_read_in_its_plain_form_only),
        cmocka_unit_test(a_prefix_is_held_against_its_bits_and_its_family),
        cmocka_unit_test(ports_of_other_protocols_are_bad),
    };

    return RUN_TAP(tests);
}

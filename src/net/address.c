#include "net/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>

#include "core/slice.h"

/* The first row that holds an address names it. IANA's special-purpose registries (RFC 6890 and
 * what was added since), multicast, and the addresses that clouds put their keys behind. */
static const struct range {
    const char *prefix;
    int         bits;
    const char *name;
} ranges[] = {
    { "0.0.0.0", 8, "this-network" },
    { "10.0.0.0", 8, "private" },
    { "100.64.0.0", 10, "carrier-nat" },
    { "127.0.0.0", 8, "loopback" },
    { "168.63.129.16", 32, "metadata" },
    { "169.254.0.0", 16, "link-local" }, /* 169.254.169.254 too */
    { "172.16.0.0", 12, "private" },
    { "192.0.0.0", 24, "protocol" },
    { "192.0.2.0", 24, "documentation" },
    { "192.88.99.0", 24, "6to4" },
    { "192.168.0.0", 16, "private" },
    { "198.18.0.0", 15, "benchmark" },
    { "198.51.100.0", 24, "documentation" },
    { "203.0.113.0", 24, "documentation" },
    { "224.0.0.0", 4, "multicast" },
    { "255.255.255.255", 32, "broadcast" },
    { "240.0.0.0", 4, "reserved" },
    { "0.0.0.0", 0, "public" },

    { "::", 128, "unspecified" },
    { "::1", 128, "loopback" },
    { "::ffff:0:0", 96, "mapped" },
    { "::", 96, "compatible" },
    { "64:ff9b::", 96, "nat64" }, /* decided by the address inside */
    { "64:ff9b:1::", 48, "local-nat64" },
    { "100::", 64, "discard" },
    { "2001::", 32, "teredo" },
    { "2001:2::", 48, "benchmark" },
    { "2001::", 23, "protocol" }, /* ORCHID and the rest */
    { "2001:db8::", 32, "documentation" },
    { "2002::", 16, "6to4" },
    { "3ffe::", 16, "reserved" }, /* the 6bone's, given back */
    { "3fff::", 20, "documentation" },
    { "2000::", 3, "public" },
    { "fc00::", 7, "private" },
    { "fe80::", 10, "link-local" },
    { "fec0::", 10, "site-local" },
    { "ff00::", 8, "multicast" },
    { "::", 0, "reserved" },
};

/* From the Fetch standard, in order. */
static const uint16_t bad_ports[] = {
    0,    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,    25,
    37,   42,   43,   53,   69,   77,   79,   87,   95,   101,  102,  103,  104,   109,
    110,  111,  113,  115,  117,  119,  123,  135,  137,  139,  143,  161,  179,   389,
    427,  465,  512,  513,  514,  515,  526,  530,  531,  532,  540,  548,  554,   556,
    563,  587,  601,  636,  989,  990,  993,  995,  1719, 1720, 1723, 2049, 3659,  4045,
    4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
};

bool
net_address_of(const struct sockaddr *sa, size_t len, struct net_address *ret)
{
    *ret = (struct net_address){ 0 };
    if (sa->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;

        memcpy(&in, sa, sizeof in);
        ret->bits = 32;
        ret->port = ntohs(in.sin_port);
        memcpy(ret->bytes, &in.sin_addr, 4);
        return true;
    }
    if (sa->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;

        memcpy(&in6, sa, sizeof in6);
        ret->bits = 128;
        ret->port = ntohs(in6.sin6_port);
        memcpy(ret->bytes, &in6.sin6_addr, 16);
        return true;
    }
    return false;
}

bool
net_address_parse(struct slice text, struct net_address *ret)
{
    struct net_address address = { 0 };
    char               copy[INET6_ADDRSTRLEN];

    if (text.n == 0 || text.n >= sizeof copy || slice_has_char(text, '\0'))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    address.bits = slice_has_char(text, ':') ? 128 : 32;
    if (inet_pton(address.bits == 128 ? AF_INET6 : AF_INET, copy, address.bytes) != 1)
        return false;
    *ret = address;
    return true;
}

bool
net_address_within(const struct net_address *address, const struct net_address *prefix,
                   int prefix_bits)
{
    size_t whole = (size_t)prefix_bits / 8;
    int    rest = prefix_bits % 8;
    int    mask = 0xFF00 >> rest & 0xFF;

    if (address->bits != prefix->bits || memcmp(address->bytes, prefix->bytes, whole) != 0)
        return false;
    return rest == 0 || (address->bytes[whole] & mask) == (prefix->bytes[whole] & mask);
}

const char *
net_address_range(const struct net_address *address)
{
    const struct range *r = ranges;

    for (;; r++) {
        struct net_address prefix;
        bool               known = net_address_parse(slice_str(r->prefix), &prefix);

        assert(known && r < ranges + COUNT_OF(ranges));
        if (net_address_within(address, &prefix, r->bits))
            break;
    }
    if (strcmp(r->name, "nat64") == 0) {
        struct net_address inside = { .bits = 32, .port = address->port };

        memcpy(inside.bytes, address->bytes + 12, 4);
        return net_address_range(&inside);
    }
    return r->name;
}

bool
net_address_is_public(const struct net_address *address)
{
    return strcmp(net_address_range(address), "public") == 0;
}

bool
net_port_is_bad(uint16_t port)
{
    for (size_t i = 0; i < COUNT_OF(bad_ports); i++)
        if (port == bad_ports[i])
            return true;
    return false;
}

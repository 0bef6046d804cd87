/* Which addresses of the Internet are open to everybody: a table of ranges, IPv4 and IPv6. */
#ifndef OBI_NET_ADDRESS_H
#define OBI_NET_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

#include "core/slice.h"

/* Where a connection would really go. */
struct net_address {
    int           bits;      /* 32 or 128: how long `bytes` is */
    unsigned char bytes[16]; /* in network order */
    uint16_t      port;
};

/* Takes what a resolver answered; false for a family that is neither IPv4 nor IPv6, or too short
 * for it. */
bool net_address_of(const struct sockaddr *sa, size_t len, struct net_address *ret);
/* Reads "192.0.2.1" or "2001:db8::1" (no brackets, no zone, no short or octal forms). The port is
 * 0. */
bool net_address_parse(struct slice text, struct net_address *ret);
/* True when the first `prefix_bits` bits are those of `prefix`, and both are of one family. */
bool net_address_within(const struct net_address *address, const struct net_address *prefix,
                        int prefix_bits);

/* The name of the first range of the table that holds it: "public", or why it is not: "loopback",
 * "private", "mapped", "reserved" and so on. An IPv6 address that no row names is "reserved". An
 * address that NAT64's well-known prefix translates (64:ff9b::/96) is what the IPv4 address inside
 * is. */
const char *net_address_range(const struct net_address *address);
bool        net_address_is_public(const struct net_address *address);
/* The ports that browsers refuse for http: mail, shells, printers and so on.
 * Spec  Fetch standard, 2.9 Port blocking. */
bool net_port_is_bad(uint16_t port);

#endif

#ifndef OBI_NET_INT_H
#define OBI_NET_INT_H

#include <curl/curl.h>

#include "net/address.h"
#include "net/net.h"

enum { NET_RULES_MAX = 64, NET_REDIRECTS_MAX = 3, NET_HEADER_BYTES_MAX = 64 * 1024 };

/* One entry of fetch.allow_net. */
struct net_rule {
    struct net_address prefix;
    int                prefix_bits;
    uint16_t           port; /* 0: any that browsers allow */
    bool               is_public;
};

struct net_policy {
    struct net_rule rules[NET_RULES_MAX];
    size_t          count;
};

struct net {
    struct net_policy  policy;
    struct curl_slist *connect_to;
    char              *user_agent, *cacert; /* cacert NULL: the system's alone */
    int64_t            timeout_ms, deadline_ms, connect_timeout_ms;
    int64_t            took_us;
};

/* Reads `CIDR`, `CIDR:port` or `[CIDR]:port`, then maybe `public`. NULL when it is well formed,
 * else what is wrong with it. */
const char *net_rule_parse(struct slice text, struct net_rule *ret);
/* Whether a connection may be made. */
bool net_policy_allows(const struct net_policy *policy, enum net_who who,
                       const struct net_address *address);
/* Whether a name can only be one of a network's own: of one label, or under a top that the Internet
 * has not. */
bool net_name_is_local(struct slice host);
/* NULL when it is of curl's form HOST1:PORT1:HOST2:PORT2, else what is wrong with it. */
const char *net_connect_to_check(struct slice text);

#endif

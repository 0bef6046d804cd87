#include "net_int.h"

/* Cuts `[CIDR]:port` or `CIDR:port` into its two parts; the port is empty when none is said. */
static const char *
split_port(struct slice text, struct slice *ret_cidr, struct slice *ret_port)
{
    size_t end;

    if (slice_starts(text, SL("["))) {
        if (!slice_find(text, SL("]"), &end))
            return "has a [ without its ]";
        *ret_cidr = slice_from(slice_first(text, end), 1);
        text = slice_from(text, end + 1);
    } else {
        size_t second;

        /* An IPv6 network has more colons than one, and a port only with brackets. */
        if (!slice_find(text, SL(":"), &end) ||
            slice_find(slice_from(text, end + 1), SL(":"), &second))
            end = text.n;
        *ret_cidr = slice_first(text, end);
        text = slice_from(text, end);
    }
    if (text.n == 0) {
        *ret_port = SLICE_NONE;
        return NULL;
    }
    if (text.p[0] != ':' || text.n == 1)
        return "has something else than `:port` behind the network";
    *ret_port = slice_from(text, 1);
    return NULL;
}

static bool
has_bits_behind(const struct net_address *prefix, int prefix_bits)
{
    for (int bit = prefix_bits; bit < prefix->bits; bit++)
        if (prefix->bytes[bit / 8] & (0x80 >> (bit % 8)))
            return true;
    return false;
}

/* A network, or a lone address, which is a network of one. */
static const char *
parse_cidr(struct slice cidr, struct net_rule *rule)
{
    unsigned long long bits;
    size_t             slash = cidr.n;

    if (!net_address_parse(slice_first(cidr, slice_find(cidr, SL("/"), &slash) ? slash : cidr.n),
                           &rule->prefix))
        return "must be a network such as 10.0.0.0/8 or fd00::/8";
    rule->prefix_bits = rule->prefix.bits;
    if (slash == cidr.n)
        return NULL;
    if (!slice_u64(slice_from(cidr, slash + 1), (unsigned)rule->prefix.bits, &bits))
        return rule->prefix.bits == 32 ? "must have 0 to 32 behind its slash"
                                       : "must have 0 to 128 behind its slash";
    rule->prefix_bits = (int)bits;
    if (has_bits_behind(&rule->prefix, rule->prefix_bits))
        return "has bits set behind its prefix";
    return NULL;
}

const char *
net_rule_parse(struct slice text, struct net_rule *ret)
{
    struct net_rule    rule = { 0 };
    struct slice       cidr, port, word = SLICE_NONE;
    unsigned long long number = 0;
    const char        *wrong;
    size_t             at;

    text = slice_trim(text);
    if (slice_find(text, SL(" "), &at) || slice_find(text, SL("\t"), &at)) {
        word = slice_trim(slice_from(text, at));
        text = slice_first(text, at);
    }
    if (word.n > 0 && !slice_eq(word, SL("public")))
        return "may have the word `public` behind the network and nothing else";
    rule.is_public = word.n > 0;
    if ((wrong = split_port(text, &cidr, &port)) != NULL ||
        (wrong = parse_cidr(cidr, &rule)) != NULL)
        return wrong;
    if (port.p != NULL && (!slice_u64(port, 65535, &number) || number == 0))
        return "must have a port from 1 to 65535";
    rule.port = (uint16_t)number;
    *ret = rule;
    return NULL;
}

/* An entry that names a port opens exactly that one, also one that browsers refuse. */
static bool
rule_allows(const struct net_rule *rule, enum net_who who, const struct net_address *address)
{
    if (who == NET_ANONYMOUS && !rule->is_public)
        return false;
    if (!net_address_within(address, &rule->prefix, rule->prefix_bits))
        return false;
    return rule->port == 0 ? !net_port_is_bad(address->port) : rule->port == address->port;
}

bool
net_opens_more(const struct net *n)
{
    for (size_t i = 0; i < n->policy.count; i++)
        if (!n->policy.rules[i].is_public)
            return true;
    return false;
}

bool
net_policy_allows(const struct net_policy *policy, enum net_who who,
                  const struct net_address *address)
{
    for (size_t i = 0; i < policy->count; i++)
        if (rule_allows(&policy->rules[i], who, address))
            return true;
    return net_address_is_public(address) && !net_port_is_bad(address->port);
}

/* A host of the form, in brackets when it is IPv6; each part may be empty, which means "any" or
 * "the same". */
static bool
take_host(struct slice *rest)
{
    size_t end;

    if (slice_starts(*rest, SL("["))) {
        if (!slice_find(*rest, SL("]"), &end))
            return false;
        *rest = slice_from(*rest, end + 1);
    } else {
        *rest = slice_find(*rest, SL(":"), &end) ? slice_from(*rest, end) : SLICE_NONE;
    }
    if (rest->n == 0 || rest->p[0] != ':')
        return false;
    *rest = slice_from(*rest, 1);
    return true;
}

static bool
is_port(struct slice text)
{
    unsigned long long number;

    return text.n == 0 || (slice_u64(text, 65535, &number) && number > 0);
}

const char *
net_connect_to_check(struct slice text)
{
    static const char *const form = "must be HOST1:PORT1:HOST2:PORT2";
    size_t                   at;

    if (slice_has_char(text, ' ') || slice_has_char(text, '\t') || slice_has_char(text, '\0'))
        return form;
    if (!take_host(&text) || !slice_find(text, SL(":"), &at))
        return form;
    if (!is_port(slice_first(text, at)))
        return "must have a first port from 1 to 65535, or none";
    text = slice_from(text, at + 1);
    if (!take_host(&text))
        return form;
    if (!is_port(text))
        return "must have a second port from 1 to 65535, or none";
    return NULL;
}

bool
net_name_is_local(struct slice host)
{
    static const char *const tops[] = { ".local",     ".localhost", ".localdomain", ".internal",
                                        ".intranet",  ".private",   ".lan",         ".home",
                                        ".home.arpa", ".corp" };
    size_t                   dot;

    if (slice_ends(host, SL(".")))
        host.n--;
    if (!slice_find(host, SL("."), &dot))
        return true;
    for (size_t i = 0; i < COUNT_OF(tops); i++) {
        struct slice top = slice_str(tops[i]);

        if (host.n > top.n && slice_eq_nocase(slice_from(host, host.n - top.n), top))
            return true;
    }
    return false;
}

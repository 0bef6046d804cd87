/* What BrowserID calls people and sites by: domains, addresses, audiences. */
#include "browserid_int.h"

#include "core/limits.h"
#include "core/uri.h"

enum { EMAIL_BYTES_MIN = 3, HOST_BYTES = 253, LABEL_BYTES = 63, PORT_MAX = 65535 };

static bool
label_ok(struct slice label)
{
    if (label.n == 0 || label.n > LABEL_BYTES || label.p[0] == '-' || label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++)
        if (!(label.p[i] >= 'a' && label.p[i] <= 'z') &&
            !(label.p[i] >= '0' && label.p[i] <= '9') && label.p[i] != '-')
            return false;
    return true;
}

bool
browserid_domain_ok(struct slice domain)
{
    struct slice       rest = domain, host, labels, label;
    unsigned long long port;

    if (!slice_next(&rest, ':', &host) || host.n > HOST_BYTES)
        return false;
    if (rest.p != NULL && (!slice_u64(rest, PORT_MAX, &port) || port == 0 || rest.p[0] == '0'))
        return false;
    labels = host;
    while (slice_next(&labels, '.', &label))
        if (!label_ok(label))
            return false;
    return true;
}

static bool
local_ok(struct slice local)
{
    for (size_t i = 0; i < local.n; i++) {
        char c = local.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || strchr("_!#$%&'*+/=?^`{|}~.-", c) == NULL))
            return false;
    }
    return local.n > 0;
}

bool
browserid_email_domain(struct slice email, struct slice *ret_domain)
{
    struct slice domain;
    size_t       at;

    if (email.n < EMAIL_BYTES_MIN || email.n > LIMIT_EMAIL_BYTES ||
        !slice_find(email, SL("@"), &at))
        return false;
    domain = slice_from(email, at + 1);
    if (!local_ok(slice_first(email, at)) || !browserid_domain_ok(domain))
        return false;
    *ret_domain = domain;
    return true;
}

static struct slice
port_of(const struct uri *u)
{
    if (u->port.n > 0)
        return u->port;
    return slice_eq_nocase(u->scheme, SL("https")) ? SL("443") : SL("80");
}

enum err_code
browserid_audience_is(struct arena *a, struct slice audience, struct slice expected, struct err *e)
{
    struct uri want, have;

    if (!uri_is_web(audience) || !uri_parse(audience, &have) || !uri_parse(expected, &want) ||
        !slice_eq_nocase(have.scheme, want.scheme))
        return REFUSE(a, e, "audience mismatch: scheme mismatch");
    if (!slice_eq(port_of(&have), port_of(&want)))
        return REFUSE(a, e, "audience mismatch: port mismatch");
    if (!slice_eq_nocase(have.host, want.host))
        return REFUSE(a, e, "audience mismatch: domain mismatch");
    if ((have.path.n > 0 && !slice_eq(have.path, SL("/"))) || have.query.p != NULL ||
        have.fragment.p != NULL)
        return REFUSE(a, e, "audience mismatch: has non-empty path");
    return ERR_NONE;
}

/* Addresses, by the grammar of RFC 3986: split, never rewritten. */
#ifndef OBI_CORE_URI_H
#define OBI_CORE_URI_H

#include "core/arena.h"

struct uri {
    struct slice scheme; /* without the colon, as written */
    struct slice
        authority; /* between // and the path, userinfo and port included; p NULL when none */
    struct slice userinfo; /* p NULL when none */
    struct slice host;     /* an IPv6 literal with its brackets */
    struct slice port;     /* digits, or empty */
    struct slice path;
    struct slice query;    /* p NULL when none */
    struct slice fragment; /* p NULL when none */
};

/* Splits an absolute URI; false when `text` breaks the grammar (a space, a control or non-ASCII
 * byte, a bad percent escape, no scheme). The parts point into `text`. Spec: RFC 3986, 3 and
 * appendix A. */
bool uri_parse(struct slice text, struct uri *ret);
/* As uri_parse, and the scheme is http or https in any case. */
bool uri_is_http(struct slice text);
/* As uri_is_http, and it has a host, no userinfo and at most LIMIT_URL_BYTES: what OBI will fetch
 * or link to. */
bool uri_is_web(struct slice text);
/* The host[:port] of what uri_is_http, in lower case and without the scheme's own port; empty when it
 * has no host. SLICE_NONE for anything else. */
struct slice uri_authority(struct arena *a, struct slice text);
/* The origin of what uri_is_web, as browsers write it: scheme, host and port, in lower case and
 * without the scheme's own port. SLICE_NONE for anything else. */
struct slice uri_origin(struct arena *a, struct slice text);
/* `text` as it can stand in a query's value: everything but unreserved characters and slashes is
 * percent-encoded. Spec: RFC 3986, 2.1. */
struct slice uri_escape(struct arena *a, struct slice text);

#endif

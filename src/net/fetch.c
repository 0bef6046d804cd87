/* One fetch through libcurl: a hop a redirect, each connection checked when it is made. */
#include "net_int.h"

#include <assert.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/sbuf.h"
#include "core/uri.h"
#include "metrics/metrics.h"

/* What one request of one user fetches with. */
struct fetch {
    struct fetcher          fetcher;
    struct net             *net;
    CURL                   *curl;
    struct curl_slist      *headers;
    enum net_who            who;
    const struct net_turns *turns;       /* NULL: every host may be asked at any time */
    int64_t                 deadline_ms; /* monotonic */
};

/* One document on its way. */
struct hop {
    struct fetch *f;
    struct arena *a;
    struct sbuf   body;
    size_t        max_bytes, header_bytes;
    struct slice  location;
    int64_t       waited_us;      /* for the turns of hosts */
    int64_t       fresh_s;
    unsigned      refused, tried; /* connections */
    bool          too_large, bad_coding;
    char          message[CURL_ERROR_SIZE];
};

/* curl asks for a socket for each address it is about to connect to. This is the only place where a
 * connection begins, so this is where the policy stands: behind DNS, connect_to and every redirect.
 */
static curl_socket_t
open_socket(void *self, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct hop        *h = self;
    struct net_address address;

    if (purpose != CURLSOCKTYPE_IPCXN || !net_address_of(&to->addr, to->addrlen, &address) ||
        !net_policy_allows(&h->f->net->policy, h->f->who, &address)) {
        h->refused++;
        return CURL_SOCKET_BAD;
    }
    h->tried++;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static bool
is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static long
status_of(CURL *curl)
{
    long status = 0;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* curl would undo whatever coding it was built with; only what was asked for is undone here, since
 * others take windows of many megabytes. */
static bool
is_known_coding(struct slice value)
{
    struct slice coding;

    while (slice_next(&value, ',', &coding)) {
        coding = slice_trim(coding);
        if (coding.n > 0 && !slice_eq_nocase(coding, SL("gzip")) &&
            !slice_eq_nocase(coding, SL("x-gzip")) && !slice_eq_nocase(coding, SL("deflate")) &&
            !slice_eq_nocase(coding, SL("identity")))
            return false;
    }
    return true;
}

/* How long a document may be kept, as RFC 9111 lets it be said; -1 when it is not. */
static int64_t
fresh_of(struct slice value)
{
    const struct slice max_age = SL("max-age=");
    struct slice       directive;
    unsigned long long seconds;
    int64_t            fresh_s = -1;

    while (slice_next(&value, ',', &directive)) {
        directive = slice_trim(directive);
        if (slice_eq_nocase(directive, SL("no-store")) || slice_eq_nocase(directive, SL("no-cache")))
            return 0;
        if (slice_starts_nocase(directive, max_age))
            fresh_s = slice_u64(slice_from(directive, max_age.n), INT32_MAX, &seconds)
                          ? (int64_t)seconds
                          : 0;
    }
    return fresh_s;
}

static size_t
take_header(char *p, size_t size, size_t count, void *self)
{
    struct hop  *h = self;
    struct slice line = { p, size * count }, name, value;
    size_t       at;

    h->header_bytes += line.n;
    if (h->header_bytes > NET_HEADER_BYTES_MAX) {
        h->too_large = true;
        return 0;
    }
    if (slice_starts_nocase(line, SL("HTTP/"))) /* also behind a 1xx: another answer begins */
        h->location = SLICE_NONE, h->fresh_s = -1;
    if (!slice_find(line, SL(":"), &at))
        return line.n;
    name = slice_first(line, at);
    value = slice_trim(slice_from(line, at + 1));
    if (slice_eq_nocase(name, SL("Location")) && h->location.p == NULL)
        h->location = arena_copy(h->a, value);
    if (slice_eq_nocase(name, SL("Cache-Control")))
        h->fresh_s = fresh_of(value);
    if (slice_eq_nocase(name, SL("Content-Encoding")) && !is_known_coding(value)) {
        h->bad_coding = true;
        return 0;
    }
    return line.n;
}

static size_t
take_body(char *p, size_t size, size_t count, void *self)
{
    struct hop *h = self;
    size_t      n = size * count;

    if (h->location.p != NULL && is_redirect(status_of(h->f->curl)))
        return 0; /* nobody reads what a redirect says: hop_run knows */
    if (n > h->max_bytes - h->body.n) {
        h->too_large = true;
        return 0;
    }
    sbuf_add(&h->body, (struct slice){ p, n });
    return n;
}

/* What is wrong with a chain, in words of ours: OpenSSL's are English, and stand in curl's message. */
static enum cause_id
chain_cause(long verified)
{
    switch (verified) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return CAUSE_TLS_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return CAUSE_TLS_EARLY;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return CAUSE_TLS_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return CAUSE_TLS_ISSUER;
    default:
        return CAUSE_TLS_UNTRUSTED;
    }
}

static enum err_code
tls_fault(struct hop *h, CURLcode code, struct err *e)
{
    long verified = X509_V_ERR_UNSPECIFIED; /* what curl says when the chain itself was good */

    curl_easy_getinfo(h->f->curl, CURLINFO_SSL_VERIFYRESULT, &verified);
    FAIL(e, FETCH_TLS, "curl %d: %s", (int)code, h->message);
    if (verified != X509_V_OK && verified != X509_V_ERR_UNSPECIFIED)
        err_set_cause(e, (struct cause){ .id = chain_cause(verified) });
    else
        err_set_cause(e, code == CURLE_PEER_FAILED_VERIFICATION ? CAUSE(TLS_NAME)
                                                                : CAUSE(TLS_CONNECTION));
    return e->code;
}

/* Which names our own network has is nobody's business: one that it has not is refused like one that it has. */
static enum err_code
dns_fault(struct hop *h, struct slice url, struct err *e)
{
    struct uri u;

    if (uri_parse(url, &u) && net_name_is_local(u.host))
        return FAIL(e, FETCH_REFUSED, "%s", h->message);
    return FAIL(e, FETCH_DNS, "%s", h->message);
}

/* curl's own message may name addresses of this machine: it is for the log alone. */
static enum err_code
curl_fault(struct hop *h, struct slice url, CURLcode code, struct err *e)
{
    if (h->too_large || code == CURLE_FILESIZE_EXCEEDED)
        return FAIL(e, FETCH_TOO_LARGE, "over %zu bytes", h->max_bytes);
    if (h->refused > 0 && h->tried == 0)
        return FAIL(e, FETCH_REFUSED, "%u addresses refused", h->refused);
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return dns_fault(h, url, e);
    case CURLE_OPERATION_TIMEDOUT:
        return FAIL(e, FETCH_TIMEOUT, "%s", h->message);
    case CURLE_COULDNT_CONNECT:
        return FAIL(e, FETCH_CONNECT, "%s", h->message);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
        return tls_fault(h, code, e);
    case CURLE_URL_MALFORMAT:
        return FAIL(e, FETCH_URL, "%s", h->message);
    default:
        return FAIL(e, FETCH_ANSWER, "curl %d: %s", (int)code, h->message);
    }
}

/* What does not change between hops. Everything that could send something of ours, or come from the
 * environment, is switched off by name. */
static void
set_up(struct fetch *f)
{
    CURL                         *c = f->curl;
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);

    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT,
                     1L); /* a slow DNS server does not hold us beyond our time */
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(c, CURLOPT_COOKIEFILE, NULL);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, f->headers);
    curl_easy_setopt(c, CURLOPT_USERAGENT, f->net->user_agent);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(c, CURLOPT_CONNECT_TO, f->net->connect_to);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    /* By hash from the system's folder: its one large file would be parsed for every connection. */
    if (built->capath != NULL) {
        curl_easy_setopt(c, CURLOPT_CAPATH, built->capath);
        curl_easy_setopt(c, CURLOPT_CAINFO, f->net->cacert);
    } else if (f->net->cacert != NULL) {
        curl_easy_setopt(c, CURLOPT_CAINFO, f->net->cacert);
    }
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
}

/* One request and its answer, a redirect's too. The callbacks' data goes when it is over. */
static enum err_code
hop_run(struct hop *h, struct slice url, int64_t until_ms, struct err *e)
{
    CURL    *c = h->f->curl;
    int64_t  left_ms = until_ms - clock_monotonic_ms();
    int64_t  connect_ms = h->f->net->connect_timeout_ms;
    CURLcode code;

    if (left_ms <= 0)
        return FAIL(e, FETCH_TIMEOUT, "no time left");
    sbuf_init(&h->body, h->a);
    h->header_bytes = 0;
    h->location = SLICE_NONE;
    h->fresh_s = -1;
    h->refused = h->tried = 0;
    h->message[0] = '\0';
    curl_easy_setopt(c, CURLOPT_URL, arena_str(h->a, url));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left_ms < connect_ms ? left_ms : connect_ms));
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)h->max_bytes);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->message);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, h);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
    code = curl_easy_perform(c);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, NULL);
    if (h->bad_coding)
        return FAIL(e, FETCH_ANSWER, "a content coding that was not asked for");
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && !h->too_large && h->location.p != NULL &&
                             is_redirect(status_of(c))))
        return ERR_NONE;
    return curl_fault(h, url, code, e);
}

static void
end_url(CURLU *const *u)
{
    curl_url_cleanup(*u);
}

/* Where a Location leads, seen from `base`. */
static enum err_code
resolve(struct arena *a, struct slice base, struct slice location, struct slice *ret, struct err *e)
{
    SCOPED(end_url) CURLU *u = curl_url();
    struct uri             from, to;
    char                  *text = NULL;

    assert(u != NULL);
    if (curl_url_set(u, CURLUPART_URL, arena_str(a, base), 0) != CURLUE_OK ||
        curl_url_set(u, CURLUPART_URL, arena_str(a, location), CURLU_URLENCODE) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_URL, &text, 0) != CURLUE_OK)
        return FAIL(e, FETCH_URL, "Location of %zu bytes", location.n);
    *ret = arena_copy(a, slice_str(text));
    curl_free(text);
    if (!uri_is_web(*ret) || !uri_parse(base, &from) || !uri_parse(*ret, &to))
        return FAIL(e, FETCH_URL, "Location of %zu bytes", location.n);
    if (slice_eq_nocase(from.scheme, SL("https")) && !slice_eq_nocase(to.scheme, SL("https"))) {
        FAIL(e, FETCH_URL, "from https to http");
        err_set_cause(e, CAUSE(HTTPS_LEFT));
        return e->code;
    }
    return ERR_NONE;
}

static enum err_code
wait_for_turn(struct hop *h, struct slice url, struct err *e)
{
    const struct net_turns *turns = h->f->turns;
    int64_t                 began_us = clock_monotonic_us();
    enum err_code           rc = turns == NULL ? ERR_NONE : turns->wait(turns->self, url, e);

    h->waited_us += clock_monotonic_us() - began_us;
    return rc;
}

static enum err_code
follow(struct hop *h, struct slice url, int64_t until_ms, struct slice *ret_url, struct err *e)
{
    enum err_code rc;

    for (int redirects = 0;; redirects++) {
        *ret_url = url;
        if ((rc = hop_run(h, url, until_ms + h->waited_us / 1000, e)) != ERR_NONE)
            return rc;
        if (h->location.p == NULL || !is_redirect(status_of(h->f->curl)))
            return ERR_NONE;
        if (redirects == NET_REDIRECTS_MAX)
            return FAIL(e, FETCH_REDIRECTS, "over %d", NET_REDIRECTS_MAX);
        if ((rc = resolve(h->a, url, h->location, &url, e)) != ERR_NONE ||
            (rc = wait_for_turn(h, url, e)) != ERR_NONE)
            return rc;
    }
}

/* What the wait for a host's turn ended was no fetch. */
static void
count(const struct hop *h, enum err_code rc, const struct err *e, int64_t took_us)
{
    const struct fetch *f = h->f;
    enum metrics_by     by = f->who == NET_SIGNED_IN ? BY_SIGNED_IN : BY_ANONYMOUS;

    if (rc == ERR_NONE || (rc >= ERR_FETCH_URL && rc <= ERR_FETCH_ANSWER))
        metrics_fetch(&(struct metrics_fetch){ .by = f->turns != NULL ? BY_RECHECK : by,
                                               .failure = rc,
                                               .cause = rc == ERR_NONE ? CAUSE_NONE : e->cause_id,
                                               .status = (int)status_of(f->curl),
                                               .took_us = took_us });
}

/* Runs `go` within the time that is left, and takes what came. */
static enum err_code
timed(struct hop *h, struct slice url,
      enum err_code (*go)(struct hop *h, struct slice url, int64_t until_ms, struct slice *ret_url,
                          struct err *e),
      struct fetched *ret, struct err *e)
{
    struct fetch  *f = h->f;
    int64_t        begun_us = clock_monotonic_us(), took_us;
    int64_t        until_ms = begun_us / 1000 + f->net->timeout_ms;
    struct fetched got = { .url = url };
    enum err_code  rc;
    char          *type = NULL;

    if (until_ms > f->deadline_ms)
        until_ms = f->deadline_ms;
    rc = uri_is_web(url) ? go(h, url, until_ms, &got.final_url, e)
                         : FAIL(e, FETCH_URL, "%zu bytes", url.n);
    took_us = clock_monotonic_us() - begun_us - h->waited_us;
    got.took_ms = took_us / 1000;
    f->net->took_us += took_us;
    count(h, rc, e, took_us);
    f->deadline_ms += h->waited_us / 1000;
    if (rc != ERR_NONE) {
        err_set_url(e, url);
        return rc;
    }
    curl_easy_getinfo(f->curl, CURLINFO_CONTENT_TYPE, &type);
    got.status = (int)status_of(f->curl);
    got.content_type = type == NULL ? SL("") : arena_copy(h->a, slice_str(type));
    got.body = h->body.n == 0 ? SL("") : sbuf_slice(&h->body);
    got.at_s = clock_now_s();
    got.fresh_s = h->fresh_s;
    *ret = got;
    return ERR_NONE;
}

static enum err_code
fetch_get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
          struct err *e)
{
    struct hop h = { .f = self, .a = a, .max_bytes = max_bytes };

    return timed(&h, url, follow, ret, e);
}

static enum err_code
stay(struct hop *h, struct slice url, int64_t until_ms, struct slice *ret_url, struct err *e)
{
    enum err_code rc = hop_run(h, url, until_ms, e);

    *ret_url = url;
    if (rc == ERR_NONE && is_redirect(status_of(h->f->curl)))
        return FAIL(e, FETCH_REDIRECTS, "of what is for one server alone");
    return rc;
}

enum err_code
net_send(const struct fetcher *fetcher, struct arena *a, const struct net_call *call,
         size_t max_bytes, struct fetched *ret, struct err *e)
{
    struct fetch      *f = fetcher->self;
    struct hop         h = { .f = f, .a = a, .max_bytes = max_bytes };
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    enum err_code      rc;

    assert(fetcher->get == fetch_get && headers != NULL);
    if (call->authorization.hidden.n > 0) {
        struct slice line =
            arena_printf(a, "Authorization: %.*s", SLICE_FMT(call->authorization.hidden));
        struct curl_slist *longer = curl_slist_append(headers, line.p);

        assert(longer != NULL);
    }
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, headers);
    if (call->form.p != NULL) {
        curl_easy_setopt(f->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->form.n);
        curl_easy_setopt(f->curl, CURLOPT_POSTFIELDS, call->form.p);
    }
    rc = timed(&h, call->url, stay, ret, e);
    curl_easy_setopt(f->curl, CURLOPT_POSTFIELDS, NULL); /* which means a POST by itself */
    curl_easy_setopt(f->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, f->headers);
    curl_slist_free_all(headers);
    return rc;
}

static void
fetch_end(void *p)
{
    struct fetch *f = p;

    curl_easy_cleanup(f->curl);
    curl_slist_free_all(f->headers);
}

const struct fetcher *
net_fetcher(struct net *n, struct arena *a, enum net_who who)
{
    return net_fetcher_in_turn(n, a, who, NULL);
}

const struct fetcher *
net_fetcher_in_turn(struct net *n, struct arena *a, enum net_who who, const struct net_turns *turns)
{
    struct fetch *f = ARENA_NEW(a, struct fetch);

    *f = (struct fetch){ .fetcher = { .get = fetch_get, .self = f },
                         .net = n,
                         .curl = curl_easy_init(),
                         .who = who,
                         .turns = turns,
                         .deadline_ms = clock_monotonic_ms() + n->deadline_ms };
    /* Issuers that show people a page and programs a document decide by this. */
    f->headers = curl_slist_append(
        NULL, "Accept: application/ld+json, application/json, image/png, image/svg+xml, "
              "*/*;q=0.5");
    assert(f->curl != NULL && f->headers != NULL);
    set_up(f);
    arena_defer(a, fetch_end, f);
    return &f->fetcher;
}

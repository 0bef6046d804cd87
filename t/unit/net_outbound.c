/* Where OBI does not go, whatever a URL, a redirect, a name or a DNS server says. Names are
 * answered by the resolver below, which stands in for the C library's: libcurl calls it as it would
 * call that. */
#include "peer.h"

#include <errno.h>
#include <netdb.h>

enum { ANSWERS_MAX = 4 };

/* The addresses of a name, call by call; the last row of a name holds for all later calls. */
static struct answer {
    const char *name, *addresses[ANSWERS_MAX];
} script[8];
static atomic_int lookups;
static atomic_int slow_s;

static struct addrinfo *
make_answer(const char *address, struct addrinfo *next)
{
    struct addrinfo *ai = calloc(1, sizeof *ai);
    bool             six = strchr(address, ':') != NULL;

    ai->ai_family = six ? AF_INET6 : AF_INET;
    ai->ai_socktype = SOCK_STREAM;
    ai->ai_protocol = IPPROTO_TCP;
    ai->ai_addrlen = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    ai->ai_addr = calloc(1, ai->ai_addrlen);
    ai->ai_addr->sa_family = (sa_family_t)ai->ai_family;
    if (six)
        inet_pton(AF_INET6, address, &((struct sockaddr_in6 *)(void *)ai->ai_addr)->sin6_addr);
    else
        inet_pton(AF_INET, address, &((struct sockaddr_in *)(void *)ai->ai_addr)->sin_addr);
    ai->ai_next = next;
    return ai;
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **ret)
{
    struct addrinfo *list = NULL;
    in_port_t        port = htons((uint16_t)(service == NULL ? 0 : atoi(service)));
    size_t           row = COUNT_OF(script);
    int              call = atomic_fetch_add(&lookups, 1);
    (void)hints;

    sleep((unsigned)atomic_load(&slow_s));
    for (size_t i = 0; i < COUNT_OF(script) && call >= 0; i++)
        if (script[i].name != NULL && strcmp(script[i].name, name) == 0) {
            row = i;
            call--;
        }
    if (row == COUNT_OF(script))
        return EAI_NONAME;
    for (size_t i = 0; i < ANSWERS_MAX && script[row].addresses[i] != NULL; i++) {
        list = make_answer(script[row].addresses[i], list);
        ((struct sockaddr_in *)(void *)list->ai_addr)->sin_port = port; /* stands alike in both */
    }
    *ret = list;
    return 0;
}

void
freeaddrinfo(struct addrinfo *ai)
{
    while (ai != NULL) {
        struct addrinfo *next = ai->ai_next;

        free(ai->ai_addr);
        free(ai);
        ai = next;
    }
}

static const char *const forbidden[] = {
    /* one of each range, as people and as attackers write them */
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.1.2.3",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "127.1",
    "0",

    "%31%32%37.0.0.1",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:8.8.8.8]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a00:1]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:2::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "x.localhost"
};

/* Redirects /to/URL to that URL, /forbidden/N to the N-th forbidden address, and has a document
 * elsewhere. */
static void
serve(struct server *s, int fd)
{
    char request[4096], path[1024], to[1100], answer[1200];
    (void)s;

    while (peer_hear(fd, request, sizeof request, path, sizeof path)) {
        to[0] = '\0';
        if (strncmp(path, "/to/", 4) == 0)
            snprintf(to, sizeof to, "%s", path + 4);
        if (strncmp(path, "/forbidden/", 11) == 0)
            snprintf(to, sizeof to, "http://%s:81/", forbidden[atoi(path + 11)]);
        snprintf(answer, sizeof answer,
                 to[0] != '\0' ? "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
                               : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                 to);
        peer_say(fd, answer);
    }
}

static int
begin(void **state)
{
    struct peer_test *t = malloc(sizeof *t);

    peer_begin(t, serve);
    memset(script, 0, sizeof script);
    script[7] = (struct answer){ "localhost.", { "127.0.0.1", "::1" } };
    atomic_store(&lookups, 0);
    atomic_store(&slow_s, 0);
    *state = t;
    return 0;
}

static int
end(void **state)
{
    peer_end(*state);
    free(*state);
    return 0;
}

/* Fetchers keep their connections: they end first. */
static void
end_server(struct peer_test *t, struct server *s)
{
    arena_empty(t->a);
    server_stop(s);
}

static void
must_refuse(struct peer_test *t, enum net_who who, struct slice url)
{
    int64_t begun = clock_monotonic_ms();

    if (peer_get_as(t, who, url, 100) != ERR_FETCH_REFUSED)
        fail_msg("%.*s: %s (%s)", SLICE_FMT(url), err_name(t->err.code), t->err.detail);
    assert_string_equal(t->err.cause, "");
    assert_string_equal(t->err.received, "");
    assert_slice_equal(slice_str(t->err.url), url);
    assert_true(clock_monotonic_ms() - begun < 700); /* nobody was waited for */
}

static void
every_forbidden_address_gets_the_same_answer(void **state)
{
    struct peer_test *t = *state;

    peer_ready(t, 0);
    for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
        must_refuse(t, NET_SIGNED_IN,
                    arena_printf(t->a, "http://%s:%d/", forbidden[i], t->server.port));
        must_refuse(t, NET_ANONYMOUS, arena_printf(t->a, "https://%s/", forbidden[i]));
    }
    assert_int_equal(t->server.connections, 0);
}

static void
a_redirect_leads_to_no_forbidden_address(void **state)
{
    struct peer_test *t = *state;

    peer_ready(t, 1);
    for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
        struct slice url =
            arena_printf(t->a, "http://127.0.0.1:%d/forbidden/%zu", t->server.port, i);

        if (peer_get_as(t, NET_SIGNED_IN, url, 100) != ERR_FETCH_REFUSED)
            fail_msg("%.*s: %s", SLICE_FMT(url), err_name(t->err.code));
    }
}

static void
a_name_is_what_it_resolves_to(void **state)
{
    struct peer_test *t = *state;

    script[0] = (struct answer){ "inside.example", { "10.1.2.3" } };
    script[1] = (struct answer){ "six.example", { "::ffff:127.0.0.1", "fd00::1" } };
    script[2] = (struct answer){ "open.example", { "127.0.0.1" } };
    peer_ready(t, 1);
    must_refuse(t, NET_SIGNED_IN, SL("http://inside.example/"));
    must_refuse(t, NET_SIGNED_IN, SL("https://six.example/"));
    must_refuse(t, NET_SIGNED_IN, SL("http://open.example/"));
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN,
                                 arena_printf(t->a, "http://open.example:%d/ok", t->server.port),
                                 9),
                     ERR_NONE);
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, SL("http://nobody.example/"), 9), ERR_FETCH_DNS);
}

/* Whoever asks cannot find out which names the network inside has. */
static void
a_local_name_is_refused_whether_it_exists_or_not(void **state)
{
    static const char *const names[] = { "intranet",         "nothing",      "db.internal",
                                         "nothing.internal", "db.Internal.", "x.corp",
                                         "printer.local" };
    struct peer_test        *t = *state;

    script[0] = (struct answer){ "intranet", { "10.1.2.3" } };
    script[1] = (struct answer){ "db.internal", { "10.1.2.4" } };
    peer_ready(t, 1);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        must_refuse(t, NET_SIGNED_IN, arena_printf(t->a, "http://%s/", names[i]));
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, SL("http://nothing.example/"), 9),
                     ERR_FETCH_DNS);
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, SL("http://internal.example/"), 9),
                     ERR_FETCH_DNS);
}

static void
of_several_addresses_only_the_open_ones_are_tried(void **state)
{
    struct peer_test *t = *state;
    struct server     other;

    server_start(&other, "127.0.0.2", serve);
    script[0] = (struct answer){ "mixed.example", { "127.0.0.1", "127.0.0.2", "::1", "10.0.0.1" } };
    peer_ready(t, 1);
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN,
                                 arena_printf(t->a, "http://mixed.example:%d/ok", t->server.port),
                                 9),
                     ERR_NONE);
    must_refuse(t, NET_SIGNED_IN, arena_printf(t->a, "http://mixed.example:%d/ok", other.port));
    assert_int_equal(other.connections, 0);
    end_server(t, &other);
}

/* Whoever looks a name up to check it, and again to connect, is led here by the second answer. */
static void
a_dns_server_that_changes_its_answer_gains_nothing(void **state)
{
    struct peer_test     *t = *state;
    const struct fetcher *f;
    struct server         inside;
    struct slice          url = SLICE_NONE;

    peer_ready(t, 1);
    server_start(&inside, "127.0.0.2", serve);
    script[0] = (struct answer){ "rebind.example", { "127.0.0.1" } };
    script[1] = (struct answer){ "rebind.example", { "127.0.0.2" } };
    url = arena_printf(t->a, "http://rebind.example:%d/ok", t->server.port);
    f = net_fetcher(t->net, t->a, NET_SIGNED_IN);
    assert_int_equal(f->get(f->self, t->a, url, 9, &t->got, &t->err), ERR_NONE);
    assert_int_equal(lookups, 1);
    must_refuse(t, NET_SIGNED_IN, url);
    must_refuse(t, NET_SIGNED_IN, arena_printf(t->a, "http://rebind.example:%d/ok", inside.port));
    assert_int_equal(inside.connections, 0);
    end_server(t, &inside);
}

static void
only_public_entries_serve_anonymous_requests(void **state)
{
    struct peer_test *t = *state;
    struct slice      url = arena_printf(t->a, "http://127.0.0.1:%d/ok", t->server.port);
    struct server     shown;

    server_start(&shown, "127.0.0.1", serve);
    t->allow[1] = arena_printf(t->a, "127.0.0.0/8:%d public", shown.port);
    peer_ready(t, 2);
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, url, 9), ERR_NONE);
    must_refuse(t, NET_ANONYMOUS, url);
    url = arena_printf(t->a, "http://127.0.0.1:%d/ok", shown.port);
    assert_int_equal(peer_get_as(t, NET_ANONYMOUS, url, 9), ERR_NONE);
    url = arena_printf(t->a, "http://127.0.0.1:%d/to/http://127.0.0.1:%d/ok", shown.port,
                       t->server.port);
    assert_int_equal(peer_get_as(t, NET_ANONYMOUS, url, 9), ERR_FETCH_REFUSED);
    end_server(t, &shown);
}

/* The signed-in fetcher has a connection open to it when the anonymous one asks. */
static void
a_connection_of_one_policy_never_serves_another(void **state)
{
    struct peer_test     *t = *state;
    struct slice          url = arena_printf(t->a, "http://127.0.0.1:%d/ok", t->server.port);
    const struct fetcher *wide, *narrow;

    peer_ready(t, 1);
    narrow = net_fetcher(t->net, t->a, NET_ANONYMOUS);
    wide = net_fetcher(t->net, t->a, NET_SIGNED_IN);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wide->get(wide->self, t->a, url, 9, &t->got, &t->err), ERR_NONE);
        assert_int_equal(narrow->get(narrow->self, t->a, url, 9, &t->got, &t->err),
                         ERR_FETCH_REFUSED);
    }
    assert_int_equal(t->server.connections, 1);
}

static void
an_entry_opens_its_port_and_no_other(void **state)
{
    struct peer_test *t = *state;
    struct server     other;

    server_start(&other, "127.0.0.1", serve);
    peer_ready(t, 1);
    must_refuse(t, NET_SIGNED_IN, arena_printf(t->a, "http://127.0.0.1:%d/ok", other.port));
    must_refuse(t, NET_SIGNED_IN, arena_printf(t->a, "http://127.0.0.2:%d/ok", t->server.port));
    must_refuse(t, NET_SIGNED_IN,
                arena_printf(t->a, "http://[::ffff:127.0.0.1]:%d/ok", t->server.port));
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN,
                                 arena_printf(t->a, "http://localhost:%d/ok", t->server.port), 9),
                     ERR_NONE);
    assert_int_equal(other.connections, 0);
    end_server(t, &other);
}

static void
ports_of_other_protocols_are_refused_everywhere(void **state)
{
    static const int  ports[] = { 22, 25, 110, 143, 465, 587, 993, 2049, 6000, 6667, 10080 };
    struct peer_test *t = *state;

    t->allow[0] = SL("127.0.0.0/8");
    peer_ready(t, 1);
    for (size_t i = 0; i < COUNT_OF(ports); i++) {
        must_refuse(t, NET_SIGNED_IN, arena_printf(t->a, "http://127.0.0.1:%d/", ports[i]));
        must_refuse(t, NET_SIGNED_IN, arena_printf(t->a, "http://8.8.8.8:%d/", ports[i]));
    }
}

static void
connect_to_leads_only_where_the_policy_does(void **state)
{
    struct peer_test *t = *state;
    struct slice      items[2];
    struct server     other;

    server_start(&other, "127.0.0.1", serve);
    items[0] = arena_printf(t->a, "issuer.example:80:127.0.0.1:%d", t->server.port);
    items[1] = arena_printf(t->a, "closed.example:80:127.0.0.1:%d", other.port);
    t->conf.fetch_connect_to = (struct conf_list){ items, 2 };
    peer_ready(t, 1);
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, SL("http://issuer.example/ok"), 9), ERR_NONE);
    must_refuse(t, NET_SIGNED_IN, SL("http://closed.example/ok"));
    must_refuse(t, NET_ANONYMOUS, SL("http://issuer.example/ok"));
    assert_int_equal(other.connections, 0);
    end_server(t, &other);
}

static void
a_slow_dns_server_costs_no_more_than_the_time(void **state)
{
    struct peer_test *t = *state;
    int64_t           begun = clock_monotonic_ms();

    atomic_store(&slow_s, 4);
    peer_ready(t, 1);
    assert_int_equal(peer_get_as(t, NET_SIGNED_IN, SL("http://slow.example/"), 9),
                     ERR_FETCH_TIMEOUT);
    assert_in_range(clock_monotonic_ms() - begun, 900, 2000);
    arena_empty(t->a); /* the fetcher ends, and does not wait either */
    assert_in_range(clock_monotonic_ms() - begun, 900, 2000);
    atomic_store(&slow_s, 0);
    sleep(4); /* for the resolver's thread, which the leak checker would miss */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_forbidden_address_gets_the_same_answer),
        CASE(a_redirect_leads_to_no_forbidden_address),
        CASE(a_name_is_what_it_resolves_to),
        CASE(a_local_name_is_refused_whether_it_exists_or_not),
        CASE(of_several_addresses_only_the_open_ones_are_tried),
        CASE(a_dns_server_that_changes_its_answer_gains_nothing),
        CASE(only_public_entries_serve_anonymous_requests),
        CASE(a_connection_of_one_policy_never_serves_another),
        CASE(an_entry_opens_its_port_and_no_other),
        CASE(ports_of_other_protocols_are_refused_everywhere),
        CASE(connect_to_leads_only_where_the_policy_does),
        CASE(a_slow_dns_server_costs_no_more_than_the_time),
    };

    return RUN_TAP(tests);
}

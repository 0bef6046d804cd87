/* Who owns a key: the ring against a real nginx that chooses among the same servers. */
#include "test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/cache/cache_int.h"

enum { KEYS = 3000, SERVERS = 4 };

/* Ways to name servers; each server answers with its place in the list. */
struct named {
    const char  *upstream;
    struct slice servers[SERVERS];
    size_t       count;
};
enum { SOCKETS, PORTS, ONE, NAMED };

struct fixture {
    struct arena *a;
    char          dir[64];
    struct named  named[NAMED];
    pid_t         nginx;
    int           fd;
};

/* A port that is free on every loopback address used here, very likely. */
static int
free_port(bool *ret_ipv6)
{
    struct sockaddr_in  to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    socklen_t           n = sizeof to;
    int fd = socket(AF_INET, SOCK_STREAM, 0), fd6 = socket(AF_INET6, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &n), 0);
    six.sin6_port = to.sin_port;
    *ret_ipv6 = fd6 >= 0 && bind(fd6, (struct sockaddr *)&six, sizeof six) == 0;
    close(fd);
    if (fd6 >= 0)
        close(fd6);
    return ntohs(to.sin_port);
}

static void
name_servers(struct fixture *f)
{
    bool ipv6;
    int  port = free_port(&ipv6);

    f->named[SOCKETS] = (struct named){ "sockets", { { 0 } }, SERVERS };
    for (size_t i = 0; i < SERVERS; i++)
        f->named[SOCKETS].servers[i] = arena_printf(f->a, "unix:%s/%zu.sock", f->dir, i);
    f->named[ONE] = (struct named){ "one", { arena_printf(f->a, "unix:%s/one.sock", f->dir) }, 1 };
    f->named[PORTS] =
        (struct named){ "ports",
                        { arena_printf(f->a, "127.0.0.1:%d", port),
                          arena_printf(f->a, "127.0.0.2:0%d", port), /* as it is written */
                          arena_printf(f->a, "127.0.0.3:%d", port),
                          arena_printf(f->a, "[::1]:%d", port) },
                        ipv6 ? SERVERS : SERVERS - 1 };
}

static void
write_nginx_conf(struct fixture *f, const char *path)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fprintf(out,
            "daemon off; master_process off; pid %s/pid; error_log stderr crit;\n"
            "events { worker_connections 64; }\n"
            "http { access_log off; keepalive_requests 1000000;\n"
            "client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;\n"
            "scgi_temp_path %s/t4; uwsgi_temp_path %s/t5;\n"
            "server { listen unix:%s/front.sock;\n",
            f->dir, f->dir, f->dir, f->dir, f->dir, f->dir, f->dir);
    for (size_t n = 0; n < NAMED; n++)
        fprintf(out, "location /%s { proxy_pass http://%s; }\n", f->named[n].upstream,
                f->named[n].upstream);
    fprintf(out, "}\n");
    for (size_t n = 0; n < NAMED; n++) {
        fprintf(out, "upstream %s { hash $http_key consistent;\n", f->named[n].upstream);
        for (size_t i = 0; i < f->named[n].count; i++)
            fprintf(out, "server %.*s max_fails=0;\n", SLICE_FMT(f->named[n].servers[i]));
        fprintf(out, "}\n");
        for (size_t i = 0; i < f->named[n].count; i++)
            fprintf(out, "server { listen %.*s; return 200 %zu; }\n",
                    SLICE_FMT(f->named[n].servers[i]), i);
    }
    fprintf(out, "}\n");
    assert_int_equal(fclose(out), 0);
}

static bool
open_front(struct fixture *f)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    f->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s/front.sock", f->dir);
    if (connect(f->fd, (struct sockaddr *)&to, sizeof to) == 0)
        return true;
    close(f->fd);
    return false;
}

static int
begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char            conf[96];
    int             tries = 0;

    f->a = arena_new();
    snprintf(f->dir, sizeof f->dir, "/tmp/obi-ring-XXXXXX");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    name_servers(f);
    snprintf(conf, sizeof conf, "%s/nginx.conf", f->dir);
    write_nginx_conf(f, conf);
    f->nginx = fork();
    if (f->nginx == 0) {
        execl("/usr/sbin/nginx", "nginx", "-p", f->dir, "-c", conf, "-e", "stderr", NULL);
        _exit(127);
    }
    while (!open_front(f)) {
        assert_true(++tries < 200);
        usleep(10 * 1000);
    }
    *state = f;
    return 0;
}

static int
finish(void **state)
{
    struct fixture *f = *state;
    char            remove[96];

    close(f->fd);
    kill(f->nginx, SIGTERM);
    waitpid(f->nginx, NULL, 0);
    snprintf(remove, sizeof remove, "rm -rf %s", f->dir);
    assert_int_equal(system(remove), 0);
    arena_free(f->a);
    free(f);
    return 0;
}

/* The server that nginx takes for a key. */
static size_t
nginx_finds(struct fixture *f, const char *upstream, struct slice key)
{
    struct slice asked = arena_printf(f->a, "GET /%s HTTP/1.1\r\nHost: x\r\nKey: %.*s\r\n\r\n",
                                      upstream, SLICE_FMT(key)),
                 got;
    char   answer[1024];
    size_t n = 0, end;

    assert_int_equal(write(f->fd, asked.p, asked.n), asked.n);
    do {
        ssize_t some = read(f->fd, answer + n, sizeof answer - n);

        assert_true(some > 0);
        n += (size_t)some;
        got = (struct slice){ answer, n };
    } while (!slice_find(got, SL("\r\n\r\n"), &end) || got.n < end + 5);
    assert_true(slice_starts(got, SL("HTTP/1.1 200 ")));
    return (size_t)(got.p[end + 4] - '0');
}

/* A document's key, or one of those that nginx never asks for. */
static struct slice
a_key(struct fixture *f, int number)
{
    switch (number % 3) {
    case 0:
        return cache_key(f->a, "-", arena_printf(f->a, "/displayer/%d/groups.json", number));
    case 1:
        return cache_key(f->a, "en", arena_printf(f->a, "/share/collection/%x", number * 7919));
    default:
        return arena_printf(f->a, "place:%d:0", number);
    }
}

static void
nginx_and_the_ring_find_the_same_server(void **state)
{
    struct fixture *f = *state;

    for (size_t n = 0; n < NAMED; n++) {
        const struct named *named = &f->named[n];
        struct conf_list    list = { (struct slice *)(uintptr_t)named->servers, named->count };
        struct ring         ring;
        int                 found[SERVERS] = { 0 };

        ring_init(f->a, &list, &ring);
        for (int i = 0; i < KEYS; i++) {
            struct slice key = a_key(f, i);
            size_t       server = ring_find(&ring, key);

            if (nginx_finds(f, named->upstream, key) != server)
                fail_msg("%s: nginx finds another server for %.*s than %zu", named->upstream,
                         SLICE_FMT(key), server);
            found[server]++;
        }
        for (size_t i = 0; i < named->count; i++)
            assert_in_range(found[i], KEYS / (int)named->count / 2, KEYS);
    }
}

static void
a_server_less_moves_its_own_keys_and_no_other(void **state)
{
    struct fixture  *f = *state;
    struct conf_list all = { f->named[SOCKETS].servers, SERVERS },
                     fewer = { f->named[SOCKETS].servers, SERVERS - 1 };
    struct ring before, after;
    int         moved = 0;

    ring_init(f->a, &all, &before);
    ring_init(f->a, &fewer, &after);
    for (int i = 0; i < KEYS; i++) {
        size_t was = ring_find(&before, a_key(f, i));

        if (was != SERVERS - 1)
            assert_int_equal(ring_find(&after, a_key(f, i)), was);
        else
            moved++;
    }
    assert_in_range(moved, KEYS / SERVERS / 2, 2 * KEYS / SERVERS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nginx_and_the_ring_find_the_same_server),
        cmocka_unit_test(a_server_less_moves_its_own_keys_and_no_other),
    };

    return (cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests(tests, begin, finish));
}

/* A small server on loopback for tests that need a peer: a thread accepts, one more answers each
 * connection. What a connection gets is up to the test's `serve`, which owns `fd` until it returns.
 */
#ifndef OBI_TEST_SERVER_H
#define OBI_TEST_SERVER_H

#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    int        fd, port;
    pthread_t  thread;
    atomic_int connections, open;
    void (*serve)(struct server *s, int fd);
};

struct server_call {
    struct server *s;
    int            fd;
};

static void *
server_one(void *p)
{
    struct server_call *call = p;

    call->s->serve(call->s, call->fd);
    close(call->fd);
    atomic_fetch_sub(&call->s->open, 1);
    free(call);
    return NULL;
}

static void *
server_run(void *p)
{
    struct server *s = p;
    int            fd;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        struct server_call *call = malloc(sizeof *call);
        pthread_t           thread;

        *call = (struct server_call){ s, fd };
        atomic_fetch_add(&s->connections, 1);
        atomic_fetch_add(&s->open, 1);
        assert_int_equal(pthread_create(&thread, NULL, server_one, call), 0);
        pthread_detach(thread);
    }
    return NULL;
}

/* Listens on a free port of `address`, an IPv4 address of this machine. */
static inline void
server_start(struct server *s, const char *address, void (*serve)(struct server *s, int fd))
{
    struct sockaddr_in sin = { .sin_family = AF_INET };
    socklen_t          n = sizeof sin;

    *s = (struct server){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .serve = serve };
    assert_int_equal(inet_pton(AF_INET, address, &sin.sin_addr), 1);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&sin, sizeof sin), 0);
    assert_int_equal(listen(s->fd, 64), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&sin, &n), 0);
    s->port = ntohs(sin.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, server_run, s), 0);
}

/* Ends when every connection has: a `serve` sees its peer close. */
static inline void
server_stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    while (atomic_load(&s->open) > 0)
        usleep(1000);
}

/* False when the peer has gone. */
static inline bool
server_say(int fd, const char *text, size_t n)
{
    return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Reads up to and with `end`, NUL-terminated; false when the peer ends before, or the room does. */
static inline bool
server_hear(int fd, const char *end, char *to, size_t room)
{
    size_t n = 0;

    while (n + 1 < room && recv(fd, to + n, 1, 0) == 1) {
        to[++n] = '\0';
        if (n >= strlen(end) && strcmp(to + n - strlen(end), end) == 0)
            return true;
    }
    return false;
}

#endif

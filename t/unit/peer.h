/* What the net tests share: a configuration, a fetcher, and a peer that speaks HTTP by the path it
 * is asked. */
#ifndef OBI_TEST_PEER_H
#define OBI_TEST_PEER_H

#include "server.h"

#include "core/clock.h"
#include "core/limits.h"
#include "net/net.h"

struct peer_test {
    struct arena  *a;
    struct net    *net;
    struct server  server;
    struct conf    conf;
    struct slice   allow[4];
    struct fetched got;
    struct err     err;
};

/* A fixture whose peer `serve` listens on 127.0.0.1, opened to signed-in users by its exact port.
 */
static inline void
peer_begin(struct peer_test *t, void (*serve)(struct server *s, int fd))
{
    *t = (struct peer_test){ .a = arena_new() };
    server_start(&t->server, "127.0.0.1", serve);
    t->conf = (struct conf){ .base_url = SL("https://obi.example.org"),
                             .fetch_timeout_ms = 1500,
                             .fetch_deadline_ms = 3000,
                             .fetch_connect_timeout_ms = 1000 };
    t->allow[0] = arena_printf(t->a, "127.0.0.1/32:%d", t->server.port);
}

/* `allowed` entries of t->allow are used. Call it after the last change of t->conf. */
static inline void
peer_ready(struct peer_test *t, size_t allowed)
{
    t->conf.fetch_allow_net = (struct conf_list){ t->allow, allowed };
    assert_int_equal(net_new(&t->conf, &t->net, &t->err), ERR_NONE);
}

static inline void
peer_end(struct peer_test *t)
{
    arena_free(t->a);
    net_free(t->net);
    server_stop(&t->server);
}

static inline enum err_code
peer_get_as(struct peer_test *t, enum net_who who, struct slice url, size_t max_bytes)
{
    const struct fetcher *f = net_fetcher(t->net, t->a, who);

    t->got = (struct fetched){ 0 };
    t->err = (struct err){ 0 };
    return f->get(f->self, t->a, url, max_bytes, &t->got, &t->err);
}

/* Gets a path of the peer as a signed-in user. */
static inline enum err_code
peer_get(struct peer_test *t, const char *path)
{
    return peer_get_as(t, NET_SIGNED_IN,
                       arena_printf(t->a, "http://127.0.0.1:%d%s", t->server.port, path),
                       LIMIT_JSON_BYTES);
}

/* Hears one request; its path is written to `path`. False when there is none. */
static inline bool
peer_hear(int fd, char *request, size_t room, char *path, size_t path_room)
{
    char *space, *end;

    if (!server_hear(fd, "\r\n\r\n", request, room) || (space = strchr(request, ' ')) == NULL ||
        (end = strchr(space + 1, ' ')) == NULL || (size_t)(end - space) > path_room)
        return false;
    memcpy(path, space + 1, (size_t)(end - space - 1));
    path[end - space - 1] = '\0';
    return true;
}

static inline bool
peer_say(int fd, const char *text)
{
    return server_say(fd, text, strlen(text));
}

#endif

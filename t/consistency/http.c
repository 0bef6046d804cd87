#include "http.h"

#include <stdatomic.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

int64_t
now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
text_room(struct text *t, size_t more)
{
    if (t->n + more + 1 <= t->room)
        return;
    t->room = 2 * (t->n + more + 1);
    t->p = realloc(t->p, t->room);
    if (t->p == NULL)
        abort();
}

void
text_add(struct text *t, const char *p, size_t n)
{
    text_room(t, n);
    if (n > 0)
        memcpy(t->p + t->n, p, n);
    t->n += n;
    t->p[t->n] = '\0';
}

void
text_printf(struct text *t, const char *format, ...)
{
    va_list args;
    char    line[4096];
    int     n;

    va_start(args, format);
    n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line)
        abort();
    text_add(t, line, (size_t)n);
}

void
wire_close(struct wire *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

/* Every so many requests another client asks, so that the limits for each bind none. */
enum { REQUESTS_OF_CLIENT = 100, CLIENTS = 50000 };
static atomic_uint from_next;

bool
wire_send(struct wire *w, uint16_t port, const struct text *request, bool head_only)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in from = { .sin_family = AF_INET };
    int                on = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    w->in.n = 0;
    w->head_only = head_only;
    if (w->sent == REQUESTS_OF_CLIENT)
        wire_close(w);
    w->reused = w->fd >= 0;
    if (w->fd < 0) {
        w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        w->sent = 0;
        from.sin_addr.s_addr =
            htonl(INADDR_LOOPBACK + (((uint32_t)from_next++ % CLIENTS + 1) << 8));
        if (bind(w->fd, (struct sockaddr *)&from, sizeof from) != 0) {
            wire_close(w);
            return false;
        }
        setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(w->fd, (struct sockaddr *)&to, sizeof to) != 0) {
            wire_close(w);
            return false;
        }
    }
    w->sent++;
    /* A few hundred bytes: they fit into an empty socket. An end that is there already is seen when reading. */
    return send(w->fd, request->p, request->n, MSG_NOSIGNAL) == (ssize_t)request->n || w->reused;
}

long
header_find(const char *head, const char *name, const char **ret)
{
    size_t n = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line != NULL && line[2] != '\r';
         line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
            *ret = line + 2 + n + 1 + strspn(line + 2 + n + 1, " ");
            return strstr(*ret, "\r\n") - *ret;
        }
    return -1;
}

/* Whether the chunks are all there; puts them together. */
static bool
dechunk(const char *p, size_t n, struct text *to)
{
    const char *end = p + n;

    for (;;) {
        char         *after;
        unsigned long size = strtoul(p, &after, 16);

        if (after + 2 > end || after[0] != '\r')
            return false;
        p = after + 2;
        if ((size_t)(end - p) < size + 2)
            return false;
        if (size == 0)
            return true;
        text_add(to, p, size);
        p += size + 2;
    }
}

static bool
gunzip(struct text *body)
{
    struct text plain = { 0 };
    z_stream    z = { .next_in = (Bytef *)body->p, .avail_in = (uInt)body->n };
    char        block[16384];
    int         rc;

    if (inflateInit2(&z, 31) != Z_OK)
        return false;
    do {
        z.next_out = (Bytef *)block;
        z.avail_out = sizeof block;
        rc = inflate(&z, Z_NO_FLUSH);
        text_add(&plain, block, sizeof block - z.avail_out);
    } while (rc == Z_OK && (z.avail_in > 0 || z.avail_out == 0));
    inflateEnd(&z);
    free(body->p);
    *body = plain;
    return rc == Z_STREAM_END;
}

/* The whole answer, if it is there. */
static enum wire_state
take_apart(struct wire *w, struct reply *ret, bool ended)
{
    char       *blank = w->in.n > 0 ? strstr(w->in.p, "\r\n\r\n") : NULL;
    const char *value, *body;
    size_t      n;
    long        length;

    if (blank == NULL || strncmp(w->in.p, "HTTP/1.1 ", 9) != 0)
        return ended ? WIRE_LOST : WIRE_WAITS;
    *ret = (struct reply){ .status = atoi(w->in.p + 9), .head = w->in.p };
    body = blank + 4;
    n = w->in.n - (size_t)(body - w->in.p);
    text_add(&ret->body, "", 0);
    if (w->head_only || ret->status == 304 || ret->status == 204)
        return WIRE_DONE;
    length = header_find(ret->head, "Content-Length", &value);
    if (length >= 0 && n >= strtoul(value, NULL, 10))
        text_add(&ret->body, body, strtoul(value, NULL, 10));
    else if (length < 0 && header_find(ret->head, "Transfer-Encoding", &value) < 0 && ended)
        text_add(&ret->body, body, n);
    else if (length >= 0 || !dechunk(body, n, &ret->body)) {
        free(ret->body.p);
        return ended ? WIRE_LOST : WIRE_WAITS;
    }
    if (header_find(ret->head, "Content-Encoding", &value) >= 0 && !gunzip(&ret->body)) {
        free(ret->body.p);
        return WIRE_LOST;
    }
    return WIRE_DONE;
}

enum wire_state
wire_read(struct wire *w, struct reply *ret)
{
    char            block[65536];
    ssize_t         n = recv(w->fd, block, sizeof block, MSG_DONTWAIT);
    const char     *value;
    enum wire_state state;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return WIRE_WAITS;
    if (n > 0)
        text_add(&w->in, block, (size_t)n);
    state = take_apart(w, ret, n <= 0);
    if (state == WIRE_LOST && w->reused && w->in.n == 0)
        state = WIRE_NOT_SENT;
    if (n <= 0 || (state == WIRE_DONE && header_find(ret->head, "Connection", &value) > 0 &&
                   strncasecmp(value, "close", 5) == 0))
        wire_close(w);
    return state;
}

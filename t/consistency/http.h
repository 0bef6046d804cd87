/* As much of an HTTP/1.1 client as the attack needs: one request at a time on a connection that is kept. */
#ifndef OBI_CONSISTENCY_HTTP_H
#define OBI_CONSISTENCY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char  *p; /* malloc's, with a NUL behind it */
    size_t n, room;
};
void text_add(struct text *t, const char *p, size_t n);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct wire {
    int         fd;   /* -1: not connected */
    unsigned    sent; /* requests, on this connection */
    bool        reused, head_only;
    struct text in;
};

struct reply {
    int         status; /* 0: the connection ended before the whole answer was there */
    const char *head;   /* of the wire; ends with an empty line */
    struct text body;   /* decoded; text_free'd by the caller through wire_done */
};

enum wire_state { WIRE_WAITS, WIRE_DONE, WIRE_LOST, WIRE_NOT_SENT };

/* Sends on the connection there is, or on a new one. False when nobody listens. */
bool wire_send(struct wire *w, uint16_t port, const struct text *request, bool head_only);
/* What has come meanwhile. WIRE_NOT_SENT: a kept connection had ended before anything came. */
enum wire_state wire_read(struct wire *w, struct reply *ret);
void            wire_close(struct wire *w);

/* The value of a header, without the line's end: its length; -1 when there is none. */
long header_find(const char *head, const char *name, const char **ret);

int64_t now_us(void);

#endif

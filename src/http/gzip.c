/* Public documents for who takes gzip: compressed once, when they are built. */
#include <assert.h>
#include <zlib.h>

#include "http_int.h"

enum { LEVEL = 6, WINDOW_BITS_OF_GZIP = 15 + 16, MEMORY_LEVEL = 8, LEAST_BYTES = 200 };

/* One for the life of the process: it takes 256 KiB. */
static z_stream *
compressor(void)
{
    static z_stream z;
    static bool     made;
    int             ok = made ? deflateReset(&z)
                              : deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_BITS_OF_GZIP, MEMORY_LEVEL,
                                             Z_DEFAULT_STRATEGY);

    assert(ok == Z_OK);
    made = true;
    return &z;
}

void
gzip_answer(struct exchange *x)
{
    struct resp *out = &x->resp;
    z_stream    *z;
    size_t       room;
    char        *bytes;
    int          rc;

    if (!x->zips || out->body.n < LEAST_BYTES)
        return;
    z = compressor();
    room = deflateBound(z, out->body.n);
    bytes = arena_alloc(x->req.arena, room);
    z->next_in = (Bytef *)out->body.p;
    z->avail_in = (uInt)out->body.n;
    z->next_out = (Bytef *)bytes;
    z->avail_out = (uInt)room;
    rc = deflate(z, Z_FINISH);
    assert(rc == Z_STREAM_END); /* deflateBound said so */
    out->body = (struct slice){ bytes, room - z->avail_out };
    resp_header(out, "Content-Encoding", SL("gzip"));
    /* The same document in other bytes. */
    if (x->etag.n > 0)
        x->etag = arena_printf(x->req.arena, "W/%.*s", SLICE_FMT(x->etag));
}

/* Documents of the same kind share most of their text: names of fields, contexts, types. They are deflated
 * against a dictionary of it, which takes even a short assertion to less than half. A packed text begins with
 * one byte that says how: 0 as it is, else the number of the dictionary. A dictionary that was ever used stays. */
#include "store_int.h"

#include <assert.h>
#include <zlib.h>

#include "core/limits.h"

/* What deflate finds nearest its end costs least. */
static const char dictionary_1[] =
    "{\"valid\":true,\"outcome\":\"valid\",\"errors\":[],\"warnings\":[],\"messages\":["
    "\"application/ld+json\",\"image/svg+xml\",\"data:image/png;base64,\"evidence\":\"narrative\":"
    "\"@language\":\"en\",\"tags\":[\"alignment\":[{\"targetName\":\"targetUrl\":\"revoked\":true,"
    "\"revocationReason\":\"https://w3id.org/openbadges/v1\",\"verification\":{\"type\":"
    "\"HostedBadge\"},\"SignedBadge\",\"creator\":\"allowedOrigins\":\"startsWith\":"
    "\"type\":\"BadgeClass\",\"name\":\"description\":\"criteria\":{\"narrative\":\"issuer\":{"
    "\"type\":\"Issuer\",\"Profile\",\"url\":\"email\":\"revocationList\":\"publicKey\":"
    "{\"@context\":\"https://w3id.org/openbadges/v2\",\"type\":\"Assertion\",\"id\":\"https://www."
    "http://localhost:http://127.0.0.1:.example.org/.com/assertions/badges/issuer/.json\","
    "\"image\":\".png\",\"expires\":\"2026-01-01T00:00:00.000Z\",\"issuedOn\":\"2025-2024-T00:00:"
    "00Z"
    "\",\"verify\":{\"type\":\"hosted\",\"url\":\"https://\"},\"badge\":\"https://"
    "\",\"recipient\":{"
    "\"type\":\"email\",\"hashed\":false,\"hashed\":true,\"salt\":\"\",\"identity\":\"md5$"
    "\"identity\":\"sha256$\"},\"uid\":\"";

enum { AS_IT_IS = 0, DICTIONARY_1 = 1 };

static void
set_dictionary(z_stream *z, int (*set)(z_stream *, const Bytef *, uInt))
{
    int ok = set(z, (const Bytef *)dictionary_1, sizeof dictionary_1 - 1);

    assert(ok == Z_OK);
}

/* zlib's state is large and slow to make, so one is kept. */
static z_stream *
deflater(void)
{
    static z_stream z;
    static bool     made;
    int ok = made ? deflateReset(&z) : deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);

    assert(ok == Z_OK);
    made = true;
    set_dictionary(&z, deflateSetDictionary);
    return &z;
}

struct slice
store_pack(struct arena *a, struct slice text)
{
    char     *to = arena_alloc(a, text.n + 1);
    z_stream *z;

    if (text.n > 16 && text.n < UINT32_MAX) {
        z = deflater();
        z->next_in = (Bytef *)(uintptr_t)text.p;
        z->avail_in = (uInt)text.n;
        z->next_out = (Bytef *)to + 1;
        z->avail_out = (uInt)text.n;
        if (deflate(z, Z_FINISH) == Z_STREAM_END) {
            to[0] = DICTIONARY_1;
            return (struct slice){ to, z->total_out + 1 };
        }
    }
    to[0] = AS_IT_IS;
    if (text.n > 0)
        memcpy(to + 1, text.p, text.n);
    return (struct slice){ to, text.n + 1 };
}

static z_stream *
inflater(void)
{
    static z_stream z;
    static bool     made;
    int             ok = made ? inflateReset(&z) : inflateInit2(&z, -15);

    assert(ok == Z_OK);
    made = true;
    set_dictionary(&z, inflateSetDictionary);
    return &z;
}

/* The limit is the largest document there is; our own rows do not exceed it, so more is damage. */
static enum err_code
inflate_all(struct arena *a, struct slice packed, struct slice *ret, struct err *e)
{
    z_stream *z;
    size_t    room = packed.n * 4 + 256;
    char     *to = NULL;
    int       rc;

    for (;; room *= 4) {
        if (room > LIMIT_PACKED_BYTES)
            room = LIMIT_PACKED_BYTES;
        to = arena_alloc(a, room + 1);
        z = inflater();
        z->next_in = (Bytef *)(uintptr_t)packed.p;
        z->avail_in = (uInt)packed.n;
        z->next_out = (Bytef *)to;
        z->avail_out = (uInt)room;
        rc = inflate(z, Z_FINISH);
        if (rc != Z_BUF_ERROR || room == LIMIT_PACKED_BYTES)
            break;
    }
    if (rc != Z_STREAM_END)
        return FAIL(e, STORE_FAULT, "a packed document is damaged");
    *ret = (struct slice){ to, z->total_out };
    return ERR_NONE;
}

enum err_code
store_unpack(struct arena *a, struct slice packed, struct slice *ret, struct err *e)
{
    if (packed.n == 0)
        *ret = SL("");
    else if (packed.p[0] == AS_IT_IS)
        *ret = slice_from(packed, 1);
    else if (packed.p[0] == DICTIONARY_1)
        return inflate_all(a, slice_from(packed, 1), ret, e);
    else
        return FAIL(e, STORE_FAULT, "packed with dictionary %d, which we do not know", packed.p[0]);
    return ERR_NONE;
}

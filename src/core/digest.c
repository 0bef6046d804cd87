#include "core/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>

static const char base64_standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct sha256
sha256_of(struct slice s)
{
    return sha256_of_parts(&s, 1);
}

struct sha256
sha256_of_parts(const struct slice *parts, size_t count)
{
    struct sha256 digest;
    EVP_MD_CTX   *ctx = EVP_MD_CTX_new();
    int           ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, digest.bytes, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    assert(ok);
    return digest;
}

struct slice
digest_hex(struct arena *a, const char *name, struct slice s)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned      n = 0;
    const EVP_MD *md = EVP_get_digestbyname(name);

    if (md == NULL || EVP_Digest(s.p == NULL ? "" : s.p, s.n, digest, &n, md, NULL) != 1)
        return SLICE_NONE;
    return hex_encode(a, (struct slice){ (const char *)digest, n });
}

struct slice
hex_encode(struct arena *a, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    char             *to = arena_alloc(a, bytes.n * 2 + 1);

    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char byte = (unsigned char)bytes.p[i];

        to[2 * i] = digits[byte >> 4];
        to[2 * i + 1] = digits[byte & 15];
    }
    return (struct slice){ to, bytes.n * 2 };
}

int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool
hex_decode(struct arena *a, struct slice hex, struct slice *ret)
{
    char *to = arena_alloc(a, hex.n / 2 + 1);

    if (hex.n % 2 != 0)
        return false;
    for (size_t i = 0; i < hex.n / 2; i++) {
        int high = hex_digit(hex.p[2 * i]), low = hex_digit(hex.p[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        to[i] = (char)(high << 4 | low);
    }
    *ret = (struct slice){ to, hex.n / 2 };
    return true;
}

static struct slice
encode(struct arena *a, struct slice bytes, const char *alphabet, bool padded)
{
    char  *to = arena_alloc(a, (bytes.n + 2) / 3 * 4 + 1);
    size_t n = 0;

    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t   left = bytes.n - i;
        uint32_t bits = (uint32_t)(unsigned char)bytes.p[i] << 16;

        if (left > 1)
            bits |= (uint32_t)(unsigned char)bytes.p[i + 1] << 8;
        if (left > 2)
            bits |= (unsigned char)bytes.p[i + 2];
        to[n++] = alphabet[bits >> 18];
        to[n++] = alphabet[bits >> 12 & 63];
        if (left > 1)
            to[n++] = alphabet[bits >> 6 & 63];
        else if (padded)
            to[n++] = '=';
        if (left > 2)
            to[n++] = alphabet[bits & 63];
        else if (padded)
            to[n++] = '=';
    }
    return (struct slice){ to, n };
}

static bool
decode(struct arena *a, struct slice text, const char *alphabet, struct slice *ret)
{
    char    *to = arena_alloc(a, text.n / 4 * 3 + 3);
    size_t   n = 0;
    uint32_t bits = 0;
    unsigned held = 0;

    if (text.n % 4 == 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char *at = text.p[i] == '\0' ? NULL : strchr(alphabet, text.p[i]);

        if (at == NULL)
            return false;
        bits = (bits << 6 | (uint32_t)(at - alphabet)) & 0xFFFFFF;
        held += 6;
        if (held >= 8) {
            held -= 8;
            to[n++] = (char)(bits >> held & 0xFF);
        }
    }
    if ((bits & ((1u << held) - 1)) != 0)
        return false;
    *ret = (struct slice){ to, n };
    return true;
}

struct slice
base64url_encode(struct arena *a, struct slice bytes)
{
    return encode(a, bytes, base64_url, false);
}

bool
base64url_decode(struct arena *a, struct slice text, struct slice *ret)
{
    return decode(a, text, base64_url, ret);
}

struct slice
base64_encode(struct arena *a, struct slice bytes)
{
    return encode(a, bytes, base64_standard, true);
}

bool
base64_decode(struct arena *a, struct slice text, struct slice *ret)
{
    if (text.n % 4 != 0)
        return false;
    for (int i = 0; i < 2 && text.n > 0 && text.p[text.n - 1] == '='; i++)
        text.n--;
    return decode(a, text, base64_standard, ret);
}

bool
secret_eq(struct slice a, struct slice b)
{
    return a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

/* Hashes (OpenSSL's EVP) and the texts that bytes are written in. */
#ifndef OBI_CORE_DIGEST_H
#define OBI_CORE_DIGEST_H

#include "core/arena.h"

enum { SHA256_BYTES = 32 };

struct sha256 {
    unsigned char bytes[SHA256_BYTES];
};

struct sha256 sha256_of(struct slice s);
/* Over the parts one behind the other, with nothing between them. */
struct sha256 sha256_of_parts(const struct slice *parts, size_t count);
/* Lower-case hex of the digest of `s`; `name` is OpenSSL's ("md5", "sha256"). SLICE_NONE for a name
 * it does not know. */
struct slice digest_hex(struct arena *a, const char *name, struct slice s);

/* What a hex digit of either case stands for; -1 for any other byte. */
int hex_digit(char c);
struct slice hex_encode(struct arena *a, struct slice bytes);
/* Hex of either case, an even number of digits; false when it is not. */
bool hex_decode(struct arena *a, struct slice hex, struct slice *ret);
/* RFC 4648 base64url without padding. */
struct slice base64url_encode(struct arena *a, struct slice bytes);
/* Strict: no padding, no other alphabet, unused bits zero; false when it is not so. */
bool base64url_decode(struct arena *a, struct slice text, struct slice *ret);
/* RFC 4648 base64 with padding; false on any other byte, also on white space. */
bool base64_decode(struct arena *a, struct slice text, struct slice *ret);
struct slice base64_encode(struct arena *a, struct slice bytes);

/* Compares in a time that does not depend on where they differ. */
bool secret_eq(struct slice a, struct slice b);

#endif

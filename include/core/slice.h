/* A piece of somebody else's bytes: text from outside is carried so, never as a C string. */
#ifndef OBI_CORE_SLICE_H
#define OBI_CORE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MUST_USE __attribute__((warn_unused_result))
#define SCOPED(fn) __attribute__((cleanup(fn)))
/* Moves ownership: yields `p` and leaves NULL behind. */
#define TAKE(p)                                                                                    \
    ({                                                                                             \
        __typeof__(p) take_moved = (p);                                                            \
        (p) = NULL;                                                                                \
        take_moved;                                                                                \
    })
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct slice {
    const char *p;
    size_t      n;
};

/* A slice of a string literal. Also good in static initialisers. */
#define SL(literal) ((struct slice){ "" literal, sizeof(literal) - 1 })
#define SLICE_NONE ((struct slice){ NULL, 0 })
/* For printf: `"%.*s", SLICE_FMT(s)`. */
#define SLICE_FMT(s) (int)(s).n, (s).p

/* The bytes of a C string without its NUL; NULL gives SLICE_NONE. */
static inline struct slice
slice_str(const char *text)
{
    return (struct slice){ text, text == NULL ? 0 : strlen(text) };
}

bool slice_eq(struct slice a, struct slice b);
/* Equal but for the case of ASCII letters. */
bool slice_eq_nocase(struct slice a, struct slice b);
/* memcmp order, the shorter first. */
int  slice_cmp(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_starts_nocase(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
/* Where `needle` first stands in `s`; false when nowhere, and *ret_at is left alone. */
bool slice_find(struct slice s, struct slice needle, size_t *ret_at);
bool slice_has_char(struct slice s, char c);
/* Without leading and trailing space, tab, CR and LF. */
struct slice slice_trim(struct slice s);
/* From byte `from` on; empty when `from` is beyond the end. */
struct slice slice_from(struct slice s, size_t from);
/* At most the first `n` bytes. */
struct slice slice_first(struct slice s, size_t n);
/* The same without half a UTF-8 character at its end. */
struct slice slice_cut(struct slice s, size_t n);
/* Cuts `*rest` at the first `separator`: yields what stands before it and leaves what stands
 * behind. False when *rest is SLICE_NONE (p is NULL), which is what the last piece leaves
 * behind. */
bool slice_next(struct slice *rest, char separator, struct slice *ret_piece);
/* A decimal number of 1 to 19 digits and nothing else, at most `max`. */
bool slice_u64(struct slice s, unsigned long long max, unsigned long long *ret);
/* True when every byte belongs to a well-formed UTF-8 sequence (no surrogates, no overlong
 * forms). */
bool slice_is_utf8(struct slice s);
/* How many characters (code points) well-formed UTF-8 has. */
size_t slice_chars(struct slice s);

#endif

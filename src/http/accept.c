/* Whether JSON satisfies an Accept header, and gzip an Accept-Encoding. */
#include "http_int.h"

/* Only "q=0", "q=0.", "q=0.0" to "q=0.000" refuse; what is no weight at all is as if it were not
 * there. */
static bool
weight_is_zero(struct slice parameters)
{
    struct slice piece;

    while (slice_next(&parameters, ';', &piece)) {
        piece = slice_trim(piece);
        if (!slice_starts_nocase(piece, SL("q=")))
            continue;
        piece = slice_from(piece, 2);
        if (piece.n == 0 || piece.p[0] != '0')
            return false;
        for (size_t i = 1; i < piece.n; i++)
            if (piece.p[i] != '0' && !(i == 1 && piece.p[i] == '.'))
                return false;
        return true;
    }
    return false;
}

/* How closely a range names application/json: 0 not at all, 3 exactly. */
static int
closeness(struct slice range)
{
    if (slice_eq_nocase(range, SL("application/json")))
        return 3;
    if (slice_eq_nocase(range, SL("application/*")))
        return 2;
    return slice_eq(range, SL("*/*")) ? 1 : 0;
}

bool
accept_takes_json(struct slice accept)
{
    struct slice rest = accept, item;
    int          best = 0;
    bool         answer = false;

    if (slice_trim(accept).n == 0)
        return true;
    while (slice_next(&rest, ',', &item)) {
        struct slice range;
        int          close;

        (void)slice_next(&item, ';', &range);
        close = closeness(slice_trim(range));
        if (close > best) {
            best = close;
            answer = !weight_is_zero(item);
        }
    }
    return answer;
}

/* "*" is left to those who name gzip, which all do that can read it. */
bool
accept_takes_gzip(struct slice accept_encoding)
{
    struct slice rest = accept_encoding, item, coding;

    while (slice_next(&rest, ',', &item))
        if (slice_next(&item, ';', &coding) && slice_eq_nocase(slice_trim(coding), SL("gzip")))
            return !weight_is_zero(item);
    return false;
}

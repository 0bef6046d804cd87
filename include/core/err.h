/* How things fail: one list of codes, one record of what went wrong. */
#ifndef OBI_CORE_ERR_H
#define OBI_CORE_ERR_H

#include "core/slice.h"

enum err_code {
#define E(id, status, reason, level, sentence) ERR_##id,
#include "core/err.def"
#undef E
    ERR_COUNT
};

/* `url`, `field`, `received` and `cause` may be sent to a client; `detail` is for the log alone.
 * Each is cut to its room, at a character's boundary. */
struct err {
    enum err_code code;
    const char   *file;
    int           line;
    char          detail[256];
    char          url[1024];
    char          field[128];
    char          received[256];
    char          cause[256];
};

/* Sets the code, the place and the detail, clears the rest and yields the code:
 * `return FAIL(e, ASSERTION_MALFORMED, "url of %zu bytes", url.n);`
 * The code is said outside the call, so that the compiler knows it is none of success. */
#define FAIL(e, id, ...)                                                                           \
    ({                                                                                             \
        err_fail((e), ERR_##id, __FILE__, __LINE__, __VA_ARGS__);                                  \
        (enum err_code) ERR_##id;                                                                  \
    })
enum err_code err_fail(struct err *e, enum err_code code, const char *file, int line,
                       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* What a client may see of the failure, added behind FAIL. */
void err_set_url(struct err *e, struct slice url);
void err_set_field(struct err *e, struct slice field);
void err_set_received(struct err *e, struct slice received);
void err_set_cause(struct err *e, struct slice cause);

enum err_level { ERR_LEVEL_DEBUG, ERR_LEVEL_INFO, ERR_LEVEL_WARN, ERR_LEVEL_ERROR };

/* The row of a code. Strings live for ever. */
int            err_status(enum err_code code);
const char    *err_reason(enum err_code code);
const char    *err_sentence(enum err_code code);
/* The name in err.def, such as "BADGE_EXISTS". */
const char    *err_name(enum err_code code);
enum err_level err_level(enum err_code code);

#endif

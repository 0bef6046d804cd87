/* How things fail: one list of codes, one of causes, one record of what went wrong. */
#ifndef OBI_CORE_ERR_H
#define OBI_CORE_ERR_H

#include "core/arena.h"

enum err_code {
#define E(id, status, reason, level, sentence) ERR_##id,
#include "core/err.def"
#undef E
    ERR_COUNT
};

/* Why, beside a code: core/cause.def. */
enum cause_id {
    CAUSE_NONE,
#define C(id, sentence) CAUSE_##id,
#include "core/cause.def"
#undef C
    CAUSE_COUNT
};
enum { CAUSE_ARGS = 2 };

/* A cause with what its sentence quotes. */
struct cause {
    enum err_code err; /* whose sentence stands before it; ERR_NONE: none does */
    enum cause_id id;
    struct slice  args[CAUSE_ARGS];
    struct slice  text; /* where it is none of the list: English */
};
#define CAUSE(id_, ...) ((struct cause){ .id = CAUSE_##id_, .args = { __VA_ARGS__ } })

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
    enum cause_id cause_id; /* CAUSE_NONE: `cause` is none of the list */
    char          cause_args[CAUSE_ARGS][64];
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
void err_set_cause(struct err *e, struct cause cause);
/* One that is none of the list, where no page shows it. */
void err_set_cause_text(struct err *e, struct slice text);

enum err_level { ERR_LEVEL_DEBUG, ERR_LEVEL_INFO, ERR_LEVEL_WARN, ERR_LEVEL_ERROR };

/* The row of a code. Strings live for ever. */
int         err_status(enum err_code code);
const char *err_reason(enum err_code code);
const char *err_sentence(enum err_code code);
/* The name in err.def, such as "BADGE_EXISTS". */
const char    *err_name(enum err_code code);
enum err_level err_level(enum err_code code);

/* The cause of a failure, kept in `a`. */
struct cause err_cause(struct arena *a, const struct err *e);
/* In English, in `a`: the sentence of `err`, and the cause's behind it in parentheses, or whichever
 * of the two there is. Empty when there is neither. */
struct slice cause_text(struct arena *a, const struct cause *cause);
/* The row of a cause. Strings live for ever. */
const char *cause_name(enum cause_id id);
const char *cause_sentence(enum cause_id id);

#endif

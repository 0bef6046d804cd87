/* The configuration: one file of `key = value` lines, `#` begins a comment line. */
#ifndef OBI_CORE_CONF_H
#define OBI_CORE_CONF_H

#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/secret.h"

struct conf_list {
    struct slice *items;
    size_t        count;
};

struct conf {
#define TEXT(field, key, default_, sentence) struct slice field;
#define SECRET(field, key, sentence) struct secret field;
#define LIST(field, key, sentence) struct conf_list field;
#define NUMBER(field, key, unit, low, high, default_, sentence) int64_t field;
#include "core/conf.def"
#undef TEXT
#undef SECRET
#undef LIST
#undef NUMBER
};

/* A mistake in the file. */
struct conf_mistake {
    struct slice file;
    int          line; /* 0 when a key is missing */
    struct slice key;
    struct slice reason;
};

/* A server as the configuration names it: `unix:/path/of/socket`, `host:port` or `[IPv6]:port`. */
struct conf_server {
    struct slice path; /* of the socket; empty: host and port */
    struct slice host;
    uint16_t     port;
};
/* What is wrong with `text`, or NULL; *ret points into it. */
const char *conf_server_parse(struct slice text, struct conf_server *ret);
/* A replica as db.replica names it: a server, and its share of the reads, `weight=N` from 1 to 100. */
struct conf_replica {
    struct slice address; /* for conf_server_parse */
    unsigned     weight;  /* 1 where none is given */
};
const char *conf_replica_parse(struct slice text, struct conf_replica *ret);

/* Reads the files in order; a later one's values replace an earlier one's, a list's items of a
 * later file replace those of all earlier ones. Then every value is checked against its row.
 * In      needs: the groups whose settings must be set, "db mail" (a key's group stands before its
 *         dot); NULL: all. What is set is checked whether it is needed or not.
 * Out     *ret lives in `a`. With mistakes too it is what could be read, for those who check more.
 * Errors  CONF: the first mistake stands in e->detail, all of them in *ret_mistakes (may be
 *         NULL). */
MUST_USE enum err_code conf_load(struct arena *a, const struct slice *files, size_t count,
                                 const char *needs, const struct conf **ret,
                                 struct conf_mistake **ret_mistakes, size_t *ret_mistake_count,
                                 struct err *e);

/* Every setting at its default; what must be set is empty. In `a`. */
struct conf *conf_defaults(struct arena *a);

/* What whoever uses a setting, and knows more of it than its row says, finds wrong with its value. */
struct conf_fault {
    const char  *key;
    struct slice value;
    const char  *wrong;
};
struct conf_faults {
    struct conf_fault items[64];
    size_t            count;
};
/* More than there is room for are left out. */
void conf_fault_add(struct conf_faults *f, const char *key, struct slice value, const char *wrong);
/* Errors  CONF: the first of them, its key, value and what is wrong as field, received and cause. */
MUST_USE enum err_code conf_faults_fail(const struct conf_faults *f, struct err *e);

/* The table behind docs/configuration.md and `obi config`. */
struct conf_row {
    const char *key, *unit, *sentence;
    enum { CONF_TEXT, CONF_SECRET, CONF_LIST, CONF_NUMBER } type;
    const char *text_default; /* NULL: must be set */
    int64_t     low, high, number_default;
    size_t      offset; /* of the field in struct conf */
};
extern const struct conf_row conf_rows[];
extern const size_t          conf_row_count;

#endif

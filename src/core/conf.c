#include "core/conf.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/limits.h"
#include "core/uri.h"

const struct conf_row conf_rows[] = {
#define TEXT(field, key_, default_, sentence_)                                                     \
    { .key = (key_),                                                                               \
      .sentence = (sentence_),                                                                     \
      .type = CONF_TEXT,                                                                           \
      .text_default = (default_),                                                                  \
      .offset = offsetof(struct conf, field) },
#define SECRET(field, key_, sentence_)                                                             \
    { .key = (key_),                                                                               \
      .sentence = (sentence_),                                                                     \
      .type = CONF_SECRET,                                                                         \
      .text_default = "",                                                                          \
      .offset = offsetof(struct conf, field) },
#define LIST(field, key_, sentence_)                                                               \
    { .key = (key_),                                                                               \
      .sentence = (sentence_),                                                                     \
      .type = CONF_LIST,                                                                           \
      .text_default = "",                                                                          \
      .offset = offsetof(struct conf, field) },
#define NUMBER(field, key_, unit_, low_, high_, default_, sentence_)                               \
    { .key = (key_),                                                                               \
      .unit = (unit_),                                                                             \
      .sentence = (sentence_),                                                                     \
      .type = CONF_NUMBER,                                                                         \
      .text_default = "",                                                                          \
      .low = (low_),                                                                               \
      .high = (high_),                                                                             \
      .number_default = (default_),                                                                \
      .offset = offsetof(struct conf, field) },
#include "core/conf.def"
#undef TEXT
#undef SECRET
#undef LIST
#undef NUMBER
};
const size_t conf_row_count = COUNT_OF(conf_rows);

enum { MISTAKES_MAX = 50, LIST_MAX = 64 };

struct loading {
    struct arena        *a;
    struct conf         *conf;
    struct slice         file;
    int                  file_number;
    const char          *needs;  /* as conf_load has it */
    int                 *set_in; /* the number of the file that last set the row, from 1 */
    struct conf_mistake *mistakes;
    size_t               mistake_count;
};

static void
mistake(struct loading *l, int line, struct slice key, struct slice reason)
{
    if (l->mistake_count < MISTAKES_MAX)
        l->mistakes[l->mistake_count++] =
            (struct conf_mistake){ .file = l->file, .line = line, .key = key, .reason = reason };
}

static void *
field_of(struct loading *l, size_t row)
{
    return (char *)l->conf + conf_rows[row].offset;
}

static void
set_number(struct loading *l, size_t row, int line, struct slice value)
{
    const struct conf_row *r = &conf_rows[row];
    unsigned long long     number;

    if (!slice_u64(value, (unsigned long long)r->high, &number) || (int64_t)number < r->low) {
        mistake(l, line, slice_str(r->key),
                arena_printf(l->a, "must be a whole number from %lld to %lld (%s), not '%.*s'",
                             (long long)r->low, (long long)r->high, r->unit, SLICE_FMT(value)));
        return;
    }
    *(int64_t *)field_of(l, row) = (int64_t)number;
}

static void
add_to_list(struct loading *l, size_t row, int line, struct slice value)
{
    struct conf_list *list = field_of(l, row);

    if (l->set_in[row] != l->file_number)
        *list = (struct conf_list){ ARENA_ARRAY(l->a, struct slice, LIST_MAX), 0 };
    if (list->count == LIST_MAX) {
        mistake(l, line, slice_str(conf_rows[row].key), SL("has more than 64 values"));
        return;
    }
    list->items[list->count++] = value;
}

const char *
conf_server_parse(struct slice text, struct conf_server *ret)
{
    static const char  form[] = "must be unix:/path/of/socket or host:port";
    unsigned long long port;
    size_t             at = text.n;

    *ret = (struct conf_server){ .path = SL("") };
    if (slice_starts(text, SL("unix:"))) {
        ret->path = slice_from(text, 5);
        return slice_starts(ret->path, SL("/")) ? NULL : form;
    }
    while (at > 0 && text.p[at - 1] != ':')
        at--;
    if (at < 2)
        return form;
    ret->host = slice_first(text, at - 1);
    if (ret->host.p[0] == '[' && ret->host.p[ret->host.n - 1] == ']')
        ret->host = slice_from(slice_first(ret->host, ret->host.n - 1), 1);
    else if (slice_has_char(ret->host, ':'))
        return "must have an IPv6 address in brackets";
    if (ret->host.n == 0 || slice_has_char(ret->host, ' '))
        return form;
    if (!slice_u64(slice_from(text, at), UINT16_MAX, &port) || port == 0)
        return "must have a port from 1 to 65535";
    ret->port = (uint16_t)port;
    return NULL;
}

const char *
conf_replica_parse(struct slice text, struct conf_replica *ret)
{
    static const char  wrong[] = "must be a server, then weight=N from 1 to 100 where you like";
    struct conf_server server;
    unsigned long long weight = 1;
    size_t             at;

    if (slice_find(text, SL(" "), &at)) {
        struct slice share = slice_trim(slice_from(text, at));

        if (!slice_starts(share, SL("weight=")) || !slice_u64(slice_from(share, 7), 100, &weight) ||
            weight == 0)
            return wrong;
        text = slice_first(text, at);
    }
    *ret = (struct conf_replica){ .address = text, .weight = (unsigned)weight };
    return conf_server_parse(text, &server);
}

static const char *
level_fault(struct slice value)
{
    static const char *const levels[] = { "debug", "info", "warn", "error" };

    for (size_t i = 0; i < COUNT_OF(levels); i++)
        if (slice_eq(value, slice_str(levels[i])))
            return NULL;
    return "must be debug, info, warn or error";
}

/* Browsers name the site by its origin, in what they sign and in what they say of where a form came from. */
static const char *
base_url_fault(struct arena *a, struct slice value)
{
    struct slice origin = uri_origin(a, value);

    if (origin.p == NULL)
        return "must be an address of http or https";
    return slice_eq(origin, value)
               ? NULL
               : arena_printf(a, "must be an origin alone, as browsers write it: %.*s",
                              SLICE_FMT(origin))
                     .p;
}

/* What is wrong with a value although it is of its row's type. */
static const char *
fault_of(struct arena *a, struct slice key, struct slice value)
{
    struct conf_server  server;
    struct conf_replica replica;

    if (slice_eq(key, SL("db.primary")) || slice_eq(key, SL("cache.server")))
        return conf_server_parse(value, &server);
    if (slice_eq(key, SL("db.replica")))
        return conf_replica_parse(value, &replica);
    if (slice_eq(key, SL("log.level")))
        return level_fault(value);
    return slice_eq(key, SL("site.base_url")) ? base_url_fault(a, value) : NULL;
}

static void
set_row(struct loading *l, size_t row, int line, struct slice value)
{
    const struct conf_row *r = &conf_rows[row];
    const char            *wrong;

    if (r->type != CONF_LIST && l->set_in[row] == l->file_number) {
        mistake(l, line, slice_str(r->key), SL("is set twice in this file"));
        return;
    }
    wrong = value.n == 0 && r->type == CONF_TEXT && r->text_default == NULL
                ? NULL /* it must be set, which is said of the whole */
                : fault_of(l->a, slice_str(r->key), value);
    if (wrong != NULL)
        mistake(l, line, slice_str(r->key),
                arena_printf(l->a, "'%.*s' %s", SLICE_FMT(value), wrong));
    switch (r->type) {
    case CONF_NUMBER:
        set_number(l, row, line, value);
        break;
    case CONF_LIST:
        add_to_list(l, row, line, value);
        break;
    case CONF_TEXT:
        *(struct slice *)field_of(l, row) = value;
        break;
    case CONF_SECRET:
        ((struct secret *)field_of(l, row))->hidden = value;
        break;
    }
    l->set_in[row] = l->file_number;
}

static void
read_line(struct loading *l, int number, struct slice line)
{
    struct slice key, value;
    size_t       at;

    line = slice_trim(line);
    if (line.n == 0 || line.p[0] == '#')
        return;
    if (!slice_find(line, SL("="), &at)) {
        mistake(l, number, line, SL("is no `key = value` line"));
        return;
    }
    key = slice_trim(slice_first(line, at));
    value = slice_trim(slice_from(line, at + 1));
    for (size_t row = 0; row < conf_row_count; row++)
        if (slice_eq(key, slice_str(conf_rows[row].key))) {
            set_row(l, row, number, value);
            return;
        }
    mistake(l, number, key, SL("is no setting of OBI"));
}

struct conf *
conf_defaults(struct arena *a)
{
    struct conf *conf = ARENA_NEW(a, struct conf);

    for (size_t row = 0; row < conf_row_count; row++) {
        void *field = (char *)conf + conf_rows[row].offset;

        if (conf_rows[row].type == CONF_NUMBER)
            *(int64_t *)field = conf_rows[row].number_default;
        else if (conf_rows[row].type == CONF_TEXT && conf_rows[row].text_default != NULL)
            *(struct slice *)field = slice_str(conf_rows[row].text_default);
        else if (conf_rows[row].type == CONF_SECRET)
            ((struct secret *)field)->hidden = SL("");
    }
    return conf;
}

static bool
is_needed(const struct loading *l, struct slice key)
{
    struct slice rest = slice_str(l->needs), group;

    while (slice_next(&rest, ' ', &group))
        if (slice_starts(key, group) && slice_starts(slice_from(key, group.n), SL(".")))
            return true;
    return l->needs == NULL;
}

static void
check_whole(struct loading *l)
{
    for (size_t row = 0; row < conf_row_count; row++) {
        struct slice key = slice_str(conf_rows[row].key);

        if (conf_rows[row].type == CONF_TEXT && conf_rows[row].text_default == NULL &&
            ((struct slice *)field_of(l, row))->n == 0 && is_needed(l, key))
            mistake(l, 0, key, SL("must be set"));
    }
}

enum err_code
conf_load(struct arena *a, const struct slice *files, size_t count, const char *needs,
          const struct conf **ret, struct conf_mistake **ret_mistakes, size_t *ret_mistake_count,
          struct err *e)
{
    struct loading l = { .a = a,
                         .conf = conf_defaults(a),
                         .needs = needs,
                         .set_in = ARENA_ARRAY(a, int, conf_row_count),
                         .mistakes = ARENA_ARRAY(a, struct conf_mistake, MISTAKES_MAX) };

    for (size_t i = 0; i < count; i++) {
        struct slice  text, line;
        enum err_code rc;
        int           number = 0;

        l.file = files[i];
        l.file_number = (int)i + 1;
        if ((rc = file_read(a, files[i], LIMIT_JSON_BYTES, &text, e)) != ERR_NONE)
            return rc;
        while (slice_next(&text, '\n', &line))
            read_line(&l, ++number, line);
    }
    check_whole(&l);
    *ret = l.conf;
    if (ret_mistakes != NULL) {
        *ret_mistakes = l.mistakes;
        *ret_mistake_count = l.mistake_count;
    }
    if (l.mistake_count > 0) {
        const struct conf_mistake *m = &l.mistakes[0];

        FAIL(e, CONF, "%.*s:%d: %.*s %.*s", SLICE_FMT(m->file), m->line, SLICE_FMT(m->key),
             SLICE_FMT(m->reason));
        err_set_field(e, m->key);
        return e->code;
    }
    return ERR_NONE;
}

void
conf_fault_add(struct conf_faults *f, const char *key, struct slice value, const char *wrong)
{
    if (f->count < COUNT_OF(f->items))
        f->items[f->count++] = (struct conf_fault){ key, value, wrong };
}

enum err_code
conf_faults_fail(const struct conf_faults *f, struct err *e)
{
    const struct conf_fault *first = &f->items[0];

    if (f->count == 0)
        return ERR_NONE;
    FAIL(e, CONF, "%s = %.*s: %s", first->key, SLICE_FMT(first->value), first->wrong);
    err_set_field(e, slice_str(first->key));
    err_set_received(e, first->value);
    err_set_cause_text(e, slice_str(first->wrong));
    return e->code;
}

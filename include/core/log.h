/* A log line is an event: one JSON object on standard error, its fields and the request's id.
 * Nothing personal above debug level; no secret and no token at any. Text is escaped. */
#ifndef OBI_CORE_LOG_H
#define OBI_CORE_LOG_H

#include <stdint.h>

#include "core/err.h"

struct log_field {
    const char  *name;
    struct slice text; /* when text.p is not NULL; else the number */
    int64_t      number;
};

#define LOG_TEXT(name_, slice_) ((struct log_field){ .name = (name_), .text = (slice_) })
#define LOG_NUMBER(name_, number_) ((struct log_field){ .name = (name_), .number = (int64_t)(number_) })

/* log_event(ERR_LEVEL_INFO, "request", LOG_TEXT("route", r), LOG_NUMBER("status", 200)); */
#define log_event(level, event, ...)                                                               \
    log_fields((level), (event), (const struct log_field[]){ __VA_ARGS__ },                        \
               sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
void log_fields(enum err_level level, const char *event, const struct log_field *fields,
                size_t count);
/* A failure with its code, place and detail, at the level its row in err.def names. */
void log_err(const char *event, const struct err *e);
/* Lines below this level are not written; INFO at the start. */
void log_set_level(enum err_level level);
/* The same by log.level's text; another text changes nothing. */
void log_set_level_named(struct slice name);
/* The id of the request that the following lines belong to; copied; "" for none. */
void log_set_request(struct slice id);

#endif

/* Who there is in an attack: what is theirs, their sessions, and what has become of it. */
#ifndef OBI_CONSISTENCY_PEOPLE_H
#define OBI_CONSISTENCY_PEOPLE_H

#include <sys/types.h>

#include "history.h"
#include "http.h"
#include "sight.h"

enum { PEOPLE_MAX = 16, COOKIES = 8 };

struct cookie {
    char    name[48], value[400];
    int64_t until_us;
};

struct person {
    uint64_t id, collection[COLLECTIONS], badge[BADGES];
    char path[COLLECTIONS][128], badge_path[BADGES][128], image[BADGES][128], email[128], csrf[128];
    struct cookie   cookies[COOKIES];
    struct history  history;
    struct document documents[KINDS][BADGES];
    uint32_t        names; /* numbers given out */
    bool            removing, gone;
    pid_t           remover;
};

extern struct person people[PEOPLE_MAX];
extern int           person_count;
extern uint16_t      port;
extern char          tool[256], conf[256];

/* A line each: `port N`, `tool OBI CONF`, and for each person `person N ID EMAIL CSRF`, then
 * `cookie NAME=VALUE`, `collection N ID PATH SEEN NUMBER MEMBERS`, `badge N ID PICTURE PATH SEEN`. */
void plan_read(const char *file);

/* Cookies that an answer sets, and the line that sends them back. */
void cookies_take(struct person *p, const char *head);
void cookies_send(struct person *p, struct text *to);

#endif

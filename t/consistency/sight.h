/* Public documents, how they are asked for, and what an answer shows. */
#ifndef OBI_CONSISTENCY_SIGHT_H
#define OBI_CONSISTENCY_SIGHT_H

#include "history.h"
#include "http.h"

enum kind {
    GROUPS,
    GROUP_JSON,
    PAGE,
    PAGE_JSON,
    FRAME,
    BADGE_PAGE,
    BADGE_JSON,
    BADGE_FRAME,
    IMAGE,
    OWN_PAGE,
    KINDS
};
/* BARE: without the ending, as sites that say JSON in a header do. */
enum how { PLAIN, GZIP, HEAD, KNOWN, JSONP, BARE, COOKIE, QUERY, HOWS };

enum { SIGHTS_MAX = 8, TAGS = 8 };

struct seen {
    struct sight sights[SIGHTS_MAX];
    size_t       count;
};

/* What an ETag of a document stands for, as seen when it came with a body. */
struct tag {
    char        text[64];
    struct seen seen;
};
struct document {
    struct tag tags[TAGS];
    size_t     turn;
};

struct person;

void path_of(const struct person *p, enum kind kind, int at, struct text *to);
/* What an answer's body shows; `there` is false for 404. `person` is the person's number. */
void see_answer(struct seen *to, enum kind kind, int person, int at, bool there, const char *body);

/* The tag of an answer, whether or not it was made weak by compression; "" when it has none. */
void              tag_of(const struct reply *r, char *to, size_t room);
const struct tag *tag_find(const struct document *d, const char *text);
const struct tag *tag_last(const struct document *d);
void              tag_note(struct document *d, const char *text, const struct seen *seen);

#endif

/* A compiled template: a flat list of steps. */
#ifndef OBI_HTTP_TEMPLATE_INT_H
#define OBI_HTTP_TEMPLATE_INT_H

#include "core/arena.h"
#include "http/template.h"

enum step_kind { STEP_TEXT, STEP_VALUE, STEP_MESSAGE, STEP_SECTION, STEP_INVERTED, STEP_END, STEP_PARTIAL };

struct step {
    enum step_kind   kind;
    bool             address;    /* STEP_VALUE: an address by where it stands */
    struct slice     text;       /* the text, the message's id, the partial's indentation */
    char           **names;      /* "a.b.c" taken apart; none for "." */
    size_t           name_count;
    size_t           end;        /* STEP_SECTION, STEP_INVERTED: its STEP_END */
    const struct template_ *partial; /* NULL: the page */
};

struct template_ {
    const char  *name;
    struct step *steps;
    size_t       count, room;
};

struct templates {
    struct arena     *arena;
    struct template_ *items;
    size_t            count;
    struct slice (*asset)(struct slice name);
};

const struct template_ *template_find(const struct templates *t, struct slice name);

/* Compiles one template into `out`. Errors INTERNAL with file and line. */
MUST_USE enum err_code template_compile(struct templates *all, struct slice text,
                                        struct template_ *out, struct err *e);

/* What the text before a tag says about where the tag stands. */
enum place { PLACE_TEXT, PLACE_VALUE, PLACE_ADDRESS, PLACE_REFUSED };
struct html_place {
    enum { IN_TEXT, IN_TAG, IN_QUOTES, IN_RAW, IN_COMMENT } in;
    char         quote;
    bool         fresh;      /* nothing of the attribute's value was seen yet */
    char         tag[16];    /* the tag's name */
    char         attribute[24];
    size_t       tag_length, attribute_length;
    bool         closing, naming; /* reading the tag's name */
};
void       place_move(struct html_place *p, struct slice text);
enum place place_of_tag(const struct html_place *p);
/* A value was put there: what follows is no longer the attribute's beginning. */
void       place_used(struct html_place *p);

#endif

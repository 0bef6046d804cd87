/* What a person changes next. */
#ifndef OBI_CONSISTENCY_WRITE_H
#define OBI_CONSISTENCY_WRITE_H

#include "people.h"

struct write {
    char path[128], form[512];
    bool gone_is_done; /* 404: an attempt before did it */
};

/* Drawn by chance; *s, the last of the person's states, becomes what will be. */
void write_draw(int person, struct state *s, struct write *ret);

/* A number below `below`; the same ones in each run. */
uint32_t draw(uint32_t below);
bool     one_in(uint32_t n);

#endif

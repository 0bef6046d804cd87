#include "sight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people.h"

void
path_of(const struct person *p, enum kind kind, int at, struct text *to)
{
    switch (kind) {
    case GROUPS:
        text_printf(to, "/displayer/%llu/groups.json", (unsigned long long)p->id);
        return;
    case GROUP_JSON:
        text_printf(to, "/displayer/%llu/group/%llu.json", (unsigned long long)p->id,
                    (unsigned long long)p->collection[at]);
        return;
    case PAGE:
        text_printf(to, "/share/collection/%s", p->path[at]);
        return;
    case PAGE_JSON:
        text_printf(to, "/share/collection/%s.json", p->path[at]);
        return;
    case FRAME:
        text_printf(to, "/embed/collection/%s", p->path[at]);
        return;
    case BADGE_PAGE:
        text_printf(to, "/share/badge/%s", p->badge_path[at]);
        return;
    case BADGE_JSON:
        text_printf(to, "/share/badge/%s.json", p->badge_path[at]);
        return;
    case BADGE_FRAME:
        text_printf(to, "/embed/badge/%s", p->badge_path[at]);
        return;
    case IMAGE:
        text_printf(to, "/images/badge/%s", p->image[at]);
        return;
    case OWN_PAGE:
        text_printf(to, "/collections/%llu", (unsigned long long)p->collection[at]);
        return;
    case KINDS:
        abort();
    }
}

static void
see(struct seen *to, enum part part, int at, uint32_t value)
{
    if (to->count == SIGHTS_MAX)
        abort();
    to->sights[to->count++] = (struct sight){ part, at, value };
}

/* The number in a collection's name, which is `pPcCnNNNNNNz`; *ret_after is what follows. 0: it is not there. */
static uint32_t
name_in(const char *body, int person, int at, const char **ret_after)
{
    char        mark[32];
    const char *found;

    snprintf(mark, sizeof mark, "p%dc%dn", person, at);
    found = strstr(body, mark);
    if (found == NULL)
        return 0;
    *ret_after = found + strlen(mark) + 7;
    return (uint32_t)strtoul(found + strlen(mark), NULL, 10);
}

static uint32_t
members_in(const struct person *p, const char *body)
{
    uint32_t set = 0;

    for (int i = 0; i < BADGES; i++)
        if (strstr(body, p->image[i]) != NULL)
            set |= 1U << i;
    return set;
}

static void
see_list(struct seen *to, int person, const char *body)
{
    for (int i = 0; i < COLLECTIONS; i++) {
        const char *after = NULL, *count;
        uint32_t    name = name_in(body, person, i, &after);

        see(to, LISTED_NAME, i, name);
        count = name == 0 ? NULL : strstr(after, "\"badges\":");
        if (count != NULL && i == 0)
            see(to, LISTED_COUNT, i, (uint32_t)strtoul(count + 9, NULL, 10) + 1);
    }
}

void
see_answer(struct seen *to, enum kind kind, int person, int at, bool there, const char *body)
{
    const struct person *p = &people[person];
    const char          *after;

    switch (kind) {
    case GROUPS:
        see(to, ACCOUNT, 0, there);
        if (there)
            see_list(to, person, body);
        return;
    case GROUP_JSON:
        see(to, GROUP, at, there);
        break;
    case PAGE:
    case PAGE_JSON:
    case FRAME:
        see(to, SHARED_NAME, at, there ? name_in(body, person, at, &after) : 0);
        break;
    case OWN_PAGE:
        see(to, OWN_NAME, at, there ? name_in(body, person, at, &after) : 0);
        return;
    case BADGE_PAGE:
    case BADGE_JSON:
    case BADGE_FRAME:
        see(to, BADGE, at, there);
        return;
    case IMAGE:
        see(to, PICTURE, at, there);
        return;
    case KINDS:
        abort();
    }
    if (there)
        see(to, MEMBERS, at, members_in(p, body));
}

const struct tag *
tag_find(const struct document *d, const char *text)
{
    for (int i = 0; i < TAGS; i++)
        if (text[0] != '\0' && strcmp(d->tags[i].text, text) == 0)
            return &d->tags[i];
    return NULL;
}

void
tag_of(const struct reply *r, char *to, size_t room)
{
    const char *value = "";
    long        n = header_find(r->head, "ETag", &value);

    to[0] = '\0';
    if (n > 2 && strncmp(value, "W/", 2) == 0) {
        value += 2;
        n -= 2;
    }
    if (n > 0 && (size_t)n < room)
        snprintf(to, room, "%.*s", (int)n, value);
}

void
tag_note(struct document *d, const char *text, const struct seen *seen)
{
    if (text[0] == '\0' || tag_find(d, text) != NULL)
        return;
    snprintf(d->tags[d->turn].text, sizeof d->tags[0].text, "%s", text);
    d->tags[d->turn].seen = *seen;
    d->turn = (d->turn + 1) % TAGS;
}

const struct tag *
tag_last(const struct document *d)
{
    return &d->tags[(d->turn + TAGS - 1) % TAGS];
}

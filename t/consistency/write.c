#include "write.h"

#include <stdio.h>

static uint64_t drawn = 88172645463325252ULL;

uint32_t
draw(uint32_t below)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 7;
    drawn ^= drawn << 17;
    return (uint32_t)(drawn >> 11) % below;
}

bool
one_in(uint32_t n)
{
    return draw(n) == 0;
}

static const char *const seen_names[] = { "private", "link", "public" };

static void
write_change(struct person *p, int person, struct state *s, struct write *w)
{
    int     at = (int)draw(COLLECTIONS);
    uint8_t seen = one_in(3) ? (one_in(3) ? BY_LINK : HIDDEN) : PUBLIC;

    while (s->name[at] == 0)
        at = (at + 1) % COLLECTIONS;
    s->name[at] = ++p->names;
    s->seen[at] = seen;
    snprintf(w->path, sizeof w->path, "/collections/%llu/change",
             (unsigned long long)p->collection[at]);
    snprintf(w->form, sizeof w->form,
             "name=p%dc%dn%06uz&description=&visibility=%s&path=%s&confirmed=1", person, at,
             s->name[at], seen_names[seen], p->path[at]);
}

static void
write_members(struct person *p, struct state *s, struct write *w)
{
    int at = (int)draw(COLLECTIONS), badge = (int)draw(BADGES);

    while (s->name[at] == 0)
        at = (at + 1) % COLLECTIONS;
    while ((s->badges >> badge & 1) == 0)
        badge = (badge + 1) % BADGES;
    s->members[at] ^= (uint8_t)(1 << badge);
    snprintf(w->path, sizeof w->path, "/collections/%llu/badges",
             (unsigned long long)p->collection[at]);
    snprintf(w->form, sizeof w->form, "badge=%llu&do=%s&confirmed=1",
             (unsigned long long)p->badge[badge], s->members[at] >> badge & 1 ? "put" : "drop");
}

static void
write_badge_seen(struct person *p, struct state *s, struct write *w)
{
    int badge = (int)draw(BADGES);

    while ((s->badges >> badge & 1) == 0)
        badge = (badge + 1) % BADGES;
    s->badge_seen[badge] = one_in(2) ? HIDDEN : PUBLIC;
    snprintf(w->path, sizeof w->path, "/backpack/badge/%llu/visibility",
             (unsigned long long)p->badge[badge]);
    snprintf(w->form, sizeof w->form, "visibility=%s&confirmed=1",
             seen_names[s->badge_seen[badge]]);
}

static void
write_badge_remove(struct person *p, struct state *s, struct write *w)
{
    int badge = (int)draw(BADGES);

    while ((s->badges >> badge & 1) == 0)
        badge = (badge + 1) % BADGES;
    s->badges &= (uint8_t) ~(1 << badge);
    s->badge_seen[badge] = HIDDEN;
    for (int i = 0; i < COLLECTIONS; i++)
        s->members[i] &= s->badges;
    w->gone_is_done = true;
    snprintf(w->path, sizeof w->path, "/backpack/badge/%llu/remove",
             (unsigned long long)p->badge[badge]);
    snprintf(w->form, sizeof w->form, "confirmed=1");
}

static void
write_collection_remove(struct person *p, struct state *s, struct write *w)
{
    int at = COLLECTIONS - 1;

    s->name[at] = 0;
    s->members[at] = 0;
    w->gone_is_done = true;
    snprintf(w->path, sizeof w->path, "/collections/%llu/remove",
             (unsigned long long)p->collection[at]);
    snprintf(w->form, sizeof w->form, "confirmed=1");
}

void
write_draw(int person, struct state *s, struct write *w)
{
    struct person *p = &people[person];
    uint32_t       what = draw(100);

    *w = (struct write){ 0 };
    if (what < 50)
        write_change(p, person, s, w);
    else if (what < 75)
        write_members(p, s, w);
    else if (what < 98 || person == 0)
        write_badge_seen(p, s, w);
    else if (what < 99 && (s->badges & (s->badges - 1)) != 0)
        write_badge_remove(p, s, w);
    else if (s->name[COLLECTIONS - 1] != 0)
        write_collection_remove(p, s, w);
    else
        write_change(p, person, s, w);
}

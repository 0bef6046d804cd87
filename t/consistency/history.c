#include "history.h"

#include <stdlib.h>

static uint32_t
if_seen(const struct state *s, int at, uint8_t least, uint32_t value)
{
    return s->name[at] != 0 && s->seen[at] >= least ? value : 0;
}

static uint32_t
bits(uint8_t set)
{
    return (uint32_t)__builtin_popcount(set);
}

static uint32_t
picture(const struct state *s, int at)
{
    if ((s->badges >> at & 1) == 0)
        return 0;
    if (s->badge_seen[at] != HIDDEN)
        return 1;
    for (int i = 0; i < COLLECTIONS; i++)
        if (s->members[i] >> at & 1 && if_seen(s, i, BY_LINK, 1))
            return 1;
    return 0;
}

uint32_t
state_value(const struct state *s, enum part part, int at)
{
    if (!s->account)
        return 0;
    switch (part) {
    case ACCOUNT:
        return 1;
    case OWN_NAME:
        return s->name[at];
    case LISTED_NAME:
        return if_seen(s, at, PUBLIC, s->name[at]);
    case LISTED_COUNT:
        return if_seen(s, at, PUBLIC, bits(s->members[at]) + 1);
    case SHARED_NAME:
        return if_seen(s, at, BY_LINK, s->name[at]);
    case GROUP:
        return if_seen(s, at, PUBLIC, 1);
    case MEMBERS:
        return s->members[at];
    case BADGE:
        return s->badges >> at & 1 && s->badge_seen[at] != HIDDEN;
    case PICTURE:
        return picture(s, at);
    }
    abort();
}

struct state *
history_last(struct history *h)
{
    return &h->states[h->count - 1];
}

struct state *
history_next(struct history *h)
{
    if (h->count == h->room) {
        h->room = 2 * h->room + 64;
        h->states = realloc(h->states, h->room * sizeof *h->states);
        if (h->states == NULL)
            abort();
    }
    h->states[h->count] =
        h->count == 0 ? (struct state){ .account = true } : h->states[h->count - 1];
    h->states[h->count].sent_us = h->states[h->count].acked_us = h->states[h->count].shown_us = 0;
    h->count++;
    return history_last(h);
}

/* What was shown and is shown no more: all of it, or a badge of several. */
static bool
takes_back(enum part part, uint32_t was, uint32_t now)
{
    return part == MEMBERS ? (was & ~now) != 0 : was != 0 && now == 0;
}

void
history_note(struct history *h, const struct sight *sight, const struct judgement *j,
             int64_t now_us)
{
    struct state *s = history_last(h);

    if (j->possible && j->was + 1 == h->count && h->count > 1 && s->acked_us == 0 &&
        s->shown_us == 0 && state_value(s - 1, sight->part, sight->at) != sight->value)
        s->shown_us = now_us;
}

/* From when on nothing older may be seen. */
static int64_t
due_us(const struct state *s)
{
    int64_t acked_us = s->acked_us == 0 ? INT64_MAX : s->acked_us;
    int64_t swept_us = s->shown_us == 0 ? INT64_MAX : s->shown_us + SWEPT_US;

    return acked_us < swept_us ? acked_us : swept_us;
}

struct judgement
history_judge(const struct history *h, const struct sight *sight, int64_t began_us,
              int64_t ended_us)
{
    struct judgement j = { 0 };
    size_t           newest = h->count;

    while (newest > 0 && h->states[newest - 1].sent_us >= ended_us)
        newest--;
    for (size_t n = newest; n-- > 0 && !j.possible;) {
        const struct state *s = &h->states[n];
        uint32_t            value = state_value(s, sight->part, sight->at);

        if (value == sight->value) {
            j.possible = true;
            j.was = n;
        } else if (due_us(s) <= began_us) {
            j.age_us = began_us - due_us(s); /* the first of them is looked at last */
            j.took_back = j.took_back || takes_back(sight->part, sight->value, value);
        }
    }
    return j;
}

/* What was written, when it was sent and acknowledged, and what a reader may therefore still see.
 *
 * A person's data has one writer, who waits for each answer, so its states are a sequence. A write whose outcome
 * is not known is sent again until it is acknowledged: from the first time it was sent until then both states
 * may be seen. But when it was seen once, whoever did it is at work or dead, and what it left undone is swept.
 * Times are microseconds of one machine's monotonic clock. */
#ifndef OBI_CONSISTENCY_HISTORY_H
#define OBI_CONSISTENCY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COLLECTIONS = 3, BADGES = 4 };
enum { HIDDEN, BY_LINK, PUBLIC }; /* as the software numbers them */

struct state {
    int64_t  sent_us, acked_us, shown_us; /* 0: not yet */
    uint32_t name[COLLECTIONS]; /* the number in its name; 0 when the collection is gone */
    uint8_t  seen[COLLECTIONS]; /* HIDDEN, BY_LINK, PUBLIC */
    uint8_t  members[COLLECTIONS];
    uint8_t  badge_seen[BADGES];
    uint8_t  badges; /* those that are there */
    bool     account;
};

struct history {
    struct state *states;
    size_t        count, room;
};

/* A part of what an answer shows, and what it is in a state. 0 is always "not shown". */
enum part {
    ACCOUNT,      /* 1 or 0 */
    OWN_NAME,     /* as the owner sees the collection */
    LISTED_NAME,  /* in the list of public collections */
    LISTED_COUNT, /* how many badges it says there, and 1 */
    SHARED_NAME,  /* on the collection's page */
    GROUP,        /* 1 or 0: its document for other sites */
    MEMBERS,      /* the badges in it, as bits; only where it is shown */
    BADGE,        /* 1 or 0: the badge's page */
    PICTURE,      /* 1 or 0 */
};
struct sight {
    enum part part;
    int       at; /* the collection or badge */
    uint32_t  value;
};

uint32_t state_value(const struct state *s, enum part part, int at);

/* A new state, a copy of the last, to be changed before it is sent. */
struct state *history_next(struct history *h);
struct state *history_last(struct history *h);

/* What a killed worker did not delete is gone so long after the write was seen. */
#define SWEPT_US INT64_C(4000000)

struct judgement {
    size_t  was;      /* the newest state, sent before the answer came, in which it is so */
    bool    possible; /* there is one */
    int64_t age_us;   /* how long, when the reader asked, that state had been over; 0: it was not */
    bool    took_back; /* and it shows what a state since then does not show any more */
};
/* A write that nobody acknowledged yet was seen, if that is what the sight shows. */
void history_note(struct history *h, const struct sight *sight, const struct judgement *j,
                  int64_t now_us);
/* What was seen by a reader who asked at began_us and had the answer at ended_us. */
struct judgement history_judge(const struct history *h, const struct sight *sight, int64_t began_us,
                               int64_t ended_us);

#endif

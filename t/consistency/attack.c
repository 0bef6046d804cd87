/* Writers and readers of public documents over HTTP, and what they see held against what was written.
 *
 *   attack PLAN       (written by attack.t: who there is, what is theirs, their sessions)
 *
 * Standard input says what is done to the stack meanwhile, a line each: `phase NAME`, `primary down`, `primary up`,
 * `remove N` (the person's account, by the tool), `end`. Standard output: what was counted in each phase, one line
 * of JSON a phase, and before them a line that begins with `# ` for each reading that should not have been. */
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history.h"
#include "http.h"

enum {
    PEOPLE_MAX = 16,
    READERS = 14,
    SIGHTS_MAX = 8,
    TAGS = 8,
    COOKIES = 8,
    PHASES_MAX = 64,
    SHOWN_MAX = 12
};

/* A public document that is older than a write acknowledged so long ago is a fault. */
static const int64_t ALLOWED_US = 1000000;
/* A worker that did not reach the primary a moment ago may still take it for down. */
static const int64_t DOWN_AFTER_US = 5000000;
static const int64_t AGAIN_US = 50000, THINK_US = 60000;

enum kind { GROUPS, GROUP_JSON, PAGE, PAGE_JSON, BADGE_PAGE, BADGE_JSON, IMAGE, OWN_PAGE, KINDS };
enum how { PLAIN, GZIP, HEAD, KNOWN, JSONP, COOKIE, QUERY, HOWS };

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

struct write {
    char path[128], form[512];
    bool gone_is_done; /* 404: an attempt before did it */
};

struct client {
    struct wire  wire;
    struct text  request;
    bool         busy, writes, own; /* own: a reading by who wrote, after the acknowledgement */
    int          person, own_left;
    enum kind    kind;
    enum how     how;
    int          at;
    int64_t      began_us, wake_us;
    bool         unfinished; /* the write was sent before, and nobody knows what became of it */
    struct write write;
    char         sent_tag[64];
};

struct counts {
    char name[48];
    long reads, unanswered, as_of, acked, unknown, late, stale, resurrected, took_back, own,
        impossible, as_of_wrong;
    int64_t oldest_us, began_us;
};

static struct person people[PEOPLE_MAX];
static int           person_count;
static struct client clients[PEOPLE_MAX + READERS];
static size_t        client_count;
static struct counts phases[PHASES_MAX];
static size_t        phase_count;
static uint16_t      port;
static int64_t  down_since_us, up_since_us = INT64_MIN / 2; /* down_since_us 0: the primary is up */
static bool     ending;
static long     shown;
static char     tool[256], conf[256];
static uint64_t drawn = 88172645463325252ULL;

static struct counts *
phase(void)
{
    return &phases[phase_count - 1];
}

static uint32_t
draw(uint32_t below)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 7;
    drawn ^= drawn << 17;
    return (uint32_t)(drawn >> 11) % below;
}

static bool
one_in(uint32_t n)
{
    return draw(n) == 0;
}

/* ---- cookies -------------------------------------------------------------------------------------- */

static void
cookie_set(struct person *p, const char *text, long n)
{
    const char *equals = memchr(text, '=', (size_t)n), *semicolon = memchr(text, ';', (size_t)n),
               *age;
    struct cookie *to = NULL;
    char           line[1024];
    size_t         name_n, value_n;

    if (equals == NULL || (size_t)n >= sizeof line)
        return;
    memcpy(line, text, (size_t)n);
    line[n] = '\0';
    name_n = (size_t)(equals - text);
    value_n = (size_t)((semicolon == NULL ? text + n : semicolon) - equals - 1);
    for (int i = 0; i < COOKIES; i++) {
        struct cookie *c = &p->cookies[i];

        if (strlen(c->name) == name_n && strncmp(c->name, line, name_n) == 0)
            to = c;
        else if (to == NULL && c->name[0] == '\0')
            to = c;
    }
    if (to == NULL || name_n >= sizeof to->name || value_n >= sizeof to->value)
        abort();
    snprintf(to->name, sizeof to->name, "%.*s", (int)name_n, line);
    snprintf(to->value, sizeof to->value, "%.*s", (int)value_n, line + name_n + 1);
    age = strcasestr(line, "Max-Age=");
    to->until_us = age == NULL ? INT64_MAX : now_us() + strtoll(age + 8, NULL, 10) * 1000000;
}

static void
cookies_take(struct person *p, const char *head)
{
    const char *value;

    for (long n = header_find(head, "Set-Cookie", &value); n >= 0;
         n = header_find(head, "Set-Cookie", &value)) {
        cookie_set(p, value, n);
        head = value + n;
    }
}

static void
cookies_send(struct person *p, struct text *to)
{
    const char *before = "Cookie: ";
    int64_t     now = now_us();

    for (int i = 0; i < COOKIES; i++) {
        struct cookie *c = &p->cookies[i];

        if (c->name[0] == '\0' || c->until_us <= now) {
            c->name[0] = '\0';
            continue;
        }
        text_printf(to, "%s%s=%s", before, c->name, c->value);
        before = "; ";
    }
    if (before[0] == ';')
        text_printf(to, "\r\n");
}

/* ---- what an answer shows --------------------------------------------------------------------------- */

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

/* Of an answer with a body; `there` is false for 404. */
static void
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
        see(to, SHARED_NAME, at, there ? name_in(body, person, at, &after) : 0);
        break;
    case OWN_PAGE:
        see(to, OWN_NAME, at, there ? name_in(body, person, at, &after) : 0);
        return;
    case BADGE_PAGE:
    case BADGE_JSON:
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

/* ---- judging ---------------------------------------------------------------------------------------- */

static const char *const part_names[] = { "account",      "own name",    "listed name",
                                          "listed count", "shared name", "group",
                                          "members",      "badge",       "picture" };
static const char *const kind_names[] = { "groups.json",       "group.json",
                                          "/share/collection", "/share/collection.json",
                                          "/share/badge",      "/share/badge.json",
                                          "/images/badge",     "/collections" };
static const char *const how_names[] = { "plain", "gzip",   "HEAD", "If-None-Match",
                                         "JSONP", "cookie", "query" };

static void
show_fault(const struct client *c, const char *what, const struct sight *s,
           const struct judgement *j, int64_t ended_us)
{
    const struct history *h = &people[c->person].history;
    int64_t               zero = phases[0].began_us;

    if (shown++ >= SHOWN_MAX)
        return;
    printf("# %s in phase %s: person %d, %s (%s), %s %d was %u; asked %.3f s, answered %.3f s, "
           "over for %.3f s\n",
           what, phase()->name, c->person, kind_names[c->kind], how_names[c->how],
           part_names[s->part], s->at, s->value, (double)(c->began_us - zero) / 1e6,
           (double)(ended_us - zero) / 1e6, (double)j->age_us / 1e6);
    for (size_t n = j->possible ? j->was : 0; n < h->count; n++) {
        const struct state *st = &h->states[n];

        if (n > 0 && n + 6 < h->count && n > j->was + 6)
            continue;
        printf("#   write %zu: %u, sent %.3f s, acknowledged %.3f s\n", n,
               state_value(st, s->part, s->at), (double)(st->sent_us - zero) / 1e6,
               st->acked_us == 0 ? -1 : (double)(st->acked_us - zero) / 1e6);
    }
    fflush(stdout);
}

static bool
primary_was_down(const struct client *c)
{
    return down_since_us != 0 || c->began_us < up_since_us + DOWN_AFTER_US;
}

static void
judge(const struct client *c, const struct seen *seen, bool marked, int64_t ended_us)
{
    struct counts *to = phase();
    bool           down = primary_was_down(c);

    if (marked && !down)
        to->as_of_wrong++;
    to->as_of += marked;
    for (size_t i = 0; i < seen->count; i++) {
        const struct sight *s = &seen->sights[i];
        struct judgement    j = history_judge(&people[c->person].history, s, c->began_us, ended_us);
        const char         *what = NULL;

        /* What a worker reads from a replica while no primary answers; only what has a body can be marked. */
        if (down && (marked || c->kind == IMAGE || c->kind == OWN_PAGE || s->value == 0))
            continue;
        if (!j.possible)
            what = "impossible", to->impossible++;
        else if (j.age_us == 0)
            continue;
        else if (c->own)
            what = "not one's own write", to->own++;
        else if (j.took_back)
            what = "taken back", to->took_back++;
        else if (j.age_us > ALLOWED_US)
            what = "resurrected", to->resurrected++;
        else
            to->late++;
        if (j.age_us > to->oldest_us)
            to->oldest_us = j.age_us;
        if (what != NULL) {
            to->stale++;
            show_fault(c, what, s, &j, ended_us);
        }
    }
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static void
path_of(const struct client *c, struct text *to)
{
    const struct person *p = &people[c->person];

    switch (c->kind) {
    case GROUPS:
        text_printf(to, "/displayer/%llu/groups.json", (unsigned long long)p->id);
        return;
    case GROUP_JSON:
        text_printf(to, "/displayer/%llu/group/%llu.json", (unsigned long long)p->id,
                    (unsigned long long)p->collection[c->at]);
        return;
    case PAGE:
        text_printf(to, "/share/collection/%s", p->path[c->at]);
        return;
    case PAGE_JSON:
        text_printf(to, "/share/collection/%s.json", p->path[c->at]);
        return;
    case BADGE_PAGE:
        text_printf(to, "/share/badge/%s", p->badge_path[c->at]);
        return;
    case BADGE_JSON:
        text_printf(to, "/share/badge/%s.json", p->badge_path[c->at]);
        return;
    case IMAGE:
        text_printf(to, "/images/badge/%s", p->image[c->at]);
        return;
    case OWN_PAGE:
        text_printf(to, "/collections/%llu", (unsigned long long)p->collection[c->at]);
        return;
    case KINDS:
        abort();
    }
}

static struct tag *
tag_last(struct client *c)
{
    struct document *d = &people[c->person].documents[c->kind][c->at];

    return &d->tags[(d->turn + TAGS - 1) % TAGS];
}

static void
begin(struct client *c)
{
    c->busy = true;
    c->began_us = now_us();
    if (!wire_send(&c->wire, port, &c->request, !c->writes && c->how == HEAD)) {
        phase()->unanswered++;
        c->busy = false;
        c->unfinished = c->writes && !c->own;
        c->wake_us = now_us() + AGAIN_US;
    }
}

static void
read_begin(struct client *c)
{
    struct text *to = &c->request;

    to->n = 0;
    text_printf(to, "%s ", c->how == HEAD ? "HEAD" : "GET");
    path_of(c, to);
    if (c->how == JSONP)
        text_printf(to, "?callback=show");
    else if (c->how == QUERY)
        text_printf(to, "?utm_source=%u", draw(1000));
    text_printf(to, " HTTP/1.1\r\nHost: localhost:%u\r\n", port);
    if (c->how == GZIP)
        text_printf(to, "Accept-Encoding: gzip\r\n");
    c->sent_tag[0] = '\0';
    if (c->how == KNOWN && tag_last(c)->text[0] != '\0') {
        snprintf(c->sent_tag, sizeof c->sent_tag, "%s", tag_last(c)->text);
        text_printf(to, "If-None-Match: %s\r\n", c->sent_tag);
    }
    if (c->how == COOKIE)
        cookies_send(&people[c->person], to);
    text_printf(to, "\r\n");
    begin(c);
}

/* The first of them are asked for most. */
static int
some_person(void)
{
    int n = (int)draw((uint32_t)person_count);

    return one_in(2) ? 0 : n;
}

static void
read_next(struct client *c)
{
    c->own = false;
    c->person = some_person();
    c->kind = (enum kind)draw(OWN_PAGE);
    c->at = (int)draw(c->kind < BADGE_PAGE ? COLLECTIONS : BADGES);
    if (c->kind == GROUPS)
        c->at = 0;
    c->how = one_in(2) ? PLAIN : (enum how)draw(HOWS);
    if (c->how == JSONP && c->kind > GROUP_JSON)
        c->how = PLAIN;
    if (c->how == COOKIE && people[c->person].gone)
        c->how = PLAIN;
    read_begin(c);
}

static const struct tag *
tag_find(const struct client *c, const char *text)
{
    const struct document *d = &people[c->person].documents[c->kind][c->at];

    for (int i = 0; i < TAGS; i++)
        if (text[0] != '\0' && strcmp(d->tags[i].text, text) == 0)
            return &d->tags[i];
    return NULL;
}

/* The tag of an answer, whether or not it was made weak by compression. */
static void
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

static void
tag_note(struct client *c, const char *text, const struct seen *seen)
{
    struct document *d = &people[c->person].documents[c->kind][c->at];

    if (text[0] == '\0' || tag_find(c, text) != NULL)
        return;
    snprintf(d->tags[d->turn].text, sizeof d->tags[0].text, "%s", text);
    d->tags[d->turn].seen = *seen;
    d->turn = (d->turn + 1) % TAGS;
}

static void
read_done(struct client *c, const struct reply *r, int64_t ended_us)
{
    struct seen       seen = { 0 };
    const struct tag *known;
    const char       *value;
    bool              marked = header_find(r->head, "X-OBI-As-Of", &value) >= 0;
    bool              there =
        r->status == 200 && !(c->how == JSONP && strstr(r->body.p, "\"httpStatus\":404") != NULL);
    char tag[64];

    phase()->reads++;
    if (r->status != 200 && r->status != 304 && r->status != 404) {
        phase()->unanswered++;
        if (r->status < 500 && shown++ < SHOWN_MAX)
            printf("# status %d: %s\n", r->status, c->request.p);
        return;
    }
    tag_of(r, tag, sizeof tag);
    if (r->status == 304)
        known = tag_find(c, c->sent_tag);
    else
        known = c->how == HEAD && there ? tag_find(c, tag) : NULL;
    if (known != NULL)
        seen = known->seen;
    else if (r->status != 304 && (c->how != HEAD || !there))
        see_answer(&seen, c->kind, c->person, c->at, there, r->body.p);
    if (there && c->how != HEAD && c->how != JSONP)
        tag_note(c, tag, &seen);
    judge(c, &seen, marked, ended_us);
}

/* ---- writing ---------------------------------------------------------------------------------------- */

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

static void
write_send(struct client *c)
{
    struct person *p = &people[c->person];
    struct state  *s = history_last(&p->history);
    struct text   *to = &c->request;
    char           form[768];
    int            n = snprintf(form, sizeof form, "_csrf=%s&%s", p->csrf, c->write.form);

    to->n = 0;
    text_printf(to,
                "POST %s HTTP/1.1\r\nHost: localhost:%u\r\nContent-Type: "
                "application/x-www-form-urlencoded\r\n"
                "Content-Length: %d\r\n",
                c->write.path, port, n);
    cookies_send(p, to);
    text_printf(to, "\r\n%s", form);
    if (s->sent_us == 0)
        s->sent_us = now_us();
    /* nginx ends kept connections now and then; whether it had read the write would not be known. */
    wire_close(&c->wire);
    begin(c);
}

static void
write_next(struct client *c)
{
    struct person *p = &people[c->person];
    struct state  *s = history_next(&p->history);
    uint32_t       what = draw(100);

    c->own = false;
    c->write = (struct write){ 0 };
    if (what < 50)
        write_change(p, c->person, s, &c->write);
    else if (what < 75)
        write_members(p, s, &c->write);
    else if (what < 98 || c->person == 0)
        write_badge_seen(p, s, &c->write);
    else if (what < 99 && (s->badges & (s->badges - 1)) != 0)
        write_badge_remove(p, s, &c->write);
    else if (s->name[COLLECTIONS - 1] != 0)
        write_collection_remove(p, s, &c->write);
    else
        write_change(p, c->person, s, &c->write);
    write_send(c);
}

/* The writer looks at what it wrote: its own page, and what others see. */
static void
own_next(struct client *c)
{
    c->own_left--;
    c->own = true;
    c->how = COOKIE;
    c->kind = c->own_left == 1 ? OWN_PAGE : (enum kind)draw(OWN_PAGE);
    c->at = (int)draw(c->kind < BADGE_PAGE || c->kind == OWN_PAGE ? COLLECTIONS : BADGES);
    if (c->kind == GROUPS)
        c->at = 0;
    read_begin(c);
}

static void
write_done(struct client *c, const struct reply *r, int64_t ended_us)
{
    struct person *p = &people[c->person];
    int            status = r == NULL ? 0 : r->status;

    if (r != NULL)
        cookies_take(p, r->head);
    if (status == 303 || (status == 404 && c->write.gone_is_done && c->unfinished)) {
        history_last(&p->history)->acked_us = ended_us;
        phase()->acked++;
        c->unfinished = false;
        c->own_left = 2;
        return;
    }
    if (status != 0 && status < 500 && shown++ < SHOWN_MAX)
        printf("# the write was refused: %d %s\n%.400s\n", status, c->request.p, r->body.p);
    phase()->unknown += !c->unfinished;
    c->unfinished = true;
    c->wake_us = now_us() + AGAIN_US;
}

/* ---- accounts --------------------------------------------------------------------------------------- */

static void
remover_start(struct person *p)
{
    char         *argv[] = { tool,     (char[]){ "user" },   (char[]){ "remove" },
                             p->email, (char[]){ "--conf" }, conf,
                             NULL };
    extern char **environ;

    if (posix_spawn(&p->remover, tool, NULL, NULL, argv, environ) != 0)
        abort();
}

/* The account as one more write, by the tool: again until it says that it is gone. */
static void
account_remove(struct client *c)
{
    struct person *p = &people[c->person];
    struct state  *s;
    int            status;

    if (p->remover == 0) {
        s = history_next(&p->history);
        s->account = false;
        s->sent_us = now_us();
        remover_start(p);
    } else if (waitpid(p->remover, &status, WNOHANG) == p->remover) {
        /* 1: nobody has that address. It has been here once. */
        if (WIFEXITED(status) &&
            (WEXITSTATUS(status) == 0 || (WEXITSTATUS(status) == 1 && c->unfinished))) {
            history_last(&p->history)->acked_us = now_us();
            phase()->acked++;
            p->gone = true;
        } else {
            phase()->unknown += !c->unfinished;
            c->unfinished = true;
            remover_start(p);
        }
    }
    c->wake_us = now_us() + 2000;
}

/* ---- all of them ------------------------------------------------------------------------------------ */

static void
client_step(struct client *c)
{
    if (!c->writes) {
        if (!ending)
            read_next(c);
        return;
    }
    if (people[c->person].gone)
        return;
    if (c->own_left > 0)
        own_next(c);
    else if (people[c->person].removing && !c->unfinished)
        account_remove(c);
    else if (people[c->person].remover != 0)
        account_remove(c);
    else if (c->unfinished)
        write_send(c);
    else if (!ending)
        write_next(c);
}

static void
client_read(struct client *c)
{
    struct reply    r = { 0 };
    bool            reads = !c->writes || c->own;
    enum wire_state state = wire_read(&c->wire, &r);
    int64_t         ended_us = now_us();

    if (state == WIRE_WAITS)
        return;
    c->busy = false;
    if (state == WIRE_NOT_SENT && reads) {
        begin(c);
        return;
    }
    if (state == WIRE_DONE) {
        if (c->own)
            cookies_take(&people[c->person], r.head);
        reads ? read_done(c, &r, ended_us) : write_done(c, &r, ended_us);
        free(r.body.p);
    } else if (reads) {
        phase()->reads++;
        phase()->unanswered++;
    } else {
        write_done(c, NULL, ended_us);
    }
    if (c->writes && c->own_left == 0 && !c->unfinished)
        c->wake_us = now_us() + (one_in(4) ? 0 : draw((uint32_t)THINK_US));
}

static void
phase_begin(const char *name)
{
    if (phase_count == PHASES_MAX)
        abort();
    snprintf(phases[phase_count].name, sizeof phases[0].name, "%s", name);
    phases[phase_count++].began_us = now_us();
}

static void
obey(char *line)
{
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "phase ", 6) == 0)
        phase_begin(line + 6);
    else if (strncmp(line, "remove ", 7) == 0)
        people[atoi(line + 7)].removing = true;
    else if (strcmp(line, "primary down") == 0)
        down_since_us = now_us();
    else if (strcmp(line, "primary up") == 0)
        down_since_us = 0, up_since_us = now_us();
    else
        ending = true;
}

/* Whole lines of standard input. */
static void
orders_read(void)
{
    static char held[4096];
    static int  n;
    ssize_t     got = read(STDIN_FILENO, held + n, sizeof held - 1 - (size_t)n);
    char       *end;

    if (got <= 0) {
        ending = true;
        return;
    }
    n += (int)got;
    held[n] = '\0';
    while ((end = strchr(held, '\n')) != NULL) {
        *end = '\0';
        obey(held);
        n -= (int)(end + 1 - held);
        memmove(held, end + 1, (size_t)n + 1);
    }
}

/* A write under way is waited for; a reading is not. */
static bool
all_over(void)
{
    if (!ending)
        return false;
    for (size_t i = 0; i < client_count; i++)
        if (clients[i].writes && !people[clients[i].person].gone &&
            (clients[i].busy || clients[i].unfinished || clients[i].own_left > 0))
            return false;
    return true;
}

static void
run(void)
{
    struct pollfd fds[PEOPLE_MAX + READERS + 1];

    while (!all_over()) {
        int64_t now = now_us();
        nfds_t  count = 0;

        for (size_t i = 0; i < client_count; i++)
            if (!clients[i].busy && clients[i].wake_us <= now)
                client_step(&clients[i]);
        for (size_t i = 0; i < client_count; i++)
            fds[count++] = (struct pollfd){ .fd = clients[i].busy ? clients[i].wire.fd : -1,
                                            .events = POLLIN };
        fds[count++] = (struct pollfd){ .fd = ending ? -1 : STDIN_FILENO, .events = POLLIN };
        if (poll(fds, count, 2) <= 0)
            continue;
        for (size_t i = 0; i < client_count; i++)
            if (fds[i].revents != 0)
                client_read(&clients[i]);
        if (fds[client_count].revents != 0)
            orders_read();
    }
}

/* ---- the plan --------------------------------------------------------------------------------------- */

static void
plan_line(char *line)
{
    struct person     *p;
    struct state      *s;
    int                n, at, used = 0;
    unsigned long long id;
    char               a[128], b[128], path[128];
    unsigned           seen, number, members;

    if (sscanf(line, "port %hu", &port) == 1 || sscanf(line, "tool %255s %255s", tool, conf) == 2)
        return;
    if (sscanf(line, "person %d %llu %127s %127s", &n, &id, a, b) == 4 && n == person_count &&
        n < PEOPLE_MAX) {
        p = &people[person_count++];
        p->id = id;
        snprintf(p->email, sizeof p->email, "%s", a);
        snprintf(p->csrf, sizeof p->csrf, "%s", b);
        s = history_next(&p->history);
        s->sent_us = s->acked_us = now_us();
        return;
    }
    p = &people[person_count - 1];
    s = history_last(&p->history);
    if (sscanf(line, "collection %d %llu %127s %u %u %u", &at, &id, path, &seen, &number,
               &members) == 6 &&
        at < COLLECTIONS) {
        snprintf(p->path[at], sizeof p->path[at], "%s", path);
        p->collection[at] = id;
        s->name[at] = number;
        s->seen[at] = (uint8_t)seen;
        s->members[at] = (uint8_t)members;
        p->names = number > p->names ? number : p->names;
    } else if (sscanf(line, "badge %d %llu %127s %127s %u", &at, &id, b, path, &seen) == 5 &&
               at < BADGES) {
        p->badge[at] = id;
        snprintf(p->image[at], sizeof p->image[at], "%s", b);
        snprintf(p->badge_path[at], sizeof p->badge_path[at], "%s", path);
        s->badges |= (uint8_t)(1 << at);
        s->badge_seen[at] = (uint8_t)seen;
    } else if (sscanf(line, "cookie %n", &used) == 0 && used > 0) {
        cookie_set(p, line + used, (long)strcspn(line + used, "\n"));
    } else {
        fprintf(stderr, "attack: no line of a plan: %s", line);
        exit(2);
    }
}

static void
plan_read(const char *file)
{
    FILE *f = fopen(file, "r");
    char  line[1024];

    if (f == NULL) {
        perror(file);
        exit(2);
    }
    while (fgets(line, sizeof line, f) != NULL)
        plan_line(line);
    fclose(f);
}

static void
report(void)
{
    for (size_t i = 0; i < phase_count; i++) {
        const struct counts *c = &phases[i];

        printf("{\"phase\":\"%s\",\"reads\":%ld,\"unanswered\":%ld,\"as_of\":%ld,\"as_of_wrong\":%"
               "ld,\"acknowledged\":%ld,"
               "\"unknown\":%ld,\"late\":%ld,\"oldest_ms\":%lld,\"stale\":%ld,\"resurrected\":%ld,"
               "\"taken_back\":%ld,"
               "\"own\":%ld,\"impossible\":%ld}\n",
               c->name, c->reads, c->unanswered, c->as_of, c->as_of_wrong, c->acked, c->unknown,
               c->late, (long long)((c->oldest_us + 999) / 1000), c->stale, c->resurrected,
               c->took_back, c->own, c->impossible);
    }
}

int
main(int argc, char **argv)
{
    if (argc != 2)
        return 64;
    signal(SIGPIPE, SIG_IGN);
    plan_read(argv[1]);
    phase_begin("at first");
    for (int i = 0; i < person_count + READERS; i++)
        clients[client_count++] =
            (struct client){ .wire.fd = -1, .writes = i < person_count, .person = i };
    run();
    report();
    return 0;
}

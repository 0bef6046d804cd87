/* Writers and readers of public documents over HTTP, and what they see held against what was written.
 *
 *   attack PLAN       (written by attack.t: who there is, what is theirs, their sessions)
 *
 * Standard input says what is done to the stack meanwhile, a line each: `phase NAME`, `primary down`, `primary up`,
 * `remove N` (the person's account, by the tool), `until stale` (the first such reading ends it), `end`. Standard
 * output: what was counted in each phase, one line of JSON a phase, and before them lines that begin with `# ` for
 * the first readings that should not have been. */
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "people.h"
#include "sight.h"
#include "write.h"

enum { READERS = 14, PHASES_MAX = 64, SHOWN_MAX = 12 };

/* A public document that is older than a write acknowledged so long ago is a fault. */
static const int64_t ALLOWED_US = 1000000;
/* A worker that did not reach the primary a moment ago may still take it for down. */
static const int64_t DOWN_AFTER_US = 5000000;
static const int64_t AGAIN_US = 50000;

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

static struct client clients[PEOPLE_MAX + READERS];
static size_t        client_count;
static struct counts phases[PHASES_MAX];
static size_t        phase_count;
static int64_t down_since_us, up_since_us = INT64_MIN / 2; /* down_since_us 0: the primary is up */
static bool    ending, until_stale;
static long    shown;

static struct counts *
phase(void)
{
    return &phases[phase_count - 1];
}

/* ---- judging ---------------------------------------------------------------------------------------- */

static const char *const part_names[] = { "account",      "own name",    "listed name",
                                          "listed count", "shared name", "group",
                                          "members",      "badge",       "picture" };
static const char *const kind_names[] = { "groups.json",       "group.json",
                                          "/share/collection", "/share/collection.json",
                                          "/embed/collection", "/share/badge",
                                          "/share/badge.json", "/embed/badge",
                                          "/images/badge",     "/collections" };
static const char *const how_names[] = { "plain", "gzip", "HEAD",   "If-None-Match",
                                         "JSONP", "bare", "cookie", "query" };

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

        history_note(&people[c->person].history, s, &j, ended_us);
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
            ending = ending || until_stale;
            show_fault(c, what, s, &j, ended_us);
        }
    }
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static struct document *
document_of(const struct client *c)
{
    return &people[c->person].documents[c->kind][c->at];
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
    path_of(&people[c->person], c->kind, c->at, to);
    if (c->how == JSONP)
        text_printf(to, "?callback=show");
    else if (c->how == BARE)
        to->n -= sizeof ".json" - 1;
    else if (c->how == QUERY)
        text_printf(to, "?utm_source=%u", draw(1000));
    text_printf(to, " HTTP/1.1\r\nHost: localhost:%u\r\n", port);
    if (c->how == GZIP)
        text_printf(to, "Accept-Encoding: gzip\r\n");
    if (c->how == BARE)
        text_printf(to, "Accept: application/json\r\n");
    c->sent_tag[0] = '\0';
    if (c->how == KNOWN && tag_last(document_of(c))->text[0] != '\0') {
        snprintf(c->sent_tag, sizeof c->sent_tag, "%s", tag_last(document_of(c))->text);
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
    if ((c->how == JSONP || c->how == BARE) && c->kind > GROUP_JSON)
        c->how = PLAIN;
    if (c->how == COOKIE && people[c->person].gone)
        c->how = PLAIN;
    read_begin(c);
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
        known = tag_find(document_of(c), c->sent_tag);
    else
        known = c->how == HEAD && there ? tag_find(document_of(c), tag) : NULL;
    if (known != NULL)
        seen = known->seen;
    else if (r->status != 304 && (c->how != HEAD || !there))
        see_answer(&seen, c->kind, c->person, c->at, there, r->body.p);
    if (there && c->how != HEAD && c->how != JSONP)
        tag_note(document_of(c), tag, &seen);
    judge(c, &seen, marked, ended_us);
}

/* ---- writing ---------------------------------------------------------------------------------------- */

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
    struct state *s = history_next(&people[c->person].history);

    c->own = false;
    write_draw(c->person, s, &c->write);
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
        /* 404 is no acknowledgement: an attempt before did it, and what that left undone is swept. */
        history_last(&p->history)->acked_us = ended_us + (status == 404 ? SWEPT_US : 0);
        phase()->acked++;
        c->unfinished = false;
        c->own_left = one_in(2) ? 2 : 0;
        return;
    }
    if (status != 0 && status < 500 && shown++ < SHOWN_MAX)
        printf("# the write was refused: %d %s\n%.400s\n", status, c->request.p, r->body.p);
    phase()->unknown += !c->unfinished;
    c->unfinished = true;
    c->wake_us = now_us() + (one_in(3) ? SWEPT_US + ALLOWED_US : AGAIN_US);
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

/* Writes come close together, while the readers fill what the one before made old; and now and then long
 * enough apart that what is wrong then stays so. */
static int64_t
think_us(void)
{
    if (one_in(20))
        return 1200000;
    return one_in(2) ? 0 : draw(60000);
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
        c->wake_us = now_us() + think_us();
}

static void
phase_begin(const char *name)
{
    if (phase_count == PHASES_MAX)
        abort();
    snprintf(phases[phase_count].name, sizeof phases[0].name, "%s", name);
    phases[phase_count++].began_us = now_us();
}

/* Nothing is swept for a while. */
static void
down_begin(void)
{
    down_since_us = now_us();
    for (int i = 0; i < person_count; i++)
        history_last(&people[i].history)->shown_us = 0;
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
        down_begin();
    else if (strcmp(line, "primary up") == 0)
        down_since_us = 0, up_since_us = now_us();
    else if (strcmp(line, "until stale") == 0)
        until_stale = true;
    else {
        ending = true;
        alarm(120); /* for writes that nobody answers any more */
    }
}

/* Whole lines of standard input. */
static void
orders_read(void)
{
    static char held[4096];
    static int  n;
    ssize_t     got = read(STDIN_FILENO, held + n, sizeof held - 1 - (size_t)n);
    char       *end;

    if (got <= 0)
        exit(3); /* whoever started it is gone, and the stack with it */
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

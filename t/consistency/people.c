#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct person people[PEOPLE_MAX];
int           person_count;
uint16_t      port;
char          tool[256], conf[256];

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

void
cookies_take(struct person *p, const char *head)
{
    const char *value;

    for (long n = header_find(head, "Set-Cookie", &value); n >= 0;
         n = header_find(head, "Set-Cookie", &value)) {
        cookie_set(p, value, n);
        head = value + n;
    }
}

void
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

void
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

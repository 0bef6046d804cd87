/* A replica becomes the primary. What it takes is text for one server each, and the servers' own words are said when
 * they refuse: this runs by hand, seldom, and in a hurry. */
#include "store/promote.h"

#include <stdlib.h>

#include "core/clock.h"
#include "store_int.h"

enum { TEXT_BYTES_MAX = 2048, WAIT_S = 1, SAY_EVERY = 5, LOOK_TAKES_MS = 200 };

#define ASKS_FOR_ACKNOWLEDGEMENTS "SELECT @@global.rpl_semi_sync_slave_enabled"

struct work {
    struct db                 *db;
    const struct promote_wish *wish;
    struct server             *primary; /* that takes writes now; NULL: none */
    struct server             *chosen;
    void (*say)(struct slice line, void *self);
    void *self;
};

#define SAY(w, ...) (w)->say(arena_printf((w)->db->a, __VA_ARGS__), (w)->self)

/* ---- one statement on one server ----------------------------------------------------------------- */

/* *ret (may be NULL): the first column of the first row, in the lease's arena. */
static bool
tell(struct work *w, struct server *sv, struct slice text, struct slice *ret)
{
    struct err e;
    MYSQL_RES *res = NULL;
    MYSQL_ROW  row;

    if (server_connect(w->db, sv, &e) != ERR_NONE) {
        SAY(w, "%.*s does not answer: %s", SLICE_FMT(sv->address), e.detail);
        return false;
    }
    if (mysql_real_query(sv->conn, text.p, text.n) != 0) {
        SAY(w, "%.*s: %.*s: %s", SLICE_FMT(sv->address), SLICE_FMT(text), mysql_error(sv->conn));
        return false;
    }
    res = mysql_store_result(sv->conn);
    row = res == NULL ? NULL : mysql_fetch_row(res);
    if (ret != NULL)
        *ret = row == NULL || row[0] == NULL ? SLICE_NONE : arena_copy(w->db->a, slice_str(row[0]));
    mysql_free_result(res);
    return true;
}

static bool
tell_all(struct work *w, struct server *sv, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!tell(w, sv, slice_str(texts[i]), NULL))
            return false;
    return true;
}

static struct slice
quoted(struct work *w, struct server *sv, struct slice text)
{
    char *to = arena_alloc(w->db->a, 2 * text.n + 1);

    return (struct slice){ to, mysql_real_escape_string(sv->conn, to, text.p, text.n) };
}

/* ---- which --------------------------------------------------------------------------------------- */

/* What it will have once it has applied what it received. */
static const char *
will_have(const struct server *sv)
{
    return sv->seen.replicates && !position_covers(sv->seen.position, sv->seen.received)
               ? sv->seen.received
               : sv->seen.position;
}

static bool
may_be_chosen(const struct work *w, const struct server *sv)
{
    return sv->seen.answers && sv != w->primary &&
           (w->wish->server.n == 0 || slice_eq(sv->address, w->wish->server));
}

static bool
choose(struct work *w)
{
    struct store *s = w->db->s;

    w->chosen = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (may_be_chosen(w, &s->servers[i]) &&
            (w->chosen == NULL ||
             !position_covers(will_have(w->chosen), will_have(&s->servers[i]))))
            w->chosen = &s->servers[i];
    if (w->chosen == NULL)
        SAY(w, "There is no replica that answers%s.", w->wish->server.n > 0 ? " by that name" : "");
    return w->chosen != NULL;
}

/* What a primary has that hands over is waited for. */
static bool
nobody_has_more(struct work *w)
{
    struct store *s = w->db->s;

    for (size_t i = 0; i < s->count && w->primary == NULL; i++)
        if (s->servers[i].seen.answers &&
            !position_covers(will_have(w->chosen), will_have(&s->servers[i]))) {
            SAY(w, "%.*s has %s, which %.*s has not: it has %s.", SLICE_FMT(s->servers[i].address),
                will_have(&s->servers[i]), SLICE_FMT(w->chosen->address), will_have(w->chosen));
            return false;
        }
    return true;
}

/* The servers that do not answer: of a dead primary there is one. */
static bool
enough_answer(struct work *w)
{
    struct store *s = w->db->s;
    size_t        away = 0;

    for (size_t i = 0; i < s->count; i++)
        if (!s->servers[i].seen.answers) {
            SAY(w, "%.*s does not answer.", SLICE_FMT(s->servers[i].address));
            away++;
        }
    if (away <= 1 || w->primary != NULL || w->wish->force)
        return true;
    SAY(w, "One of them may be a replica that has writes which no other has. Bring it back, or say "
           "--force.");
    return false;
}

static bool
look_around(struct work *w)
{
    struct store *s = w->db->s;

    servers_look(w->db, true);
    w->primary = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct server *sv = &s->servers[i];

        if (sv->conn != NULL && strstr(mysql_get_server_info(sv->conn), "MariaDB") == NULL) {
            SAY(w, "%.*s is MySQL, which has means of its own for this.", SLICE_FMT(sv->address));
            return false;
        }
        /* Who may not ask would take a replica for a server that follows nobody. */
        if (sv->seen.answers && !tell(w, &s->servers[i], SL("SHOW SLAVE STATUS"), NULL))
            return false;
        if (sv->seen.answers && sv->seen.writable && !sv->seen.replicates &&
            (w->primary == NULL || sv->seen.term > w->primary->seen.term))
            w->primary = &s->servers[i];
    }
    return true;
}

static bool
may_go_on(struct work *w)
{
    if (w->primary != NULL && !w->wish->hand_over) {
        SAY(w, "%.*s answers and takes writes. Stop it, or let it hand over with --hand-over.",
            SLICE_FMT(w->primary->address));
        return false;
    }
    if (w->primary == NULL && w->wish->hand_over) {
        SAY(w, "There is no primary that could hand over.");
        return false;
    }
    return enough_answer(w);
}

/* ---- how ----------------------------------------------------------------------------------------- */

static bool
follows(const struct work *w, const struct server *sv)
{
    return sv->seen.answers && sv->seen.replicates && sv != w->chosen;
}

/* A replica that acknowledges as one asks for acknowledgements as a primary. With nobody to give any, its first
 * write would wait for ever. */
static bool
somebody_acknowledges(struct work *w)
{
    struct slice on = SLICE_NONE;

    for (size_t i = 0; i < w->db->s->count; i++)
        if (follows(w, &w->db->s->servers[i]))
            return true;
    if (!tell(w, w->chosen, SL(ASKS_FOR_ACKNOWLEDGEMENTS), &on))
        return false;
    if (!slice_eq(on, SL("1")))
        return true;
    SAY(w,
        "No replica is left that could acknowledge the writes of %.*s. To go on with one server, "
        "tell it\n"
        "  SET GLOBAL rpl_semi_sync_slave_enabled = 0;\n"
        "and promote it again.",
        SLICE_FMT(w->chosen->address));
    return false;
}

/* From here on nothing arrives any more: on the primary, or on those that followed it. */
static bool
stop_writes(struct work *w)
{
    struct store *s = w->db->s;

    if (w->primary != NULL)
        return tell(w, w->primary, SL("SET GLOBAL read_only = 1"), NULL);
    for (size_t i = 0; i < s->count; i++)
        if (s->servers[i].seen.answers && s->servers[i].seen.replicates &&
            !tell(w, &s->servers[i], SL("STOP SLAVE IO_THREAD"), NULL))
            return false;
    return true;
}

/* As it was before. */
static void
let_go_on(struct work *w)
{
    struct store *s = w->db->s;

    if (w->primary != NULL)
        (void)tell(w, w->primary, SL("SET GLOBAL read_only = 0"), NULL);
    for (size_t i = 0; i < s->count && w->primary == NULL; i++)
        if (s->servers[i].seen.answers && s->servers[i].seen.replicates)
            (void)tell(w, &s->servers[i], SL("START SLAVE IO_THREAD"), NULL);
}

static bool
wait_for(struct work *w, const char *position)
{
    struct slice reached = SLICE_NONE;
    struct slice text =
        arena_printf(w->db->a, "SELECT MASTER_GTID_WAIT('%s', %d)", position, WAIT_S);

    SAY(w, "%.*s is to take the writes.", SLICE_FMT(w->chosen->address));
    for (int tries = 0;; tries++) {
        if (!w->chosen->seen.replicates || position_covers(w->chosen->seen.position, position))
            return true;
        if (!tell(w, w->chosen, text, &reached))
            return false;
        servers_look(w->db, true);
        if (!slice_eq(reached, SL("0")) && !w->chosen->seen.applies) {
            SAY(w, "%.*s has stopped to apply what it received: SHOW SLAVE STATUS there says why.",
                SLICE_FMT(w->chosen->address));
            return false;
        }
        if (tries % SAY_EVERY == SAY_EVERY - 1)
            SAY(w, "%.*s is at %s of %s …", SLICE_FMT(w->chosen->address), w->chosen->seen.position,
                position);
    }
}

/* Where its replicas reach it: what it says of itself, or what the configuration says. */
static bool
where_it_is(struct work *w, struct slice *ret_host, struct slice *ret_port)
{
    struct conf_server to;
    struct slice       host, port;
    const char        *wrong = conf_server_parse(w->chosen->address, &to);

    (void)wrong; /* conf_load took it */
    if (!tell(w, w->chosen, SL("SELECT @@global.report_host"), &host) ||
        !tell(w, w->chosen, SL("SELECT IF(@@global.report_port > 0, @@global.report_port, @@port)"),
              &port))
        return false;
    if (host.n == 0)
        host = to.path.n > 0 ? SL("127.0.0.1") : to.host;
    *ret_host = host;
    *ret_port = port;
    return true;
}

static struct slice
change_master(struct work *w, struct slice host, struct slice port, const char *more)
{
    return arena_printf(w->db->a,
                        "CHANGE MASTER TO MASTER_HOST = '%.*s', MASTER_PORT = %.*s,%s"
                        " MASTER_USE_GTID = slave_pos",
                        SLICE_FMT(quoted(w, w->chosen, host)), SLICE_FMT(port), more);
}

/* User, password and the rest stay as they were. One that does not follow is said, and no more: the new primary
 * goes first. */
static void
let_others_follow(struct work *w, struct slice host, struct slice port)
{
    struct store *s = w->db->s;

    for (size_t i = 0; i < s->count; i++)
        if (follows(w, &s->servers[i])) {
            const char *const texts[] = { "STOP SLAVE", change_master(w, host, port, "").p,
                                          "START SLAVE" };

            if (tell_all(w, &s->servers[i], texts, COUNT_OF(texts)))
                SAY(w, "%.*s follows it.", SLICE_FMT(s->servers[i].address));
        }
}

/* The term first: what takes writes has the last one. The others acknowledge it, so they follow by then. */
static bool
take_over(struct work *w)
{
    static const char *const reset[] = { "STOP SLAVE", "RESET SLAVE ALL" };
    /* Not before: its applier would wait for acknowledgements as well. */
    static const char *const begin[] = {
        "SET GLOBAL rpl_semi_sync_master_enabled = @@global.rpl_semi_sync_slave_enabled",
        "UPDATE heartbeat SET term = GREATEST(term + 1, UNIX_TIMESTAMP()), at_us = " SERVER_NOW_US
        " WHERE id = 1",
    };
    struct slice host, port;

    if ((w->chosen->seen.replicates && !tell_all(w, w->chosen, reset, COUNT_OF(reset))) ||
        !where_it_is(w, &host, &port))
        return false;
    let_others_follow(w, host, port);
    if (!tell_all(w, w->chosen, begin, COUNT_OF(begin)))
        return false;
    /* Until it looks again, a worker that reads takes the old primary for the one: it would find what the first
     * writes here made private. */
    clock_sleep_ms(LOOK_EVERY_MS + LOOK_TAKES_MS);
    if (!tell(w, w->chosen, SL("SET GLOBAL read_only = 0"), NULL))
        return false;
    SAY(w, "%.*s takes writes now.", SLICE_FMT(w->chosen->address));
    if (w->primary != NULL &&
        tell(w, w->primary, SL("SET GLOBAL rpl_semi_sync_master_enabled = 0"), NULL))
        SAY(w,
            "%.*s is read-only. To let it follow, tell it\n"
            "  SET GLOBAL gtid_slave_pos = @@global.gtid_current_pos;\n  %.*s;\n  START SLAVE;",
            SLICE_FMT(w->primary->address),
            SLICE_FMT(change_master(w, host, port, " MASTER_USER = '…', MASTER_PASSWORD = '…',")));
    SAY(w, "Write `read_only = 0` into its my.cnf, and `read_only = 1` into that of the primary "
           "before it.");
    return true;
}

enum promote_end
store_promote(struct db *db, const struct promote_wish         *wish,
              void (*say)(struct slice line, void *self), void *self)
{
    struct work w = { .db = db, .wish = wish, .say = say, .self = self };

    if (!look_around(&w) || !may_go_on(&w) || !choose(&w) || !somebody_acknowledges(&w))
        return PROMOTE_REFUSED;
    if (stop_writes(&w))
        servers_look(db, true);
    if (!choose(&w) || !nobody_has_more(&w) ||
        !wait_for(&w,
                  arena_printf(db->a, "%s",
                               w.primary != NULL ? w.primary->seen.position : will_have(w.chosen))
                      .p)) {
        let_go_on(&w);
        return PROMOTE_REFUSED;
    }
    return take_over(&w) ? PROMOTED : PROMOTE_FAILED;
}

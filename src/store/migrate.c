/* The schema's numbered files, each applied once, forward only. */
#include "store_int.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/log.h"

enum { LOCK, UNLOCK, TABLE, HAS, NOTE };

static const struct stmt sql[] = {
    /* Of two at once, the second waits and then finds the work done. */
    [LOCK] = { "migrate.lock", ON_PRIMARY, "b", "i",
               "SELECT GET_LOCK(CONCAT('obi.migrate.', ?), 300)" },
    [UNLOCK] = { "migrate.unlock", ON_PRIMARY, "b", "i",
                 "SELECT RELEASE_LOCK(CONCAT('obi.migrate.', ?))" },
    [TABLE] = { "migrate.table", ON_PRIMARY, "", "",
                "CREATE TABLE IF NOT EXISTS migration (name VARBINARY(255) NOT NULL PRIMARY KEY,"
                " applied_at_s BIGINT NOT NULL) ENGINE = InnoDB" },
    [HAS] = { "migrate.has", ON_PRIMARY, "b", "i",
              "SELECT COUNT(*) FROM migration WHERE name = ?" },
    [NOTE] = { "migrate.note", ON_PRIMARY, "bi", "",
               "INSERT INTO migration (name, applied_at_s) VALUES (?, ?)" },
};

static int
is_migration(const struct dirent *entry)
{
    const char  *name = entry->d_name;
    struct slice s = slice_str(name);

    return s.n > 9 && strspn(name, "0123456789") == 4 && name[4] == '-' &&
           slice_ends(s, SL(".sql"));
}

static enum err_code
list_files(struct arena *a, struct slice folder, struct slice **ret, size_t *ret_count,
           struct err *e)
{
    struct dirent **entries;
    int             n = scandir(arena_str(a, folder), &entries, is_migration, alphasort);

    if (n < 0) {
        const char *why = strerror(errno);

        FAIL(e, IO, "%.*s: %s", SLICE_FMT(folder), why);
        err_set_cause_text(e, slice_str(why));
        return e->code;
    }
    *ret = ARENA_ARRAY(a, struct slice, (size_t)n + 1);
    *ret_count = (size_t)n;
    for (int i = 0; i < n; i++) {
        (*ret)[i] = arena_copy(a, slice_str(entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    return ERR_NONE;
}

/* The line in which the statement behind the first `done` ones begins: our files end a statement with `;` at a
 * line's end. */
static size_t
line_of(struct slice text, size_t done)
{
    struct slice line;
    size_t       number = 1;

    for (; slice_next(&text, '\n', &line); number++) {
        line = slice_trim(line);
        if (done == 0 && line.n > 0 && !slice_starts(line, SL("--")))
            break;
        if (done > 0 && slice_ends(line, SL(";")))
            done--;
    }
    return number;
}

/* The one place where text goes to the server as it is: files of ours, several statements each. */
static enum err_code
run_file(struct server *sv, struct arena *a, struct slice name, struct slice text, struct err *e)
{
    unsigned number;
    size_t   done = 0;
    bool     lost;

    if (mysql_set_server_option(sv->conn, MYSQL_OPTION_MULTI_STATEMENTS_ON) == 0 &&
        mysql_real_query(sv->conn, text.p, text.n) == 0)
        for (done = 1; mysql_next_result(sv->conn) == 0; done++)
            continue;
    number = mysql_errno(sv->conn);
    if (number != 0) {
        struct slice why =
            arena_printf(a, "%.*s, in the statement that begins in line %zu: %s", SLICE_FMT(name),
                         line_of(text, done), mysql_error(sv->conn));

        return stmt_fail(e, number, "migration", &lost) == ERR_STORE_DOWN
                   ? FAIL(e, STORE_DOWN, "%s", why.p)
                   : FAIL(e, SCHEMA, "%s", why.p);
    }
    return mysql_set_server_option(sv->conn, MYSQL_OPTION_MULTI_STATEMENTS_OFF) == 0
               ? ERR_NONE
               : FAIL(e, STORE_FAULT, "multi statements stay on");
}

static enum err_code
apply(struct db *db, struct slice folder, struct slice name, bool *ret_applied, struct err *e)
{
    struct query   q;
    struct slice   text;
    struct server *sv;
    enum err_code  rc;

    *ret_applied = false;
    if ((rc = query_need(db, &sql[HAS], BIND(BYTES(name)), &q, e)) != ERR_NONE)
        return rc;
    if (q.col[0].i != 0)
        return ERR_NONE;
    if ((rc = file_read(db->a, arena_printf(db->a, "%.*s/%.*s", SLICE_FMT(folder), SLICE_FMT(name)),
                        MIB, &text, e)) != ERR_NONE ||
        (rc = server_choose(db, ON_PRIMARY, &sv, e)) != ERR_NONE ||
        (rc = run_file(sv, db->a, name, text, e)) != ERR_NONE ||
        (rc = query_exec(db, &sql[NOTE], BIND(BYTES(name), I64(clock_now_s())), NULL, e)) !=
            ERR_NONE)
        return rc;
    *ret_applied = true;
    return ERR_NONE;
}

static enum err_code
apply_all(struct db *db, struct slice folder, void (*say)(struct slice name, void *self),
          void *self, struct err *e)
{
    struct slice *names = NULL;
    size_t        count = 0;
    enum err_code rc;
    bool          applied;

    if ((rc = list_files(db->a, folder, &names, &count, e)) != ERR_NONE ||
        (rc = query_exec(db, &sql[TABLE], NO_BIND, NULL, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++) {
        if ((rc = apply(db, folder, names[i], &applied, e)) != ERR_NONE)
            return rc;
        if (applied && say != NULL)
            say(names[i], self);
    }
    return ERR_NONE;
}

enum err_code
store_migrate(struct db *db, struct slice folder, void (*say)(struct slice name, void *self),
              void *self, struct err *e)
{
    struct query  q;
    struct err    ignored;
    enum err_code rc;
    bool          row;

    if ((rc = query_need(db, &sql[LOCK], BIND(BYTES(db->s->conf->db_name)), &q, e)) != ERR_NONE)
        return rc;
    if (q.col[0].i != 1)
        return FAIL(e, STORE_CONFLICT, "another migration runs");
    rc = apply_all(db, folder, say, self, e);
    /* A connection that is gone has given the lock back itself. */
    if (query_one(db, &sql[UNLOCK], BIND(BYTES(db->s->conf->db_name)), &q, &row, &ignored) !=
        ERR_NONE)
        log_err("migrate_unlock", &ignored);
    return rc;
}

/* Preloaded into workers: takes away one of the guards, or the worker itself at the worst moment. What it does
 * stands in the file that OBI_GUARD names, read at each call, so that it can be changed under load. */
#include <dlfcn.h>
#include <libmemcached/memcached.h>
#include <mysql.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
is_set(const char *what)
{
    const char *file = getenv("OBI_GUARD");
    FILE       *f = file == NULL ? NULL : fopen(file, "re");
    char        line[32] = "";

    if (f == NULL)
        return false;
    if (fgets(line, sizeof line, f) == NULL)
        line[0] = '\0';
    fclose(f);
    line[strcspn(line, "\n")] = '\0';
    return strcmp(line, what) == 0;
}

/* A function pointer out of dlsym's object pointer. */
#define REAL(name)                                                                                 \
    __extension__({                                                                                \
        void               *found = dlsym(RTLD_NEXT, #name);                                       \
        __typeof__(&(name)) real;                                                                  \
                                                                                                   \
        memcpy(&real, &found, sizeof real);                                                        \
        real;                                                                                      \
    })

/* kill: a worker dies between its commit and the deletion, or between two of several; no-delete: nothing is
 * deleted, and the worker is told that it is. */
memcached_return_t
memcached_delete(memcached_st *m, const char *key, size_t n, time_t expiration)
{
    static unsigned calls;

    if (is_set("kill") && (++calls + (unsigned)getpid()) % 300 == 0)
        raise(SIGKILL);
    return is_set("no-delete") ? MEMCACHED_SUCCESS : REAL(memcached_delete)(m, key, n, expiration);
}

/* no-lease: whoever built a document stores it, whatever was deleted meanwhile. */
memcached_return_t
memcached_cas(memcached_st *m, const char *key, size_t key_n, const char *value, size_t value_n,
              time_t expiration, uint32_t flags, uint64_t cas)
{
    return is_set("no-lease")
               ? memcached_set(m, key, key_n, value, value_n, expiration, flags)
               : REAL(memcached_cas)(m, key, key_n, value, value_n, expiration, flags, cas);
}

/* no-version: every server is said to have every version, and none to be behind. */
int
mysql_stmt_prepare(MYSQL_STMT *stmt, const char *query, unsigned long n)
{
    static const char version[] = "SELECT version FROM user WHERE id = ?";
    static const char any[] = "SELECT 0 * version FROM user WHERE id = ?";

    if (is_set("no-version") && n == sizeof version - 1 && memcmp(query, version, n) == 0) {
        query = any;
        n = sizeof any - 1;
    }
    return REAL(mysql_stmt_prepare)(stmt, query, n);
}

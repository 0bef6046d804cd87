/* What a worker's replies are held against, for t/bench/run alone: a FastCGI program on standard input that answers
 * each request with the bytes of FILE, after it has run the prepared statements of QUERIES, one a line as
 * SOCKET<tab>SQL, and read all their rows.
 *     hello FILE [QUERIES USER PASSWORD] */
#include <fcgiapp.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BODY_MAX = 64 * 1024,
    QUERIES_MAX = 32,
    COLUMNS_MAX = 64,
    COLUMN_BYTES = 8 * 1024,
    SERVERS_MAX = 4
};

struct server {
    char  *socket;
    MYSQL *db;
};

static struct server servers[SERVERS_MAX];
static MYSQL_STMT   *queries[QUERIES_MAX];
static size_t        query_count;
static char          cells[COLUMNS_MAX][COLUMN_BYTES];
static MYSQL_BIND    row[COLUMNS_MAX];
static unsigned long lengths[COLUMNS_MAX];
static my_bool       nulls[COLUMNS_MAX];

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "hello: %s: %s\n", what, why);
    exit(70);
}

static MYSQL *
connect_to(const char *socket, const char *user, const char *password)
{
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        if (servers[i].socket == NULL) {
            servers[i].socket = strdup(socket);
            servers[i].db = mysql_init(NULL);
            if (mysql_real_connect(servers[i].db, NULL, user, password, "obi", 0, socket, 0) ==
                NULL)
                die(socket, mysql_error(servers[i].db));
        }
        if (strcmp(servers[i].socket, socket) == 0)
            return servers[i].db;
    }
    die(socket, "too many servers");
    return NULL;
}

static void
prepare(char *line, const char *user, const char *password)
{
    char       *sql = strchr(line, '\t');
    MYSQL_STMT *stmt;

    if (sql == NULL || query_count == QUERIES_MAX)
        die(line, "not SOCKET<tab>SQL, or too many");
    *sql++ = '\0';
    stmt = mysql_stmt_init(connect_to(line, user, password));
    if (stmt == NULL || mysql_stmt_prepare(stmt, sql, strlen(sql)) != 0)
        die(sql, stmt == NULL ? "no memory" : mysql_stmt_error(stmt));
    if (mysql_stmt_field_count(stmt) > COLUMNS_MAX)
        die(sql, "too many columns");
    if (mysql_stmt_field_count(stmt) > 0 && mysql_stmt_bind_result(stmt, row) != 0)
        die(sql, mysql_stmt_error(stmt));
    queries[query_count++] = stmt;
}

static void
prepare_all(char **args)
{
    static char line[COLUMN_BYTES];
    FILE       *f = fopen(args[0], "r");

    if (f == NULL)
        die(args[0], "cannot be read");
    for (size_t i = 0; i < COLUMNS_MAX; i++)
        row[i] = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_STRING,
                               .buffer = cells[i],
                               .buffer_length = COLUMN_BYTES,
                               .length = &lengths[i],
                               .is_null = &nulls[i] };
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        prepare(line, args[1], args[2]);
    }
    fclose(f);
}

static void
run(MYSQL_STMT *stmt)
{
    int rc;

    if (mysql_stmt_execute(stmt) != 0)
        die("execute", mysql_stmt_error(stmt));
    if (mysql_stmt_field_count(stmt) == 0)
        return;
    if (mysql_stmt_store_result(stmt) != 0)
        die("result", mysql_stmt_error(stmt));
    while ((rc = mysql_stmt_fetch(stmt)) == 0 || rc == MYSQL_DATA_TRUNCATED)
        continue;
    mysql_stmt_free_result(stmt);
}

int
main(int argc, char **argv)
{
    static char  body[BODY_MAX];
    FCGX_Request request;
    size_t       size;
    FILE        *f;

    if (argc < 2 || (f = fopen(argv[1], "rb")) == NULL)
        die("usage", "hello FILE [QUERIES USER PASSWORD]");
    size = fread(body, 1, sizeof body, f);
    fclose(f);
    if (argc == 5)
        prepare_all(argv + 2);
    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
        die("standard input", "no listening socket");
    while (FCGX_Accept_r(&request) == 0) {
        for (size_t i = 0; i < query_count; i++)
            run(queries[i]);
        FCGX_FPrintF(request.out,
                     "Status: 200\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
                     (int)size);
        FCGX_PutStr(body, (int)size, request.out);
        FCGX_Finish_r(&request);
    }
    return 0;
}

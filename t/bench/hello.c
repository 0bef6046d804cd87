/* What a worker's replies are held against, for t/bench/run alone: a FastCGI program on standard input that answers
 * each request with the bytes of a file, after one prepared SELECT where a database is named.
 *     hello FILE [SOCKET USER PASSWORD ID] */
#include <errno.h>
#include <fcgiapp.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 64 * 1024, NAME_MAX_BYTES = 1024 };

struct lookup {
    MYSQL_STMT *stmt;
    MYSQL_BIND  in, out;
    long long   id;
    char        name[NAME_MAX_BYTES];
};

static void
die(const char *what)
{
    fprintf(stderr, "hello: %s\n", what);
    exit(70);
}

static void
lookup_open(struct lookup *l, char **args)
{
    static const char sql[] = "SELECT name FROM collection WHERE id = ?";
    MYSQL            *db = mysql_init(NULL);

    if (db == NULL || mysql_real_connect(db, NULL, args[1], args[2], "obi", 0, args[0], 0) == NULL)
        die("no database");
    l->stmt = mysql_stmt_init(db);
    if (l->stmt == NULL || mysql_stmt_prepare(l->stmt, sql, sizeof sql - 1) != 0)
        die("prepare");
    l->id = atoll(args[3]);
    l->in = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &l->id };
    l->out = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_STRING,
                           .buffer = l->name,
                           .buffer_length = sizeof l->name };
    if (mysql_stmt_bind_param(l->stmt, &l->in) != 0 ||
        mysql_stmt_bind_result(l->stmt, &l->out) != 0)
        die("bind");
}

static void
lookup_run(struct lookup *l)
{
    if (mysql_stmt_execute(l->stmt) != 0 || mysql_stmt_store_result(l->stmt) != 0)
        die("execute");
    if (mysql_stmt_fetch(l->stmt) != 0)
        die("no such row");
    mysql_stmt_free_result(l->stmt);
}

int
main(int argc, char **argv)
{
    static char   body[BODY_MAX];
    struct lookup lookup = { .stmt = NULL };
    FCGX_Request  request;
    size_t        size;
    FILE         *f;

    if (argc < 2 || (f = fopen(argv[1], "rb")) == NULL)
        die("hello FILE [SOCKET USER PASSWORD ID]");
    size = fread(body, 1, sizeof body, f);
    fclose(f);
    if (argc == 6)
        lookup_open(&lookup, argv + 2);
    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
        die("no listening socket on standard input");
    while (FCGX_Accept_r(&request) == 0) {
        if (lookup.stmt != NULL)
            lookup_run(&lookup);
        FCGX_FPrintF(request.out,
                     "Status: 200\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
                     (int)size);
        FCGX_PutStr(body, (int)size, request.out);
        FCGX_Finish_r(&request);
    }
    return 0;
}

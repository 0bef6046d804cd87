/* obi error-pages: what nginx sends where it answers itself. */
#include <stdio.h>

#include "api/api.h"
#include "cli_int.h"
#include "core/file.h"
#include "http/serve.h"
#include "http/site.h"

static const char help[] =
    "usage: obi error-pages --conf FILE [--conf FILE…] FOLDER\n"
    "\n"
    "Writes what nginx sends when no worker answers, or none is asked, into FOLDER: what a worker "
    "would say,\n"
    "as a page (STATUS.html), as JSON (STATUS.json) and in the shape of the display API\n"
    "(STATUS.display.json), of the issuer API (STATUS.issuer.json) and of Backpack Connect\n"
    "(STATUS.connect.txt); STATUS.upload.html is for a form with pictures. Run it after every "
    "build and\n"
    "every change of a setting.\n";

/* nginx's own statuses, each as its failure. */
static const enum err_code codes[] = { ERR_BAD_REQUEST,  ERR_FORBIDDEN,         ERR_NOT_FOUND,
                                       ERR_METHOD,       ERR_TOO_LARGE,         ERR_URI_TOO_LONG,
                                       ERR_TOO_MANY,     ERR_HEADERS_TOO_LARGE, ERR_INTERNAL,
                                       ERR_WORKERS_DOWN, ERR_STORE_DOWN,        ERR_WORKERS_SLOW };

/* By what stands behind the status in a file's name. */
static const struct kind {
    const char  *name;
    struct route row; /* as far as it shapes a failure */
    bool         uploads;
} kinds[] = { { "html", { .reply = HTML }, false },
              { "upload.html", { .reply = HTML }, true },
              { "json", { .reply = JSON }, false },
              { "display.json", { .reply = JSON, .fail = api_display_fail }, false },
              { "issuer.json", { .reply = JSON, .fail = api_issuer_fail }, false },
              { "connect.txt", { .reply = JSON, .fail = api_connect_fail }, false } };

static struct slice
body_of(struct arena *a, const struct app *app, const struct kind *kind, enum err_code code)
{
    struct err why;

    err_fail(&why, code, __FILE__, __LINE__, "nginx answers");
    if (kind->uploads && code == ERR_TOO_LARGE)
        err_set_cause(&why, CAUSE(UPLOAD_MIB, arena_printf(a, "%d", LIMIT_IMAGE_BYTES / MIB),
                                  arena_printf(a, "%d", LIMIT_BODY_BYTES / MIB)));
    return http_failure_body(app, &kind->row, a, &why);
}

static enum err_code
write_all(struct arena *a, const struct app *app, const char *folder, struct err *e)
{
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        for (size_t k = 0; k < COUNT_OF(kinds); k++) {
            struct slice path =
                arena_printf(a, "%s/%d.%s", folder, err_status(codes[i]), kinds[k].name);
            enum err_code rc = file_write(a, path, body_of(a, app, &kinds[k], codes[i]), e);

            if (rc != ERR_NONE)
                return rc;
        }
    return ERR_NONE;
}

int
cli_error_pages(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     files[CLI_VALUES_MAX];
    size_t                           file_count = 0, operands = 0;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count) };
    struct app                       app = { 0 };
    struct err                       e;
    enum err_code                    rc;
    int status = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (status != CLI_OK)
        return CLI_EXIT(status);
    if (operands != 1) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    if ((app.conf = cli_conf(a, files, file_count, "site")) == NULL)
        return CLI_USAGE;
    if ((rc = site_new(&site_embedded, &app.site, &e)) == ERR_NONE)
        rc = write_all(a, &app, argv[1], &e);
    site_free(app.site);
    return rc == ERR_NONE ? CLI_OK : cli_fail(&e);
}

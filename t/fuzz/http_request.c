/* A whole request: "METHOD TARGET", lines of FastCGI parameters, an empty line, the body. Whatever comes in, what
 * goes out is one well-formed head whose lines are ours. */
#include "core/log.h"
#include "fuzz.h"
#include "http/serve.h"
#include "http/site.h"

struct body {
    struct slice left;
};

static size_t
read_body(void *self, char *to, size_t n)
{
    struct body *b = self;

    n = n < b->left.n ? n : b->left.n;
    if (n > 0)
        memcpy(to, b->left.p, n);
    b->left = slice_from(b->left, n);
    return n;
}

static enum err_code
echo(struct req *r, struct resp *out, struct err *e)
{
    json_object *doc = json_object_new_object();
    (void)e;

    for (size_t i = 0; i < r->args.count; i++)
        FUZZ_HOLDS(slice_is_utf8(r->args.items[i].name) && slice_is_utf8(r->args.items[i].value));
    json_object_object_add(doc, "uploads", json_object_new_int64((int64_t)r->upload_count));
    resp_header(out, "X-Echo", req_arg(r, "h"));
    return reply_json(out, 200, doc);
}

static enum err_code
go(struct req *r, struct resp *out, struct err *e)
{
    (void)e;
    return reply_redirect(out, req_form(r, "to"));
}

static enum err_code
show(struct req *r, struct resp *out, struct err *e)
{
    json_object *model = json_object_new_object();
    struct slice word = req_param(r, "word");
    (void)e;

    if (word.p != NULL && slice_is_utf8(word))
        json_object_object_add(model, "word", json_object_new_string_len(word.p, (int)word.n));
    resp_flash(r, out, "done");
    return reply_page(out, 200, "page", model);
}

#define ROW .pool = APP, .who = ANYONE
static const struct route rows[] = {
    { HTTP_GET, "/echo", echo, ROW, .csrf = SAFE, .reply = JSON, .cors = true },
    { HTTP_GET, "/show/:word", show, ROW, .csrf = SAFE, .reply = HTML },
    { HTTP_GET, "/show/:word.png", show, ROW, .csrf = SAFE, .reply = IMAGE },
    { HTTP_POST, "/go", go, ROW, .csrf = NO_COOKIE, .reply = HTML, .body = FORM, .body_max = 500 },
    { HTTP_POST, "/files", echo, ROW, .csrf = NO_COOKIE, .reply = JSON, .body = MULTIPART,
      .body_max = 5000 },
    { HTTP_POST, "/token", go, ROW, .csrf = TOKEN, .reply = HTML, .body = FORM, .body_max = 500 },
};

static const struct app *
worker(void)
{
    static const struct text_file   templates[] = { { "layout", SL("{{> page}}") },
                                                    { "error", SL("{{status}} {{sentence}}") },
                                                    { "page",
                                                      SL("{{word}}{{#flash}}{{.}}{{/flash}}") } };
    static const struct text_file   catalogues[] = { { "en",
                                                       SL("msgid \"done\"\nmsgstr \"Done.\"\n") } };
    static const struct site_source from = { templates, catalogues, COUNT_OF(templates), 1 };
    static struct conf              conf = { .base_url = SL("http://localhost:8080"),
                                             .site_name = SL("Test"),
                                             .db_primary = SL("unix:/nonexistent/mysql.sock"),
                                             .db_name = SL("obi"),
                                             .db_user = SL("obi"),
                                             .db_password = { SL("") },
                                             .db_owner = SL("obi"),
                                             .db_owner_password = { SL("") },
                                             .db_connect_timeout_ms = 100,
                                             .db_query_timeout_ms = 100,
                                             .session_ttl_s = 1000 };
    static struct app app = { .conf = &conf, .routes = rows, .route_count = COUNT_OF(rows) };
    struct err        e;

    if (app.site != NULL)
        return &app;
    log_set_level(ERR_LEVEL_ERROR);
    app.store = store_new(&conf);
    FUZZ_HOLDS(site_new(&from, &app.site, &e) == ERR_NONE);
    return &app;
}

/* The parameters of the input behind those that nginx always sets. */
static char *const *
read_env(struct arena *a, struct slice *in)
{
    char       **env = ARENA_ARRAY(a, char *, 64);
    struct slice line, method = SLICE_NONE, target = SL(""), query, path;
    size_t       n = 0;

    (void)slice_next(in, '\n', &line);
    if (slice_next(&line, ' ', &method))
        target = line;
    query = target;
    (void)slice_next(&query, '?', &path);
    env[n++] = arena_str(a, arena_printf(a, "REQUEST_METHOD=%.*s", SLICE_FMT(method)));
    env[n++] = arena_str(a, arena_printf(a, "REQUEST_URI=%.*s", SLICE_FMT(target)));
    env[n++] = arena_str(a, arena_printf(a, "QUERY_STRING=%.*s", SLICE_FMT(query)));
    while (n < 60 && slice_next(in, '\n', &line) && line.n > 0)
        env[n++] = arena_str(a, line);
    env[n++] = arena_str(a, arena_printf(a, "CONTENT_LENGTH=%zu", in->n));
    return env;
}

static bool
is_token(struct slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] != '-' && !((name.p[i] | 0x20) >= 'a' && (name.p[i] | 0x20) <= 'z'))
            return false;
    return name.n > 0;
}

static void
header_holds(struct slice line)
{
    struct slice name, value = line;

    FUZZ_HOLDS(slice_next(&value, ':', &name) && is_token(name) && slice_starts(value, SL(" ")));
    for (size_t i = 0; i < value.n; i++)
        FUZZ_HOLDS((unsigned char)value.p[i] >= ' ' && value.p[i] != 0x7F);
    if (slice_eq_nocase(name, SL("Location")))
        FUZZ_HOLDS(path_is_ours(slice_trim(value)) ||
                   slice_starts(slice_trim(value), SL("http://localhost:8080/")));
    FUZZ_HOLDS(!slice_eq_nocase(name, SL("X-Injected")));
}

static void
head_holds(struct slice head)
{
    size_t end, lines = 0;

    FUZZ_HOLDS(slice_starts(head, SL("Status: ")));
    while (slice_find(head, SL("\r\n"), &end) && end > 0) {
        header_holds(slice_first(head, end));
        head = slice_from(head, end + 2);
        lines++;
    }
    FUZZ_HOLDS(lines > 2 && slice_eq(head, SL("\r\n")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     in = fuzz_slice(bytes, count);
    struct body                      body;
    struct raw_request               raw = { read_env(a, &in), read_body, &body };
    struct raw_reply                 reply;

    body.left = in;
    http_answer(worker(), APP, a, &raw, &reply);
    head_holds(reply.head);
    FUZZ_HOLDS(!slice_starts(reply.head, SL("Status: 500")) ||
               slice_starts(slice_from(slice_str(raw.env[1]), 12), SL("/echo")) ||
               slice_starts(slice_from(slice_str(raw.env[1]), 12), SL("/files")));
    return 0;
}

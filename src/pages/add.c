#include "core/clock.h"
#include "import/import.h"
#include "net/net.h"
#include "pages_int.h"

/* The steps of an import, in their order. */
enum step {
    STEP_READ,
    STEP_UNBAKE,
    STEP_FETCH,
    STEP_CHECK,
    STEP_RECIPIENT,
    STEP_STORE,
    STEP_COUNT
};

static const char *const step_ids[] = { "add.step_read",  "add.step_unbake",    "add.step_fetch",
                                        "add.step_check", "add.step_recipient", "add.step_store" };

/* The page in the making. */
struct adding {
    struct req           *r;
    const struct fetcher *fetch;
    json_object          *model, *items;
    size_t                added, taken, tried;
    int                   status; /* of the first refusal */
};

static enum step
step_of_code(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return STEP_COUNT;
    case ERR_TOO_LARGE:
    case ERR_INPUT_UNKNOWN:
        return STEP_READ;
    case ERR_IMAGE_UNBAKED:
        return STEP_UNBAKE;
    case ERR_FIELD_INVALID:
    case ERR_ASSERTION_UNREACHABLE:
    case ERR_FETCH_BUDGET:
        return STEP_FETCH;
    case ERR_RECIPIENT_MISMATCH:
        return STEP_RECIPIENT;
    case ERR_BADGE_EXISTS:
    case ERR_CONFLICT:
        return STEP_STORE;
    default:
        return STEP_CHECK;
    }
}

/* The message that decides says it best: one code stands for many faults. */
static enum step
step_of(const struct err *why, const struct report_message *m)
{
    if (m == NULL || why->code == ERR_FIELD_INVALID)
        return step_of_code(why->code);
    switch (m->code) {
    case REPORT_IMAGE_MALFORMED:
        return STEP_READ;
    case REPORT_INPUT_MALFORMED:
    case REPORT_INPUT_NO_URL:
        return STEP_UNBAKE;
    case REPORT_FETCH_NOT_JSON:
    case REPORT_IMAGE_URL_UNBAKED:
        return STEP_FETCH;
    default:
        return step_of_code(why->code);
    }
}

/* What was done, what was not reached, and on its own what failed. An address has no picture to read. */
static void
put_steps(const struct adding *a, json_object *item, enum step failed, bool is_url)
{
    json_object *items = json_put_array(json_put_object(item, "steps"), "items");

    for (size_t i = is_url ? STEP_FETCH : STEP_READ; i < STEP_COUNT; i++) {
        const char  *state = i < failed ? "done" : i == failed ? "failed" : "open";
        json_object *step = i == failed ? json_put_object(item, "failed") : json_add_object(items);

        json_put_text(step, "state", slice_str(state));
        put_sentence(a->r, step, "name", step_ids[i], NULL);
        put_sentence(a->r, step, "state_text", arena_printf(a->r->arena, "add.state_%s", state).p,
                     NULL);
    }
}

static json_object *
new_item(struct adding *a, struct slice input, const char *outcome, const char *icon)
{
    json_object *item = json_add_object(a->items);

    json_put_text(item, "input", input);
    json_put_text(item, "outcome", slice_str(outcome));
    json_put_text(item, "icon", slice_str(icon));
    return item;
}

static void
put_failure(struct adding *a, json_object *item, const struct import_result *result, bool is_url)
{
    const struct err *why = &result->why;

    put_refusal(a->r, item, result);
    put_steps(a, item, step_of(why, report_deciding(result->report)), is_url);
    if (a->status == 0)
        a->status = err_status(why->code);
}

static void
put_badge_of(struct adding *a, json_object *item, uint64_t id)
{
    json_put_text(item, "href", path_of(a->r, "/backpack/badge/", id, ""));
    json_put_text(item, "picture", path_of(a->r, "/backpack/badge/", id, "/picture"));
}

static void
put_result(struct adding *a, struct slice input, const struct import_result *result, bool is_url)
{
    json_object *item;

    a->taken += result->outcome != IMPORT_REFUSED;
    switch (result->outcome) {
    case IMPORT_ADDED:
        a->added++;
        item = new_item(a, input, "added", "valid");
        put_sentence(a->r, item, "sentence", "add.added", NULL);
        put_badge_of(a, item, result->id);
        put_steps(a, item, STEP_COUNT, is_url);
        if (result->report->recipient_in_other_case) {
            json_object *names = names_new(a->r);

            json_put_text(names, "email", result->report->recipient.value);
            put_sentence(a->r, item, "hint", "add.hint_case", names);
        }
        break;
    case IMPORT_EXISTS:
        item = new_item(a, input, "exists", "badge");
        put_sentence(a->r, item, "sentence", "add.exists", NULL);
        put_badge_of(a, item, result->id);
        break;
    case IMPORT_REFUSED:
        item = new_item(a, input, "failed", "invalid");
        put_failure(a, item, result, is_url);
        break;
    case IMPORT_OFFERED: /* import_bytes does not stop there */
        break;
    }
}

static void
put_too_large(struct adding *a, struct slice input)
{
    json_object *item = new_item(a, input, "failed", "invalid"), *names = names_new(a->r);

    json_put_number(names, "count", LIMIT_IMAGE_BYTES / MIB);
    put_sentence(a->r, item, "sentence", "add.too_large", names);
    put_steps(a, item, STEP_READ, false);
    if (a->status == 0)
        a->status = err_status(ERR_TOO_LARGE);
}

static enum err_code
take_file(struct adding *a, const struct upload *file, struct err *e)
{
    SCOPED(arena_drop) struct arena *own = arena_new(); /* one report at a time is enough */
    struct import_result             result = { 0 };
    enum err_code                    rc;

    a->tried++;
    if (file->bytes.n > LIMIT_IMAGE_BYTES) {
        put_too_large(a, file->file_name);
        return ERR_NONE;
    }
    if ((rc = import_bytes(own, a->r->db, a->fetch, a->r->user->id, file->bytes, &result, e)) ==
        ERR_NONE)
        put_result(a, file->file_name, &result, false);
    return rc;
}

static enum err_code
take_url(struct adding *a, struct slice url, struct err *e)
{
    struct import_result result = { 0 };
    enum err_code rc = import_url(a->r->arena, a->r->db, a->fetch, a->r->user->id, url, &result, e);

    a->tried++;
    if (rc == ERR_NONE)
        put_result(a, url, &result, true);
    if (rc == ERR_NONE && result.outcome == IMPORT_REFUSED)
        json_put_text(a->model, "typed_url", url);
    return rc;
}

static enum err_code
take_all(struct adding *a, struct err *e)
{
    struct slice  url = slice_trim(req_form(a->r, "url"));
    enum err_code rc;

    for (size_t i = 0; i < a->r->upload_count; i++)
        if ((rc = take_file(a, &a->r->uploads[i], e)) != ERR_NONE)
            return rc;
    return url.n > 0 ? take_url(a, url, e) : ERR_NONE;
}

static json_object *
form_model(const struct req *r)
{
    json_object *model = model_new(r, "add.page_title", "add");

    json_put_number(model, "count", LIMIT_IMAGE_BYTES / MIB);
    put_upload(r, model);
    return model;
}

enum err_code
page_add(struct req *r, struct resp *out, struct err *e)
{
    (void)e;
    return model_reply(out, 200, "add", form_model(r));
}

/* What was added is a success, whatever became of the rest: each says for itself. */
static int
status_of(const struct adding *a)
{
    return a->taken > 0 || a->status == 0 ? 200 : a->status;
}

enum err_code
page_add_take(struct req *r, struct resp *out, struct err *e)
{
    struct adding a = { .r = r, .model = form_model(r) };
    int64_t       began_us = clock_monotonic_us();
    enum err_code rc;

    a.fetch = net_fetcher(r->app->net, r->arena, NET_SIGNED_IN);
    a.items = json_put_array(json_put_object(a.model, "results"), "items");
    rc = take_all(&a, e);
    r->fetch_us += clock_monotonic_us() - began_us;
    if (rc != ERR_NONE)
        return rc;
    if (a.tried == 0) {
        json_object *item = new_item(&a, SLICE_NONE, "failed", "invalid");

        put_sentence(r, item, "sentence", "add.nothing", NULL);
        a.status = err_status(ERR_FIELD_MISSING);
    }
    if (a.tried > 1) {
        json_object *names = names_new(r);

        json_put_number(names, "added", (int64_t)a.added);
        json_put_number(names, "refused", (int64_t)(a.tried - a.added));
        put_sentence(r, a.model, "summary", "add.summary", names);
    }
    return model_reply(out, status_of(&a), "add", a.model);
}

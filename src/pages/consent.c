/* What was pushed, shown before anything of it is added, and what its learner decides. */
#include "collection_int.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/uri.h"
#include "import/import.h"
#include "net/net.h"
#include "push_int.h"
#include "store/push.h"

/* Pictures stand in the page itself: they are of nobody's backpack yet. Those beyond this are left out. */
enum { PICTURES_BYTES = 3 * MIB, TOKEN_BYTES = 43 };
/* The form has each badge's name, to say again what was declined: cut, so that the form can be sent. */
enum { FORM_NAME_BYTES = 500 };

struct consent {
    struct req           *r;
    const struct fetcher *fetch;
    struct push           push;
    json_object          *texts; /* an array: what was pushed */
    json_object          *model, *items;
    size_t                picture_bytes, offered, added;
    struct slice          new_collection; /* its name: it is made with the first badge */
    uint64_t              collection;     /* 0: none */
    bool                  collection_is_private;
    bool                  was_refused; /* something stands where `fetch` does not go */
};

/* Whether this is the browser that the sender's page sent here. */
static bool
was_sent(const struct req *r)
{
    struct slice token = req_cookie(r, PUSH_COOKIE);

    return token.n > 0 && secret_eq(token, req_param(r, "token"));
}

static enum err_code
begin(struct consent *c, struct req *r, enum net_who who, struct err *e)
{
    struct slice  token = req_param(r, "token");
    enum err_code rc;

    *c = (struct consent){ .r = r };
    if (token.n != TOKEN_BYTES)
        return FAIL(e, NOT_FOUND, "no token");
    if ((rc = store_push_get(r->db, token, &c->push, e)) != ERR_NONE ||
        (rc = json_parse(c->push.assertions, &c->texts, e)) != ERR_NONE)
        return rc;
    json_in_arena(r->arena, c->texts);
    if (!was_sent(r))
        c->push.sender = c->push.return_to = SL("");
    c->fetch = fetcher_memo(r->arena, net_fetcher(r->app->net, r->arena, who));
    c->model = model_new(r, "push.page_title", NULL);
    json_put_bool(c->model, "noindex", true);
    json_put_text(c->model, "action", r->path);
    /* A window that is open for one question has no tabs that lead away from it. */
    json_put(c->model, "user", NULL);
    json_put_text(c->model, "email", r->user->email);
    json_put_text(c->model, "sender", site_name_of(c->push.sender));
    c->items = json_put_array(c->model, "items");
    return ERR_NONE;
}

static struct slice
text_at(const struct consent *c, size_t i)
{
    return json_text(json_object_array_get_idx(c->texts, i));
}

/* import_look or import_bytes, of what may be pushed. A report is missing where there was nothing to look at; it
 * lives in `a`, for all the reports of a push would be too much for a worker. */
static enum err_code
run(const struct consent *c, struct arena *a, size_t i, bool accepted, struct import_result *ret,
    struct err *e)
{
    struct req  *r = c->r;
    struct slice input = badge_pushed(a, text_at(c, i));

    *ret = (struct import_result){ .outcome = IMPORT_REFUSED };
    if (input.n == 0) {
        (void)FAIL(&ret->why, INPUT_UNKNOWN, "neither an address nor a signed badge");
        return ERR_NONE;
    }
    if (accepted)
        return import_bytes(a, r->db, c->fetch, r->user->id, input, ret, e);
    return import_look(a, r->db, c->fetch, r->user->id, input, ret, e);
}

/* The reasons that issuers' pages know. */
static const char *
reason_of(const struct import_result *result)
{
    switch (result->why.code) {
    case ERR_ASSERTION_UNREACHABLE:
    case ERR_FETCH_BUDGET:
        return "INACCESSIBLE";
    case ERR_ASSERTION_MALFORMED:
    case ERR_INPUT_UNKNOWN:
    case ERR_IMAGE_UNBAKED:
    case ERR_TOO_LARGE:
        return "MALFORMED";
    default:
        return "INVALID";
    }
}

/* Where anybody sees what is wrong: the check of it, anew. What is signed may be too long for an address. */
static struct slice
check_of(const struct req *r, struct slice text)
{
    if (text.n == 0 || text.n > LIMIT_URL_BYTES)
        return SL("/verify");
    return arena_printf(r->arena, "/verify?url=%.*s", SLICE_FMT(uri_escape(r->arena, text)));
}

static void
put_picture(struct consent *c, json_object *item, const struct report *report)
{
    json_object *data;

    c->picture_bytes += report->picture.n;
    if (report->picture.n == 0 || c->picture_bytes > PICTURES_BYTES)
        return;
    data = json_put_object(item, "data");
    json_put_text(data, "type",
                  report->picture_kind == BADGE_IMAGE_SVG ? SL("svg+xml") : SL("png"));
    json_put_text(data, "bytes", base64_encode(c->r->arena, report->picture));
}

static struct slice
first_of(struct slice text, struct slice other)
{
    return text.n > 0 ? text : other;
}

/* What a badge says of itself, and how it stands. */
static void
put_badge(struct consent *c, json_object *item, const struct report *report)
{
    json_object *names = names_new(c->r);

    if (report == NULL || report->badge == NULL)
        return;
    json_put_bool(item, "is_badge", true);
    json_put_text(
        item, "name",
        first_of(json_get_text(report->badge, "name"), view_text(c->r, "badge.untitled", NULL)));
    json_put_text(item, "issuer",
                  first_of(json_get_text(report->issuer, "name"), report->issuer_host));
    json_put_text(item, "issuer_host", report->issuer_host);
    json_put_text(item, "description", json_get_text(report->badge, "description"));
    put_picture(c, item, report);
    if (report->recipient.value.n == 0)
        return;
    json_put_text(names, "email", report->recipient.value);
    put_sentence(c->r, item, "to", "push.to", names);
}

static void
put_status_of(const struct req *r, json_object *item, const struct report *report)
{
    struct slice status = slice_str(badge_status_name(report->status));

    json_put_text(item, "status", status);
    put_sentence(r, item, "status_text",
                 arena_printf(r->arena, "verdict.%.*s", SLICE_FMT(status)).p, NULL);
}

static void
put_why(const struct req *r, json_object *item, const struct import_result *result)
{
    if (result->report != NULL)
        put_refusal(r, item, result);
    else
        json_put_text(
            item, "sentence",
            json_get_text(json_in_arena(r->arena, view_err(r, &result->why)), "sentence"));
}

static void
put_own(const struct req *r, json_object *item, uint64_t id)
{
    json_put_text(item, "href", path_of(r, "/backpack/badge/", id, ""));
    json_put_text(item, "picture", path_of(r, "/backpack/badge/", id, "/picture"));
}

static json_object *
new_item(struct consent *c, size_t i, const struct import_result *result)
{
    json_object *item = json_add_object(c->items);

    json_put_number(item, "n", (int64_t)i);
    json_put_text(item, "input", text_at(c, i));
    json_put_text(item, "report", check_of(c->r, text_at(c, i)));
    put_badge(c, item, result->report);
    return item;
}

/* ---- asking ------------------------------------------------------------------------------------ */

static bool
has_refused(const struct report *report)
{
    for (size_t i = 0; report != NULL && i < report->document_count; i++)
        if (report->documents[i].code == ERR_FETCH_REFUSED)
            return true;
    return false;
}

static enum err_code
put_offer(struct consent *c, size_t i, struct err *e)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct import_result             result;
    json_object                     *item;
    enum err_code                    rc;

    if ((rc = run(c, a, i, false, &result, e)) != ERR_NONE)
        return rc;
    item = new_item(c, i, &result);
    c->was_refused |= has_refused(result.report);
    if (result.report != NULL && result.report->badge != NULL && !import_is_anothers(&result))
        put_status_of(c->r, item, result.report);
    if (result.outcome == IMPORT_OFFERED) {
        c->offered++;
        json_put_bool(item, "offered", true);
        json_put_text(item, "form_name", slice_cut(json_get_text(item, "name"), FORM_NAME_BYTES));
    } else if (result.outcome == IMPORT_EXISTS) {
        put_sentence(c->r, item, "sentence", "add.exists", NULL);
        json_put_text(item, "href", path_of(c->r, "/backpack/badge/", result.id, ""));
    } else {
        json_put_bool(item, "refused", true);
        put_why(c->r, item, &result);
    }
    return ERR_NONE;
}

static enum err_code
put_collections(const struct consent *c, struct err *e)
{
    json_object       *list = json_put_array(c->model, "collections");
    struct collection *all;
    size_t             count;
    enum err_code      rc;

    if ((rc = store_collection_list(c->r->db, c->r->user->id, VISIBILITY_PRIVATE, &all, &count,
                                    e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_add_object(list);

        json_put_number(item, "id", (int64_t)all[i].id);
        json_put_text(item, "name", all[i].name);
    }
    json_put_bool(c->model, "has_collections", count > 0);
    return ERR_NONE;
}

static enum err_code
reply_gone(const struct req *r, struct resp *out)
{
    json_object *model = model_new(r, "push.gone_title", NULL);

    json_put_bool(model, "noindex", true);
    return model_reply(out, 404, "push_gone", model);
}

static enum err_code
ask(struct consent *c, struct resp *out, struct err *e)
{
    struct req   *r = c->r;
    int64_t       began_us = clock_monotonic_us();
    size_t        count = json_object_array_length(c->texts);
    enum err_code rc;

    for (size_t i = 0; i < count; i++)
        if ((rc = put_offer(c, i, e)) != ERR_NONE)
            return rc;
    r->fetch_us += clock_monotonic_us() - began_us;
    if (c->offered > 0 && (rc = put_collections(c, e)) != ERR_NONE)
        return rc;
    put_counted(r, c->model, "heading", "push.heading", (int64_t)count);
    json_put_bool(c->model, "any", c->offered > 0);
    json_put_bool(c->model, "choose", count > 1 && c->offered > 0);
    json_put_bool(c->model, "inside",
                  r->method != HTTP_POST && c->was_refused && net_opens_more(r->app->net));
    out->data_pictures = true;
    return model_reply(out, 200, "push", c->model);
}

/* Any page can lead a browser here, without a click: it must not be a hand in the networks that are open to
 * whoever is signed in. */
enum err_code
page_consent(struct req *r, struct resp *out, struct err *e)
{
    struct consent c;
    enum err_code  rc = begin(&c, r, NET_ANONYMOUS, e);

    if (rc == ERR_NOT_FOUND)
        return reply_gone(r, out);
    return rc != ERR_NONE ? rc : ask(&c, out, e);
}

/* ---- deciding ---------------------------------------------------------------------------------- */

/* Whether the form has the field `name` with that number. */
static bool
has_number(const struct req *r, const char *name, size_t i)
{
    struct slice number = arena_printf(r->arena, "%zu", i);

    for (size_t k = 0; k < r->form.count; k++)
        if (slice_eq(r->form.items[k].name, slice_str(name)) &&
            slice_eq(r->form.items[k].value, number))
            return true;
    return false;
}

/* One of theirs, or a new one; before anything is stored. */
static enum err_code
read_collection(struct consent *c, struct err *e)
{
    struct req       *r = c->r;
    struct collection into;
    enum err_code     rc;

    c->new_collection = slice_trim(req_form(r, "new_collection"));
    c->collection_is_private = true;
    if (c->new_collection.n > 0 && !collection_name_is_ok(c->new_collection)) {
        rc = FAIL(e, FIELD_INVALID, "a name of %zu bytes", c->new_collection.n);
        err_set_field(e, SL("new_collection"));
        return rc;
    }
    if (c->new_collection.n > 0 || req_form(r, "collection").n == 0)
        return ERR_NONE;
    if ((rc = form_id(r, "collection", &c->collection, e)) != ERR_NONE ||
        (rc = store_collection_get(r->db, r->user->id, c->collection, &into, e)) != ERR_NONE)
        return rc;
    c->collection_is_private = into.visibility == VISIBILITY_PRIVATE;
    return ERR_NONE;
}

static enum err_code
make_collection(struct consent *c, struct err *e)
{
    if (c->new_collection.n == 0 || c->collection != 0)
        return ERR_NONE;
    return store_collection_add(c->r->db, c->r->user->id, c->new_collection, SL(""),
                                VISIBILITY_PRIVATE, &c->collection, e);
}

/* What has an address in clear is shown to nobody before its owner was asked: on the badge's page. */
static enum err_code
collect(struct consent *c, json_object *item, const struct import_result *result, struct err *e)
{
    enum err_code rc;

    c->added++;
    rc = make_collection(c, e);
    if (rc == ERR_CONFLICT) {
        put_sentence(c->r, item, "hint", "push.no_more_collections", NULL);
        return ERR_NONE;
    }
    if (rc != ERR_NONE || c->collection == 0)
        return rc;
    if (result->plain_identity && !c->collection_is_private) {
        put_sentence(c->r, item, "hint", "push.not_collected", NULL);
        return ERR_NONE;
    }
    rc = store_collection_put_badge(c->r->db, c->r->user->id, c->collection, result->id, e);
    if (rc != ERR_CONFLICT)
        return rc;
    put_sentence(c->r, item, "hint", "push.collection_full", NULL);
    return ERR_NONE;
}

static void
put_outcome(json_object *item, const char *outcome, const char *icon, const char *reason)
{
    json_put_text(item, "outcome", slice_str(outcome));
    json_put_text(item, "icon", slice_str(icon));
    json_put_text(item, "reason", slice_str(reason));
}

static enum err_code
put_decided(struct consent *c, json_object *item, const struct import_result *result, struct err *e)
{
    switch (result->outcome) {
    case IMPORT_ADDED:
        put_outcome(item, "added", "valid", NULL);
        put_sentence(c->r, item, "sentence", "add.added", NULL);
        put_own(c->r, item, result->id);
        return collect(c, item, result, e);
    case IMPORT_EXISTS:
        put_outcome(item, "exists", "badge", "EXISTS");
        put_sentence(c->r, item, "sentence", "add.exists", NULL);
        put_own(c->r, item, result->id);
        break;
    case IMPORT_REFUSED:
        put_outcome(item, "failed", "invalid", reason_of(result));
        put_why(c->r, item, result);
        break;
    case IMPORT_OFFERED:
        put_outcome(item, "declined", "badge", "DENIED");
        put_sentence(c->r, item, "sentence", "push.declined", NULL);
        break;
    }
    return ERR_NONE;
}

/* What the issuer's page is told: the first thing found, else the sentence. */
static void
put_message(json_object *item)
{
    json_object *items = json_get(json_get(item, "messages"), "items");
    struct slice first =
        items == NULL ? SLICE_NONE : json_get_text(json_object_array_get_idx(items, 0), "text");

    json_put_text(item, "message", first_of(first, json_get_text(item, "sentence")));
}

/* What was offered and not accepted was declined; it need not be fetched again to say so. */
static enum err_code
decide(struct consent *c, size_t i, struct err *e)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct import_result             result = { .outcome = IMPORT_OFFERED };
    bool                             declined = req_form(c->r, "decline").n > 0;
    bool                             accepted = !declined && has_number(c->r, "accept", i);
    json_object                     *item;
    enum err_code                    rc;

    if ((accepted || !has_number(c->r, "offered", i)) &&
        (rc = run(c, a, i, accepted, &result, e)) != ERR_NONE)
        return rc;
    item = new_item(c, i, &result);
    if (result.report == NULL) /* the form says again what it was called */
        json_put_text(item, "name", req_form(c->r, arena_printf(c->r->arena, "name.%zu", i).p));
    if ((rc = put_decided(c, item, &result, e)) != ERR_NONE)
        return rc;
    put_message(item);
    json_put_text(item, "report_url", view_absolute(c->r, json_get_text(item, "report")));
    return ERR_NONE;
}

enum err_code
page_consent_take(struct req *r, struct resp *out, struct err *e)
{
    struct consent c;
    int64_t        began_us = clock_monotonic_us();
    enum err_code  rc = begin(&c, r, NET_SIGNED_IN, e);

    if (rc == ERR_NOT_FOUND)
        return reply_gone(r, out);
    if (rc != ERR_NONE)
        return rc;
    if (req_form(r, "look").n > 0)
        return ask(&c, out, e);
    if ((rc = read_collection(&c, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < json_object_array_length(c.texts); i++)
        if ((rc = decide(&c, i, e)) != ERR_NONE)
            return rc;
    r->fetch_us += clock_monotonic_us() - began_us;
    put_counted(r, c.model, "heading", c.added > 0 ? "push.done" : "push.done_none",
                (int64_t)c.added);
    view_url(c.model, "return_to", c.push.return_to);
    json_put_text(c.model, "window", c.push.window_key);
    out->data_pictures = true;
    return model_reply(out, 200, "push_done", c.model);
}

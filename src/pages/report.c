/* A report of a verification as people read it, from the JSON that it is kept as. */
#include "pages_int.h"

static json_object *
list_of(const struct req *r, json_object **ret_items)
{
    json_object *list = json_in_arena(r->arena, json_object_new_object());

    *ret_items = json_put_array(list, "items");
    return list;
}

static void
put_list(json_object *model, const char *name, json_object *list)
{
    if (json_object_array_length(json_get(list, "items")) > 0)
        json_put(model, name, json_object_get(list));
}

/* Empty where there is none: a template looks a missing name up in what is around. */
static void
copy_text(json_object *to, const char *name, json_object *from, const char *from_name)
{
    struct slice text = json_get_text(from, from_name);

    json_put_text(to, name, text.p == NULL ? SL("") : text);
}

/* A number with its unit, as a sentence that chooses its form by `count`. */
static void
put_count(const struct req *r, json_object *to, const char *name, const char *id, json_object *from,
          const char *from_name)
{
    json_object *names = names_new(r);

    json_put_number(names, "count", json_object_get_int64(json_get(from, from_name)));
    put_sentence(r, to, name, id, names);
}

/* Messages. */

static int
which_is(json_object *message)
{
    struct slice level = json_get_text(message, "messageLevel");

    return json_get_bool(message, "endorsement") ? SAYS_ASIDE
           : slice_eq(level, SL("ERROR"))        ? SAYS_ERROR
           : slice_eq(level, SL("WARNING"))      ? SAYS_WARNING
                                                 : SAYS_INFO;
}

/* A sentence of ours and a moment, as people read them; anything else as it came. */
static struct slice
received_text(const struct req *r, json_object *message)
{
    struct slice text = json_get_text(message, "received"), key = json_get_text(message, "key");
    json_object *names = names_new(r);
    int64_t      when;

    if ((slice_eq(key, SL("expired")) || slice_eq(key, SL("issued-in-future"))) &&
        badge_date(json_get(message, "received"), true, &when)) {
        view_date(r, names, "date", when);
        return json_get_text(names, "date");
    }
    return view_why(r, json_get(message, "why"), text);
}

static struct slice
expected_text(const struct req *r, json_object *message)
{
    struct slice text = json_get_text(message, "expected");
    struct slice type = json_get_text(message, "expectedType");

    text = text.p == NULL ? SL("") : text;
    return view_text_or(r, arena_printf(r->arena, "primitive.%.*s", SLICE_FMT(type)).p, text, NULL);
}

/* A document that was read without an address or id has no name to quote, nor has what stands inside one. */
static struct slice
node_text(const struct req *r, json_object *message)
{
    struct slice id = json_get_text(message, "node_id"), in = json_get_text(message, "nodeIn");
    struct slice type = json_get_text(message, "nodeType");
    struct slice document = view_text(r, "report.document", NULL);
    json_object *names;

    if (type.n == 0)
        return id.n > 0 ? id : document;
    names = names_new(r);
    json_put_text(names, "type", type);
    json_put_text(names, "document", in.n > 0 ? in : document);
    return view_text(r, "report.inside", names);
}

/* What a message's sentence quotes, under the names that the catalogue's sentences have. */
static json_object *
quoted(const struct req *r, json_object *message)
{
    static const char *const names[][2] = { { "prop", "prop_name" }, { "url", "url" } };
    json_object             *to = names_new(r);

    json_put_text(to, "node", node_text(r, message));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        copy_text(to, names[i][0], message, names[i][1]);
    json_put_text(to, "received", received_text(r, message));
    json_put_text(to, "expected", expected_text(r, message));
    json_put_number(to, "status", json_object_get_int64(json_get(message, "status")));
    return to;
}

/* By its key in the catalogue; a message of an earlier release may have another, and stays as it came. */
static struct slice
sentence_of(const struct req *r, json_object *message, const char *head, const char *english)
{
    struct slice text = json_get_text(message, english);
    struct slice id =
        arena_printf(r->arena, "%s.%.*s", head, SLICE_FMT(json_get_text(message, "key")));

    return text.p == NULL ? SL("") : view_text_or(r, id.p, text, quoted(r, message));
}

/* Which document, where the sentence does not name it. */
static struct slice
document_of(json_object *message, struct slice sentence)
{
    struct slice url = json_get_text(message, "url"), node = json_get_text(message, "node_id");
    struct slice document = url.n > 0 ? url : node;
    size_t       at;

    return document.n == 0 || slice_find(sentence, document, &at) ? SL("") : document;
}

static void
add_message(const struct req *r, json_object *items, json_object *message)
{
    json_object *to = json_add_object(items);
    struct slice text = sentence_of(r, message, "report", "result");

    json_put_text(to, "text", text);
    json_put_text(to, "document", document_of(message, text));
    copy_text(to, "field", message, "prop_name");
    json_put_text(to, "advice", sentence_of(r, message, "advice", "advice"));
}

void
put_messages(const struct req *r, json_object *model, const char *name, json_object *report,
             int which)
{
    json_object *all = json_get(report, "messages"), *items, *list = list_of(r, &items);
    size_t       count = json_is_array(all) ? json_object_array_length(all) : 0;

    for (int one = SAYS_ERROR; one <= SAYS_ASIDE; one *= 2)
        for (size_t i = 0; i < count; i++) {
            json_object *message = json_object_array_get_idx(all, i);

            if ((which & one) != 0 && which_is(message) == one)
                add_message(r, items, message);
        }
    put_list(model, name, list);
}

static void
put_groups(const struct req *r, json_object *model, json_object *report)
{
    static const struct {
        int         which;
        const char *title, *icon, *text;
    } groups[] = { { SAYS_ERROR, "verify.errors", "invalid", NULL },
                   { SAYS_WARNING, "verify.warnings", "warning", NULL },
                   { SAYS_INFO, "verify.remarks", "badge", NULL },
                   { SAYS_ASIDE, "verify.asides", "badge", "verify.asides_text" } };
    json_object *items, *list = list_of(r, &items);

    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        json_object *group = json_in_arena(r->arena, json_object_new_object());

        put_sentence(r, group, "title", groups[i].title, NULL);
        json_put_text(group, "icon", slice_str(groups[i].icon));
        json_put_text(group, "note",
                      groups[i].text == NULL ? SL("") : view_text(r, groups[i].text, NULL));
        put_messages(r, group, "messages", report, groups[i].which);
        if (json_get(group, "messages") != NULL)
            json_object_array_add(items, json_object_get(group));
    }
    put_list(model, "groups", list);
}

/* Who it was issued to. */

static void
put_recipient(const struct req *r, json_object *model, json_object *report)
{
    json_object *profile = json_get(report, "recipientProfile"), *names = names_new(r);

    if (!json_is_object(profile))
        return;
    json_object_object_foreach(profile, type, value)
    {
        (void)type;
        json_put_text(names, "value", json_text(value));
    }
    put_sentence(r, model, "matched",
                 json_get_bool(report, "recipientInOtherCase") ? "verify.matched_case"
                                                               : "verify.matched",
                 names);
}

static void
put_version(const struct req *r, json_object *model, json_object *report)
{
    json_object *names = names_new(r);
    struct slice version = json_get_text(report, "openBadgesVersion");

    json_put_text(names, "version", version);
    if (version.n > 0)
        put_sentence(r, model, "version", "verify.version", names);
}

/* Documents. */

static struct slice
role_text(const struct req *r, json_object *from)
{
    struct slice role = json_get_text(from, "role");

    return view_text_or(r, arena_printf(r->arena, "verify.role_%.*s", SLICE_FMT(role)).p, role,
                        NULL);
}

/* The address as it is; as a link too, where it can be one. */
static void
put_address(json_object *to, struct slice url)
{
    json_put_text(to, "address", url.p == NULL ? SL("") : url);
    json_put_text(to, "link", SL(""));
    view_url(to, "link", url);
}

static void
put_chain(const struct req *r, json_object *model, json_object *report)
{
    json_object *all = json_get(report, "chain"), *items, *list = list_of(r, &items);
    json_object *names = names_new(r);
    struct slice speaks = json_get_text(report, "issuerHost");

    for (size_t i = 0; json_is_array(all) && i < json_object_array_length(all); i++) {
        json_object *from = json_object_array_get_idx(all, i), *to = json_add_object(items);

        json_put_text(to, "role", role_text(r, from));
        put_address(to, json_get_text(from, "id"));
        copy_text(to, "host", from, "host");
    }
    json_put_text(names, "host", speaks);
    if (speaks.n > 0)
        put_sentence(r, list, "speaks", "verify.speaks", names);
    put_list(model, "chain", list);
}

/* "24 November 2026, 20:14:07 UTC" of a time as reports write it. */
static void
put_time(const struct req *r, json_object *to, const char *name, json_object *from,
         const char *from_name)
{
    json_object *names = names_new(r);
    struct slice iso = json_get_text(from, from_name);
    int64_t      at_s;

    if (!badge_date(json_get(from, from_name), false, &at_s) || iso.n < 19)
        return;
    view_date(r, names, "date", at_s);
    json_put_text(names, "time", slice_first(slice_from(iso, 11), 8));
    put_sentence(r, to, name, "verify.time", names);
    json_put_text(to, arena_printf(r->arena, "%s_iso", name).p, iso);
}

static void
put_answer(const struct req *r, json_object *to, json_object *from)
{
    json_object *names = names_new(r);

    json_put_number(names, "status", json_object_get_int64(json_get(from, "status")));
    put_sentence(r, to, "answer", "verify.http_status", names);
    put_count(r, to, "size", "verify.bytes", from, "bytes");
    put_count(r, to, "took", "verify.took", from, "tookMs");
}

static void
put_documents(const struct req *r, json_object *model, json_object *report)
{
    static const char *const texts[][2] = { { "final", "finalUrl" },
                                            { "type", "contentType" },
                                            { "sha256", "sha256" } };
    json_object *all = json_get(report, "documents"), *items, *list = list_of(r, &items);

    for (size_t i = 0; json_is_array(all) && i < json_object_array_length(all); i++) {
        json_object *from = json_object_array_get_idx(all, i), *to = json_add_object(items);

        json_put_text(to, "role", role_text(r, from));
        put_address(to, json_get_text(from, "url"));
        for (size_t k = 0; k < COUNT_OF(texts); k++)
            copy_text(to, texts[k][0], from, texts[k][1]);
        put_time(r, to, "at", from, "fetchedAt");
        json_put_text(to, "error",
                      json_get(from, "error") == NULL
                          ? SL("")
                          : view_why(r, json_get(from, "why"), json_get_text(from, "cause")));
        if (json_get(from, "error") == NULL)
            put_answer(r, to, from);
    }
    put_list(model, "documents", list);
}

enum err_code
reply_report_file(struct resp *out, struct slice text)
{
    resp_header(out, "Content-Disposition", SL("attachment; filename=\"badge-report.json\""));
    return reply_bytes(out, 200, "application/json", text);
}

void
put_report(const struct req *r, json_object *model, json_object *report)
{
    struct slice status = json_get_text(report, "status");

    json_put_text(model, "status", status);
    put_status(r, model, status);
    /* A badge class or an issuer that nothing is wrong with is still nobody's badge. */
    if (json_get_bool(report, "valid") && slice_eq(status, SL("invalid"))) {
        json_put_text(model, "status", SL("unchecked"));
        put_sentence(r, model, "verdict_title", "verify.no_badge", NULL);
        put_sentence(r, model, "verdict_text", "verify.no_badge_text", NULL);
    }
    put_time(r, model, "checked", report, "checkedAt");
    copy_text(model, "issuer_host", report, "issuerHost");
    put_version(r, model, report);
    put_recipient(r, model, report);
    put_groups(r, model, report);
    put_chain(r, model, report);
    put_documents(r, model, report);
}

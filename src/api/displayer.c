#include "api_int.h"
#include "badge/verify.h"
#include "core/clock.h"
#include "core/sbuf.h"
#include "core/uri.h"
#include "http/form.h"
#include "http/standing.h"
#include "http/view.h"
#include "store/address.h"
#include "store/collection.h"

/* Ids in JSON stay below this, so that JavaScript keeps them whole. */
#define ID_MAX ((1ULL << 53) - 1)

/* The path says JSON by its ending, or else the Accept header decides. */
static bool
path_says_json(const struct req *r)
{
    return slice_ends(r->path, SL(".json"));
}

/* The answer of the display API: JSON, or with a callback a script, which always has status 200: a
 * page that loads it as <script> sees no other. */
static enum err_code
reply_text(const struct req *r, struct resp *out, int status, struct slice json)
{
    struct slice callback = req_arg(r, "callback");

    if (!path_says_json(r))
        resp_header(out, "Vary", SL("Accept"));
    if (callback.n == 0 || !jsonp_name(callback))
        return reply_bytes(out, status, "application/json", json);
    return reply_bytes(out, 200, "application/javascript; charset=utf-8",
                       jsonp_wrap(r->arena, callback, json));
}

static enum err_code
reply_display(const struct req *r, struct resp *out, int status, json_object *doc)
{
    return reply_text(r, out, status, json_print(r->arena, json_in_arena(r->arena, doc)));
}

static enum err_code
check_form(const struct req *r, struct err *e)
{
    enum err_code rc = ERR_NONE;
    struct slice  callback = req_arg(r, "callback");

    if (callback.n > 0 && !jsonp_name(callback)) {
        rc = FAIL(e, FIELD_INVALID, "callback of %zu bytes is no name", callback.n);
        err_set_field(e, SL("callback"));
        err_set_cause_text(e,
                           SL("may have letters, digits, _, $, dots and [0], at most 128 bytes"));
    } else if (callback.n == 0 && !path_says_json(r) &&
               !accept_takes_json(req_header(r, "Accept"))) {
        rc = FAIL(e, BAD_REQUEST, "JSON does not satisfy Accept");
        err_set_field(e, SL("Accept"));
    }
    return rc;
}

/* An id of the path, with or without the ending. What is no id names nobody; neither does an id
 * written in another way (escaped, with noughts before it): what a write takes out of the cache is
 * each document under its one address. */
static enum err_code
path_id(const struct req *r, const char *name, uint64_t *ret, struct err *e)
{
    struct slice       text = req_param(r, name);
    unsigned long long id;

    if (slice_ends(text, SL(".json")))
        text.n -= 5;
    if (!slice_u64(text, ID_MAX, &id) || text.p[0] == '0' || slice_has_char(r->path, '%'))
        return FAIL(e, NOT_FOUND, "%s is no id", name);
    *ret = id;
    return ERR_NONE;
}

void
api_display_fail(struct req *r, const struct err *e, struct resp *out)
{
    int          status = err_status(e->code);
    json_object *doc;

    if (e->code == ERR_BAD_REQUEST && strcmp(e->field, "Accept") == 0) {
        (void)reply_bytes(out, status, "text/plain; charset=utf-8",
                          SL("error: could not find formatter"));
        return;
    }
    doc = json_object_new_object();
    json_put_number(doc, "httpStatus", status);
    if (e->code == ERR_NOT_FOUND) {
        json_put_text(doc, "status", SL("missing"));
    } else {
        json_put_text(doc, "status", status < 500 ? SL("invalid") : SL("error"));
        json_put_text(
            doc, "error",
            e->cause[0] == '\0'
                ? slice_str(err_sentence(e->code))
                : arena_printf(r->arena, "%s %s: %s", err_sentence(e->code), e->field, e->cause));
    }
    (void)reply_display(r, out, status, doc);
}

/* The user of the path, who is there; what follows reads a server that has their last write. */
static enum err_code
read_user(struct req *r, uint64_t *ret, struct err *e)
{
    enum err_code rc;

    if ((rc = check_form(r, e)) != ERR_NONE || (rc = path_id(r, "user", ret, e)) != ERR_NONE)
        return rc;
    return db_read_fresh(r->db, *ret, e);
}

/* An account that became part of another one is found there: sites that know the old id go on. Not kept, so
 * that nothing has to be made old. */
static enum err_code
reply_moved(struct req *r, struct resp *out, struct err *e)
{
    struct slice  callback = req_arg(r, "callback"), rest = r->path, part;
    uint64_t      user = 0, now = 0;
    enum err_code rc;

    if ((rc = path_id(r, "user", &user, e)) != ERR_NONE ||
        (rc = store_user_alias(r->db, user, &now, e)) != ERR_NONE)
        return rc;
    rest = slice_from(rest, sizeof "/displayer/" - 1);
    slice_next(&rest, '/', &part);
    resp_header(out, "Location",
                arena_printf(r->arena, "/displayer/%llu/%.*s%s%s", (unsigned long long)now,
                             SLICE_FMT(rest), callback.n > 0 ? "?callback=" : "",
                             callback.n > 0 ? uri_escape(r->arena, callback).p : ""));
    return reply_bytes(out, 301, "application/json", SL("{}"));
}

enum err_code
api_groups(struct req *r, struct resp *out, struct err *e)
{
    uint64_t           user;
    struct collection *groups;
    size_t             count;
    json_object       *doc, *array;
    enum err_code      rc;

    if ((rc = read_user(r, &user, e)) == ERR_NOT_FOUND)
        return reply_moved(r, out, e);
    if (rc != ERR_NONE || (rc = store_collection_list(r->db, user, VISIBILITY_PUBLIC, &groups,
                                                      &count, e)) != ERR_NONE)
        return rc;
    doc = json_object_new_object();
    json_put_number(doc, "userId", (int64_t)user);
    array = json_put_array(doc, "groups");
    for (size_t i = 0; i < count; i++) {
        json_object *group = json_add_object(array);

        json_put_number(group, "groupId", (int64_t)groups[i].id);
        json_put_text(group, "name", badge_text_without_emails(r->arena, groups[i].name));
        json_put_number(group, "badges", (int64_t)groups[i].badge_count);
    }
    return reply_display(r, out, 200, doc);
}

/* The day alone: a check that finds nothing new does not change what is shown. */
static struct slice
day_text(struct arena *a, int64_t unix_s)
{
    struct slice text = clock_iso8601(a, unix_s);

    return arena_printf(a, "%.*sT00:00:00.000Z", SLICE_FMT(slice_first(text, 10)));
}

static struct slice
picture_url(const struct req *r, const struct badge_row *row)
{
    return view_absolute(r, arena_printf(r->arena, "/images/badge/%.*s.%s",
                                         SLICE_FMT(row->picture_hash),
                                         row->picture_kind == PICTURE_SVG ? "svg" : "png"));
}

/* One badge's JSON. Its trees live in `scrap` and end with it: together they would be many times the size of the
 * document, and what they are made of was written by strangers. */
static enum err_code
add_badge(const struct req *r, struct arena *scrap, struct sbuf *to, const struct badge_full *badge,
          struct err *e)
{
    const struct badge_docs docs = { .hosted_url = badge->hosted_url,
                                     .assertion = badge->assertion,
                                     .class_url = badge->class_url,
                                     .class_text = badge->class_text,
                                     .issuer_url = badge->issuer_url,
                                     .issuer_text = badge->issuer_text,
                                     .contexts = badge->contexts };
    json_object            *assertion, *doc = json_in_arena(scrap, json_object_new_object());
    enum err_code           rc;

    if ((rc = badge_displayed(scrap, &docs, &assertion, e)) != ERR_NONE)
        return rc;
    json_put_text(doc, "lastValidated", day_text(scrap, badge->row.checked_at_s));
    if (badge->hosted_url.n > 0)
        json_put_text(doc, "hostedUrl", badge_text_without_emails(scrap, badge->hosted_url));
    else
        json_put(doc, "hostedUrl", NULL);
    json_put(doc, "assertion", assertion);
    json_put_text(doc, "imageUrl", picture_url(r, &badge->row));
    json_put(doc, "verification", standing_json(scrap, &badge->row));
    if (to->p[to->n - 1] != '[')
        sbuf_add_char(to, ',');
    sbuf_add(to, json_print(scrap, doc));
    return ERR_NONE;
}

static enum err_code
add_badges(const struct req *r, struct resp *out, struct sbuf *to, const struct badge_full *badges,
           size_t count, struct err *e)
{
    SCOPED(arena_drop) struct arena *scrap = arena_new();

    for (size_t i = 0; i < count; i++) {
        enum err_code rc = add_badge(r, scrap, to, &badges[i], e);

        standing_note_expiry(out, &badges[i].row);
        if (rc != ERR_NONE &&
            rc != ERR_ASSERTION_MALFORMED) /* one bad row does not hide the others */
            return rc;
        arena_empty(scrap);
    }
    return ERR_NONE;
}

enum err_code
api_group(struct req *r, struct resp *out, struct err *e)
{
    uint64_t           user;
    uint64_t           id;
    struct collection  group;
    struct badge_full *badges;
    size_t             count;
    struct sbuf        doc;
    enum err_code      rc;

    if ((rc = read_user(r, &user, e)) == ERR_NOT_FOUND)
        return reply_moved(r, out, e);
    if (rc != ERR_NONE || (rc = path_id(r, "group", &id, e)) != ERR_NONE ||
        (rc = store_collection_get(r->db, user, id, &group, e)) != ERR_NONE)
        return rc;
    if (group.visibility != VISIBILITY_PUBLIC)
        return FAIL(e, NOT_FOUND, "the collection is not public");
    if ((rc = store_collection_badges_full(r->db, user, id, &badges, &count, e)) != ERR_NONE)
        return rc;
    sbuf_init(&doc, r->arena);
    sbuf_printf(&doc, "{\"userId\":%llu,\"groupId\":%llu,\"badges\":[", (unsigned long long)user,
                (unsigned long long)id);
    if ((rc = add_badges(r, out, &doc, badges, count, e)) != ERR_NONE)
        return rc;
    sbuf_add_char(&doc, ']');
    if (count < group.badge_count) /* over LIMIT_COLLECTION_BYTES */
        sbuf_printf(&doc, ",\"badgesLeftOut\":%llu",
                    (unsigned long long)(group.badge_count - count));
    sbuf_add_char(&doc, '}');
    return reply_text(r, out, 200, sbuf_slice(&doc));
}

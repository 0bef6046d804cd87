#include "api_int.h"
#include "http/view.h"
#include "store/user.h"

enum err_code
reply_form(const struct req *r, struct resp *out, const char *page, const char *title_id)
{
    json_object *model = json_object_new_object();

    json_put_text(model, "title", view_text(r, title_id, NULL));
    return reply_page(out, 200, page, model);
}

/* Shapes of mozilla/openbadges-backpack; its statuses too, but that a failing database is a 503. */
static enum err_code
reply_failure(struct resp *out, int status, const char *name, struct slice text)
{
    json_object *doc = json_object_new_object();

    json_put_text(doc, "status", slice_str(name));
    json_put_text(doc, "error", text);
    return reply_json(out, status, doc);
}

void
api_convert_fail(struct req *r, const struct err *e, struct resp *out)
{
    int          status = err_status(e->code);
    struct slice email = slice_trim(req_form(r, "email"));

    if (e->code == ERR_FIELD_MISSING)
        (void)reply_failure(out, status, "invalid", SL("missing `email` parameter"));
    else if (e->code == ERR_NOT_FOUND)
        (void)reply_failure(out, status, "missing",
                            arena_printf(r->arena,
                                         "Could not find a user by the email address `%.*s`",
                                         SLICE_FMT(slice_first(email, LIMIT_EMAIL_BYTES))));
    else if (status >= 500)
        (void)reply_failure(out, status, "error",
                            arena_printf(r->arena, "error trying to pull user `%.*s` from database",
                                         SLICE_FMT(slice_first(email, LIMIT_EMAIL_BYTES))));
    else
        (void)reply_failure(out, status, "invalid", slice_str(err_sentence(e->code)));
}

enum err_code
api_convert_email(struct req *r, struct resp *out, struct err *e)
{
    struct slice  email = slice_trim(req_form(r, "email"));
    uint64_t      id;
    json_object  *doc;
    enum err_code rc;

    if (email.n == 0)
        return FAIL(e, FIELD_MISSING, "no email");
    if (email.n > LIMIT_EMAIL_BYTES || !slice_is_utf8(email))
        return FAIL(e, NOT_FOUND, "no address");
    if ((rc = store_user_find_public(r->db, email, &id, e)) != ERR_NONE)
        return rc;
    doc = json_object_new_object();
    json_put_text(doc, "status", SL("okay"));
    json_put_text(doc, "email", email);
    json_put_number(doc, "userId", (int64_t)id);
    return reply_json(out, 200, doc);
}

enum err_code
api_convert_form(struct req *r, struct resp *out, struct err *e)
{
    (void)e;
    return reply_form(r, out, "convert", "convert.title");
}

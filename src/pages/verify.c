/* Checking a badge that somebody hands in, for anybody. */
#include "net/net.h"
#include "pages_int.h"

struct asked {
    struct slice     input, email, profile; /* as sent; empty: not */
    struct recipient recipients[LIMIT_PROFILE_VALUES + 1];
    size_t           recipient_count;
};

static enum err_code
bad_field(enum err_code code, const char *field, struct err *e)
{
    err_set_field(e, slice_str(field));
    return code;
}

static enum err_code
read_profile(const struct req *r, struct asked *a, struct err *e)
{
    json_object      *profile = NULL;
    struct recipient *all;
    enum err_code     rc;

    if (a->profile.n == 0)
        return ERR_NONE;
    if ((rc = json_parse(a->profile, &profile, e)) != ERR_NONE)
        return bad_field(rc, "profile", e);
    if ((rc = recipients_of_profile(r->arena, json_in_arena(r->arena, profile), &all,
                                    &a->recipient_count, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < a->recipient_count; i++)
        a->recipients[i] = all[i];
    return ERR_NONE;
}

/* A file counts more than a text: who chose one has seen its name. */
static struct slice
input_of(const struct req *r)
{
    for (size_t i = 0; i < r->upload_count; i++)
        if (slice_eq(r->uploads[i].field, SL("image")) && r->uploads[i].bytes.n > 0)
            return r->uploads[i].bytes;
    return slice_trim(req_form(r, "data"));
}

static enum err_code
read_form(const struct req *r, struct asked *a, struct err *e)
{
    enum err_code rc;

    a->input = input_of(r);
    a->email = slice_trim(req_form(r, "recipient"));
    a->profile = slice_trim(req_form(r, "profile"));
    if (a->input.n == 0)
        return bad_field(FAIL(e, FIELD_MISSING, "neither data nor image"), "data", e);
    if (a->email.n > LIMIT_EMAIL_BYTES)
        return bad_field(FAIL(e, FIELD_INVALID, "an address of %zu bytes", a->email.n), "recipient",
                         e);
    if ((rc = read_profile(r, a, e)) != ERR_NONE)
        return rc;
    if (a->email.n > 0)
        a->recipients[a->recipient_count++] = (struct recipient){ SL("email"), a->email };
    return ERR_NONE;
}

static json_object *
form_model(const struct req *r)
{
    json_object *model = model_new(r, "verify.page_title", NULL);

    json_put_number(model, "count", LIMIT_IMAGE_BYTES / MIB);
    return model;
}

/* The same question again, for its answer as a file. */
static void
put_download(json_object *model, const struct report *report, const struct asked *a)
{
    if (report->input_value.n == 0)
        return;
    json_put_text(model, "action", SL("/verify"));
    put_field(model, "data", report->input_value);
    if (a->email.n > 0)
        put_field(model, "recipient", a->email);
    if (a->profile.n > 0)
        put_field(model, "profile", a->profile);
    put_field(model, "download", SL("1"));
}

static enum err_code
reply_report_page(const struct req *r, struct resp *out, const struct report *report,
                  json_object *json, const struct asked *a)
{
    json_object *model = form_model(r), *result = json_put_object(model, "result");
    struct slice name = json_get_text(report->badge, "name");

    json_put_text(result, "name", name.n > 0 ? name : view_text(r, "badge.untitled", NULL));
    json_put_bool(result, "is_badge", report->badge != NULL);
    json_put_text(result, "issuer", json_get_text(report->issuer, "name"));
    put_report(r, result, json_get(json, "report"));
    if (a->recipient_count == 0 && report->status == STATUS_VALID)
        put_sentence(r, result, "verdict_text", "verify.valid_unasked", NULL);
    put_download(result, report, a);
    return model_reply(out, 200, "verify", model);
}

static enum err_code
reply_report(struct req *r, struct resp *out, const struct asked *a, bool download)
{
    int64_t               waited_us = net_took_us(r->app->net);
    struct verify_options options = { .fetch = net_fetcher(r->app->net, r->arena, NET_ANONYMOUS),
                                      .recipients = a->recipients,
                                      .recipient_count = a->recipient_count };
    const struct report  *report = badge_verify(r->arena, a->input, &options);
    json_object          *json = json_in_arena(r->arena, report_json(r->arena, report));

    r->fetch_us += net_took_us(r->app->net) - waited_us;
    if (!download && req_wants_page(r))
        return reply_report_page(r, out, report, json, a);
    return download ? reply_report_file(out, json_print(r->arena, json))
                    : reply_json(out, 200, json_object_get(json));
}

enum err_code
page_verify(struct req *r, struct resp *out, struct err *e)
{
    struct asked a = { .input = slice_trim(req_arg(r, "url")) };

    if (a.input.n > 0)
        return reply_report(r, out, &a, false);
    if (r->wants_json)
        return bad_field(FAIL(e, FIELD_MISSING, "no url"), "url", e);
    return model_reply(out, 200, "verify", form_model(r));
}

enum err_code
page_verify_take(struct req *r, struct resp *out, struct err *e)
{
    struct asked  a = { 0 };
    enum err_code rc = read_form(r, &a, e);

    if (rc == ERR_NONE)
        return reply_report(r, out, &a, req_form(r, "download").n > 0);
    if (rc == ERR_FIELD_MISSING && req_wants_page(r)) {
        json_object *model = form_model(r);

        put_sentence(r, json_put_object(model, "form_error"), "sentence", "verify.nothing", NULL);
        return model_reply(out, err_status(rc), "verify", model);
    }
    return rc;
}

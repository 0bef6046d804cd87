#include "api_int.h"
#include "badge/bake.h"
#include "badge/verify.h"
#include "core/digest.h"
#include "core/uri.h"
#include "net/net.h"

void
api_baker_fail(struct req *r, const struct err *e, struct resp *out)
{
    json_object *doc = json_object_new_object();

    (void)r;
    if (e->code == ERR_FIELD_INVALID && strcmp(e->field, "assertion") == 0) {
        json_put_text(doc, "message", SL("must provide a valid assertion url"));
    } else {
        json_put_text(doc, "message", slice_str(err_sentence(e->code)));
        json_put_text(doc, "code", slice_str(err_reason(e->code)));
    }
    (void)reply_json(out, err_status(e->code), doc);
}

static enum err_code
reply_picture(struct req *r, struct resp *out, const struct report *report, struct err *e)
{
    struct slice  bytes;
    bool          svg = report->picture_kind == BADGE_IMAGE_SVG;
    enum err_code rc;

    if ((rc = badge_bake(r->arena, report->picture, report->assertion_text, report->subject, &bytes,
                         e)) != ERR_NONE)
        return rc;
    resp_header(out, "Content-Disposition",
                arena_printf(r->arena, "attachment; filename=\"%.*s.%s\"",
                             SLICE_FMT(digest_hex(r->arena, "md5", bytes)), svg ? "svg" : "png"));
    resp_header(out, "Cache-Control", SL("no-store"));
    if (svg)
        resp_header(out, "Content-Security-Policy", SL(HTTP_SVG_POLICY));
    return reply_bytes(out, 200, svg ? "image/svg+xml" : "image/png", bytes);
}

/* An expired badge is baked all the same: it was issued, and the picture says until when it held.
 */
static bool
is_genuine(const struct report *report)
{
    return (report->status == STATUS_VALID || report->status == STATUS_EXPIRED) &&
           report->assertion_text.n > 0 && report->picture_kind != BADGE_IMAGE_UNKNOWN;
}

enum err_code
api_baker(struct req *r, struct resp *out, struct err *e)
{
    struct slice          url = slice_trim(req_arg(r, "assertion"));
    struct verify_options options = { 0 };
    const struct report  *report;
    int64_t               waited_us = net_took_us(r->app->net);

    if (url.n == 0)
        return reply_form(r, out, "baker", "baker.title");
    if (!uri_is_web(url)) {
        (void)FAIL(e, FIELD_INVALID, "assertion is no address");
        err_set_field(e, SL("assertion"));
        return e->code;
    }
    options.fetch = net_fetcher(r->app->net, r->arena, NET_ANONYMOUS);
    report = badge_verify(r->arena, url, &options);
    r->fetch_us += net_took_us(r->app->net) - waited_us;
    if (!is_genuine(report))
        return reply_json(out, 400, baker_failure(report));
    return reply_picture(r, out, report, e);
}

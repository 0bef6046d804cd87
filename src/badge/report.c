#include <stdio.h>

#include "badge_int.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/sbuf.h"
#include "core/uri.h"

static const char *const status_names[] = {
    [STATUS_INVALID] = "invalid", [STATUS_UNCHECKED] = "unchecked", [STATUS_REVOKED] = "revoked",
    [STATUS_EXPIRED] = "expired", [STATUS_VALID] = "valid",
};
static const char *const level_names[] = {
    [REPORT_LEVEL_INFO] = "INFO", [REPORT_LEVEL_WARNING] = "WARNING", [REPORT_LEVEL_ERROR] = "ERROR"
};

const char *
badge_status_name(enum badge_status status)
{
    return status_names[status];
}

/* When nothing else is wrong than what could not be reached, or had to be left out of the list. */
static bool
is_unchecked(const struct report *r)
{
    size_t unreached = 0;

    for (size_t i = 0; i < r->message_count; i++)
        unreached += r->messages[i].level == REPORT_LEVEL_ERROR &&
                     report_code_status(r->messages[i].code) == STATUS_UNCHECKED;
    return unreached > 0 && unreached == r->error_count;
}

const char *
report_outcome(const struct report *r)
{
    return r->valid ? "valid" : is_unchecked(r) ? "unchecked" : "invalid";
}

struct slice
report_identity(struct arena *a, const struct report *r)
{
    const struct slice  hosted[] = { SL("hosted:"), r->subject };
    const struct slice  signed_[] = { SL("signed:"), r->subject, SL(" "), r->issuer_url };
    const struct sha256 hash = r->is_signed ? sha256_of_parts(signed_, COUNT_OF(signed_))
                                            : sha256_of_parts(hosted, COUNT_OF(hosted));

    return arena_copy(a, (struct slice){ (const char *)hash.bytes, sizeof hash.bytes });
}

const struct report_message *
report_deciding(const struct report *r)
{
    for (size_t i = 0; i < r->message_count; i++)
        if (r->messages[i].level == REPORT_LEVEL_ERROR && !r->messages[i].aside &&
            report_code_status(r->messages[i].code) == r->status)
            return &r->messages[i];
    return NULL;
}

enum err_code
report_must_be_valid(const struct report *r, struct err *e)
{
    const struct report_message *m = report_deciding(r);
    enum err_code                code;

    if (r->status == STATUS_VALID)
        return ERR_NONE;
    if (m == NULL)
        return FAIL(e, ASSERTION_INVALID, "no message says why");
    code = report_code_err(m->code);
    err_fail(e, code, __FILE__, __LINE__, "%s", m->key);
    err_set_url(e, m->url.n > 0 ? m->url : m->node);
    err_set_field(e, m->prop);
    if (m->status != 0) {
        char text[16];

        snprintf(text, sizeof text, "%d", m->status);
        err_set_received(e, slice_str(text));
    } else {
        err_set_received(e, m->received);
    }
    err_set_cause_text(e, m->sentence);
    return code;
}

/* JSON. */

/* By its ids, for who says it in another language. Nothing where it has none: a folder's own fault. */
static void
put_why(json_object *o, const struct cause *why)
{
    json_object *to, *args;

    if (why->id == CAUSE_NONE && (why->err == ERR_NONE || why->text.n > 0))
        return;
    to = json_put_object(o, "why");
    if (why->err != ERR_NONE)
        json_put_text(to, "error", slice_str(err_name(why->err)));
    if (why->id == CAUSE_NONE)
        return;
    json_put_text(to, "id", slice_str(cause_name(why->id)));
    args = json_put_array(to, "args");
    for (size_t i = 0; i < CAUSE_ARGS && why->args[i].n > 0; i++)
        json_add_text(args, why->args[i]);
}

static json_object *
message_json(const struct report_message *m)
{
    json_object *o = json_object_new_object();

    json_put_text(o, "name", slice_str(m->name));
    json_put_text(o, "key", slice_str(m->key));
    json_put_text(o, "messageLevel", slice_str(level_names[m->level]));
    json_put_bool(o, "success", m->level != REPORT_LEVEL_ERROR);
    json_put_text(o, "result", m->sentence);
    if (m->advice[0] != '\0')
        json_put_text(o, "advice", slice_str(m->advice));
    if (m->aside)
        json_put_bool(o, "endorsement", true);
    if (m->node.n > 0)
        json_put_text(o, "node_id", m->node);
    json_put_text(o, "nodeType", slice_str(m->node_type));
    if (m->node_in.n > 0)
        json_put_text(o, "nodeIn", m->node_in);
    if (m->prop.n > 0)
        json_put_text(o, "prop_name", m->prop);
    if (m->url.n > 0)
        json_put_text(o, "url", m->url);
    if (m->received.n > 0)
        json_put_text(o, "received", m->received);
    put_why(o, &m->why);
    if (m->expected.n > 0)
        json_put_text(o, "expected", m->expected);
    json_put_text(o, "expectedType", slice_str(m->expected_type));
    if (m->status != 0)
        json_put_number(o, "status", m->status);
    return o;
}

/* An address that was asked for may be no address, and as long as the document that names it. */
static void
put_short(json_object *o, const char *name, struct slice text)
{
    json_put_text(o, name, slice_cut(text, LIMIT_URL_BYTES));
}

static json_object *
document_json(struct arena *a, const struct report_document *d)
{
    json_object *o = json_object_new_object();

    json_put_text(o, "role", slice_str(d->role));
    put_short(o, "url", d->got.url);
    json_put_text(o, "fetchedAt", clock_iso8601(a, d->got.at_s));
    if (d->code != ERR_NONE) {
        json_put_text(o, "error", slice_str(err_reason(d->code)));
        put_short(o, "cause", d->cause);
        put_why(o, &d->why);
        return o;
    }
    if (!slice_eq(d->got.url, d->got.final_url))
        put_short(o, "finalUrl", d->got.final_url);
    json_put_number(o, "status", d->got.status);
    put_short(o, "contentType", d->got.content_type);
    json_put_number(o, "bytes", (int64_t)d->got.body.n);
    json_put_text(o, "sha256", d->sha256_hex);
    json_put_number(o, "tookMs", d->got.took_ms);
    return o;
}

static void
add_link(json_object *chain, const char *role, struct slice id, struct slice host)
{
    json_object *link = json_add_object(chain);
    struct uri   u;

    if (host.n == 0 && uri_is_web(id) && uri_parse(id, &u))
        host = u.authority;
    json_put_text(link, "role", slice_str(role));
    if (id.n > 0 && !slice_starts(id, SL("_:"))) /* which means nothing outside its document */
        json_put_text(link, "id", id);
    if (host.n > 0)
        json_put_text(link, "host", host);
}

/* Who is named by whom, from what was handed in to who speaks. */
static void
put_chain(json_object *report, const struct report *r)
{
    json_object *chain = json_put_array(report, "chain");

    if (r->assertion != NULL)
        add_link(chain, "assertion", r->subject, SLICE_NONE);
    if (r->badge != NULL)
        add_link(chain, "badge", r->badge_url, SLICE_NONE);
    if (r->issuer != NULL)
        add_link(chain, "issuer", r->issuer_url, r->issuer_host);
}

static json_object *
input_json(const struct report *r)
{
    json_object *o = json_object_new_object();

    json_put_text(o, "value", r->input_value);
    json_put_text(o, "input_type", slice_str(r->input_type));
    return o;
}

json_object *
report_json(struct arena *a, const struct report *r)
{
    json_object *o = json_object_new_object(), *report, *list, *profile;

    json_put(o, "graph", json_object_get(r->graph));
    json_put(o, "input", input_json(r));
    report = json_put_object(o, "report");
    json_put_bool(report, "valid", r->valid);
    json_put_text(report, "outcome", slice_str(report_outcome(r)));
    json_put_text(report, "status", slice_str(status_names[r->status]));
    json_put_number(report, "errorCount", (int64_t)r->error_count);
    json_put_number(report, "warningCount", (int64_t)r->warning_count);
    json_put_text(report, "validationSubject", r->subject);
    json_put_text(report, "openBadgesVersion", slice_str(r->version));
    json_put_text(report, "checkedAt", clock_iso8601(a, r->checked_at_s));
    if (r->issuer_host.n > 0)
        json_put_text(report, "issuerHost", r->issuer_host);
    if (r->recipient.value.n > 0) {
        profile = json_put_object(report, "recipientProfile");
        json_put_text(profile, arena_str(a, r->recipient.type), r->recipient.value);
        json_put_bool(report, "recipientInOtherCase", r->recipient_in_other_case);
    }
    put_chain(report, r);
    list = json_put_array(report, "messages");
    for (size_t i = 0; i < r->message_count; i++)
        json_object_array_add(list, message_json(&r->messages[i]));
    list = json_put_array(report, "documents");
    for (size_t i = 0; i < r->document_count; i++)
        json_object_array_add(list, document_json(a, &r->documents[i]));
    return o;
}

/* Lines. */

/* Text of others for a terminal: what could move its cursor or recolour it becomes a question mark. */
static void
add_safe(struct sbuf *b, struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        /* C1 controls are C2 80 to C2 9F in UTF-8. */
        bool c1 = c == 0xC2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xA0;

        sbuf_add_char(b, c < 0x20 || c == 0x7F || c1 ? '?' : (char)c);
        i += c1;
    }
}

static void
add_line(struct sbuf *b, const char *name, struct slice text)
{
    if (text.n == 0)
        return;
    sbuf_printf(b, "%-10s", name);
    add_safe(b, text);
    sbuf_add_char(b, '\n');
}

static void
add_document(struct sbuf *b, struct arena *a, const struct report_document *d)
{
    sbuf_printf(b, "  %-16s", d->role);
    add_safe(b, d->got.url);
    if (d->code != ERR_NONE) {
        sbuf_add_str(b, "  ");
        add_safe(b, d->cause);
    } else {
        sbuf_printf(b, "  %d, %zu bytes, %.*s, sha256 %.*s", d->got.status, d->got.body.n,
                    SLICE_FMT(clock_iso8601(a, d->got.at_s)), SLICE_FMT(d->sha256_hex));
        if (!slice_eq(d->got.url, d->got.final_url)) {
            sbuf_add_str(b, ", from ");
            add_safe(b, d->got.final_url);
        }
    }
    sbuf_add_char(b, '\n');
}

struct slice
report_lines(struct arena *a, const struct report *r)
{
    struct sbuf b;

    sbuf_init(&b, a);
    add_line(&b, "outcome", slice_str(report_outcome(r)));
    add_line(&b, "status", slice_str(status_names[r->status]));
    add_line(&b, "badge", json_get_text(r->badge, "name"));
    add_line(&b, "issuer", json_get_text(r->issuer, "name"));
    add_line(&b, "host", r->issuer_host);
    add_line(&b, "recipient", r->recipient.value);
    add_line(&b, "subject", r->subject);
    add_line(&b, "version", slice_str(r->version));
    if (r->issued_on_s != 0)
        add_line(&b, "issued", clock_iso8601(a, r->issued_on_s));
    if (r->expires_s != 0)
        add_line(&b, "expires", clock_iso8601(a, r->expires_s));
    for (size_t i = 0; i < r->message_count; i++) {
        sbuf_printf(&b, "%-8s  %s  ", level_names[r->messages[i].level], r->messages[i].key);
        add_safe(&b, r->messages[i].sentence);
        sbuf_add_char(&b, '\n');
        add_line(&b, "", slice_str(r->messages[i].advice));
    }
    if (r->document_count > 0)
        sbuf_add_str(&b, "documents\n");
    for (size_t i = 0; i < r->document_count; i++)
        add_document(&b, a, &r->documents[i]);
    return sbuf_slice(&b);
}

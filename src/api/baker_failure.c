/* A report in the words of the original baker: `message`, `code`, `extra`, and for a document
 * `url`, `expected`, `received`, `field`, `name`. */
#include "api_int.h"

#include <stdio.h>

enum kind {
    INPUT = 0, /* zero, so that a sentence without a row is an `input` fault */
    DOCUMENT,
    PARSE,
    PICTURE,
    STRUCTURE,
    HOSTED,
    TYPE,
    REVOKED,
};

static const unsigned char kinds[REPORT_CODE_COUNT] = {
    [REPORT_FETCH_FAILED] = DOCUMENT,
    [REPORT_FETCH_STATUS] = DOCUMENT,
    [REPORT_IMAGE_UNFETCHED] = DOCUMENT,
    [REPORT_IMAGE_STATUS] = DOCUMENT,
    [REPORT_FETCH_BUDGET] = DOCUMENT,
    [REPORT_FETCH_BYTES] = DOCUMENT,
    [REPORT_FETCH_NOT_JSON] = PARSE,
    [REPORT_IMAGE_MISSING] = STRUCTURE,
    [REPORT_IMAGE_UNREADABLE] = PICTURE,
    [REPORT_IMAGE_DATA_URI] = PICTURE,
    [REPORT_CONTEXT_BAD] = STRUCTURE,
    [REPORT_TERM_TWICE] = STRUCTURE,
    [REPORT_NOT_OBJECT] = STRUCTURE,
    [REPORT_PROPERTY_MISSING] = STRUCTURE,
    [REPORT_PROPERTY_MANY] = STRUCTURE,
    [REPORT_PROPERTY_TYPE] = STRUCTURE,
    [REPORT_EMBEDDED_BAD_ID] = STRUCTURE,
    [REPORT_CRITERIA_EMPTY] = STRUCTURE,
    [REPORT_ISSUER_NO_HTTP] = STRUCTURE,
    [REPORT_ISSUED_IN_FUTURE] = STRUCTURE,
    [REPORT_EXPIRES_BEFORE_ISSUED] = STRUCTURE,
    [REPORT_VERIFICATION_UNKNOWN] = STRUCTURE,
    [REPORT_IDENTITY_NO_HASH] = STRUCTURE,
    [REPORT_IDENTITY_HASH] = STRUCTURE,
    [REPORT_IDENTITY_NO_EMAIL] = STRUCTURE,
    [REPORT_FETCH_AWAY] = HOSTED,
    [REPORT_ID_LOOP] = HOSTED,
    [REPORT_SCOPE_ORIGIN] = HOSTED,
    [REPORT_SCOPE_PATH] = HOSTED,
    [REPORT_SCOPE_START] = HOSTED,
    [REPORT_VERIFICATION_SIGNED] = TYPE,
    [REPORT_REVOKED_GONE] = REVOKED,
    [REPORT_REVOKED] = REVOKED,
};

/* The document that a message is about; NULL when it is about none that was asked for. */
static const struct report_document *
document_of(const struct report *report, const struct report_message *m)
{
    for (size_t i = 0; i < report->document_count; i++)
        if (m->url.n > 0 && slice_eq(report->documents[i].got.url, m->url))
            return &report->documents[i];
    return NULL;
}

static bool
is_picture(const struct report_document *d)
{
    return d != NULL && (strcmp(d->role, "image") == 0 || strcmp(d->role, "assertion-image") == 0);
}

/* The original's name of a document among an assertion's; NULL for the assertion, which has none.
 */
static const char *
field_of(const struct report_document *d)
{
    if (is_picture(d))
        return strcmp(d->role, "image") == 0 ? "badge.image" : "assertion.image";
    if (d != NULL && (strcmp(d->role, "badge") == 0 || strcmp(d->role, "issuer") == 0))
        return d->role;
    return NULL;
}

static void
put_received(json_object *doc, const struct report_message *m)
{
    if (m->status != 0)
        json_put_number(doc, "received", m->status);
    else
        json_put_text(doc, "received", m->received);
}

/* What is wrong with one document. */
static json_object *
document_fault(const struct report_message *m, const struct report_document *d)
{
    json_object *doc = json_object_new_object();
    bool         status = m->code == REPORT_FETCH_STATUS || m->code == REPORT_IMAGE_STATUS;

    json_put_text(doc, "message", status ? SL("invalid http status") : m->sentence);
    json_put_text(doc, "code",
                  status                ? SL("http-status")
                  : field_of(d) == NULL ? SL("http-unreachable")
                                        : SL("unreachable"));
    if (status && field_of(d) == NULL)
        json_put_number(doc, "extra", m->status);
    json_put_text(doc, "url", m->url);
    if (status)
        json_put_number(doc, "expected", 200);
    put_received(doc, m);
    json_put_text(doc, "name", SL("ResourceError"));
    return doc;
}

static json_object *
parse_fault(const struct report_message *m, const struct report_document *d)
{
    json_object *doc = json_object_new_object();

    json_put_text(doc, "message", m->sentence);
    json_put_text(doc, "code", SL("parse"));
    json_put_text(doc, "url", m->url);
    json_put_text(doc, "received", m->received);
    json_put_text(doc, "field", slice_str(field_of(d)));
    return doc;
}

/* All pictures' faults stand together, each under its field. */
static json_object *
resources_fault(const struct report *report)
{
    json_object *doc = json_object_new_object(), *extra;

    json_put_text(doc, "message", SL("could not validate linked resources"));
    json_put_text(doc, "code", SL("resources"));
    extra = json_put_object(doc, "extra");
    for (size_t i = 0; i < report->message_count; i++) {
        const struct report_message  *m = &report->messages[i];
        const struct report_document *d = document_of(report, m);
        json_object                  *fault, *types;

        if (m->level != REPORT_LEVEL_ERROR || (kinds[m->code] != PICTURE && !is_picture(d)))
            continue;
        if (kinds[m->code] != PICTURE) {
            json_put(extra, field_of(d), document_fault(m, d));
            continue;
        }
        fault = json_put_object(extra, d == NULL             ? "badge.image"
                                       : field_of(d) == NULL ? d->role
                                                             : field_of(d));
        json_put_text(fault, "message", m->sentence);
        json_put_text(fault, "code", SL("content-type"));
        json_put_text(fault, "url", m->url);
        types = json_put_array(fault, "expected");
        json_add_text(types, SL("image/png"));
        json_add_text(types, SL("image/svg"));
        json_add_text(types, SL("image/svg+xml"));
        json_put_text(fault, "received", m->received);
        json_put_text(fault, "name", SL("ResourceError"));
    }
    return doc;
}

/* Which of the three a message about structure speaks of. */
static const char *
object_of(const struct report *report, const struct report_message *m)
{
    if (report->issuer_url.n > 0 && slice_eq(m->node, report->issuer_url))
        return "issuer";
    if (report->badge_url.n > 0 && slice_eq(m->node, report->badge_url))
        return "badge";
    return "assertion";
}

static json_object *
structure_fault(const struct report *report)
{
    json_object *doc = json_object_new_object(), *extra;

    json_put_text(doc, "message", SL("invalid assertion structure"));
    json_put_text(doc, "code", SL("structure"));
    extra = json_put_object(doc, "extra");
    for (size_t i = 0; i < report->message_count; i++) {
        const struct report_message *m = &report->messages[i];
        const char                  *object = object_of(report, m);
        json_object                 *faults = json_get(extra, object), *fault;
        char                         prop[128];

        if (m->level != REPORT_LEVEL_ERROR || kinds[m->code] != STRUCTURE)
            continue;
        if (faults == NULL)
            faults = json_put_object(extra, object);
        (void)snprintf(prop, sizeof(prop), "%.*s",
                       SLICE_FMT(m->prop.n > 0 ? m->prop : SL("document")));
        if (json_get(faults, prop) != NULL)
            continue;
        fault = json_put_object(faults, prop);
        json_put_text(fault, "message", m->sentence);
    }
    return doc;
}

static json_object *
plain_fault(const struct report_message *m, struct slice code)
{
    json_object *doc = json_object_new_object();

    json_put_text(doc, "message", m->sentence);
    json_put_text(doc, "code", code);
    json_put_text(doc, "url", m->url);
    return doc;
}

static json_object *
linked_fault(const struct report_message *m, const struct report_document *d)
{
    json_object *doc = document_fault(m, d);

    json_put_text(doc, "field", slice_str(field_of(d)));
    return doc;
}

json_object *
baker_failure(const struct report *report)
{
    const struct report_message  *m = report_deciding(report);
    const struct report_document *d = m == NULL ? NULL : document_of(report, m);

    if (m == NULL) /* valid, but without what a baked picture needs */
        return plain_fault(&(struct report_message){ .sentence = SL("that badge cannot be baked") },
                           SL("input"));
    switch ((enum kind)kinds[m->code]) {
    case DOCUMENT:
        return is_picture(d) ? resources_fault(report) : linked_fault(m, d);
    case PARSE:
        return parse_fault(m, d);
    case PICTURE:
        return resources_fault(report);
    case STRUCTURE:
        return structure_fault(report);
    case HOSTED:
        return plain_fault(m, SL("verify-hosted"));
    case TYPE:
        return plain_fault(m, SL("verify-type-mismatch"));
    case REVOKED:
        return plain_fault(m, SL("verify-revoked"));
    case INPUT:
        break;
    }
    return plain_fault(m, SL("input"));
}

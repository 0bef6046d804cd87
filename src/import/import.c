#include "import/import.h"

#include "core/uri.h"
#include "import_int.h"
#include "store/badge.h"
#include "store/user.h"

static struct badge_new
row_of(struct arena *a, const struct report *r)
{
    const struct badge_docs docs = report_docs(a, r);
    struct badge_new        badge = {
               .identity = report_identity(a, r),
               .version = slice_str(r->version),
               .hosted_url = docs.hosted_url,
               .assertion = docs.assertion,
               .class_url = docs.class_url,
               .class_text = docs.class_text,
               .issuer_url = docs.issuer_url,
               .issuer_text = docs.issuer_text,
               .contexts = docs.contexts,
               .class_name = json_get_text(r->badge, "name"),
               .issuer_name = json_get_text(r->issuer, "name"),
               .issuer_host = r->issuer_host,
               .picture = r->picture,
               .picture_kind = r->picture_kind == BADGE_IMAGE_SVG ? PICTURE_SVG : PICTURE_PNG,
               .email = r->recipient.value,
               .plain_identity = r->plain_identity,
               .issued_on_s = r->issued_on_s,
               .expires_s = r->expires_s,
               .status = slice_str(badge_status_name(r->status)),
               .report = report_kept(a, r),
               .checked_at_s = r->checked_at_s,
    };

    badge.documents = documents_kept(a, r, NULL, &badge.document_count);
    return badge;
}

/* The badge is valid and the user's; the last word before it is stored. */
static enum err_code
must_be_theirs(const struct report *r, struct err *e)
{
    enum err_code rc;

    if (r->error_count == 0 && r->assertion == NULL)
        return FAIL(e, ASSERTION_INVALID, "another class");
    if ((rc = report_must_be_valid(r, e)) != ERR_NONE)
        return rc;
    /* Also when there was no address to ask about: then it is nobody's. */
    if (r->recipient.value.n == 0)
        return FAIL(e, RECIPIENT_MISMATCH, "no address matched");
    return ERR_NONE;
}

enum err_code
import_keep(struct arena *a, struct db *db, uint64_t user, struct import_result *result,
            struct err *e)
{
    struct badge_new badge;
    enum err_code    rc;

    if (result->outcome != IMPORT_OFFERED)
        return ERR_NONE;
    badge = row_of(a, result->report);
    rc = store_badge_add(db, user, &badge, &result->id, e);
    if (rc == ERR_NONE) {
        result->outcome = IMPORT_ADDED;
    } else if (rc == ERR_BADGE_EXISTS) {
        result->outcome = IMPORT_EXISTS;
    } else if (rc == ERR_CONFLICT || rc == ERR_TOO_LARGE || rc == ERR_RECIPIENT_MISMATCH) {
        /* A full backpack is no trouble of ours, nor an address given up since it was read. */
        result->outcome = IMPORT_REFUSED;
        result->why = *e;
    } else {
        return rc;
    }
    return ERR_NONE;
}

/* Whether it is valid and theirs, but not yet whether they have it. */
static enum err_code
verify_for(struct arena *a, struct db *db, const struct fetcher *fetch, uint64_t user,
           struct slice bytes, struct import_result *ret, struct err *e)
{
    struct verify_options options = { .fetch = fetch, .letter_cases = true };
    struct slice         *emails;
    struct recipient     *theirs;
    struct import_result  result = { .outcome = IMPORT_REFUSED };
    enum err_code         rc;

    if ((rc = store_user_emails(db, user, &emails, &options.recipient_count, e)) != ERR_NONE)
        return rc;
    theirs = ARENA_ARRAY(a, struct recipient, options.recipient_count);
    for (size_t i = 0; i < options.recipient_count; i++)
        theirs[i] = (struct recipient){ SL("email"), emails[i] };
    options.recipients = theirs;
    result.report = badge_verify(a, bytes, &options);
    result.plain_identity = result.report->plain_identity;
    if (must_be_theirs(result.report, &result.why) == ERR_NONE)
        result.outcome = IMPORT_OFFERED;
    *ret = result;
    return ERR_NONE;
}

enum err_code
import_look(struct arena *a, struct db *db, const struct fetcher *fetch, uint64_t user,
            struct slice bytes, struct import_result *ret, struct err *e)
{
    enum err_code rc = verify_for(a, db, fetch, user, bytes, ret, e);

    if (rc != ERR_NONE || ret->outcome != IMPORT_OFFERED ||
        (rc = store_badge_same(db, user, report_identity(a, ret->report), &ret->id, e)) != ERR_NONE)
        return rc;
    if (ret->id != 0)
        ret->outcome = IMPORT_EXISTS;
    return ERR_NONE;
}

enum err_code
import_bytes(struct arena *a, struct db *db, const struct fetcher *fetch, uint64_t user,
             struct slice bytes, struct import_result *ret, struct err *e)
{
    enum err_code rc = verify_for(a, db, fetch, user, bytes, ret, e);

    return rc != ERR_NONE ? rc : import_keep(a, db, user, ret, e);
}

enum err_code
import_url(struct arena *a, struct db *db, const struct fetcher *fetch, uint64_t user,
           struct slice url, struct import_result *ret, struct err *e)
{
    static const struct verify_options no_network = { 0 };

    url = slice_trim(url);
    if (uri_is_web(url))
        return import_bytes(a, db, fetch, user, url, ret, e);
    *ret = (struct import_result){ .outcome = IMPORT_REFUSED,
                                   .report = badge_verify(a, url, &no_network) };
    FAIL(&ret->why, FIELD_INVALID, "no web address");
    err_set_field(&ret->why, SL("url"));
    err_set_received(&ret->why, url);
    err_set_cause_text(&ret->why, SL("Only http and https addresses can be fetched."));
    return ERR_NONE;
}

bool
import_is_anothers(const struct import_result *result)
{
    const struct report *report = result->report;

    if (result->outcome != IMPORT_REFUSED || result->why.code != ERR_RECIPIENT_MISMATCH)
        return false;
    for (size_t i = 0; i < report->message_count; i++) {
        const struct report_message *m = &report->messages[i];

        if (m->level == REPORT_LEVEL_ERROR && !m->aside && m->code != REPORT_RECIPIENT_MISMATCH &&
            m->code != REPORT_RECIPIENT_NOT_ASKED)
            return false;
    }
    return true;
}

static void
put_text(json_object *doc, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_put_text(doc, name, slice_str(text));
}

json_object *
import_json(struct arena *a, const struct import_result *r)
{
    static const char *const     names[] = { [IMPORT_ADDED] = "added",
                                             [IMPORT_EXISTS] = "exists",
                                             [IMPORT_REFUSED] = "refused",
                                             [IMPORT_OFFERED] = "offered" };
    json_object                 *doc = json_object_new_object();
    const struct report_message *m = report_deciding(r->report);

    (void)a;
    json_put_text(doc, "outcome", slice_str(names[r->outcome]));
    if (r->id != 0)
        json_put_number(doc, "id", (int64_t)r->id);
    json_put_text(doc, "subject", r->report->subject);
    json_put_text(doc, "name", json_get_text(r->report->badge, "name"));
    json_put_text(doc, "status", slice_str(badge_status_name(r->report->status)));
    if (r->outcome != IMPORT_REFUSED) {
        if (r->report->recipient_in_other_case)
            json_put_bool(doc, "recipientInOtherCase", true);
        return doc;
    }
    json_put_text(doc, "reason", slice_str(err_reason(r->why.code)));
    put_text(doc, "message", r->why.cause[0] != '\0' ? r->why.cause : err_sentence(r->why.code));
    put_text(doc, "url", r->why.url);
    put_text(doc, "field", r->why.field);
    put_text(doc, "received", r->why.received);
    if (m != NULL && m->status != 0)
        json_put_number(doc, "httpStatus", m->status);
    return doc;
}

#include "import/recheck.h"

#include "import_int.h"

/* A document of the report by its address; NULL when it was not asked for. */
static const struct report_document *
document_at(const struct report *r, struct slice url)
{
    for (size_t i = 0; i < r->document_count; i++)
        if (slice_eq(r->documents[i].got.url, url))
            return &r->documents[i];
    return NULL;
}

/* "FETCH_TLS" is "fetch-tls". */
static struct slice
name_of(struct arena *a, enum err_code code)
{
    char *p = arena_str(a, slice_str(err_name(code)));

    for (char *c = p; *c != '\0'; c++)
        *c = *c == '_' ? '-' : (char)(*c | 0x20);
    return slice_str(p);
}

static struct slice
reason_of(struct arena *a, const struct report *r)
{
    const struct report_message  *m = report_deciding(r);
    const struct report_document *d;

    if (m == NULL)
        return SL("");
    d = document_at(r, m->url);
    switch (m->code) {
    case REPORT_FETCH_FAILED:
    case REPORT_IMAGE_UNFETCHED:
        return d != NULL ? name_of(a, d->code) : slice_str(m->key);
    case REPORT_FETCH_UNAVAILABLE:
    case REPORT_IMAGE_UNAVAILABLE:
        return arena_printf(a, "http-%d", m->status);
    case REPORT_FETCH_STATUS:
    case REPORT_IMAGE_STATUS:
        return m->status >= 400 && m->status <= 499 ? SL(REASON_NOT_HOSTED) : slice_str(m->key);
    default:
        return slice_str(m->key);
    }
}

static bool
is_status(struct slice text, enum badge_status status)
{
    return slice_eq(text, slice_str(badge_status_name(status)));
}

/* One that was valid when it could last be checked may have expired since. */
static bool
has_expired(const struct badge_row *row, int64_t now_s)
{
    return (is_status(row->status, STATUS_VALID) || is_status(row->status, STATUS_UNCHECKED)) &&
           row->expires_s > 0 && row->expires_s <= now_s;
}

/* When the reason that it has now was first found. */
static enum err_code
reason_began(struct db *db, const struct recheck *r, int64_t *ret_s, struct err *e)
{
    struct badge_event *events;
    size_t              count;
    enum err_code       rc =
        store_badge_history(db, r->before.user, r->before.row.id, 1, &events, &count, e);

    if (rc == ERR_NONE)
        *ret_s = count > 0 ? events[0].at_s : r->before.row.status_at_s;
    return rc;
}

/* What is not known leaves what is known as it was. */
static enum err_code
judge_unknown(struct db *db, struct recheck *r, struct err *e)
{
    const struct badge_row *row = &r->before.row;
    int64_t                 now_s = r->report->checked_at_s, began_s = now_s;
    bool                    is_gone = slice_eq(r->reason, SL(REASON_NOT_HOSTED));
    enum err_code           rc;

    if (has_expired(row, now_s)) {
        r->status = slice_str(badge_status_name(STATUS_EXPIRED));
        r->reason = SL("expired");
    } else if (!is_status(row->status, STATUS_VALID) && !is_status(row->status, STATUS_UNCHECKED)) {
        r->status = row->status;
        r->reason = row->reason;
    } else {
        if (is_gone && slice_eq(row->reason, r->reason) &&
            (rc = reason_began(db, r, &began_s, e)) != ERR_NONE)
            return rc;
        r->status = slice_str(badge_status_name(
            now_s - began_s >= RECHECK_GRACE_S ? STATUS_INVALID : STATUS_UNCHECKED));
    }
    return ERR_NONE;
}

static enum err_code
judge(struct arena *a, struct db *db, struct recheck *r, struct err *e)
{
    const struct badge_row *row = &r->before.row;
    enum err_code           rc;

    r->status = slice_str(badge_status_name(r->report->status));
    r->reason = reason_of(a, r->report);
    if ((r->report->status == STATUS_UNCHECKED || slice_eq(r->reason, SL(REASON_NOT_HOSTED))) &&
        (rc = judge_unknown(db, r, e)) != ERR_NONE)
        return rc;
    r->changed = !slice_eq(r->status, row->status) || !slice_eq(r->reason, row->reason) ||
                 (r->report->status == STATUS_VALID && r->report->expires_s != row->expires_s);
    return ERR_NONE;
}

enum err_code
recheck_look(struct arena *a, struct db *db, const struct fetcher *fetch,
             const struct badge_full *badge, struct recheck *ret, struct err *e)
{
    struct verify_options options = { .fetch = fetch, .letter_cases = true };
    struct recipient      theirs;
    struct recheck        r = { .before = *badge };
    enum err_code         rc;

    theirs = (struct recipient){ SL("email"), r.before.email };
    options.recipients = &theirs;
    options.recipient_count = r.before.email.n > 0;
    r.report = badge_verify(a, r.before.hosted_url.n > 0 ? r.before.hosted_url : r.before.assertion,
                            &options);
    if ((rc = judge(a, db, &r, e)) == ERR_NONE)
        *ret = r;
    return rc;
}

enum err_code
recheck_keep(struct arena *a, struct db *db, const struct recheck *r, int64_t next_in_s,
             struct err *e)
{
    const struct badge_row *row = &r->before.row;
    struct badge_check      check = {
             .was_checked_at_s = row->checked_at_s,
             .checked_at_s = r->report->checked_at_s,
             .next_at_s = r->report->checked_at_s + next_in_s,
             .changed = r->changed,
             .status = r->status,
             .reason = r->reason,
             .status_at_s =
            slice_eq(r->status, row->status) ? row->status_at_s : r->report->checked_at_s,
             .expires_s = r->report->status == STATUS_VALID ? r->report->expires_s : row->expires_s,
    };

    if (r->changed) {
        check.report = report_kept(a, r->report);
        check.documents = documents_kept(a, r->report, &r->before, &check.document_count);
    }
    return store_check_keep(db, r->before.user, row->id, &check, e);
}

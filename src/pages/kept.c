/* What is kept of a badge for the day when its issuer is gone: reports, and the documents that they name. */
#include "core/digest.h"
#include "pages_int.h"
#include "store/recheck.h"

static bool
is_one_of(struct slice hash, const struct slice *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(hash, hashes[i]))
            return true;
    return false;
}

/* One that the badge has of its own, besides its picture; SLICE_NONE when it has not. */
static struct slice
own_document(struct arena *a, const struct badge_full *badge, struct slice hash)
{
    const struct slice own[] = { badge->assertion, badge->class_text, badge->issuer_text };

    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (own[i].n > 0 && slice_eq(hash, digest_hex(a, "sha256", own[i])))
            return own[i];
    return SLICE_NONE;
}

/* Links each document of a report that is kept. */
static enum err_code
put_links(const struct req *r, json_object *model, const struct badge_full *badge, struct err *e)
{
    json_object  *all = json_get(json_get(model, "documents"), "items");
    struct slice *hashes;
    size_t        count;
    enum err_code rc;

    if ((rc = store_badge_documents(r->db, badge->user, badge->row.id, &hashes, &count, e)) !=
        ERR_NONE)
        return rc;
    for (size_t i = 0; json_is_array(all) && i < json_object_array_length(all); i++) {
        json_object *item = json_object_array_get_idx(all, i);
        struct slice hash = json_get_text(item, "sha256");

        if (is_one_of(hash, hashes, count) || own_document(r->arena, badge, hash).n > 0 ||
            badge_has_picture(r->arena, badge, hash))
            json_put_text(item, "kept",
                          path_of(r, "/backpack/badge/", badge->row.id,
                                  arena_printf(r->arena, "/document/%.*s", SLICE_FMT(hash)).p));
    }
    return ERR_NONE;
}

/* The report of the import takes the place of the last one where it is asked for. *ret_other: there are two. */
static enum err_code
choose_report(const struct req *r, struct badge_full *badge, bool first, bool *ret_other,
              struct err *e)
{
    struct slice  report = SLICE_NONE;
    enum err_code rc = store_badge_first_report(r->db, badge->user, badge->row.id, &report, e);

    if (rc != ERR_NONE && rc != ERR_NOT_FOUND)
        return rc;
    *ret_other = report.n > 0 && !slice_eq(report, badge->report);
    if (first)
        badge->report = report;
    return ERR_NONE;
}

static enum err_code
reply_report_of(const struct req *r, struct resp *out, const struct badge_full *badge, bool first,
                bool other, struct err *e)
{
    static const char *const titles[] = { "verify.report_title", "verify.first_title" };
    json_object             *model = model_new(r, titles[first], "backpack");
    json_object             *report = stored_report(r, badge), *result;
    enum err_code            rc;

    if (report == NULL)
        return FAIL(e, NOT_FOUND, "no report was kept, or none that can be read");
    result = json_put_object(model, "result");
    put_report(r, result, report);
    put_own_badge(r, result, &badge->row);
    if (first) { /* as it was then */
        json_put_text(result, "status", json_get_text(report, "status"));
        json_put_text(result, "status_when", SL(""));
    } else {
        put_row_status(r, result, &badge->row); /* it may have expired since */
    }
    if ((rc = put_links(r, result, badge, e)) != ERR_NONE)
        return rc;
    json_put_bool(result, "is_badge", true);
    json_put_text(
        result, "href",
        arena_printf(r->arena, "%.*s?%sdownload", SLICE_FMT(r->path), first ? "first&" : ""));
    json_put_text(model, "back", path_of(r, "/backpack/badge/", badge->row.id, ""));
    if (other) {
        json_put_text(model, "other",
                      arena_printf(r->arena, "%.*s%s", SLICE_FMT(r->path), first ? "" : "?first"));
        put_sentence(r, model, "other_title", titles[!first], NULL);
    }
    return model_reply(out, 200, "badge_report", model);
}

enum err_code
page_badge_report(struct req *r, struct resp *out, struct err *e)
{
    struct badge_full badge;
    bool              first = req_arg(r, "first").p != NULL, other;
    enum err_code     rc;

    if ((rc = get_badge(r, &badge, e)) != ERR_NONE ||
        (rc = choose_report(r, &badge, first, &other, e)) != ERR_NONE)
        return rc;
    if (badge.report.n > 0 && req_arg(r, "download").p != NULL)
        return reply_report_file(out, badge.report);
    if (badge.report.n > 0 && r->wants_json)
        return reply_bytes(out, 200, "application/json", badge.report);
    return reply_report_of(r, out, &badge, first, other, e);
}

/* Bytes of a stranger's server: for a file, never for a page of ours. */
enum err_code
page_badge_document(struct req *r, struct resp *out, struct err *e)
{
    struct slice         hash = req_param(r, "hash"), bytes;
    struct badge_full    badge;
    struct badge_picture picture;
    enum err_code        rc;

    if ((rc = get_badge(r, &badge, e)) != ERR_NONE)
        return rc;
    bytes = own_document(r->arena, &badge, hash);
    if (bytes.n == 0 && badge_has_picture(r->arena, &badge, hash)) {
        rc = store_badge_picture(r->db, badge.user, badge.row.picture_hash, &picture, e);
        bytes = picture.source;
    } else if (bytes.n == 0) {
        rc = store_badge_document(r->db, badge.user, badge.row.id, hash, &bytes, e);
    }
    if (rc != ERR_NONE)
        return rc;
    resp_header(out, "Content-Disposition",
                arena_printf(r->arena, "attachment; filename=\"badge-document-%.*s\"",
                             SLICE_FMT(slice_first(hash, 8))));
    return reply_bytes(out, 200, "application/octet-stream", bytes);
}

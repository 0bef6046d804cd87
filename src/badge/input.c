/* What was handed in, and where its assertion is hosted: rules R01 to R06. */
#include "badge_int.h"
#include "core/uri.h"

static void
set_input(struct work *w, const char *type, struct slice value)
{
    w->r->input_type = type;
    w->r->input_value = value;
}

/* JSON only says where the badge is hosted; what is hosted there counts (R02). */
static bool
take_json(struct work *w, struct slice text, struct slice *ret_url)
{
    static const char *const names[] = { "verify", "verification" };
    json_object             *doc = NULL;
    struct slice             url;
    struct err               e = { 0 };

    set_input(w, "json", SLICE_NONE);
    if (json_parse(text, &doc, &e) != ERR_NONE) {
        note(w, REPORT_INPUT_MALFORMED, ABOUT(.why = err_cause(w->a, &e)));
        return false;
    }
    json_in_arena(w->a, doc);
    if (json_is_array(doc) && json_object_array_length(doc) == 1)
        doc = json_object_array_get_idx(doc, 0);
    url = json_get_text(doc, "id");
    if (!uri_is_http(url))
        url = json_get_text(doc, "@id");
    for (size_t i = 0; i < COUNT_OF(names) && !uri_is_http(url); i++)
        url = json_get_text(json_get(doc, names[i]), "url");
    if (!uri_is_http(url)) {
        note(w, REPORT_INPUT_NO_URL, ABOUT(.prop = SL("id")));
        return false;
    }
    set_input(w, "url", url);
    *ret_url = url;
    return true;
}

static bool
take_text(struct work *w, struct slice text, struct slice *ret_url, struct slice *ret_jws)
{
    struct slice trimmed = slice_trim(text);

    if (uri_is_http(text)) {
        set_input(w, "url", text);
        w->r->subject = text;
        *ret_url = text;
        return true;
    }
    if (slice_starts(trimmed, SL("{")) || slice_starts(trimmed, SL("[")))
        return take_json(w, trimmed, ret_url);
    if (jws_is(trimmed)) {
        set_input(w, "jws", trimmed);
        *ret_jws = trimmed;
        return true;
    }
    note(w, REPORT_INPUT_UNKNOWN, ABOUT(.received = SLICE_NONE));
    return false;
}

static bool
take_picture(struct work *w, struct slice picture, struct slice *ret_url, struct slice *ret_jws)
{
    struct slice text;
    struct err   e = { 0 };

    set_input(w, "file", SLICE_NONE);
    if (badge_unbake(w->a, picture, &text, &e) == ERR_NONE)
        return take_text(w, text, ret_url, ret_jws);
    if (e.code == ERR_TOO_LARGE) {
        note(w, REPORT_IMAGE_TOO_LARGE,
             ABOUT(.why = err_cause(w->a, &e),
                   .expected = arena_printf(w->a, "%d", LIMIT_IMAGE_PIXELS)));
        return false;
    }
    note(w, e.code == ERR_IMAGE_UNBAKED ? REPORT_IMAGE_UNBAKED : REPORT_IMAGE_MALFORMED,
         ABOUT(.why = failure_of(w, &e)));
    return false;
}

static bool
is_picture(struct slice bytes)
{
    return badge_image_kind(bytes) != BADGE_IMAGE_UNKNOWN;
}

/* The picture that answered at `url`, if one did: NULL when it was a document, or nothing. */
static const struct report_document *
picture_at(struct work *w, struct slice url)
{
    const struct report_document *d = fetch_once(w, "assertion", url, LIMIT_IMAGE_BYTES);

    return d != NULL && d->code == ERR_NONE && d->got.status >= 200 && d->got.status <= 299 &&
                   is_picture(d->got.body)
               ? d
               : NULL;
}

/* An address may be that of a baked picture; one inside that picture may not, or it would go on for ever. */
static bool
follow_picture(struct work *w, bool from_picture, struct slice *url, struct slice *ret_jws)
{
    const struct report_document *d = picture_at(w, *url);
    struct slice                  text;
    struct err                    e = { 0 };

    if (d == NULL)
        return true;
    if (!from_picture) {
        if (badge_unbake(w->a, d->got.body, &text, &e) != ERR_NONE) {
            note(w, REPORT_IMAGE_URL_UNBAKED,
                 ABOUT(.node = *url, .url = *url, .why = failure_of(w, &e)));
            return false;
        }
        if (!take_text(w, text, url, ret_jws))
            return false;
        if (ret_jws->n > 0)
            return true;
    }
    if (picture_at(w, *url) == NULL)
        return true;
    note(w, REPORT_IMAGE_IN_IMAGE, ABOUT(.url = *url));
    return false;
}

bool
input_take(struct work *w, struct slice input, struct slice *ret_url, struct slice *ret_jws)
{
    bool from_picture;

    if (input.n > LIMIT_IMAGE_BYTES) {
        note(w, REPORT_INPUT_TOO_LARGE,
             ABOUT(.expected = arena_printf(w->a, "%d", LIMIT_IMAGE_BYTES)));
        return false;
    }
    from_picture = is_picture(input);
    if (!(from_picture ? take_picture(w, input, ret_url, ret_jws)
                       : take_text(w, input, ret_url, ret_jws)))
        return false;
    return ret_jws->n > 0 || follow_picture(w, from_picture, ret_url, ret_jws);
}

/* Pictures: there, and decodable by what will show them (rule R32, D19). */
#include "badge_int.h"
#include "core/digest.h"

/* The address of a picture: the value, or the id of an Image object. */
static struct slice
address_of(json_object *value)
{
    return json_is_object(value) ? json_get_text(value, "id") : json_text(value);
}

static void
keep(struct work *w, struct slice bytes, enum badge_image_kind kind)
{
    w->r->picture = bytes;
    w->r->picture_kind = kind;
}

static bool
decodes(struct work *w, struct slice bytes, struct cause *ret_why, enum badge_image_kind *ret_kind)
{
    struct badge_image image;
    struct err         e = { 0 };

    if (badge_image_check(bytes, &image, &e) == ERR_NONE) {
        *ret_kind = image.kind;
        return true;
    }
    *ret_why = failure_of(w, &e);
    return false;
}

static struct slice
percent_decode(struct arena *a, struct slice text)
{
    char  *p = arena_alloc(a, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '%' && text.n - i > 2 && hex_digit(text.p[i + 1]) >= 0 &&
            hex_digit(text.p[i + 2]) >= 0) {
            p[n++] = (char)(hex_digit(text.p[i + 1]) * 16 + hex_digit(text.p[i + 2]));
            i += 2;
        } else {
            p[n++] = text.p[i];
        }
    }
    return (struct slice){ p, n };
}

/* The bytes of a data: URI that says it is a PNG or an SVG. */
static bool
read_data(struct arena *a, struct slice uri, struct slice *ret)
{
    struct slice head, body;
    size_t       comma;

    if (!slice_find(uri, SL(","), &comma))
        return false;
    head = slice_first(uri, comma);
    body = percent_decode(a, slice_from(uri, comma + 1));
    if (!slice_starts_nocase(head, SL("data:image/png")) &&
        !slice_starts_nocase(head, SL("data:image/svg+xml")))
        return false;
    if (slice_ends(head, SL(";base64")))
        return base64_decode(a, body, ret);
    *ret = body;
    return true;
}

static void
check_data(struct work *w, struct node *n, struct slice uri)
{
    struct slice          bytes, head = slice_first(uri, 40);
    struct cause          why;
    enum badge_image_kind kind;

    if (n->kind == ASSERTION || !read_data(w->a, uri, &bytes))
        note(w, REPORT_IMAGE_DATA_URI,
             ABOUT(.node = n->id, .url = n->url, .prop = SL("image"), .received = head));
    else if (!decodes(w, bytes, &why, &kind))
        note(w, REPORT_IMAGE_UNREADABLE,
             ABOUT(.node = n->id, .prop = SL("image"), .url = head, .why = why));
    else
        keep(w, bytes, kind);
}

static void
check_url(struct work *w, struct node *n, struct slice url)
{
    const char                   *role = n->kind == ASSERTION ? "assertion-image" : "image";
    const struct report_document *d = fetch_once(w, role, url, LIMIT_IMAGE_BYTES);
    struct about                  about = { .node = n->id, .prop = SL("image"), .url = url };
    enum badge_image_kind         kind;

    if (d == NULL) {
        budget_note(w, url, n->id, SL("image"));
        return;
    }
    about.status = d->got.status;
    about.why = d->why;
    if (d->code != ERR_NONE)
        note(w, REPORT_IMAGE_UNFETCHED, &about);
    else if (d->got.status < 200 || d->got.status > 299)
        note(w, is_passing(d->got.status) ? REPORT_IMAGE_UNAVAILABLE : REPORT_IMAGE_STATUS, &about);
    else if (decodes(w, d->got.body, &about.why, &kind))
        keep(w, d->got.body, kind);
    else
        note(w, n->kind == ASSERTION ? REPORT_IMAGE_OWN_UNREADABLE : REPORT_IMAGE_UNREADABLE,
             &about);
}

/* The assertion is looked at after its class, so its own picture is the one kept. */
void
check_image(struct work *w, struct node *n)
{
    json_object *value = json_get(n->doc, "image");
    struct slice address = address_of(value);

    if (json_is_array(value) && json_object_array_length(value) > 0)
        return; /* more than one: an error of structure */
    if (value == NULL || json_is_array(value)) {
        if (n->kind == BADGE_CLASS)
            note(w, REPORT_IMAGE_MISSING, ABOUT(.node = n->id, .url = n->url, .prop = SL("image")));
    } else if (slice_starts_nocase(address, SL("data:"))) {
        check_data(w, n, address);
    } else if (address.n > 0) {
        check_url(w, n, address);
    }
}

#include "badge/bake.h"

#include "core/uri.h"
#include "core/jws.h"
#include "json/json.h"
#include "png/png.h"
#include "xml/svg.h"

/* What an XML parser would begin to read; most of what is fetched is JSON, and needs none to tell. */
static struct slice
markup_of(struct slice file)
{
    if (slice_starts(file, SL("\xEF\xBB\xBF")))
        file = slice_from(file, 3);
    file = slice_trim(file);
    return slice_starts(file, SL("<")) ? file : SLICE_NONE;
}

/* A page of HTML is no picture, though it may have an SVG in it: issuers answer with pages. */
static bool
means_svg(struct slice markup)
{
    size_t at;

    return !slice_starts_nocase(markup, SL("<!doctype html")) &&
           !slice_starts_nocase(markup, SL("<html")) &&
           slice_find(slice_first(markup, 1024), SL("<svg"), &at);
}

enum badge_image_kind
badge_image_kind(struct slice image)
{
    struct slice markup = markup_of(image);

    if (png_is(image))
        return BADGE_IMAGE_PNG;
    return markup.n > 0 && (means_svg(markup) || svg_is(image)) ? BADGE_IMAGE_SVG
                                                                : BADGE_IMAGE_UNKNOWN;
}

enum err_code
badge_image_check(struct slice image, struct badge_image *ret, struct err *e)
{
    struct badge_image info = { .kind = badge_image_kind(image) };
    struct png_size    size = { 0 };
    enum err_code      rc;

    switch (info.kind) {
    case BADGE_IMAGE_PNG:
        rc = png_check(image, &size, e);
        break;
    case BADGE_IMAGE_SVG:
        rc = svg_check(image, e);
        break;
    default:
        rc = FAIL(e, IMAGE_UNKNOWN, "%zu bytes", image.n);
    }
    if (rc != ERR_NONE)
        return rc;
    info.width = size.width;
    info.height = size.height;
    *ret = info;
    return ERR_NONE;
}

enum err_code
badge_unbake(struct arena *a, struct slice image, struct slice *ret, struct err *e)
{
    struct slice  text;
    enum err_code rc;

    switch (badge_image_kind(image)) {
    case BADGE_IMAGE_PNG:
        rc = png_unbake(image, &text, e);
        break;
    case BADGE_IMAGE_SVG:
        rc = svg_unbake(a, image, &text, e);
        break;
    default:
        rc = FAIL(e, IMAGE_UNKNOWN, "%zu bytes", image.n);
    }
    if (rc != ERR_NONE)
        return rc;
    text = slice_trim(text);
    if (text.n == 0)
        return FAIL(e, IMAGE_UNBAKED, "blank text");
    *ret = text;
    return ERR_NONE;
}

static enum err_code
malformed(struct err *e, struct cause cause)
{
    (void)FAIL(e, ASSERTION_MALFORMED, "%s", cause_name(cause.id));
    err_set_cause(e, cause);
    return ERR_ASSERTION_MALFORMED;
}

/* Where an assertion says it is hosted: 2.0 and 1.1 by its id, those before by what verifies it. */
static struct slice
hosted_at(json_object *assertion)
{
    static const char *const holders[] = { "verify", "verification" };
    struct slice             url = json_get_text(assertion, "id");

    for (size_t i = 0; i < COUNT_OF(holders) && !uri_is_web(url); i++)
        url = json_get_text(json_get(assertion, holders[i]), "url");
    return uri_is_web(url) ? url : SLICE_NONE;
}

/* What an SVG has in its `verify` attribute and, SLICE_NONE if nothing, in its body. */
struct svg_parts {
    struct slice verify, json;
};

/* An assertion of 0.5 names no address of its own, so nobody who reads it out of a picture could check it:
 * it gets one the way 1.0 has it. */
static struct slice
with_address(struct arena *a, json_object *assertion, struct slice url)
{
    json_object *verify = json_put_object(assertion, "verify");

    json_put_text(verify, "type", SL("hosted"));
    json_put_text(verify, "url", url);
    return json_print(a, assertion);
}

static enum err_code
parts_of(struct arena *a, struct slice text, struct slice url, struct svg_parts *ret, struct err *e)
{
    SCOPED(json_drop) json_object *doc = NULL;

    if (jws_is(text) || uri_is_web(text)) {
        *ret = (struct svg_parts){ text, SLICE_NONE };
        return ERR_NONE;
    }
    if (json_parse(text, &doc, e) != ERR_NONE || !json_is_object(doc))
        return malformed(e, CAUSE(BAKE_WHAT));
    if (hosted_at(doc).n == 0 && url.n > 0)
        text = with_address(a, doc, url);
    *ret = (struct svg_parts){ arena_copy(a, url.n > 0 ? url : hosted_at(doc)), text };
    return ERR_NONE;
}

enum err_code
badge_bake(struct arena *a, struct slice image, struct slice text, struct slice url,
           struct slice *ret, struct err *e)
{
    struct svg_parts parts;
    enum err_code    rc;

    text = slice_trim(text);
    if ((rc = parts_of(a, text, url, &parts, e)) != ERR_NONE)
        return rc;
    switch (badge_image_kind(image)) {
    case BADGE_IMAGE_PNG:
        return png_bake(a, image, parts.json.n > 0 ? parts.json : text, ret, e);
    case BADGE_IMAGE_SVG:
        if (parts.verify.n == 0)
            return malformed(e, CAUSE(BAKE_UNHOSTED));
        return svg_bake(a, image, parts.verify, parts.json, ret, e);
    default:
        return FAIL(e, IMAGE_UNKNOWN, "%zu bytes", image.n);
    }
}

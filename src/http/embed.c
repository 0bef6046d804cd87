#include "http/embed.h"

#include "core/uri.h"
#include "http/view.h"
#include "json/json.h"

/* A badge beside its picture; narrower, and it stands under it. A collection scrolls. */
enum { BADGE_HEIGHT = 200, BADGE_NARROW = 300, COLLECTION_HEIGHT = 480 };

static const char *const kinds[] = { [EMBED_BADGE] = "badge", [EMBED_COLLECTION] = "collection" };

static struct slice
url_of(const struct req *r, const char *place, const struct embed *embed)
{
    return view_absolute(r, arena_printf(r->arena, "/%s/%s/%.*s", place, kinds[embed->kind],
                                         SLICE_FMT(embed->path)));
}

struct slice
embed_page_url(const struct req *r, const struct embed *embed)
{
    return url_of(r, "share", embed);
}

struct slice
embed_frame_url(const struct req *r, const struct embed *embed)
{
    return url_of(r, "embed", embed);
}

bool
embed_kind_of(struct slice name, enum embed_kind *ret)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (slice_eq(name, slice_str(kinds[i]))) {
            *ret = (enum embed_kind)i;
            return true;
        }
    return false;
}

/* `url` without its query and fragment, in which other sites write what they like. */
static struct slice
bare(struct slice url)
{
    size_t n = 0;

    while (n < url.n && url.p[n] != '?' && url.p[n] != '#')
        n++;
    return slice_first(url, n);
}

bool
embed_of_url(const struct req *r, struct slice url, struct embed *ret)
{
    struct uri u;

    url = bare(slice_trim(url));
    if (!uri_is_web(url) || !uri_parse(url, &u) ||
        !slice_eq(uri_origin(r->arena, url), uri_origin(r->arena, r->app->conf->base_url)))
        return false;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct slice head = arena_printf(r->arena, "/share/%s/", kinds[i]);

        if (!slice_starts(u.path, head))
            continue;
        ret->kind = (enum embed_kind)i;
        ret->path = slice_from(u.path, head.n);
        if (slice_ends(ret->path, SL(".json")))
            ret->path = slice_first(ret->path, ret->path.n - (sizeof ".json" - 1));
        return true;
    }
    return false;
}

unsigned
embed_height(enum embed_kind kind, unsigned width)
{
    if (kind == EMBED_COLLECTION)
        return COLLECTION_HEIGHT;
    return width < BADGE_NARROW ? BADGE_NARROW : BADGE_HEIGHT;
}

enum err_code
embed_html(const struct req *r, const struct embed *embed, struct slice width, unsigned height,
           struct slice *ret, struct err *e)
{
    json_object *model = json_in_arena(r->arena, json_object_new_object());

    json_put_text(model, "src", embed_frame_url(r, embed));
    json_put_text(model, "title", embed->title);
    json_put_text(model, "width", width);
    json_put_number(model, "height", height);
    return view_fragment(r, "embed_code", model, ret, e);
}

void
embed_put_discovery(const struct req *r, json_object *model, const struct embed *embed)
{
    json_object *oembed = json_put_object(model, "oembed");

    json_put_text(oembed, "title", embed->title);
    for (int xml = 0; xml < 2; xml++)
        json_put_text(oembed, xml ? "xml" : "json",
                      arena_printf(r->arena, "%.*s.%s", SLICE_FMT(url_of(r, "oembed", embed)),
                                   xml ? "xml" : "json"));
}

enum err_code
embed_put_code(const struct req *r, json_object *model, const struct embed *embed, struct err *e)
{
    struct slice  code;
    enum err_code rc =
        embed_html(r, embed, SL("100%"), embed_height(embed->kind, UINT32_MAX), &code, e);

    if (rc == ERR_NONE)
        json_put_text(model, "embed_code", code);
    return rc;
}

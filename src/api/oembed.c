/* oEmbed: what a site that was given the address of a public page shows instead of it. There is one endpoint for all
 * pages, and an address for each, which the page itself names: that is kept in memcached like the page. What is shown
 * is in a frame, and is as new as the page. */
#include "api_int.h"
#include "badge/verify.h"
#include "core/cursor.h"
#include "core/sbuf.h"
#include "http/embed.h"
#include "http/view.h"
#include "store/collection.h"

#include <limits.h>

enum { CACHE_AGE_S = 60, WIDTH_BADGE = 480, WIDTH_COLLECTION = 640, IHDR_AT = 16 };

/* The largest that the asking site has room for. */
struct room {
    unsigned width, height;
};

static enum err_code
arg_pixels(const struct req *r, const char *name, unsigned *ret, struct err *e)
{
    struct slice       text = req_arg(r, name);
    unsigned long long pixels;

    *ret = UINT32_MAX;
    if (text.n == 0)
        return ERR_NONE;
    if (!slice_u64(text, ULLONG_MAX, &pixels) || pixels == 0) {
        (void)FAIL(e, FIELD_INVALID, "%s is no number of pixels", name);
        err_set_field(e, slice_str(name));
        return e->code;
    }
    if (pixels < UINT32_MAX)
        *ret = (unsigned)pixels;
    return ERR_NONE;
}

/* What is answered, before it is known in which format. */
struct answer {
    json_object *doc;
    struct room  room;
};

/* The picture must fit into the room. Sites that show cards take no SVG. */
static enum err_code
put_thumbnail(const struct req *r, const struct answer *to, const struct badge_row *row,
              struct err *e)
{
    struct badge_picture picture;
    struct cursor        ihdr;
    uint32_t             width, height;
    enum err_code        rc;

    if ((rc = store_badge_picture(r->db, 0, row->picture_hash, &picture, e)) != ERR_NONE)
        return rc == ERR_NOT_FOUND ? ERR_NONE : rc; /* private since a moment ago */
    ihdr = cur_of(picture.source);
    (void)cur_take(&ihdr, IHDR_AT);
    width = cur_be32(&ihdr);
    height = cur_be32(&ihdr);
    if (ihdr.bad || width > to->room.width || height > to->room.height)
        return ERR_NONE;
    json_put_text(to->doc, "thumbnail_url",
                  view_absolute(r, arena_printf(r->arena, "/images/badge/%.*s.png",
                                                SLICE_FMT(row->picture_hash))));
    json_put_number(to->doc, "thumbnail_width", width);
    json_put_number(to->doc, "thumbnail_height", height);
    return ERR_NONE;
}

static struct slice
shown(const struct req *r, struct slice text, const char *otherwise)
{
    text = slice_trim(badge_text_without_emails(r->arena, text));
    return text.n > 0 ? text : view_text(r, otherwise, NULL);
}

/* A badge's author is its issuer; a collection names nobody. */
static enum err_code
put_badge(const struct req *r, const struct answer *to, struct embed *embed, struct err *e)
{
    struct badge_full badge;
    enum err_code     rc;

    if ((rc = store_badge_by_path(r->db, embed->path, &badge, e)) != ERR_NONE)
        return rc;
    embed->title = shown(r, badge.row.class_name, "badge.untitled");
    json_put_text(to->doc, "author_name",
                  badge_text_without_emails(r->arena, badge.row.issuer_name.n > 0
                                                          ? badge.row.issuer_name
                                                          : badge.row.issuer_host));
    return badge.row.picture_kind == PICTURE_PNG ? put_thumbnail(r, to, &badge.row, e) : ERR_NONE;
}

static enum err_code
put_collection(const struct req *r, const struct answer *to, struct embed *embed, struct err *e)
{
    struct collection c;
    struct badge_row *rows;
    size_t            count;
    enum err_code     rc;

    if ((rc = store_collection_by_path(r->db, embed->path, &c, e)) != ERR_NONE ||
        (rc = db_read_fresh(r->db, c.user, e)) != ERR_NONE ||
        (rc = store_collection_badges(r->db, c.user, c.id, &rows, &count, e)) != ERR_NONE)
        return rc;
    embed->title = badge_text_without_emails(r->arena, c.name);
    for (size_t i = 0; i < count; i++)
        if (rows[i].picture_kind == PICTURE_PNG)
            return put_thumbnail(r, to, &rows[i], e);
    return ERR_NONE;
}

static enum err_code
put_frame(const struct req *r, const struct answer *to, const struct embed *embed, struct err *e)
{
    unsigned      width = embed->kind == EMBED_BADGE ? WIDTH_BADGE : WIDTH_COLLECTION, height;
    struct slice  html;
    enum err_code rc;

    if (width > to->room.width)
        width = to->room.width;
    height = embed_height(embed->kind, width);
    if (height > to->room.height)
        height = to->room.height;
    if ((rc = embed_html(r, embed, arena_printf(r->arena, "%u", width), height, &html, e)) !=
        ERR_NONE)
        return rc;
    json_put_text(to->doc, "title", embed->title);
    json_put_text(to->doc, "html", html);
    json_put_number(to->doc, "width", width);
    json_put_number(to->doc, "height", height);
    return ERR_NONE;
}

/* How many bytes stand here that XML 1.0 cannot hold (2.2): strangers' text may have them. */
static size_t
no_xml(struct slice text)
{
    unsigned char c = (unsigned char)text.p[0];

    if (slice_starts(text, SL("\xEF\xBF\xBE")) || slice_starts(text, SL("\xEF\xBF\xBF")))
        return 3;
    return c < ' ' && c != '\t' && c != '\n' ? 1 : 0;
}

static void
add_xml_text(struct sbuf *to, struct slice text)
{
    for (size_t skip; text.n > 0; text = slice_from(text, skip > 0 ? skip : 1)) {
        if ((skip = no_xml(text)) > 0)
            continue;
        if (text.p[0] == '&')
            sbuf_add_str(to, "&amp;");
        else if (text.p[0] == '<')
            sbuf_add_str(to, "&lt;");
        else if (text.p[0] == '>')
            sbuf_add_str(to, "&gt;");
        else
            sbuf_add_char(to, text.p[0]);
    }
}

static enum err_code
reply_xml(const struct req *r, struct resp *out, json_object *doc)
{
    struct sbuf xml;

    sbuf_init(&xml, r->arena);
    sbuf_add_str(&xml, "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<oembed>\n");
    json_object_object_foreach(doc, name, value)
    {
        sbuf_printf(&xml, "<%s>", name);
        add_xml_text(&xml, slice_str(json_object_get_string(value)));
        sbuf_printf(&xml, "</%s>\n", name);
    }
    sbuf_add_str(&xml, "</oembed>\n");
    return reply_bytes(out, 200, "text/xml; charset=utf-8", sbuf_slice(&xml));
}

static enum err_code
arg_embed(const struct req *r, struct embed *ret, struct err *e)
{
    struct slice url = req_arg(r, "url");

    if (url.n == 0) {
        (void)FAIL(e, FIELD_MISSING, "no url");
        err_set_field(e, SL("url"));
        return e->code;
    }
    return embed_of_url(r, url, ret) ? ERR_NONE : FAIL(e, NOT_FOUND, "no public page of ours");
}

static enum err_code
reply_embed(struct req *r, struct resp *out, struct embed *embed, bool xml, struct err *e)
{
    struct answer answer = { .doc = json_in_arena(r->arena, json_object_new_object()) };
    enum err_code rc;

    if ((rc = arg_pixels(r, "maxwidth", &answer.room.width, e)) != ERR_NONE ||
        (rc = arg_pixels(r, "maxheight", &answer.room.height, e)) != ERR_NONE)
        return rc;
    json_put_text(answer.doc, "version", SL("1.0"));
    json_put_text(answer.doc, "type", SL("rich"));
    json_put_text(answer.doc, "provider_name", r->app->conf->site_name);
    json_put_text(answer.doc, "provider_url", r->app->conf->base_url);
    json_put_number(answer.doc, "cache_age", CACHE_AGE_S);
    rc = embed->kind == EMBED_BADGE ? put_badge(r, &answer, embed, e)
                                    : put_collection(r, &answer, embed, e);
    if (rc != ERR_NONE || (rc = put_frame(r, &answer, embed, e)) != ERR_NONE)
        return rc;
    resp_header(out, "Cache-Control", SL("no-cache"));
    return xml ? reply_xml(r, out, answer.doc) : reply_json(out, 200, json_object_get(answer.doc));
}

enum err_code
api_oembed(struct req *r, struct resp *out, struct err *e)
{
    struct slice  format = req_arg(r, "format");
    struct embed  embed;
    enum err_code rc;

    if (format.n > 0 && !slice_eq(format, SL("json")) && !slice_eq(format, SL("xml")))
        return FAIL(e, FORMAT, "format");
    if ((rc = arg_embed(r, &embed, e)) != ERR_NONE)
        return rc;
    return reply_embed(r, out, &embed, slice_eq(format, SL("xml")), e);
}

enum err_code
api_oembed_of_page(struct req *r, struct resp *out, struct err *e)
{
    struct embed embed = { .path = req_param(r, "path") };

    if (!embed_kind_of(req_param(r, "kind"), &embed.kind))
        return FAIL(e, NOT_FOUND, "no kind of page");
    return reply_embed(r, out, &embed, slice_ends(r->path, SL(".xml")), e);
}

/* What others see. Public documents: kept by caches, the same for everybody. */
#include "core/sbuf.h"
#include "http/site.h"
#include "pages_int.h"

enum { DESCRIPTION_BYTES = 300 };

/* Sites that show cards take no SVG: a PNG of the page's badges if there is one, else the site's own. */
static void
put_social(const struct req *r, json_object *model, struct slice title, struct slice description,
           const struct badge_full *badges, size_t count)
{
    json_object            *social = json_put_object(model, "social");
    const struct badge_row *png = NULL;

    for (size_t i = 0; png == NULL && i < count; i++)
        if (badges[i].row.picture_kind == PICTURE_PNG)
            png = &badges[i].row;
    json_put_text(social, "title", title);
    json_put_text(social, "description", slice_cut(description, DESCRIPTION_BYTES));
    json_put_text(social, "url", view_absolute(r, r->path));
    json_put_text(social, "json",
                  view_absolute(r, arena_printf(r->arena, "%.*s.json", SLICE_FMT(r->path))));
    json_put_text(
        social, "image",
        view_absolute(r, png == NULL ? site_asset_path(SL("card.png")) : public_picture(r, png)));
    json_put_text(social, "image_alt",
                  png == NULL ? r->app->conf->site_name
                              : without_addresses(r->arena, png->class_name));
}

void
put_public_badge(const struct req *r, json_object *model, const struct badge_row *row)
{
    struct badge_row clean = *row;

    clean.class_name = without_addresses(r->arena, row->class_name);
    clean.issuer_name = without_addresses(r->arena, row->issuer_name);
    put_badge_row(r, model, &clean);
    json_put_text(model, "picture", public_picture(r, row));
}

enum err_code
put_share_link(const struct req *r, json_object *model, const struct embed *embed, struct err *e)
{
    struct embed shown = *embed;
    struct slice url = embed_page_url(r, embed);

    shown.title = without_addresses(r->arena, embed->title);
    json_put_text(model, "share_url", url);
    json_put_text(model, "share_path", slice_from(url, r->app->conf->base_url.n));
    return embed_put_code(r, model, &shown, e);
}

/* The address is looked up on the primary; the rest is read from a replica that has the owner's last write. */
enum err_code
get_public_collection(struct req *r, struct collection *ret, struct err *e)
{
    enum err_code rc;

    if ((rc = store_collection_by_path(r->db, req_param(r, "path"), ret, e)) != ERR_NONE ||
        (rc = db_read_fresh(r->db, ret->user, e)) != ERR_NONE)
        return rc;
    ret->name = without_addresses(r->arena, ret->name);
    ret->description = without_addresses(r->arena, ret->description);
    return ERR_NONE;
}

static enum err_code
read_badges(struct req *r, struct collection *ret, struct badge_full **ret_badges,
            size_t *ret_count, struct err *e)
{
    enum err_code rc = get_public_collection(r, ret, e);

    if (rc != ERR_NONE)
        return rc;
    return store_collection_badges_full(r->db, ret->user, ret->id, ret_badges, ret_count, e);
}

/* How many are in it beyond those that are shown: over LIMIT_COLLECTION_BYTES. */
static int64_t
left_out(const struct collection *c, size_t shown)
{
    return shown < c->badge_count ? (int64_t)(c->badge_count - shown) : 0;
}

static enum err_code
put_public_badges(const struct req *r, struct resp *out, json_object *model,
                  const struct badge_full *badges, size_t count, struct err *e)
{
    SCOPED(arena_drop) struct arena *scrap = arena_new();
    struct req    one = *r; /* what a badge's documents are read into ends with it */
    json_object  *list = json_put_array(model, "badges");
    enum err_code rc;

    one.arena = scrap;
    for (size_t i = 0; i < count; i++, arena_empty(scrap)) {
        json_object *item = json_add_object(list);

        put_public_badge(r, item, &badges[i].row);
        json_put_number(item, "n", (int64_t)i + 1);
        rc = put_facts(&one, item, &badges[i], true, e);
        if (rc != ERR_NONE &&
            rc != ERR_ASSERTION_MALFORMED) /* one bad row does not hide the others */
            return rc;
        if (badges[i].row.visibility != VISIBILITY_PRIVATE)
            json_put_text(
                item, "href",
                arena_printf(r->arena, "/share/badge/%.*s", SLICE_FMT(badges[i].row.path)));
        standing_note_expiry(out, &badges[i].row);
    }
    json_put_bool(model, "has_badges", count > 0);
    return ERR_NONE;
}

enum err_code
page_share_collection(struct req *r, struct resp *out, struct err *e)
{
    json_object       *model = model_new(r, NULL, NULL);
    struct collection  c;
    struct badge_full *badges;
    struct embed       embed;
    size_t             count;
    enum err_code      rc;

    if ((rc = read_badges(r, &c, &badges, &count, e)) != ERR_NONE)
        return rc;
    embed = (struct embed){ EMBED_COLLECTION, c.path, c.name };
    if ((rc = put_public_badges(r, out, model, badges, count, e)) != ERR_NONE ||
        (rc = embed_put_code(r, model, &embed, e)) != ERR_NONE)
        return rc;
    embed_put_discovery(r, model, &embed);
    json_put_text(model, "title", c.name);
    json_put_text(model, "name", c.name);
    json_put_number(model, "count", (int64_t)count + left_out(&c, count));
    if (left_out(&c, count) > 0)
        json_put_number(json_put_object(model, "left_out"), "count", left_out(&c, count));
    if (c.description.n > 0)
        json_put_text(model, "description", c.description);
    json_put_bool(model, "noindex", c.visibility != VISIBILITY_PUBLIC);
    put_social(r, model, c.name,
               c.description.n > 0 ? c.description : view_text(r, "share.count", model), badges,
               count);
    return model_reply(out, 200, "share_collection", model);
}

/* "Python basics, issued by …. Verified." */
static struct slice
badge_sentence(const struct req *r, json_object *model)
{
    json_object *names = names_new(r);

    json_put_text(names, "issuer", json_get_text(model, "issuer"));
    json_put_text(names, "status", json_get_text(model, "status_text"));
    return view_text(r, "share.badge_description", names);
}

enum err_code
page_share_badge(struct req *r, struct resp *out, struct err *e)
{
    json_object      *model = model_new(r, NULL, NULL);
    struct badge_full badge;
    struct embed      embed;
    enum err_code     rc;

    if ((rc = store_badge_by_path(r->db, req_param(r, "path"), &badge, e)) != ERR_NONE)
        return rc;
    put_public_badge(r, model, &badge.row);
    rc = put_facts(r, model, &badge, true, e);
    if (rc != ERR_NONE && rc != ERR_ASSERTION_MALFORMED)
        return rc;
    embed = (struct embed){ EMBED_BADGE, badge.row.path, json_get_text(model, "name") };
    if ((rc = embed_put_code(r, model, &embed, e)) != ERR_NONE)
        return rc;
    embed_put_discovery(r, model, &embed);
    put_verdict(r, model, &badge, true);
    json_put_text(model, "title", json_get_text(model, "name"));
    if (without_addresses(r->arena, badge.hosted_url).p == badge.hosted_url.p)
        view_url(model, "hosted_url", badge.hosted_url);
    json_put_bool(model, "noindex", badge.row.visibility != VISIBILITY_PUBLIC);
    put_social(r, model, json_get_text(model, "name"), badge_sentence(r, model), &badge, 1);
    standing_note_expiry(out, &badge.row);
    return model_reply(out, 200, "share_badge", model);
}

/* The same as the pages, for programs: the badge with its documents, as the display API has it. */
static enum err_code
put_json_badge(const struct req *r, struct resp *out, json_object *to,
               const struct badge_full *badge, struct err *e)
{
    const struct badge_docs docs = badge_docs_of(badge);
    json_object            *assertion;
    enum err_code           rc;

    if ((rc = badge_displayed(r->arena, &docs, &assertion, e)) != ERR_NONE)
        return rc;
    json_without_addresses(r->arena, assertion);
    json_put_text(to, "name", without_addresses(r->arena, badge->row.class_name));
    json_put_text(to, "issuer", without_addresses(r->arena, badge->row.issuer_name));
    json_put_text(to, "issuerHost", badge->row.issuer_host);
    json_put_text(to, "status", standing_status(&badge->row));
    json_put(to, "verification", standing_json(r->arena, &badge->row));
    json_put_text(to, "version", badge->row.version);
    json_put_text(to, "imageUrl", view_absolute(r, public_picture(r, &badge->row)));
    if (badge->hosted_url.n > 0)
        json_put_text(to, "hostedUrl", without_addresses(r->arena, badge->hosted_url));
    json_put(to, "assertion", assertion);
    standing_note_expiry(out, &badge->row);
    return ERR_NONE;
}

/* `r->path` without its ending. */
static struct slice
page_url(const struct req *r)
{
    return view_absolute(r, slice_first(r->path, r->path.n - (sizeof ".json" - 1)));
}

/* As text, badge by badge: their trees together would be many times the document. */
static enum err_code
add_json_badges(const struct req *r, struct resp *out, struct sbuf *to,
                const struct badge_full *badges, size_t count, struct err *e)
{
    SCOPED(arena_drop) struct arena *scrap = arena_new();
    struct req                       one = *r;
    size_t                           shown = 0;

    one.arena = scrap;
    for (size_t i = 0; i < count; i++, arena_empty(scrap)) {
        json_object  *item = json_in_arena(scrap, json_object_new_object());
        enum err_code rc = put_json_badge(&one, out, item, &badges[i], e);

        if (rc == ERR_ASSERTION_MALFORMED) /* one bad row does not hide the others */
            continue;
        if (rc != ERR_NONE)
            return rc;
        if (shown++ > 0)
            sbuf_add_char(to, ',');
        sbuf_add(to, json_print(scrap, item));
    }
    return ERR_NONE;
}

enum err_code
page_share_collection_json(struct req *r, struct resp *out, struct err *e)
{
    json_object       *doc = json_in_arena(r->arena, json_object_new_object());
    struct collection  c;
    struct badge_full *badges;
    struct slice       head;
    struct sbuf        text;
    size_t             count;
    enum err_code      rc;

    if ((rc = read_badges(r, &c, &badges, &count, e)) != ERR_NONE)
        return rc;
    json_put_text(doc, "name", c.name);
    json_put_text(doc, "description", c.description);
    json_put_text(doc, "url", page_url(r));
    head = json_print(r->arena, doc);
    sbuf_init(&text, r->arena);
    sbuf_add(&text, slice_first(head, head.n - 1)); /* without its closing brace */
    sbuf_add_str(&text, ",\"badges\":[");
    if ((rc = add_json_badges(r, out, &text, badges, count, e)) != ERR_NONE)
        return rc;
    sbuf_add_char(&text, ']');
    if (left_out(&c, count) > 0)
        sbuf_printf(&text, ",\"badgesLeftOut\":%lld", (long long)left_out(&c, count));
    sbuf_add_char(&text, '}');
    return reply_bytes(out, 200, "application/json", sbuf_slice(&text));
}

enum err_code
page_share_badge_json(struct req *r, struct resp *out, struct err *e)
{
    json_object      *doc = json_in_arena(r->arena, json_object_new_object());
    struct badge_full badge;
    enum err_code     rc;

    if ((rc = store_badge_by_path(r->db, req_param(r, "path"), &badge, e)) != ERR_NONE)
        return rc;
    json_put_text(doc, "url", page_url(r));
    if ((rc = put_json_badge(r, out, doc, &badge, e)) != ERR_NONE)
        return rc;
    return reply_json(out, 200, json_object_get(doc));
}

/* Who may speak for an issuer: rules R19 to R21 for hosted badges, and issuer.origin in 0.5. Over ids, never
 * over what a profile calls its web site. */
#include "badge_int.h"
#include "core/sbuf.h"
#include "core/uri.h"

struct hosts {
    struct slice *items;
    size_t        count;
};

static void
add_text(struct hosts *h, json_object *value)
{
    if (json_text(value).n > 0)
        h->items[h->count++] = json_text(value);
}

/* The texts of a value that is one or a list. */
static struct hosts
texts_of(struct arena *a, json_object *value)
{
    size_t       n = json_is_array(value) ? json_object_array_length(value) : 1;
    struct hosts h = { ARENA_ARRAY(a, struct slice, n + 1), 0 };

    if (!json_is_array(value))
        add_text(&h, value);
    else
        for (size_t i = 0; i < n; i++)
            add_text(&h, json_object_array_get_idx(value, i));
    return h;
}

static bool
is_among(const struct hosts *h, struct slice authority)
{
    for (size_t i = 0; i < h->count; i++)
        if (authority.n > 0 && slice_eq_nocase(h->items[i], authority))
            return true;
    return false;
}

static struct slice
joined(struct arena *a, const struct hosts *h)
{
    struct sbuf b;

    sbuf_init(&b, a);
    for (size_t i = 0; i < h->count && i < 10; i++) {
        sbuf_add_str(&b, i == 0 ? "" : ", ");
        sbuf_add(&b, h->items[i]);
    }
    return sbuf_slice(&b);
}

/* The assertion's own address, and where it was really read: a redirect that anybody can aim must not lend
 * an issuer's host to what another one answers. */
static bool
origin_speaks(struct work *w, const struct node *n, const struct hosts *allowed)
{
    struct slice authority = authority_of(w->a, n->id);

    if (!is_among(allowed, authority)) {
        note(w, REPORT_SCOPE_ORIGIN,
             ABOUT(.node = n->id, .url = n->url, .prop = SL("id"),
                   .received = authority.n > 0 ? authority : n->id,
                   .expected = joined(w->a, allowed)));
        return false;
    }
    if (!same_site(w->a, n->id, n->final_url) &&
        !is_among(allowed, authority_of(w->a, n->final_url))) {
        note(w, REPORT_FETCH_AWAY, ABOUT(.node = n->id, .url = n->url, .received = n->final_url));
        return false;
    }
    return true;
}

/* Servers and clients take `..` out of a path, also when its dots are escaped, so such an address does not
 * lie where it begins. */
static bool
climbs(struct slice url)
{
    struct uri   u;
    struct slice rest, part;

    if (!uri_parse(url, &u))
        return true;
    for (rest = u.path; slice_next(&rest, '/', &part);) {
        size_t       dots = 0, i = 0;
        struct slice with_parameters = part;

        (void)slice_next(&with_parameters, ';', &part); /* some servers cut `..;x` to `..` */

        while (i < part.n) {
            bool dot = part.p[i] == '.';
            bool escaped = slice_starts_nocase(slice_from(part, i), SL("%2e"));

            if (!dot && !escaped)
                break;
            i += escaped ? 3 : 1;
            dots++;
        }
        if (dots == 2 && i == part.n)
            return true;
        if (slice_has_char(part, '\\') || slice_find(part, SL("%2f"), &i) ||
            slice_find(part, SL("%2F"), &i) || slice_find(part, SL("%5c"), &i) ||
            slice_find(part, SL("%5C"), &i))
            return true;
    }
    return false;
}

bool
starts_as_allowed(struct arena *a, struct slice url, json_object *starts_with)
{
    struct hosts starts = texts_of(a, starts_with);

    if (starts_with == NULL || (json_is_array(starts_with) && starts.count == 0))
        return true;
    for (size_t i = 0; i < starts.count && !climbs(url); i++)
        if (slice_starts(url, starts.items[i]))
            return true;
    return false;
}

/* Where a redirect led, written with the scheme and host of the id: moving between http and https or to and
 * from `www.` is no other place. */
static struct slice
moved(struct arena *a, const struct node *n)
{
    struct uri id, at;

    if (!uri_parse(n->id, &id) || !uri_parse(n->final_url, &at))
        return n->final_url;
    return arena_printf(a, "%.*s://%.*s%.*s%s%.*s", SLICE_FMT(id.scheme), SLICE_FMT(id.authority),
                        SLICE_FMT(at.path), at.query.p == NULL ? "" : "?", (int)at.query.n,
                        at.query.p == NULL ? "" : at.query.p);
}

/* Its address, and where it was really read: on a host that many share a path is all that tells them apart. */
static bool
start_allowed(struct work *w, const struct node *n, json_object *starts_with)
{
    struct hosts starts = texts_of(w->a, starts_with);
    struct slice at = slice_eq(n->final_url, n->url) ? n->id : moved(w->a, n);

    if (starts_as_allowed(w->a, n->id, starts_with) && starts_as_allowed(w->a, at, starts_with))
        return true;
    if (climbs(n->id)) {
        note(w, REPORT_SCOPE_PATH, ABOUT(.node = n->id, .url = n->url, .prop = SL("id")));
        return false;
    }
    note(w, REPORT_SCOPE_START,
         ABOUT(.node = n->id, .url = n->url, .prop = SL("id"), .expected = joined(w->a, &starts)));
    return false;
}

static void
note_unbound(struct work *w, struct slice host)
{
    note(w, REPORT_SCOPE_UNBOUND,
         ABOUT(.node = w->issuer->id, .prop = SL("issuer"), .received = host));
}

/* D28: in 0.5 the issuer is what stands in the assertion, so only its origin ties it to anybody. */
static void
check_origin_05(struct work *w, const struct node *n)
{
    json_object *issuer = json_get(json_get(n->raw, "badge"), "issuer");
    struct slice origin = authority_of(w->a, json_get_text(issuer, "origin"));
    struct hosts allowed = { &origin, 1 };

    note_unbound(w, origin);
    w->r->issuer_host = origin;
    w->is_spoken_for = origin_speaks(w, n, &allowed);
}

void
check_scope(struct work *w, struct node *n)
{
    json_object *verification = json_get(w->issuer->doc, "verification");
    struct slice host = authority_of(w->a, w->issuer->url);
    struct hosts allowed;

    if (strcmp(n->version, "0.5") == 0) {
        check_origin_05(w, n);
        return;
    }
    if (host.n == 0) {
        /* R28: an issuer that stands in the badge is whoever hosts the badge, whatever it calls itself. */
        host = authority_of(w->a, n->url);
        verification = NULL;
        note_unbound(w, host);
    }
    w->r->issuer_host = host;
    allowed = texts_of(w->a, json_get(verification, "allowedOrigins"));
    if (allowed.count == 0)
        allowed = (struct hosts){ &host, 1 };
    w->is_spoken_for =
        origin_speaks(w, n, &allowed) && start_allowed(w, n, json_get(verification, "startsWith"));
}

/* What 0.5 and 1.x wrote otherwise, rewritten to 2.0 (rules R10 to R14). */
#include "badge_int.h"
#include "core/clock.h"

static const char v1_context[] = "https://w3id.org/openbadges/v1";

/* Moves a member to another name; null is nothing. */
static void
move(json_object *from, const char *name, json_object *to, const char *new_name)
{
    json_object *value = json_get(from, name);

    if (value != NULL)
        json_put(to, new_name, json_object_get(value));
}

static json_object *
issuer_05(struct work *w, json_object *raw)
{
    json_object *issuer = json_object_new_object();
    struct slice name = json_get_text(raw, "name"), org = json_get_text(raw, "org");

    json_put_text(issuer, "type", SL("Issuer"));
    if (name.p != NULL && org.n > 0)
        json_put_text(issuer, "name",
                      arena_printf(w->a, "%.*s: %.*s", SLICE_FMT(name), SLICE_FMT(org)));
    else
        move(raw, "name", issuer, "name");
    move(raw, "origin", issuer, "url");
    move(raw, "contact", issuer, "email");
    return issuer;
}

/* A path of the issuer's site is one of its addresses. */
static void
move_url(struct work *w, json_object *from, const char *name, struct slice origin, json_object *to)
{
    struct slice path = json_get_text(from, name);

    if (slice_ends(origin, SL("/")))
        origin = slice_first(origin, origin.n - 1);
    if (path.p != NULL && slice_starts(path, SL("/")) && !slice_starts(path, SL("//")))
        json_put_text(to, name, arena_printf(w->a, "%.*s%.*s", SLICE_FMT(origin), SLICE_FMT(path)));
    else
        move(from, name, to, name);
}

static json_object *
class_05(struct work *w, json_object *raw)
{
    json_object *class = json_object_new_object(), *issuer = json_get(raw, "issuer");
    struct slice origin = json_get_text(issuer, "origin");

    json_put_text(class, "type", SL("BadgeClass"));
    move(raw, "version", class, "version");
    move(raw, "name", class, "name");
    move(raw, "description", class, "description");
    move_url(w, raw, "image", origin, class);
    move_url(w, raw, "criteria", origin, class);
    if (json_is_object(issuer))
        json_put(class, "issuer", issuer_05(w, issuer));
    else
        move(raw, "issuer", class, "issuer");
    return class;
}

static void
recipient_05(json_object *raw, json_object *to)
{
    json_object *recipient = json_put_object(to, "recipient");
    struct slice identity = json_get_text(raw, "recipient");

    json_put_text(recipient, "type", SL("email"));
    json_put_text(recipient, "identity", identity);
    json_put_bool(recipient, "hashed", !slice_has_char(identity, '@'));
    move(raw, "salt", recipient, "salt");
}

/* The whole assertion of 0.5, class and issuer in it, as 1.1 would say it. In the arena. */
json_object *
upgrade_05(struct work *w, struct slice url, json_object *raw)
{
    json_object *to = json_in_arena(w->a, json_object_new_object()),
                *class = json_get(raw, "badge");
    struct slice origin = json_get_text(json_get(class, "issuer"), "origin");

    json_put_text(to, "@context", slice_str(v1_context));
    json_put_text(to, "type", SL("Assertion"));
    json_put_text(to, "id", url);
    recipient_05(raw, to);
    json_put_text(json_put_object(to, "verify"), "type", SL("hosted"));
    move(raw, "issued_on", to, "issuedOn");
    move(raw, "expires", to, "expires");
    move(raw, "revoked", to, "https://w3id.org/openbadges#revoked");
    move_url(w, raw, "evidence", origin, to);
    if (json_is_object(class))
        json_put(to, "badge", class_05(w, class));
    else
        move(raw, "badge", to, "badge");
    return to;
}

/* What reads as a date becomes one of 2.0; what does not stays, for the check to find. */
static void
upgrade_date(struct work *w, json_object *doc, const char *name)
{
    json_object *value = json_get(doc, name);
    int64_t      when;

    if (badge_date(value, true, &when))
        json_put_text(doc, name, clock_iso8601(w->a, when));
}

static void
upgrade_alignment(json_object *item)
{
    static const char *const names[][2] = { { "name", "targetName" },
                                            { "url", "targetUrl" },
                                            { "description", "targetDescription" } };

    for (size_t i = 0; json_is_object(item) && i < COUNT_OF(names); i++)
        if (json_get(item, names[i][1]) == NULL)
            move(item, names[i][0], item, names[i][1]);
}

void
upgrade_1x(struct work *w, enum node_kind kind, json_object *doc)
{
    json_object *alignment = json_get(doc, "alignment");

    if (kind == ASSERTION) {
        upgrade_date(w, doc, "issuedOn");
        upgrade_date(w, doc, "expires");
    }
    if (kind != BADGE_CLASS)
        return;
    if (!json_is_array(alignment))
        upgrade_alignment(alignment);
    else
        for (size_t i = 0; i < json_object_array_length(alignment); i++)
            upgrade_alignment(json_object_array_get_idx(alignment, i));
}

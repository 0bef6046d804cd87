/* Badge classes and their issuers as they were read last, for the next badge of the same class: many learners have it, and
 * reading it is most of what showing a badge takes. Each is found by all the bytes it was made of, so none is ever old. */
#include "badge_int.h"
#include "core/digest.h"
#include "core/limits.h"

struct kept_node {
    const char  *version;
    json_object *raw, *doc; /* our own references; nobody changes what they hold */
};
struct kept {
    struct sha256    made_of;
    struct kept_node badge, issuer; /* .doc is NULL where nothing is kept */
};

static struct kept all[LIMIT_KEPT_CLASSES];

static struct sha256
made_of(const struct badge_docs *docs)
{
    const struct slice parts[] = { docs->class_url, docs->class_text, docs->issuer_url,
                                   docs->issuer_text, docs->contexts };
    size_t             lengths[COUNT_OF(parts)];
    struct slice       with_lengths[COUNT_OF(parts) + 1];

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        lengths[i] = parts[i].n;
        with_lengths[i + 1] = parts[i];
    }
    with_lengths[0] = (struct slice){ (const char *)lengths, sizeof lengths };
    return sha256_of_parts(with_lengths, COUNT_OF(with_lengths));
}

static void
keep_node(struct kept_node *to, const struct node *from)
{
    json_drop(&to->raw);
    json_drop(&to->doc);
    *to = (struct kept_node){ .version = from->version,
                              .raw = json_object_get(from->raw),
                              .doc = json_object_get(from->doc) };
}

static size_t
held_bytes(const struct node *n)
{
    return json_held_bytes(n->raw) + json_held_bytes(n->doc);
}

/* The node of the document at `url`; `n->id` is that address, or a text of `n->doc`. */
static struct node *
node_of(struct work *w, enum node_kind kind, const struct kept_node *kept, struct slice url,
        struct slice text)
{
    struct node *n = ARENA_NEW(w->a, struct node);

    *n = (struct node){ .kind = kind,
                        .version = kept->version,
                        .url = url,
                        .text = text,
                        .raw = json_in_arena(w->a, json_object_get(kept->raw)),
                        .doc = json_in_arena(w->a, json_object_get(kept->doc)) };
    n->id = url.n > 0 ? url : json_get_text(n->doc, "id");
    return n;
}

bool
class_kept_take(struct work *w, const struct badge_docs *docs)
{
    const struct sha256 key = made_of(docs);
    const struct kept  *k = &all[key.bytes[0] % LIMIT_KEPT_CLASSES];

    if (k->badge.doc == NULL || memcmp(&k->made_of, &key, sizeof key) != 0)
        return false;
    w->badge = node_of(w, BADGE_CLASS, &k->badge, docs->class_url, docs->class_text);
    w->issuer = node_of(w, PROFILE, &k->issuer, docs->issuer_url, docs->issuer_text);
    return true;
}

void
class_kept_put(const struct work *w, const struct badge_docs *docs)
{
    const struct sha256 key = made_of(docs);
    struct kept        *k = &all[key.bytes[0] % LIMIT_KEPT_CLASSES];

    if (held_bytes(w->badge) + held_bytes(w->issuer) > LIMIT_KEPT_CLASS_BYTES)
        return;
    k->made_of = key;
    keep_node(&k->badge, w->badge);
    keep_node(&k->issuer, w->issuer);
}

#include "import_int.h"

struct slice
report_kept(struct arena *a, const struct report *r)
{
    json_object *json = json_in_arena(a, report_json(a, r));

    json_object_object_del(json, "graph");
    return json_print(a, json);
}

static bool
is_own(struct arena *a, const struct report *r, const struct badge_full *had,
       const struct report_document *d)
{
    struct slice body = d->got.body;

    if (had == NULL)
        return slice_eq(body, r->assertion_text) || slice_eq(body, r->badge_text) ||
               slice_eq(body, r->issuer_text) || slice_eq(body, r->picture);
    return slice_eq(body, had->assertion) || slice_eq(body, had->class_text) ||
           slice_eq(body, had->issuer_text) || badge_has_picture(a, had, d->sha256_hex);
}

struct slice *
documents_kept(struct arena *a, const struct report *r, const struct badge_full *had,
               size_t *ret_count)
{
    struct slice *bodies = ARENA_ARRAY(a, struct slice, r->document_count + 1);
    size_t        n = 0;

    for (size_t i = 0; i < r->document_count; i++) {
        const struct report_document *d = &r->documents[i];

        if (d->code == ERR_NONE && d->got.body.n > 0 && !is_own(a, r, had, d))
            bodies[n++] = d->got.body;
    }
    *ret_count = n;
    return bodies;
}

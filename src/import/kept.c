#include "import_int.h"

struct slice
report_kept(struct arena *a, const struct report *r)
{
    json_object *json = json_in_arena(a, report_json(a, r));

    json_object_object_del(json, "graph");
    return json_print(a, json);
}

static bool
is_kept_already(const struct report *r, struct slice body)
{
    return slice_eq(body, r->assertion_text) || slice_eq(body, r->badge_text) ||
           slice_eq(body, r->issuer_text) || slice_eq(body, r->picture);
}

struct slice *
documents_kept(struct arena *a, const struct report *r, size_t *ret_count)
{
    struct slice *bodies = ARENA_ARRAY(a, struct slice, r->document_count + 1);
    size_t        n = 0;

    for (size_t i = 0; i < r->document_count; i++) {
        const struct report_document *d = &r->documents[i];

        if (d->code == ERR_NONE && d->got.body.n > 0 && !is_kept_already(r, d->got.body))
            bodies[n++] = d->got.body;
    }
    *ret_count = n;
    return bodies;
}

#include "http/site.h"

#include <stdlib.h>

struct site {
    struct templates  *templates;
    struct catalogue **catalogues; /* English first when there is one */
    size_t             count;
    bool               pseudo;
};

struct slice
site_asset_path(struct slice name)
{
    for (size_t i = 0; i < site_asset_count; i++)
        if (slice_eq(slice_str(site_assets[i].name), name))
            return slice_str(site_assets[i].path);
    return SLICE_NONE;
}

static bool
wants_pseudo(void)
{
    const char *value = getenv("OBI_PSEUDO");

    return value != NULL && strcmp(value, "1") == 0;
}

enum err_code
site_new(const struct site_source *from, struct site **ret, struct err *e)
{
    struct site  *s = calloc(1, sizeof *s);
    enum err_code rc = ERR_NONE;

    if (s == NULL || (s->catalogues = calloc(from->catalogue_count + 1, sizeof *s->catalogues)) == NULL)
        abort();
    s->pseudo = wants_pseudo();
    for (size_t i = 0; rc == ERR_NONE && i < from->catalogue_count; i++) {
        struct catalogue *c;

        rc = catalogue_new(slice_str(from->catalogues[i].name), from->catalogues[i].text,
                           s->pseudo, &c, e);
        if (rc == ERR_NONE)
            s->catalogues[s->count++] = c;
        if (rc == ERR_NONE && slice_eq(catalogue_language(c), SL("en"))) {
            s->catalogues[s->count - 1] = s->catalogues[0];
            s->catalogues[0] = c;
        }
    }
    if (rc == ERR_NONE && s->count == 0)
        rc = FAIL(e, INTERNAL, "no catalogue");
    if (rc == ERR_NONE)
        rc = templates_new(from->templates, from->template_count, site_asset_path, &s->templates, e);
    if (rc != ERR_NONE) {
        site_free(s);
        return rc;
    }
    *ret = s;
    return ERR_NONE;
}

void
site_free(struct site *s)
{
    if (s == NULL)
        return;
    templates_free(s->templates);
    for (size_t i = 0; i < s->count; i++)
        catalogue_free(s->catalogues[i]);
    free(s->catalogues);
    free(s);
}

bool
site_is_pseudo(const struct site *s)
{
    return s->pseudo;
}

const struct templates *
site_templates(const struct site *s)
{
    return s->templates;
}

const struct catalogue *
site_catalogue(const struct site *s, struct slice language)
{
    for (size_t i = 0; i < s->count; i++)
        if (slice_eq(catalogue_language(s->catalogues[i]), language))
            return s->catalogues[i];
    return s->catalogues[0];
}

/* "0.8" as 800; nothing is 1000. */
static int
weight_of(struct slice params)
{
    struct slice q = slice_trim(params);
    int          value = 0, scale = 1000;

    if (!slice_starts_nocase(q, SL("q=")))
        return 1000;
    for (size_t i = 2; i < q.n && scale > 0; i++)
        if (q.p[i] >= '0' && q.p[i] <= '9') {
            value += (q.p[i] - '0') * scale;
            scale /= 10;
        }
    return value;
}

/* "de-AT" is served by "de", "pt-BR" first by "pt-BR". */
static const struct catalogue *
for_range(const struct site *s, struct slice range)
{
    const struct catalogue *close = NULL;
    struct slice            rest = range, primary = range;

    slice_next(&rest, '-', &primary);
    for (size_t i = 0; i < s->count; i++) {
        struct slice have = catalogue_language(s->catalogues[i]);

        if (slice_eq_nocase(have, range))
            return s->catalogues[i];
        if (slice_eq_nocase(have, primary))
            close = s->catalogues[i];
    }
    return close;
}

struct slice
site_language(const struct site *s, struct slice accept_language)
{
    const struct catalogue *best = s->catalogues[0];
    struct slice            rest = accept_language, item, range;
    int                     best_weight = 0;

    while (s->count > 1 && slice_next(&rest, ',', &item)) {
        const struct catalogue *c;
        int                     weight;

        if (!slice_next(&item, ';', &range))
            continue;
        weight = item.p == NULL ? 1000 : weight_of(item);
        if (weight > best_weight && (c = for_range(s, slice_trim(range))) != NULL) {
            best = c;
            best_weight = weight;
        }
    }
    return catalogue_language(best);
}

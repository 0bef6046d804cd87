/* What pages are made of: templates, catalogues, the names of static files. All of it is in the
 * program. */
#ifndef OBI_HTTP_SITE_H
#define OBI_HTTP_SITE_H

#include "http/catalogue.h"
#include "http/template.h"

/* The files as the build found them ("layout" of layout.html, "en" of en.po); tests make their
 * own. */
struct site_source {
    const struct text_file *templates, *catalogues;
    size_t                  template_count, catalogue_count;
};
extern const struct site_source site_embedded;

struct site;

/* Reads everything once. With OBI_PSEUDO=1 in the environment every visitor gets the
 * pseudo-language, in which a sentence that did not come from the catalogue is seen at once. Errors
 * INTERNAL, with what and where in e->detail. */
MUST_USE enum err_code site_new(const struct site_source *from, struct site **ret, struct err *e);
void                   site_free(struct site *s);
bool                   site_is_pseudo(const struct site *s);

/* The best of our languages for an Accept-Language (may be empty), English when none fits. */
struct slice            site_language(const struct site *s, struct slice accept_language);
const struct catalogue *site_catalogue(const struct site *s, struct slice language);
const struct templates *site_templates(const struct site *s);

/* The release that the program is: a hash over templates, catalogues, static files and version. */
extern const char site_release[];

/* Static files under their hashed names, made by the build. */
struct site_asset {
    const char *name, *path;
};
extern const struct site_asset site_assets[];
extern const size_t            site_asset_count;
struct slice                   site_asset_path(struct slice name);

#endif

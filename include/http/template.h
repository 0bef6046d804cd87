/* Mustache over json-c, without logic and without an unescaped form: interpolation, sections,
 * inverted sections, comments, partials, set delimiters, dotted names. Spec:
 * github.com/mustache/spec 1.4, but `{{{x}}}`,
 * `{{&x}}` and lambdas, which are refused. Beyond it:
 *   {{t.some.id}}       the catalogue's sentence; `{name}` in it is looked up where the tag stands
 *   {{asset.app.css}}   the address of a static file
 *   {{> page}}          the page that is being rendered, in a layout
 * `""`, 0, false, null and `[]` are false in a section.
 * An address, which is what an interpolation at the beginning of href, src, action, formaction,
 * poster or cite is, is shown only if it is http, https, a path of ours, a query or a fragment;
 * else it is empty. An interpolation in an attribute without quotes, in a tag's name, in <script>
 * or in <style> is refused. */
#ifndef OBI_HTTP_TEMPLATE_H
#define OBI_HTTP_TEMPLATE_H

#include <json-c/json.h>

#include "http/catalogue.h"

struct text_file {
    const char  *name; /* without folder and ending */
    struct slice text;
};
struct templates;

/* Compiles all of them. `asset` gives a static file's address, SLICE_NONE when there is no such
 * file. Out     *ret, ended with templates_free. Errors  INTERNAL, with file and line in e->detail:
 * also a partial or an asset that does not exist. */
MUST_USE enum err_code templates_new(const struct text_file *files, size_t count,
                                     struct slice (*asset)(struct slice name),
                                     struct templates **ret, struct err *e);
void                   templates_free(struct templates *t);

/* Renders `name`, with `page` (may be NULL) where it says `{{> page}}`. Text in `a`.
 * Errors  INTERNAL: no such template; partials nested beyond reason. */
MUST_USE enum err_code templates_render(const struct templates *t, struct arena *a,
                                        const char *name, const char *page, json_object *model,
                                        const struct catalogue *words, struct slice *ret,
                                        struct err *e);
/* Every message id that a template names, for a test that holds them against the catalogue. */
void templates_each_message(const struct templates *t,
                            void (*seen)(void *self, const char *file, struct slice id),
                            void *self);

#endif

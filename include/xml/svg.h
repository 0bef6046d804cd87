/* SVG pictures: an assertion put in, taken out, the picture checked.
 *
 * All read the file in one pass that keeps no tree, and hold it to these rules: UTF-8, well formed
 * with its namespaces, an `svg` element at the root, no document type declaration (so no entities
 * but XML's own five, and nothing to fetch), at most LIMIT_IMAGE_BYTES, LIMIT_SVG_DEPTH,
 * LIMIT_SVG_NODES, LIMIT_SVG_ATTRIBUTES and LIMIT_SVG_NAMESPACES.
 * Errors  SVG_MALFORMED (e->cause says what, in which line); TOO_LARGE (e->cause says which
 *         limit). */
#ifndef OBI_XML_SVG_H
#define OBI_XML_SVG_H

#include "core/arena.h"
#include "core/err.h"

/* It reads as XML so far as its root's start tag, and that is `svg`. */
bool svg_is(struct slice file);

/* The rules above, for the whole file. */
MUST_USE enum err_code svg_check(struct slice svg, struct err *e);

/* What is baked in: of the first `assertion` element (of the namespace http://openbadges.org, or
 * with the literal prefix `openbadges`) the body without white space around it, else the `verify`
 * attribute.
 * Out     *ret lives in `a`: JSON, a compact JWS or a URL.
 * Errors  as above; IMAGE_UNBAKED. */
MUST_USE enum err_code svg_unbake(struct arena *a, struct slice svg, struct slice *ret,
                                  struct err *e);

/* Puts an assertion in as the first element of the root.
 * In      verify: the URL of a hosted assertion, the JWS of a signed one. json: the assertion,
 *         written as CDATA; SLICE_NONE for none. Each at most LIMIT_JWS_BYTES of UTF-8.
 * Out     *ret: a new file in UTF-8, in `a`. Earlier assertion elements are gone. Of the rest, what
 *         draws is kept and means the same as before, with comments and descriptions; all other
 *         elements and attributes are gone, by an allow-list, and so are instructions: scripts and
 *         event handlers, what is not SVG (foreignObject and what is in it), links and style that
 *         reach outside the file (but pictures of dots and fonts in `data:`), animations of links.
 * Errors  as above; ASSERTION_MALFORMED (verify is empty; a character that XML cannot hold).
 * Spec    Open Badges Baking 1.0.0, SVGs, Baking. */
MUST_USE enum err_code svg_bake(struct arena *a, struct slice svg, struct slice verify,
                                struct slice json, struct slice *ret, struct err *e);

#endif

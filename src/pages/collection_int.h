#ifndef OBI_PAGES_COLLECTION_INT_H
#define OBI_PAGES_COLLECTION_INT_H

#include "pages_int.h"

/* What the forms of a collection say; `mistake` is the sentence for what is wrong, empty when
 * nothing is. */
struct collection_form {
    struct slice name, description, path;
    struct slice mistake;
};
/* Whether a collection may be called so. */
bool collection_name_is_ok(struct slice name);
void collection_form_read(const struct req *r, struct collection_form *ret);

#endif

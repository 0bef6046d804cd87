#ifndef OBI_PAGES_COLLECTION_INT_H
#define OBI_PAGES_COLLECTION_INT_H

#include "pages_int.h"

/* What the forms of a collection say; `mistake` is the sentence for what is wrong, empty when
 * nothing is. */
struct collection_form {
    struct slice name, description, path;
    struct slice mistake;
};
void collection_form_read(const struct req *r, struct collection_form *ret);

#endif

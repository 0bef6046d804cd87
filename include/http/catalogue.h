/* The sentences people read, by message id, one gettext .po file a language. */
#ifndef OBI_HTTP_CATALOGUE_H
#define OBI_HTTP_CATALOGUE_H

#include "core/arena.h"
#include "core/err.h"

struct catalogue;

/* Reads one .po file: msgid is the id, msgstr the sentence; msgid_plural makes it one with plural
 * forms, which the header's Plural-Forms chooses from. Fuzzy and obsolete entries do not count. In
 * language: such as "en". pseudo: every sentence is turned into one that no language has. Out *ret,
 * ended with catalogue_free. Errors  INTERNAL, with file and line in e->detail. */
MUST_USE enum err_code catalogue_new(struct slice language, struct slice po, bool pseudo,
                                     struct catalogue **ret, struct err *e);
void                   catalogue_free(struct catalogue *c);
struct slice           catalogue_language(const struct catalogue *c);

/* What stands for `{name}` in a sentence; SLICE_NONE leaves the placeholder as it is. */
struct catalogue_names {
    struct slice (*get)(void *self, struct slice name);
    void *self;
};
/* The sentence of an id with its placeholders filled; of plural forms the one for the name `count`.
 * An id that is not there is its own sentence, so that a page shows what is missing. `names` may be
 * NULL. */
struct slice catalogue_text(const struct catalogue *c, struct arena *a, struct slice id,
                            const struct catalogue_names *names);
bool         catalogue_has(const struct catalogue *c, struct slice id);
/* Every id in order, for tests that hold templates and code against it. */
size_t       catalogue_count(const struct catalogue *c);
struct slice catalogue_id(const struct catalogue *c, size_t index);

/* The number of a plural form: gettext's expression (C's, over n) for `n`. False when it breaks the
 * grammar. */
bool plural_form(struct slice expression, unsigned long long n, unsigned long long *ret);

#endif

/* Many people with badges at once, for `obi seed`: straight into the tables, hundreds of rows a
 * statement. Rows are as those that imports write; ids are the caller's, so that the same call
 * makes the same rows. */
#ifndef OBI_STORE_BULK_H
#define OBI_STORE_BULK_H

#include "store/badge.h"

struct bulk;

/* Content that badges share, there after this call. */
struct bulk_content {
    uint64_t class_id, picture_id;
    char     source_hash[32]; /* of the picture */
};

/* `a` holds what is kept between batches; the lease's arena is not added to. */
struct bulk *bulk_new(struct db *db, struct arena *a);
/* Puts class, issuer and picture of `like` there; its other fields are not looked at. Before the
 * first batch. It stays there at least until it is dropped, which comes after the last batch. */
MUST_USE enum err_code bulk_content_add(struct bulk *b, const struct badge_new *like,
                                        struct bulk_content *ret, struct err *e);
MUST_USE enum err_code bulk_content_drop(struct bulk *b, struct bulk_content *content,
                                         struct err *e);

/* A batch is one transaction: everything added between begin and end, or nothing. `a` holds what is
 * added and may be emptied after the end. */
MUST_USE enum err_code bulk_begin(struct bulk *b, struct arena *a, struct err *e);
/* Errors  STORE_DUPLICATE, at the latest from bulk_end: there is such a user. */
MUST_USE enum err_code bulk_user(struct bulk *b, uint64_t id, struct slice email,
                                 int64_t created_at_s, struct err *e);
/* The badge of a user added in this batch, to their only address. */
MUST_USE enum err_code bulk_badge(struct bulk *b, uint64_t user, uint64_t id,
                                  const struct badge_new *badge, const struct bulk_content *content,
                                  struct err *e);
MUST_USE enum err_code bulk_collection(struct bulk *b, uint64_t user, uint64_t id,
                                       struct slice name, struct slice path,
                                       enum visibility visibility, int64_t created_at_s,
                                       struct err *e);
MUST_USE enum err_code bulk_member(struct bulk *b, uint64_t user, uint64_t collection,
                                   uint64_t badge, int64_t place, struct err *e);
MUST_USE enum err_code bulk_end(struct bulk *b, struct err *e);
/* Undoes a batch that is not ended. */
void bulk_undo(struct bulk *b);

#endif

/* Collections: a learner's badges in an order of their own, under an address of their own. */
#ifndef OBI_STORE_COLLECTION_H
#define OBI_STORE_COLLECTION_H

#include "store/badge.h"

struct collection {
    uint64_t        id, user;
    struct slice    name, description;
    enum visibility visibility;
    struct slice    path; /* /share/<path>: unguessable, or chosen by its owner */
    size_t          badge_count;
    int64_t         created_at_s;
};

/* Errors  CONFLICT over LIMIT_COLLECTIONS. */
MUST_USE enum err_code store_collection_add(struct db *db, uint64_t user, struct slice name,
                                            struct slice description, enum visibility visibility,
                                            uint64_t *ret_id, struct err *e);
/* Replaces name, description, visibility and path (empty: as it is). Errors STORE_DUPLICATE: the
 * path is taken. */
MUST_USE enum err_code store_collection_change(struct db *db, uint64_t user, uint64_t id,
                                               struct slice name, struct slice description,
                                               enum visibility visibility, struct slice path,
                                               struct err *e);
MUST_USE enum err_code store_collection_remove(struct db *db, uint64_t user, uint64_t id,
                                               struct err *e);
/* By name's first creation, oldest first; `at_least`: only those at least so visible. */
MUST_USE enum err_code store_collection_list(struct db *db, uint64_t user, enum visibility at_least,
                                             struct collection **ret, size_t *ret_count,
                                             struct err *e);
MUST_USE enum err_code store_collection_get(struct db *db, uint64_t user, uint64_t id,
                                            struct collection *ret, struct err *e);
/* One that is not private. Looked up on the primary: what became private a moment ago is not
 * found. */
MUST_USE enum err_code store_collection_by_path(struct db *db, struct slice path,
                                                struct collection *ret, struct err *e);
/* At the end. Adding one that is in already changes nothing. Errors CONFLICT over
 * LIMIT_COLLECTION_BADGES. */
MUST_USE enum err_code store_collection_put_badge(struct db *db, uint64_t user, uint64_t id,
                                                  uint64_t badge, struct err *e);
/* One that is not in is no error. */
MUST_USE enum err_code store_collection_drop_badge(struct db *db, uint64_t user, uint64_t id,
                                                   uint64_t badge, struct err *e);
/* Moves a badge `by` places (negative: towards the front), stopping at the ends. */
MUST_USE enum err_code store_collection_move_badge(struct db *db, uint64_t user, uint64_t id,
                                                   uint64_t badge, int by, struct err *e);
/* The badges in the owner's order, for lists. */
MUST_USE enum err_code store_collection_badges(struct db *db, uint64_t user, uint64_t id,
                                               struct badge_row **ret, size_t *ret_count,
                                               struct err *e);
/* The same with all documents, for the display API. Reports are left out, and so are the badges
 * beyond LIMIT_COLLECTION_BYTES of documents: the last ones, or where the classes alone are more, any. */
MUST_USE enum err_code store_collection_badges_full(struct db *db, uint64_t user, uint64_t id,
                                                    struct badge_full **ret, size_t *ret_count,
                                                    struct err *e);
/* The collections of the user that hold the badge: ids only. */
MUST_USE enum err_code store_badge_collections(struct db *db, uint64_t user, uint64_t badge,
                                               uint64_t **ret, size_t *ret_count, struct err *e);

#endif

/* Pictures by their public name. */
#include "store_int.h"

enum { OF_USER, PUBLIC };

#define COLUMNS                                                                                    \
    "SELECT STRAIGHT_JOIN b.picture_kind, s.bytes, b.assertion, b.hosted_url FROM badge b"         \
    " JOIN picture s ON s.id = b.picture_id WHERE b.picture_hash = ?"

static const struct stmt sql[] = {
    [OF_USER] = { "picture.of-user", ON_REPLICA, "bu", "ubbb",
                  COLUMNS " AND b.user_id = ? LIMIT 1" },
    [PUBLIC] = { "picture.public", ON_REPLICA, "b", "ubbb",
                 COLUMNS " AND (b.visibility > 0 OR EXISTS (SELECT 1 FROM collection c"
                         " JOIN collection_badge m ON m.user_id = c.user_id"
                         " AND m.collection_id = c.id AND m.badge_id = b.id"
                         " WHERE c.user_id = b.user_id AND c.visibility > 0)) LIMIT 1" },
};
const struct stmt_table picture_statements = { sql, COUNT_OF(sql) };

enum err_code
store_badge_picture(struct db *db, uint64_t user, struct slice hash_hex, struct badge_picture *ret,
                    struct err *e)
{
    struct badge_picture picture;
    struct slice         hash;
    struct query         q;
    enum err_code        rc;

    if (hash_hex.n != 2 * SHA256_BYTES || !hex_decode(db->a, hash_hex, &hash))
        return FAIL(e, NOT_FOUND, "no hash of a picture");
    rc = user == 0 ? query_need(db, &sql[PUBLIC], BIND(BYTES(hash)), &q, e)
                   : query_need(db, &sql[OF_USER], BIND(BYTES(hash), U64(user)), &q, e);
    if (rc != ERR_NONE)
        return rc;
    picture = (struct badge_picture){ .kind = (enum picture_kind)q.col[0].u,
                                      .source = q.col[1].s,
                                      .hosted_url = q.col[3].s };
    if ((rc = store_unpack(db->a, q.col[2].s, &picture.assertion, e)) != ERR_NONE)
        return rc;
    *ret = picture;
    return ERR_NONE;
}

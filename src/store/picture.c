/* Pictures by their public name. */
#include "store_int.h"

enum { OF_USER, IS_PUBLIC, ANY, ANY_NEWEST };

#define COLUMNS                                                                                    \
    "SELECT STRAIGHT_JOIN b.picture_kind, s.bytes, b.assertion, b.hosted_url FROM badge b"         \
    " JOIN picture s ON s.id = b.picture_id WHERE b.picture_hash = ?"

/* Whether a picture is public is asked of the primary, since a replica may not know yet that its owner took it
 * back; its bytes, which never change, come from a replica that has them. */
static const struct stmt sql[] = {
    [OF_USER] = { "picture.of-user", ON_REPLICA, "bu", "ubbb",
                  COLUMNS " AND b.user_id = ? LIMIT 1" },
    [IS_PUBLIC] = { "picture.is-public", PREFER_PRIMARY, "b", "u",
                    "SELECT 1 FROM badge b WHERE b.picture_hash = ?"
                    " AND (b.visibility > 0 OR EXISTS (SELECT 1 FROM collection c"
                    " JOIN collection_badge m ON m.user_id = c.user_id"
                    " AND m.collection_id = c.id AND m.badge_id = b.id"
                    " WHERE c.user_id = b.user_id AND c.visibility > 0)) LIMIT 1" },
    [ANY] = { "picture.any", ON_REPLICA, "b", "ubbb", COLUMNS " LIMIT 1" },
    [ANY_NEWEST] = { "picture.any-newest", PREFER_PRIMARY, "b", "ubbb", COLUMNS " LIMIT 1" },
};
const struct stmt_table picture_statements = { sql, COUNT_OF(sql) };

static enum err_code
get_public(struct db *db, struct slice hash, struct query *q, struct err *e)
{
    enum err_code rc;

    if ((rc = query_need(db, &sql[IS_PUBLIC], BIND(BYTES(hash)), q, e)) != ERR_NONE)
        return rc;
    rc = query_need(db, &sql[ANY], BIND(BYTES(hash)), q, e);
    return rc == ERR_NOT_FOUND ? query_need(db, &sql[ANY_NEWEST], BIND(BYTES(hash)), q, e) : rc;
}

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
    rc = user == 0 ? get_public(db, hash, &q, e)
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

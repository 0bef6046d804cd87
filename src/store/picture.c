/* Pictures by their public name. Whether one may be seen is asked where the newest answer is; its bytes never
 * change, so any server may send them. */
#include "store_int.h"

enum { OF_USER, PUBLIC, BYTES_HERE, BYTES_NEWEST };

#define COLUMNS                                                                                    \
    "SELECT b.picture_kind, b.picture_id, b.assertion, b.hosted_url FROM badge b"                  \
    " WHERE b.picture_hash = ?"

static const struct stmt sql[] = {
    [OF_USER] = { "picture.of-user", ON_REPLICA, "bu", "uubb",
                  COLUMNS " AND b.user_id = ? LIMIT 1" },
    [PUBLIC] = { "picture.public", PREFER_PRIMARY, "b", "uubb",
                 COLUMNS " AND " BADGE_IS_SHOWN " LIMIT 1" },
    [BYTES_HERE] = { "picture.bytes", ON_REPLICA, "u", "b",
                     "SELECT bytes FROM picture WHERE id = ?" },
    [BYTES_NEWEST] = { "picture.bytes-newest", PREFER_PRIMARY, "u", "b",
                       "SELECT bytes FROM picture WHERE id = ?" },
};
const struct stmt_table picture_statements = { sql, COUNT_OF(sql) };

/* A replica may not have a new one yet. */
static enum err_code
read_bytes(struct db *db, uint64_t id, struct slice *ret, struct err *e)
{
    struct query  q;
    enum err_code rc = query_need(db, &sql[BYTES_HERE], BIND(U64(id)), &q, e);

    if (rc == ERR_NOT_FOUND)
        rc = query_need(db, &sql[BYTES_NEWEST], BIND(U64(id)), &q, e);
    if (rc == ERR_NONE)
        *ret = q.col[0].s;
    return rc;
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
    rc = user == 0 ? query_need(db, &sql[PUBLIC], BIND(BYTES(hash)), &q, e)
                   : query_need(db, &sql[OF_USER], BIND(BYTES(hash), U64(user)), &q, e);
    if (rc != ERR_NONE)
        return rc;
    picture =
        (struct badge_picture){ .kind = (enum picture_kind)q.col[0].u, .hosted_url = q.col[3].s };
    if ((rc = store_unpack(db->a, q.col[2].s, &picture.assertion, e)) != ERR_NONE ||
        (rc = read_bytes(db, q.col[1].u, &picture.source, e)) != ERR_NONE)
        return rc;
    *ret = picture;
    return ERR_NONE;
}

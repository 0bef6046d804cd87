/* What many badges share: kept once by its hash, counted, gone with the last badge. */
#include "store_int.h"

#include "core/rand.h"

enum {
    TAKE,
    GIVE,
    USES,
    REMOVE,
    ADD_CLASS,
    ADD_PICTURE,
    REMOVE_CLASS,
    REMOVE_PICTURE,
    ADD_DOCUMENT,
    REMOVE_DOCUMENT
};

static const struct stmt sql[] = {
    [TAKE] = { "shared.take", ON_PRIMARY, "bu", "",
               "INSERT INTO shared (hash, id, uses) VALUES (?, ?, 1)"
               " ON DUPLICATE KEY UPDATE uses = uses + 1, id = LAST_INSERT_ID(id)" },
    [GIVE] = { "shared.give", ON_PRIMARY, "u", "",
               "UPDATE shared SET uses = uses - 1 WHERE id = ? AND uses > 0" },
    [USES] = { "shared.uses", ON_PRIMARY, "u", "u", "SELECT uses FROM shared WHERE id = ?" },
    [REMOVE] = { "shared.remove", ON_PRIMARY, "u", "", "DELETE FROM shared WHERE id = ?" },
    [ADD_CLASS] = { "shared.add-class", ON_PRIMARY, "ussbbbbbb", "",
                    "INSERT INTO class (id, class_name, issuer_name, issuer_host, class_url,"
                    " issuer_url, class_text, issuer_text, contexts)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)" },
    [ADD_PICTURE] = { "shared.add-picture", ON_PRIMARY, "ub", "",
                      "INSERT INTO picture (id, bytes) VALUES (?, ?)" },
    [REMOVE_CLASS] = { "shared.remove-class", ON_PRIMARY, "u", "",
                       "DELETE FROM class WHERE id = ?" },
    [REMOVE_PICTURE] = { "shared.remove-picture", ON_PRIMARY, "u", "",
                         "DELETE FROM picture WHERE id = ?" },
    [ADD_DOCUMENT] = { "shared.add-document", ON_PRIMARY, "ub", "",
                       "INSERT INTO document (id, bytes) VALUES (?, ?)" },
    [REMOVE_DOCUMENT] = { "shared.remove-document", ON_PRIMARY, "u", "",
                          "DELETE FROM document WHERE id = ?" },
};
const struct stmt_table shared_statements = { sql, COUNT_OF(sql) };

enum { NAME_BYTES = 1000, HOST_BYTES = 255 };

typedef enum err_code (*shared_make)(struct db *db, uint64_t id, const void *content,
                                     struct err *e);

/* One more badge uses the content of that hash, made with `make(id)` when it is new. */
static enum err_code
shared_take(struct db *db, const struct sha256 *hash, shared_make make, const void *content,
            uint64_t *ret_id, struct err *e)
{
    uint64_t      id = rand_id(), there;
    enum err_code rc;
    bool          is_new;

    if ((rc = query_upsert(db, &sql[TAKE], BIND(HASH(*hash), U64(id)), &is_new, &there, e)) !=
        ERR_NONE)
        return rc;
    *ret_id = is_new ? id : there;
    if (is_new)
        return make(db, id, content, e);
    /* Other content has drawn the same id, and was counted. */
    return there == id ? FAIL(e, STORE_CONFLICT, "two ids alike") : ERR_NONE;
}

/* One badge fewer does. *ret_last: it was the last, and the caller removes the content. */
static enum err_code
shared_give(struct db *db, uint64_t id, bool *ret_last, struct err *e)
{
    enum err_code rc;
    struct query  q;

    if ((rc = query_exec(db, &sql[GIVE], BIND(U64(id)), NULL, e)) != ERR_NONE ||
        (rc = query_need(db, &sql[USES], BIND(U64(id)), &q, e)) != ERR_NONE)
        return rc;
    *ret_last = q.col[0].u == 0;
    return *ret_last ? query_exec(db, &sql[REMOVE], BIND(U64(id)), NULL, e) : ERR_NONE;
}

static enum err_code
make_class(struct db *db, uint64_t id, const void *content, struct err *e)
{
    SCOPED(arena_drop) struct arena *packed = arena_new();
    const struct badge_new          *b = content;

    return query_exec(db, &sql[ADD_CLASS],
                      BIND(U64(id), TEXT_(slice_cut(b->class_name, NAME_BYTES)),
                           TEXT_(slice_cut(b->issuer_name, NAME_BYTES)),
                           BYTES(slice_cut(b->issuer_host, HOST_BYTES)), BYTES(b->class_url),
                           BYTES(b->issuer_url), BYTES(store_pack(packed, b->class_text)),
                           BYTES(store_pack(packed, b->issuer_text)),
                           BYTES(b->contexts.n == 0 ? SL("") : store_pack(packed, b->contexts))),
                      NULL, e);
}

static enum err_code
make_picture(struct db *db, uint64_t id, const void *content, struct err *e)
{
    const struct badge_new *b = content;

    return query_exec(db, &sql[ADD_PICTURE], BIND(U64(id), BYTES(b->picture)), NULL, e);
}

static enum err_code
make_document(struct db *db, uint64_t id, const void *content, struct err *e)
{
    SCOPED(arena_drop) struct arena *packed = arena_new();
    const struct slice              *bytes = content;

    return query_exec(db, &sql[ADD_DOCUMENT], BIND(U64(id), BYTES(store_pack(packed, *bytes))),
                      NULL, e);
}

/* Each part with its length before it, so that none can be taken for a piece of another. The last one counts where
 * there is one: most classes have none, and are found by the hash they had before there was any. */
static struct sha256
class_hash(struct arena *a, const struct badge_new *b)
{
    const struct slice parts[] = { b->class_url,  b->class_text,  b->issuer_url,  b->issuer_text,
                                   b->class_name, b->issuer_name, b->issuer_host, b->contexts };
    const size_t       count = COUNT_OF(parts) - (b->contexts.n == 0);
    struct slice       all[2 * COUNT_OF(parts) + 1];

    all[0] = SL("class");
    for (size_t i = 0; i < count; i++) {
        all[2 * i + 1] = arena_printf(a, " %zu ", parts[i].n);
        all[2 * i + 2] = parts[i];
    }
    return sha256_of_parts(all, 2 * count + 1);
}

static struct sha256
source_hash(const struct badge_new *b)
{
    return sha256_of_parts((struct slice[]){ SL("source "), b->picture }, 2);
}

struct sha256
picture_name(struct slice source_hash, struct slice assertion)
{
    struct sha256 hash = sha256_of(assertion);
    struct slice  parts[] = { SL("picture"),
                              source_hash,
                              { (const char *)hash.bytes, SHA256_BYTES } };

    return sha256_of_parts(parts, COUNT_OF(parts));
}

enum err_code
content_take(struct db *db, const struct badge_new *badge, uint64_t *ret_class,
             uint64_t *ret_picture, struct err *e)
{
    struct sha256 class = class_hash(db->a, badge), picture = source_hash(badge);
    enum err_code rc;

    if ((rc = shared_take(db, &class, make_class, badge, ret_class, e)) != ERR_NONE)
        return rc;
    return shared_take(db, &picture, make_picture, badge, ret_picture, e);
}

/* One use fewer, and with the last the content goes by `remove`. */
static enum err_code
give(struct db *db, uint64_t id, const struct stmt *remove, struct err *e)
{
    enum err_code rc;
    bool          last;

    if ((rc = shared_give(db, id, &last, e)) != ERR_NONE || !last)
        return rc;
    return query_exec(db, remove, BIND(U64(id)), NULL, e);
}

enum err_code
content_give(struct db *db, uint64_t class, uint64_t picture, struct err *e)
{
    enum err_code rc = give(db, class, &sql[REMOVE_CLASS], e);

    return rc == ERR_NONE ? give(db, picture, &sql[REMOVE_PICTURE], e) : rc;
}

enum err_code
document_take(struct db *db, struct slice bytes, uint64_t *ret_id, struct err *e)
{
    struct sha256 hash = sha256_of_parts((struct slice[]){ SL("document "), bytes }, 2);

    return shared_take(db, &hash, make_document, &bytes, ret_id, e);
}

enum err_code
documents_give(struct db *db, const uint64_t *ids, size_t count, struct err *e)
{
    enum err_code rc = ERR_NONE;

    for (size_t i = 0; i < count && rc == ERR_NONE; i++)
        rc = give(db, ids[i], &sql[REMOVE_DOCUMENT], e);
    return rc;
}

/* Rows by the hundred: prepared statements for a few fixed numbers of rows, filled from a buffer. */
#include "store/bulk.h"

#include "store_int.h"

#include "core/sbuf.h"

enum table { USER, EMAIL, BADGE, COLLECTION, MEMBER, TABLES };

static const struct {
    const char *name, *head, *in;
} tables[TABLES] = {
    [USER] = { "bulk.user", "INSERT INTO user (id, version, findable, created_at_s) VALUES ",
               "uuui" },
    [EMAIL] = { "bulk.email", "INSERT INTO user_email (email_key, user_id, number, email) VALUES ",
                "buub" },
    [BADGE] = { "bulk.badge",
                "INSERT INTO badge (user_id, id, identity, picture_hash, picture_id, class_id,"
                " email_number, picture_kind, visibility, plain_identity, version, status,"
                " issued_on_s, expires_s, checked_at_s, hosted_url, assertion) VALUES ",
                "uubbuuuuuussiiibb" },
    [COLLECTION] = { "bulk.collection",
                     "INSERT INTO collection (user_id, id, visibility, path, name, description,"
                     " created_at_s) VALUES ",
                     "uuubssi" },
    [MEMBER] = { "bulk.member",
                 "INSERT INTO collection_badge (user_id, collection_id, badge_id, place) VALUES ",
                 "uuui" },
};

/* Descending: a buffer is emptied with the largest first, what is left with the smaller ones. */
static const size_t sizes[] = { 256, 32, 4, 1 };
enum { SIZES = COUNT_OF(sizes), ROWS_MAX = 256, COLUMNS_MAX = 17, IDENTITY_BYTES = 8 };

static const struct stmt sql[] = {
    { "bulk.add-uses", ON_PRIMARY, "uu", "", "UPDATE shared SET uses = uses + ? WHERE id = ?" },
};
const struct stmt_table bulk_statements = { sql, COUNT_OF(sql) };

/* A connection knows its prepared statements by where they stand: so these stand where nothing else ever will. */
static struct stmt stmts[TABLES][SIZES];

struct buffer {
    struct bind *binds;
    size_t       columns, rows;
};

struct uses {
    uint64_t id, more;
};

struct bulk {
    struct db    *db;
    struct arena *a, *batch;
    struct buffer buffers[TABLES];
    struct uses  *uses; /* of the content, by this batch */
    size_t        uses_count, uses_room;
    struct tx     tx;
};

/* "(?, ?), (?, ?)" and the letters to it. */
static struct stmt
stmt_for(enum table table, size_t rows)
{
    static struct arena *forever;
    struct sbuf          text, in;

    if (forever == NULL)
        forever = arena_new();
    sbuf_init(&text, forever);
    sbuf_init(&in, forever);
    sbuf_add_str(&text, tables[table].head);
    for (size_t r = 0; r < rows; r++) {
        sbuf_add_str(&text, r == 0 ? "(" : ", (");
        for (size_t c = 0; c < strlen(tables[table].in); c++)
            sbuf_add_str(&text, c == 0 ? "?" : ", ?");
        sbuf_add_char(&text, ')');
        sbuf_add_str(&in, tables[table].in);
    }
    return (struct stmt){ tables[table].name, ON_PRIMARY, sbuf_slice(&in).p, "",
                          sbuf_slice(&text).p };
}

struct bulk *
bulk_new(struct db *db, struct arena *a)
{
    struct bulk *b = ARENA_NEW(a, struct bulk);

    b->db = db;
    b->a = a;
    for (enum table t = 0; t < TABLES; t++) {
        struct buffer *buffer = &b->buffers[t];

        buffer->columns = strlen(tables[t].in);
        buffer->binds = ARENA_ARRAY(a, struct bind, buffer->columns * ROWS_MAX);
        for (size_t s = 0; s < SIZES; s++)
            if (stmts[t][s].name == NULL)
                stmts[t][s] = stmt_for(t, sizes[s]);
    }
    return b;
}

static enum err_code
empty_buffer(struct bulk *b, enum table table, struct err *e)
{
    struct buffer *buffer = &b->buffers[table];
    struct bind   *from = buffer->binds;
    enum err_code  rc;

    for (size_t s = 0; s < SIZES; s++)
        for (; buffer->rows >= sizes[s]; buffer->rows -= sizes[s]) {
            size_t n = sizes[s] * buffer->columns;

            if ((rc = query_exec(b->db, &stmts[table][s], from, n, NULL, e)) != ERR_NONE)
                return rc;
            from += n;
        }
    return ERR_NONE;
}

static enum err_code
add_row(struct bulk *b, enum table table, const struct bind *binds, size_t count, struct err *e)
{
    struct buffer *buffer = &b->buffers[table];

    (void)count;
    memcpy(buffer->binds + buffer->rows * buffer->columns, binds, buffer->columns * sizeof *binds);
    return ++buffer->rows == ROWS_MAX ? empty_buffer(b, table, e) : ERR_NONE;
}

/* ---- content ------------------------------------------------------------------------------------- */

static void
add_uses(struct bulk *b, uint64_t id, uint64_t more)
{
    for (size_t i = 0; i < b->uses_count; i++)
        if (b->uses[i].id == id) {
            b->uses[i].more += more;
            return;
        }
    if (b->uses_count == b->uses_room) {
        struct uses *room = ARENA_ARRAY(b->a, struct uses, 2 * b->uses_room + 64);

        if (b->uses_count > 0)
            memcpy(room, b->uses, b->uses_count * sizeof *room);
        b->uses = room;
        b->uses_room = 2 * b->uses_room + 64;
    }
    b->uses[b->uses_count++] = (struct uses){ id, more };
}

struct content_args {
    const struct badge_new *like;
    struct bulk_content    *ret;
};

static enum err_code
take_content(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    struct content_args *as = args;

    (void)nobody;
    return content_take(db, as->like, &as->ret->class_id, &as->ret->picture_id, e);
}

static enum err_code
give_content(struct db *db, uint64_t nobody, void *args, struct err *e)
{
    const struct bulk_content *content = args;

    (void)nobody;
    return content_give(db, content->class_id, content->picture_id, e);
}

enum err_code
bulk_content_drop(struct bulk *b, struct bulk_content *content, struct err *e)
{
    return tx_run(b->db, 0, give_content, content, e);
}

enum err_code
bulk_content_add(struct bulk *b, const struct badge_new *like, struct bulk_content *ret,
                 struct err *e)
{
    struct content_args args = { like, ret };
    struct sha256       source = sha256_of(like->picture);

    memcpy(ret->source_hash, source.bytes, sizeof ret->source_hash);
    return tx_run(b->db, 0, take_content, &args, e);
}

/* ---- batches ------------------------------------------------------------------------------------- */

enum err_code
bulk_begin(struct bulk *b, struct arena *a, struct err *e)
{
    b->batch = a;
    for (size_t i = 0; i < b->uses_count; i++)
        b->uses[i].more = 0;
    return tx_begin(b->db, &b->tx, e);
}

enum err_code
bulk_user(struct bulk *b, uint64_t id, struct slice email, int64_t created_at_s, struct err *e)
{
    enum err_code rc;

    if ((rc = add_row(b, USER, BIND(U64(id), U64(1), U64(1), I64(created_at_s)), e)) != ERR_NONE)
        return rc;
    return add_row(b, EMAIL, BIND(BYTES(email_key(b->batch, email)), U64(id), U64(0), BYTES(email)),
                   e);
}

enum err_code
bulk_badge(struct bulk *b, uint64_t user, uint64_t id, const struct badge_new *badge,
           const struct bulk_content *content, struct err *e)
{
    struct sha256 name =
        picture_name((struct slice){ content->source_hash, SHA256_BYTES }, badge->assertion);
    struct slice kept = arena_copy(b->batch, (struct slice){ (char *)name.bytes, SHA256_BYTES });

    add_uses(b, content->class_id, 1);
    add_uses(b, content->picture_id, 1);
    return add_row(
        b, BADGE,
        BIND(U64(user), U64(id), BYTES(slice_first(badge->identity, IDENTITY_BYTES)), BYTES(kept),
             U64(content->picture_id), U64(content->class_id), U64(0), U64(badge->picture_kind),
             U64(VISIBILITY_PRIVATE), U64(badge->plain_identity), TEXT_(badge->version),
             TEXT_(badge->status), I64_OR_NULL(badge->issued_on_s, badge->issued_on_s == 0),
             I64_OR_NULL(badge->expires_s, badge->expires_s == 0), I64(badge->checked_at_s),
             BYTES(badge->hosted_url), BYTES(store_pack(b->batch, badge->assertion))),
        e);
}

enum err_code
bulk_collection(struct bulk *b, uint64_t user, uint64_t id, struct slice name, struct slice path,
                enum visibility visibility, int64_t created_at_s, struct err *e)
{
    return add_row(b, COLLECTION,
                   BIND(U64(user), U64(id), U64(visibility), BYTES(path), TEXT_(name),
                        TEXT_(SL("")), I64(created_at_s)),
                   e);
}

enum err_code
bulk_member(struct bulk *b, uint64_t user, uint64_t collection, uint64_t badge, int64_t place,
            struct err *e)
{
    return add_row(b, MEMBER, BIND(U64(user), U64(collection), U64(badge), I64(place)), e);
}

enum err_code
bulk_end(struct bulk *b, struct err *e)
{
    enum err_code rc;

    for (enum table t = 0; t < TABLES; t++)
        if ((rc = empty_buffer(b, t, e)) != ERR_NONE)
            return rc;
    for (size_t i = 0; i < b->uses_count; i++)
        if (b->uses[i].more > 0 &&
            (rc = query_exec(b->db, &sql[0], BIND(U64(b->uses[i].more), U64(b->uses[i].id)), NULL,
                             e)) != ERR_NONE)
            return rc;
    return tx_commit(&b->tx, e);
}

void
bulk_undo(struct bulk *b)
{
    for (enum table t = 0; t < TABLES; t++)
        b->buffers[t].rows = 0;
    tx_done(&b->tx);
}

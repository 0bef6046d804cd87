#include "core/sbuf.h"
#include "xml/svg.h"
#include "xml_int.h"

/* What was found of the first assertion element. */
struct unbake {
    struct arena *a;
    int           depth;    /* how many elements are open */
    int           found_at; /* the depth of the assertion; 0 before it */
    bool          done;
    struct slice  verify;
    struct sbuf   body;
};

static bool
unbake_start(void *self, const struct svg_element *el)
{
    struct unbake *u = self;

    u->depth++;
    if (!el->is_assertion || u->found_at > 0)
        return true;
    u->found_at = u->depth;
    for (size_t i = 0; i < el->attribute_count; i++)
        if (el->attributes[i].prefix.p == NULL && slice_eq(el->attributes[i].name, SL("verify")))
            u->verify = arena_copy(u->a, slice_trim(el->attributes[i].value));
    return true;
}

static bool
unbake_end(void *self, struct slice prefix, struct slice name)
{
    struct unbake *u = self;

    (void)prefix, (void)name;
    if (u->depth == u->found_at)
        u->done = true;
    u->depth--;
    return true;
}

static bool
unbake_text(void *self, enum svg_text kind, struct slice text)
{
    struct unbake *u = self;

    if (kind != SVG_COMMENT && u->depth == u->found_at && !u->done)
        sbuf_add(&u->body, text);
    return true;
}

enum err_code
svg_unbake(struct arena *a, struct slice svg, struct slice *ret, struct err *e)
{
    static const struct svg_events events = { .start = unbake_start,
                                              .end = unbake_end,
                                              .text = unbake_text };
    struct unbake                  u = { .a = a };
    struct slice                   body;
    enum err_code                  rc;

    sbuf_init(&u.body, a);
    if ((rc = svg_read(svg, &events, &u, e)) != ERR_NONE)
        return rc;
    body = slice_trim(sbuf_slice(&u.body));
    if (body.n == 0 && u.verify.n == 0)
        return FAIL(e, IMAGE_UNBAKED, u.found_at > 0 ? "an empty assertion element" : "none");
    *ret = body.n > 0 ? body : u.verify;
    return ERR_NONE;
}

enum err_code
svg_check(struct slice svg, struct err *e)
{
    static const struct svg_events events = { .start = NULL };

    return svg_read(svg, &events, NULL, e);
}

static bool
enough(void *self, const struct svg_element *el)
{
    bool *found = self;

    (void)el; /* svg_read has looked: it is the root, and `svg` */
    *found = true;
    return false;
}

bool
svg_is(struct slice file)
{
    static const struct svg_events events = { .start = enough };
    struct err                     e;
    bool                           found = false;

    return svg_read(file, &events, &found, &e) == ERR_NONE && found;
}

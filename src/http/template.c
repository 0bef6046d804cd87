#include "http/template.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/sbuf.h"
#include "core/uri.h"
#include "template_int.h"

enum { MAX_CONTEXTS = 64, MAX_PARTIALS = 24 };

struct render {
    const struct catalogue *words;
    const struct template_ *page;
    struct sbuf             out;
    json_object            *contexts[MAX_CONTEXTS];
    size_t                  depth;
    size_t                  partials;
    struct slice            indent;   /* of the standalone partials around this one */
    bool                    line_end; /* the last thing written was a line's end of a template */
};

const struct template_ *
template_find(const struct templates *t, struct slice name)
{
    for (size_t i = 0; i < t->count; i++)
        if (slice_eq(slice_str(t->items[i].name), name))
            return &t->items[i];
    return NULL;
}

enum err_code
templates_new(const struct text_file *files, size_t count, struct slice (*asset)(struct slice name),
              struct templates **ret, struct err *e)
{
    struct templates *t = calloc(1, sizeof *t);
    enum err_code     rc;

    if (t == NULL)
        abort();
    t->arena = arena_new();
    t->items = ARENA_ARRAY(t->arena, struct template_, count + 1);
    t->count = count;
    t->asset = asset;
    for (size_t i = 0; i < count; i++) /* all names first: partials may look ahead and into themselves */
        t->items[i].name = arena_str(t->arena, slice_str(files[i].name));
    for (size_t i = 0; i < count; i++)
        if ((rc = template_compile(t, arena_copy(t->arena, files[i].text), &t->items[i], e)) !=
            ERR_NONE) {
            templates_free(t);
            return rc;
        }
    *ret = t;
    return ERR_NONE;
}

void
templates_free(struct templates *t)
{
    if (t == NULL)
        return;
    arena_free(t->arena);
    free(t);
}

void
templates_each_message(const struct templates *t,
                       void (*seen)(void *self, const char *file, struct slice id), void *self)
{
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->items[i].count; k++)
            if (t->items[i].steps[k].kind == STEP_MESSAGE)
                seen(self, t->items[i].name, t->items[i].steps[k].text);
}

/* So that it stands for itself in HTML, also in a quoted attribute. */
static void
html_escape(struct sbuf *to, struct slice text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.n; i++) {
        const char *as = NULL;

        switch (text.p[i]) {
        case '&':
            as = "&amp;";
            break;
        case '<':
            as = "&lt;";
            break;
        case '>':
            as = "&gt;";
            break;
        case '"':
            as = "&quot;";
            break;
        case '\'':
            as = "&#39;";
            break;
        default:
            continue;
        }
        sbuf_add(to, (struct slice){ text.p + from, i - from });
        sbuf_add_str(to, as);
        from = i + 1;
    }
    sbuf_add(to, slice_from(text, from));
}

/* The first name is looked for from the innermost context out, the others only inside what it names. False
 * when it is nowhere; a null that is there is found. */
static bool
find_value(const struct render *r, char *const *names, size_t count, json_object **ret)
{
    json_object *value = NULL;
    bool         found = count == 0;

    if (count == 0)
        value = r->contexts[r->depth - 1];
    for (size_t i = r->depth; count > 0 && !found && i-- > 0;)
        found = json_object_is_type(r->contexts[i], json_type_object) &&
                json_object_object_get_ex(r->contexts[i], names[0], &value);
    for (size_t i = 1; found && i < count; i++)
        found = json_object_is_type(value, json_type_object) &&
                json_object_object_get_ex(value, names[i], &value);
    *ret = found ? value : NULL;
    return found;
}

static struct slice
value_text(json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_string:
        return (struct slice){ json_object_get_string(value),
                               (size_t)json_object_get_string_len(value) };
    case json_type_int:
    case json_type_double:
    case json_type_boolean:
        return slice_str(json_object_get_string(value));
    default:
        return SL("");
    }
}

static bool
is_true(json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return false;
    case json_type_string:
        return json_object_get_string_len(value) > 0;
    case json_type_array:
        return json_object_array_length(value) > 0;
    case json_type_object:
        return true;
    default: /* boolean, int, double */
        return json_object_get_boolean(value);
    }
}

static bool
address_is_safe(struct slice s)
{
    if (s.n == 0)
        return false;
    if (s.p[0] == '/')
        return s.n == 1 || (s.p[1] != '/' && s.p[1] != '\\');
    return s.p[0] == '#' || s.p[0] == '?' || uri_is_web(s);
}

static void
write_text(struct render *r, struct slice text)
{
    if (r->indent.n == 0) {
        sbuf_add(&r->out, text);
        return;
    }
    while (text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t      line = end == NULL ? text.n : (size_t)(end - text.p) + 1;

        if (r->line_end)
            sbuf_add(&r->out, r->indent);
        sbuf_add(&r->out, slice_first(text, line));
        r->line_end = end != NULL;
        text = slice_from(text, line);
    }
}

static void
write_value(struct render *r, struct slice text)
{
    if (r->indent.n > 0 && r->line_end)
        sbuf_add(&r->out, r->indent);
    r->line_end = false;
    html_escape(&r->out, text);
}

static struct slice
message_name(void *self, struct slice name)
{
    const struct render *r = self;
    char                *names[8], copy[128];
    struct slice         rest = name, piece;
    size_t               count = 0, at = 0;
    json_object         *value;

    if (name.n >= sizeof copy)
        return SLICE_NONE;
    while (slice_next(&rest, '.', &piece)) {
        if (count == COUNT_OF(names))
            return SLICE_NONE;
        memcpy(copy + at, piece.p, piece.n);
        copy[at + piece.n] = '\0';
        names[count++] = copy + at;
        at += piece.n + 1;
    }
    return find_value(r, names, count, &value) ? value_text(value) : SLICE_NONE;
}

static enum err_code render_steps(struct render *r, const struct template_ *t, size_t from,
                                  size_t to, struct err *e);

static enum err_code
render_inside(struct render *r, const struct template_ *t, size_t from, size_t to,
              json_object *context, struct err *e)
{
    enum err_code rc;

    if (r->depth == MAX_CONTEXTS)
        return FAIL(e, INTERNAL, "%s.html: sections too deep", t->name);
    r->contexts[r->depth++] = context;
    rc = render_steps(r, t, from, to, e);
    r->depth--;
    return rc;
}

static enum err_code
render_section(struct render *r, const struct template_ *t, size_t at, struct err *e)
{
    const struct step *s = &t->steps[at];
    json_object       *value;
    enum err_code      rc = ERR_NONE;

    find_value(r, s->names, s->name_count, &value);
    if (s->kind == STEP_INVERTED)
        return is_true(value) ? ERR_NONE : render_steps(r, t, at + 1, s->end, e);
    if (!is_true(value))
        return ERR_NONE;
    if (!json_object_is_type(value, json_type_array))
        return render_inside(r, t, at + 1, s->end, value, e);
    for (size_t i = 0; rc == ERR_NONE && i < json_object_array_length(value); i++)
        rc = render_inside(r, t, at + 1, s->end, json_object_array_get_idx(value, i), e);
    return rc;
}

static enum err_code
render_partial(struct render *r, const struct step *s, struct err *e)
{
    const struct template_ *partial = s->partial != NULL ? s->partial : r->page;
    struct slice            outer = r->indent;
    enum err_code           rc;

    if (partial == NULL)
        return ERR_NONE;
    if (++r->partials > MAX_PARTIALS)
        return FAIL(e, INTERNAL, "%s.html: partials too deep", partial->name);
    if (s->text.n > 0) {
        r->indent = arena_printf(r->out.a, "%.*s%.*s", SLICE_FMT(outer), SLICE_FMT(s->text));
        r->line_end = true;
    }
    rc = render_steps(r, partial, 0, partial->count, e);
    r->indent = outer;
    r->partials--;
    return rc;
}

static void
render_value(struct render *r, const struct step *s)
{
    json_object *value;
    struct slice text;

    find_value(r, s->names, s->name_count, &value);
    text = value_text(value);
    if (!s->address || address_is_safe(text))
        write_value(r, text);
}

static enum err_code
render_steps(struct render *r, const struct template_ *t, size_t from, size_t to, struct err *e)
{
    const struct catalogue_names names = { message_name, r };
    enum err_code                rc = ERR_NONE;

    for (size_t i = from; rc == ERR_NONE && i < to; i++) {
        const struct step *s = &t->steps[i];

        switch (s->kind) {
        case STEP_TEXT:
            write_text(r, s->text);
            break;
        case STEP_VALUE:
            render_value(r, s);
            break;
        case STEP_MESSAGE:
            write_value(r, catalogue_text(r->words, r->out.a, s->text, &names));
            break;
        case STEP_SECTION:
        case STEP_INVERTED:
            rc = render_section(r, t, i, e);
            i = s->end;
            break;
        case STEP_PARTIAL:
            rc = render_partial(r, s, e);
            break;
        case STEP_END:
            break;
        }
    }
    return rc;
}

enum err_code
templates_render(const struct templates *t, struct arena *a, const char *name, const char *page,
                 json_object *model, const struct catalogue *words, struct slice *ret,
                 struct err *e)
{
    const struct template_ *top = template_find(t, slice_str(name));
    struct render           r = { .words = words, .contexts = { model }, .depth = 1 };
    enum err_code           rc;

    if (top == NULL)
        return FAIL(e, INTERNAL, "no template %s", name);
    if (page != NULL && (r.page = template_find(t, slice_str(page))) == NULL)
        return FAIL(e, INTERNAL, "no template %s", page);
    sbuf_init(&r.out, a);
    sbuf_room(&r.out, 16 * 1024);
    if ((rc = render_steps(&r, top, 0, top->count, e)) != ERR_NONE)
        return rc;
    *ret = sbuf_slice(&r.out);
    return ERR_NONE;
}

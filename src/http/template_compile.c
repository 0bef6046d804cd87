#include "template_int.h"

#include <stdlib.h>

enum { MAX_SECTIONS = 32, MAX_DELIMITER = 8 };

struct compiler {
    struct templates  *all;
    struct template_  *out;
    struct slice       text;
    size_t             at, line_start; /* of the line that `at` is in, or where the text of it begins */
    struct slice       open, close;    /* the delimiters */
    size_t             sections[MAX_SECTIONS];
    size_t             depth;
    struct slice       section_names[MAX_SECTIONS];
    bool               fresh[MAX_SECTIONS]; /* place.fresh where each section began */
    struct html_place  place;
};

struct tag {
    char         sigil; /* 0 for a name */
    struct slice name;
    size_t       begin, end; /* in the text, delimiters included */
    bool         standalone;
};

static enum err_code
fault(const struct compiler *c, size_t at, struct err *e, const char *what, struct slice name)
{
    size_t line = 1;

    for (size_t i = 0; i < at && i < c->text.n; i++)
        line += c->text.p[i] == '\n';
    return FAIL(e, INTERNAL, "%s.html:%zu: %s %.*s", c->out->name, line, what, SLICE_FMT(name));
}

static struct step *
add_step(struct compiler *c, enum step_kind kind)
{
    struct template_ *t = c->out;

    if (t->count == t->room) {
        struct step *more = ARENA_ARRAY(c->all->arena, struct step, t->room * 2 + 16);

        if (t->count > 0)
            memcpy(more, t->steps, t->count * sizeof *more);
        t->steps = more;
        t->room = t->room * 2 + 16;
    }
    t->steps[t->count] = (struct step){ .kind = kind };
    return &t->steps[t->count++];
}

static void
add_text(struct compiler *c, struct slice text)
{
    struct step *last = c->out->count > 0 ? &c->out->steps[c->out->count - 1] : NULL;

    if (text.n == 0)
        return;
    place_move(&c->place, text);
    if (last != NULL && last->kind == STEP_TEXT && last->text.p + last->text.n == text.p)
        last->text.n += text.n;
    else
        add_step(c, STEP_TEXT)->text = text;
}

/* What a build-time address is: text of its own, not of the template. */
static void
add_asset(struct compiler *c, struct slice path)
{
    place_move(&c->place, path);
    add_step(c, STEP_TEXT)->text = arena_copy(c->all->arena, path);
}

static void
split_name(struct compiler *c, struct slice name, struct step *s)
{
    struct slice rest = name, piece;

    if (slice_eq(name, SL(".")))
        return;
    while (slice_next(&rest, '.', &piece))
        s->name_count++;
    s->names = ARENA_ARRAY(c->all->arena, char *, s->name_count);
    rest = name;
    for (size_t i = 0; slice_next(&rest, '.', &piece); i++)
        s->names[i] = arena_str(c->all->arena, piece);
}

static bool
name_is_good(struct slice name)
{
    if (slice_eq(name, SL(".")))
        return true;
    if (name.n == 0 || name.p[0] == '.' || name.p[name.n - 1] == '.')
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || strchr("{}\"'<>&=", name.p[i]) != NULL)
            return false;
    return true;
}

static enum err_code
add_value(struct compiler *c, const struct tag *tag, struct err *e)
{
    enum place   place = place_of_tag(&c->place);
    struct slice asset;
    struct step *s;

    if (slice_starts(tag->name, SL("asset."))) {
        asset = c->all->asset(slice_from(tag->name, sizeof "asset." - 1));
        if (asset.p == NULL)
            return fault(c, tag->begin, e, "no such file:", tag->name);
        add_asset(c, asset);
        return ERR_NONE;
    }
    if (place == PLACE_REFUSED)
        return fault(c, tag->begin, e, "no place for a value:", tag->name);
    place_used(&c->place);
    if (slice_starts(tag->name, SL("t."))) {
        s = add_step(c, STEP_MESSAGE);
        s->text = arena_copy(c->all->arena, slice_from(tag->name, 2));
        return ERR_NONE;
    }
    s = add_step(c, STEP_VALUE);
    s->address = place == PLACE_ADDRESS;
    split_name(c, tag->name, s);
    return ERR_NONE;
}

static enum err_code
add_section(struct compiler *c, const struct tag *tag, struct err *e)
{
    struct step *s;

    if (c->depth == MAX_SECTIONS)
        return fault(c, tag->begin, e, "too many sections:", tag->name);
    c->section_names[c->depth] = tag->name;
    c->fresh[c->depth] = c->place.fresh;
    c->sections[c->depth++] = c->out->count;
    s = add_step(c, tag->sigil == '#' ? STEP_SECTION : STEP_INVERTED);
    split_name(c, tag->name, s);
    return ERR_NONE;
}

static enum err_code
end_section(struct compiler *c, const struct tag *tag, struct err *e)
{
    if (c->depth == 0 || !slice_eq(c->section_names[c->depth - 1], tag->name))
        return fault(c, tag->begin, e, "ends what did not begin:", tag->name);
    add_step(c, STEP_END);
    c->out->steps[c->sections[--c->depth]].end = c->out->count - 1;
    c->place.fresh = c->place.fresh || c->fresh[c->depth]; /* it may not have been shown */
    return ERR_NONE;
}

static enum err_code
add_partial(struct compiler *c, const struct tag *tag, struct slice indent, struct err *e)
{
    const struct template_ *partial = NULL;
    struct step            *s;

    if (c->place.in != IN_TEXT)
        return fault(c, tag->begin, e, "no place for a partial:", tag->name);
    if (!slice_eq(tag->name, SL("page")) &&
        (partial = template_find(c->all, tag->name)) == NULL)
        return fault(c, tag->begin, e, "no such partial:", tag->name);
    s = add_step(c, STEP_PARTIAL);
    s->partial = partial;
    if (tag->standalone)
        s->text = indent;
    return ERR_NONE;
}

/* `{{=<% %>=}}`: both without spaces and equals signs. */
static enum err_code
set_delimiters(struct compiler *c, const struct tag *tag, struct err *e)
{
    struct slice both = slice_trim(tag->name), open, close;
    size_t       space = 0;

    while (space < both.n && both.p[space] > ' ')
        space++;
    open = slice_first(both, space);
    close = slice_trim(slice_from(both, space));
    if (open.n == 0 || close.n == 0 || open.n > MAX_DELIMITER || close.n > MAX_DELIMITER ||
        slice_has_char(close, ' ') || slice_has_char(both, '='))
        return fault(c, tag->begin, e, "bad delimiters", both);
    c->open = open;
    c->close = close;
    return ERR_NONE;
}

/* A tag alone on its line takes the line with it (Spec: "Standalone Lines"). */
static bool
stands_alone(const struct compiler *c, const struct tag *tag, size_t *ret_line, size_t *ret_next)
{
    size_t begin = tag->begin, end = tag->end;

    while (begin > c->at && (c->text.p[begin - 1] == ' ' || c->text.p[begin - 1] == '\t'))
        begin--;
    if (begin > 0 && c->text.p[begin - 1] != '\n')
        return false;
    while (end < c->text.n && (c->text.p[end] == ' ' || c->text.p[end] == '\t'))
        end++;
    if (end + 1 < c->text.n && c->text.p[end] == '\r' && c->text.p[end + 1] == '\n')
        end++;
    if (end < c->text.n && c->text.p[end] != '\n')
        return false;
    *ret_line = begin;
    *ret_next = end < c->text.n ? end + 1 : end;
    return true;
}

static enum err_code
read_tag(struct compiler *c, size_t begin, struct tag *tag, struct err *e)
{
    struct slice inside = slice_from(c->text, begin + c->open.n);
    struct slice close = c->close;
    size_t       length;

    *tag = (struct tag){ .begin = begin };
    inside = slice_from(inside, 0);
    if (inside.n > 0 && strchr("#^/>!=&{", inside.p[0]) != NULL) {
        tag->sigil = inside.p[0];
        inside = slice_from(inside, 1);
    }
    if (tag->sigil == '=') {
        if (!slice_find(inside, SL("="), &length))
            return fault(c, begin, e, "unclosed tag", SL(""));
        tag->name = slice_first(inside, length);
        inside = slice_from(inside, length + 1);
        if (!slice_starts(inside, close))
            return fault(c, begin, e, "unclosed tag", SL(""));
        length = 0;
    } else {
        if (!slice_find(inside, close, &length))
            return fault(c, begin, e, "unclosed tag", SL(""));
        tag->name = slice_trim(slice_first(inside, length));
    }
    tag->end = (size_t)(inside.p - c->text.p) + length + close.n;
    return ERR_NONE;
}

static enum err_code
add_tag(struct compiler *c, const struct tag *tag, struct slice indent, struct err *e)
{
    if (tag->sigil == '{' || tag->sigil == '&')
        return fault(c, tag->begin, e, "there is no unescaped form:", tag->name);
    if (tag->sigil == '!')
        return ERR_NONE;
    if (tag->sigil == '=')
        return set_delimiters(c, tag, e);
    if (!name_is_good(tag->name))
        return fault(c, tag->begin, e, "bad name:", tag->name);
    switch (tag->sigil) {
    case '#':
    case '^':
        return add_section(c, tag, e);
    case '/':
        return end_section(c, tag, e);
    case '>':
        return add_partial(c, tag, indent, e);
    default:
        return add_value(c, tag, e);
    }
}

enum err_code
template_compile(struct templates *all, struct slice text, struct template_ *out, struct err *e)
{
    struct compiler c = { .all = all, .out = out, .text = text, .open = SL("{{"), .close = SL("}}") };
    struct tag      tag;
    enum err_code   rc;
    size_t          found, line, next;

    while (slice_find(slice_from(text, c.at), c.open, &found)) {
        if ((rc = read_tag(&c, c.at + found, &tag, e)) != ERR_NONE)
            return rc;
        line = tag.begin;
        next = tag.end;
        tag.standalone = tag.sigil != '\0' && stands_alone(&c, &tag, &line, &next);
        add_text(&c, slice_first(slice_from(text, c.at), line - c.at));
        if ((rc = add_tag(&c, &tag, slice_first(slice_from(text, line), tag.begin - line), e)) !=
            ERR_NONE)
            return rc;
        c.at = next;
    }
    add_text(&c, slice_from(text, c.at));
    if (c.depth > 0)
        return fault(&c, text.n, e, "a section does not end:", c.section_names[c.depth - 1]);
    return ERR_NONE;
}

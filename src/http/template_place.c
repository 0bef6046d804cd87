/* Where in HTML a tag of a template stands, as far as safety depends on it. Sections are read in order, as
 * if each were shown once: templates open and close an attribute's quotes in the same section. */
#include "template_int.h"

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool
name_is(const char *have, size_t n, const char *want)
{
    return slice_eq((struct slice){ have, n }, slice_str(want));
}

static bool
tag_is(const struct html_place *p, const char *want)
{
    return name_is(p->tag, p->tag_length, want);
}

static void
add_to(char *name, size_t room, size_t *length, char c)
{
    if (*length < room)
        name[(*length)++] = lower(c);
}

static void
text_char(struct html_place *p, char c)
{
    if (c == '<') {
        p->in = IN_TAG;
        p->naming = true;
        p->closing = false;
        p->tag_length = p->attribute_length = 0;
    }
}

static void
tag_name_char(struct html_place *p, char c)
{
    if (c == '/' && p->tag_length == 0)
        p->closing = true;
    else if (p->tag_length == 0 && c != '!' && (lower(c) < 'a' || lower(c) > 'z'))
        p->in = IN_TEXT; /* "1 < 2" */
    else if (is_space(c) || c == '/')
        p->naming = false;
    else
        add_to(p->tag, sizeof p->tag, &p->tag_length, c);
    if (tag_is(p, "!--"))
        p->in = IN_COMMENT;
}

static void
tag_char(struct html_place *p, char c)
{
    if (c == '>') {
        p->in = !p->closing && (tag_is(p, "script") || tag_is(p, "style")) ? IN_RAW : IN_TEXT;
    } else if (p->naming) {
        tag_name_char(p, c);
    } else if (c == '"' || c == '\'') {
        p->in = IN_QUOTES;
        p->quote = c;
        p->fresh = true;
    } else if (is_space(c)) {
        p->attribute_length = 0;
    } else if (c != '=') {
        add_to(p->attribute, sizeof p->attribute, &p->attribute_length, c);
    }
}

void
place_move(struct html_place *p, struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        switch (p->in) {
        case IN_TEXT:
            text_char(p, c);
            break;
        case IN_TAG:
            tag_char(p, c);
            break;
        case IN_QUOTES:
            p->fresh = false;
            if (c == p->quote) {
                p->in = IN_TAG;
                p->attribute_length = 0;
            }
            break;
        case IN_RAW:
            if (slice_starts_nocase(slice_from(text, i), SL("</"))) {
                p->in = IN_TEXT;
                text_char(p, c);
            }
            break;
        case IN_COMMENT:
            if (slice_starts(slice_from(text, i), SL("-->"))) {
                p->in = IN_TEXT;
                i += 2;
            }
            break;
        }
    }
}

void
place_used(struct html_place *p)
{
    p->fresh = false;
}

enum place
place_of_tag(const struct html_place *p)
{
    static const char *const addresses[] = { "href",   "src",  "action",     "formaction",
                                             "poster", "cite", "xlink:href", "data" };

    if (p->in == IN_TEXT)
        return PLACE_TEXT;
    if (p->in != IN_QUOTES || slice_starts((struct slice){ p->attribute, p->attribute_length }, SL("on")) ||
        name_is(p->attribute, p->attribute_length, "style") ||
        name_is(p->attribute, p->attribute_length, "srcdoc"))
        return PLACE_REFUSED;
    for (size_t i = 0; p->fresh && i < COUNT_OF(addresses); i++)
        if (name_is(p->attribute, p->attribute_length, addresses[i]))
            return PLACE_ADDRESS;
    return PLACE_VALUE;
}

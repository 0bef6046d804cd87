/* Public pages show no e-mail address, also not one that somebody wrote into a description. */
#include "core/sbuf.h"
#include "pages_int.h"

static bool
in_local(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80 || (c != '\0' && strchr(".!#$%&'*+-=?^_`{|}~", c) != NULL);
}

static bool
in_domain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80 || c == '.' || c == '-' || c == '[' || c == ']' || c == ':';
}

/* Where an at sign stands, plain or as in an address's query: its length, 0 for none. */
static size_t
at_sign(struct slice text, size_t i)
{
    if (text.p[i] == '@')
        return 1;
    return slice_starts(slice_from(text, i), SL("%40")) ? 3 : 0;
}

struct slice
without_addresses(struct arena *a, struct slice text)
{
    struct sbuf out;
    size_t      done = 0, sign;

    sbuf_init(&out, a);
    for (size_t i = 0; i < text.n; i++) {
        size_t from = i, to;

        if ((sign = at_sign(text, i)) == 0)
            continue;
        while (from > done && in_local(text.p[from - 1]))
            from--;
        for (to = i + sign; to < text.n && in_domain(text.p[to]); to++)
            ;
        if (from == i || to == i + sign)
            continue;
        sbuf_add(&out, slice_first(slice_from(text, done), from - done));
        sbuf_add_str(&out, "\xE2\x80\xA6");
        done = to;
        i = to - 1;
    }
    if (done == 0)
        return text;
    sbuf_add(&out, slice_from(text, done));
    return sbuf_slice(&out);
}

static void
scrub_text(struct arena *a, json_object *text)
{
    struct slice before = json_text(text), after = without_addresses(a, before);

    if (after.p != before.p)
        json_object_set_string_len(text, after.p, (int)after.n);
}

/* A name cannot be changed in place. */
static void
scrub_names(struct arena *a, json_object *doc)
{
    json_object_object_foreach(doc, name, value)
    {
        struct slice before = slice_str(name), after = without_addresses(a, before);

        if (after.p != before.p) {
            json_object *kept = json_object_get(value);

            json_object_object_del(doc, name);
            json_put(doc, arena_str(a, after), kept);
            scrub_names(a, doc);
            return;
        }
    }
}

void
json_without_addresses(struct arena *a, json_object *doc)
{
    if (json_object_is_type(doc, json_type_string)) {
        scrub_text(a, doc);
    } else if (json_is_array(doc)) {
        for (size_t i = 0; i < json_object_array_length(doc); i++)
            json_without_addresses(a, json_object_array_get_idx(doc, i));
    } else if (json_is_object(doc)) {
        scrub_names(a, doc);
        json_object_object_foreach(doc, name, value)
        {
            (void)name;
            json_without_addresses(a, value);
        }
    }
}

/* Messages of a report. */
#include "badge_int.h"
#include "core/sbuf.h"

struct row {
    enum report_level level;
    enum badge_status status;
    enum err_code     err;
    const char       *name, *key, *sentence, *advice;
};
static const struct row rows[] = {
#define M(id, level_, status_, err_, name_, key_, sentence_, advice_)                              \
    [REPORT_##id] = { REPORT_LEVEL_##level_, STATUS_##status_, ERR_##err_, (name_), (key_),        \
                      (sentence_),           (advice_) },
#include "badge/report.def"
#undef M
};

static const struct {
    const char *key, *text;
} primitives[] = {
    [PRIMITIVE_NONE] = { NULL, NULL },
#define P(id, key_, text_) [id] = { (key_), (text_) },
#include "badge/primitive.def"
#undef P
};

enum badge_status
report_code_status(enum report_code code)
{
    return rows[code].status;
}

enum err_code
report_code_err(enum report_code code)
{
    return rows[code].err;
}

static void
add_node(struct sbuf *b, const struct about *about)
{
    if (about->node_type != NULL)
        sbuf_printf(b, "%s in ", about->node_type);
    if (about->node_type != NULL && about->node_in.n > 0)
        sbuf_add(b, about->node_in);
    else
        sbuf_add(b, about->node.n > 0 ? about->node : SL("the document"));
}

static void
add_named(struct work *w, struct sbuf *b, struct slice name, const struct about *about)
{
    if (slice_eq(name, SL("node")))
        add_node(b, about);
    else if (slice_eq(name, SL("prop")))
        sbuf_add(b, about->prop);
    else if (slice_eq(name, SL("url")))
        sbuf_add(b, about->url);
    else if (slice_eq(name, SL("received")))
        sbuf_add(b, about->received);
    else if (slice_eq(name, SL("expected")))
        sbuf_add(b, about->expected);
    else
        sbuf_add(b, arena_printf(w->a, "%d", about->status));
}

/* Puts what the message is about into its sentence. */
static struct slice
say(struct work *w, const char *sentence, const struct about *about)
{
    struct slice rest = slice_str(sentence);
    struct sbuf  b;
    size_t       open, close;

    sbuf_init(&b, w->a);
    while (slice_find(rest, SL("{"), &open) && slice_find(rest, SL("}"), &close)) {
        sbuf_add(&b, slice_first(rest, open));
        add_named(w, &b, slice_first(slice_from(rest, open + 1), close - open - 1), about);
        rest = slice_from(rest, close + 1);
    }
    sbuf_add(&b, rest);
    return slice_trim(sbuf_slice(&b));
}

/* Room for twice as many each time there is none. */
static struct report_message *
new_message(struct work *w)
{
    struct report         *r = w->r;
    size_t                 room = r->message_count;
    struct report_message *more;

    if (room == 0 || (room >= 8 && (room & (room - 1)) == 0)) {
        more = ARENA_ARRAY(w->a, struct report_message, room == 0 ? 8 : room * 2);
        if (room > 0)
            memcpy(more, r->messages, room * sizeof *more);
        r->messages = more;
    }
    return &r->messages[r->message_count++];
}

/* A message says what is wrong; it does not repeat a document. */
static struct slice
cut(struct slice text)
{
    return slice_cut(text, LIMIT_URL_BYTES);
}

static bool
says(const struct cause *why)
{
    return why->err != ERR_NONE || why->id != CAUSE_NONE || why->text.n > 0;
}

/* What has no id of its own is told by its type and the document that it stands in, which may have none either. */
static void
name_inside(const struct node *n, struct about *to)
{
    if (to->node.n > 0 || n == NULL || n->in == NULL || n->id.n > 0)
        return;
    to->node_type = class_name(n->class);
    while (n->in != NULL)
        n = n->in;
    to->node_in = cut(n->url.n > 0 ? n->url : n->id);
}

static struct about
cut_all(struct work *w, const struct about *about)
{
    struct cause why = about->why;
    struct about to;

    for (size_t i = 0; i < CAUSE_ARGS; i++)
        why.args[i] = cut(why.args[i]);
    why.text = cut(why.text);
    to = (struct about){ .node = cut(about->node),
                         .prop = cut(about->prop),
                         .url = cut(about->url),
                         .received = cut(says(&why) ? cause_text(w->a, &why) : about->received),
                         .why = why,
                         .expected = about->type == PRIMITIVE_NONE
                                         ? cut(about->expected)
                                         : slice_str(primitives[about->type].text),
                         .type = about->type,
                         .status = about->status };
    name_inside(w->at, &to);
    return to;
}

static bool
was_said(const struct work *w, enum report_code code, const struct about *about)
{
    for (size_t i = 0; i < w->r->message_count; i++) {
        const struct report_message *m = &w->r->messages[i];

        if (m->code == code && m->aside == w->aside && slice_eq(m->prop, about->prop) &&
            slice_eq(m->node, about->node) && m->node_type == about->node_type &&
            slice_eq(m->node_in, about->node_in) && slice_eq(m->url, about->url) &&
            slice_eq(m->received, about->received) && slice_eq(m->expected, about->expected))
            return true;
    }
    return false;
}

static bool
is_full(const struct work *w)
{
    return w->r->message_count == LIMIT_REPORT_MESSAGES || w->said_bytes >= LIMIT_REPORT_BYTES;
}

static size_t
bytes_of(const struct report_message *m)
{
    size_t n = m->sentence.n + m->node.n + m->node_in.n + m->prop.n + m->url.n + m->received.n +
               m->expected.n;

    for (size_t i = 0; i < CAUSE_ARGS; i++)
        n += m->why.args[i].n;
    return n;
}

/* What goes on being counted beyond the limits is no longer said: a list of a thousand wrong items is one fault,
 * and the report stays small enough to be kept and read again. */
void
note(struct work *w, enum report_code code, const struct about *full)
{
    const struct row      *row = &rows[code];
    const struct about     short_about = cut_all(w, full), *about = &short_about;
    struct report         *r = w->r;
    struct report_message *m;

    if (!is_full(w) && was_said(w, code, about))
        return; /* a document that two properties name is wrong once */
    r->error_count += row->level == REPORT_LEVEL_ERROR;
    r->warning_count += row->level == REPORT_LEVEL_WARNING;
    if (row->level == REPORT_LEVEL_ERROR && !w->aside)
        w->own_errors[row->status]++;
    if (is_full(w))
        return;
    m = new_message(w);
    *m = (struct report_message){ .code = code,
                                  .level = row->level,
                                  .name = row->name,
                                  .key = row->key,
                                  .sentence = say(w, row->sentence, about),
                                  .advice = row->advice,
                                  .aside = w->aside,
                                  .node = about->node,
                                  .node_type = about->node_type,
                                  .node_in = about->node_in,
                                  .prop = about->prop,
                                  .url = about->url,
                                  .received = about->received,
                                  .expected = about->expected,
                                  .expected_type = primitives[about->type].key,
                                  .why = about->why,
                                  .status = about->status };
    w->said_bytes += bytes_of(m);
}

struct cause
failure_of(struct work *w, const struct err *e)
{
    struct cause cause = err_cause(w->a, e);

    cause.err = e->code;
    return cause;
}

struct cause
reason_given(struct slice reason)
{
    return reason.n == 0 ? (struct cause){ 0 } : CAUSE(REVOKED, reason);
}

/* A value as JSON, cut for a message. */
struct slice
text_of(struct arena *a, json_object *value, size_t max)
{
    struct slice text = value == NULL ? SL("null") : json_print(a, value);

    return text.n <= max ? text : arena_printf(a, "%.*s…", SLICE_FMT(slice_cut(text, max)));
}

/* What is handed in, then the byte 1E before each document the network answers with, in the order they are asked for.
 * A document that begins with "!410 " is answered with that status. No network makes verification fall, and
 * nobody's address is shown to the web. */
#include "badge/verify.h"
#include "core/sbuf.h"
#include "fuzz.h"

#define SEPARATOR '\x1E' /* stands in no JSON and no SVG */

struct answers {
    struct slice left;
    int          count;
};

static enum err_code
answer(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
       struct err *e)
{
    struct answers *net = self;
    struct slice    body;

    FUZZ_HOLDS(++net->count <= LIMIT_FETCH_DOCUMENTS);
    if (!slice_next(&net->left, SEPARATOR, &body)) {
        enum err_code rc = FAIL(e, FETCH_CONNECT, "no more answers");

        err_set_url(e, url);
        return rc;
    }
    if (body.n > max_bytes)
        return FAIL(e, FETCH_TOO_LARGE, "%zu bytes", body.n);
    *ret = (struct fetched){ .url = arena_copy(a, url),
                             .final_url = arena_copy(a, url),
                             .status = 200,
                             .content_type = SL("application/json"),
                             .at_s = 1 };
    if (slice_starts(body, SL("!410 "))) {
        ret->status = 410;
        body = slice_from(body, 5);
    }
    ret->body = arena_copy(a, body);
    return ERR_NONE;
}

static struct slice
read_text(struct arena *a, const struct report *r)
{
    SCOPED(json_drop) json_object *doc = report_json(a, r);

    return json_print(a, doc);
}

/* What was verified is stored, and shown from the store. */
static void
show_again(struct arena *a, const struct report *r)
{
    SCOPED(json_drop) json_object *shown = NULL;
    const struct badge_docs        docs = report_docs(a, r);
    struct badge_graph             graph;
    struct slice                   text;
    struct err                     e;
    size_t                         at;

    if (badge_graph_of(a, &docs, &graph, &e) != ERR_NONE)
        return;
    FUZZ_HOLDS(graph.assertion != NULL && graph.badge != NULL && graph.issuer != NULL);
    if (badge_displayed(a, &docs, &shown, &e) != ERR_NONE)
        return;
    text = json_print(a, shown);
    FUZZ_HOLDS(!slice_find(text, SL("who@a.example"), &at));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static const struct recipient    asked[] = { { SL("email"), SL("other@a.example") },
                                                 { SL("email"), SL("who@a.example") } };
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct answers                   net = { fuzz_slice(bytes, count), 0 };
    struct fetcher                   fetch = { answer, &net };
    struct verify_options            options = { &fetch, asked, COUNT_OF(asked), true, 1700000000 };
    const struct report             *r;
    struct slice                     input;

    if (count == 0 || !slice_next(&net.left, SEPARATOR, &input))
        return 0;
    r = badge_verify(a, input, &options);
    if (getenv("OBI_FUZZ_SHOW") != NULL) /* for whoever writes a seed */
        printf("%.*s\n", SLICE_FMT(report_lines(a, r)));
    FUZZ_HOLDS(r != NULL && r->graph != NULL);
    FUZZ_HOLDS(r->valid == (r->error_count == 0 && r->subject.p != NULL));
    if (r->valid)
        FUZZ_HOLDS(r->recipient.value.p != NULL && r->picture.p != NULL && r->assertion != NULL);
    FUZZ_HOLDS(slice_is_utf8(read_text(a, r)));
    if (r->assertion_text.n > 0)
        show_again(a, r);
    return 0;
}

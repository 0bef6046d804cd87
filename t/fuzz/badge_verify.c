/* The whole verification over documents of any kind: the input is the bodies of a small web, one behind the
 * other with a NUL between them: assertion, badge class, issuer, picture, another document. Each address that is
 * asked for has one of them, so that documents lead to each other in every way.
 *
 * The promises: whatever they say, a badge of thief.example is never one of issuer.example, and a signed badge is
 * valid only with a signature that the key of the seeds made: nobody else's is at hand. */
#include <openssl/evp.h>
#include <string.h>

#include "badge/verify.h"
#include "core/digest.h"
#include "core/limits.h"
#include "core/uri.h"
#include "fuzz.h"

enum { BODIES = 5, NOW = 1700000000 };
#define SEEDS_KEY "58a6b46d3d729b73162bbecd707791ea6df84680fa6dc9fc8680f301e93e35b7"

struct world {
    struct slice bodies[BODIES];
    size_t       gets;
};

static size_t
body_of(struct slice url)
{
    static const struct slice ends[] = { SL("/a"), SL("/c"), SL("/i"), SL("/p") };

    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (slice_ends(url, ends[i]))
            return i;
    return BODIES - 1;
}

static enum err_code
get(void *self, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    struct world *w = self;
    struct uri    u;
    (void)a;

    w->gets++;
    FUZZ_HOLDS(uri_is_web(url) && uri_parse(url, &u));
    if (slice_eq_nocase(u.host, SL("down.example")))
        return FAIL(e, FETCH_TIMEOUT, "down");
    *ret = (struct fetched){ .url = url,
                             .final_url = url,
                             .status = 200,
                             .body = slice_first(w->bodies[body_of(url)], max_bytes),
                             .at_s = NOW };
    if (slice_eq_nocase(u.host, SL("gone.example")))
        ret->status = 410;
    if (slice_starts(u.path, SL("/go")))
        ret->final_url = SL("https://thief.example/a");
    return ERR_NONE;
}

static void
split(struct world *w, struct slice in)
{
    for (size_t i = 0; i < BODIES; i++)
        if (!slice_next(&in, '\0', &w->bodies[i]))
            w->bodies[i] = SL("");
}

static void
show_again(struct arena *a, const struct report *r)
{
    const struct badge_docs docs = report_docs(a, r);
    struct badge_graph      graph;
    json_object            *shown;
    struct slice            text;
    struct err              e;
    size_t                  at;

    /* What was valid can be shown again from what is stored, and gives no address away. */
    FUZZ_HOLDS(badge_graph_of(a, &docs, &graph, &e) == ERR_NONE);
    FUZZ_HOLDS(slice_eq(json_print(a, graph.assertion), json_print(a, r->assertion)) &&
               slice_eq(json_print(a, graph.badge), json_print(a, r->badge)) &&
               slice_eq(json_print(a, graph.issuer), json_print(a, r->issuer)));
    FUZZ_HOLDS(badge_displayed(a, &docs, &shown, &e) == ERR_NONE);
    text = json_print(a, json_in_arena(a, shown));
    FUZZ_HOLDS(!slice_find(text, SL("learner@example.org"), &at));
}

/* By OpenSSL alone, with the public half of the key in t/fuzz/seeds. */
static bool
is_signed_by_the_seeds(struct arena *a, struct slice jws)
{
    struct slice rest = jws, header, payload, raw, signature;
    EVP_PKEY    *key;
    EVP_MD_CTX  *ctx = EVP_MD_CTX_new();
    bool         holds;

    FUZZ_HOLDS(hex_decode(a, SL(SEEDS_KEY), &raw));
    FUZZ_HOLDS(slice_next(&rest, '.', &header) && slice_next(&rest, '.', &payload) &&
               base64url_decode(a, rest, &signature));
    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)raw.p, raw.n);
    holds = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
            EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
                             (const unsigned char *)jws.p, header.n + 1 + payload.n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return holds;
}

static void
verify_at(struct world *w, struct slice input)
{
    static const struct recipient    asked[] = { { SL("email"), SL("learner@example.org") } };
    SCOPED(arena_drop) struct arena *a = arena_new();
    const struct fetcher             fetcher = { get, w };
    const struct verify_options      options = { .fetch = &fetcher,
                                                 .recipients = asked,
                                                 .recipient_count = 1,
                                                 .letter_cases = true,
                                                 .now_s = NOW };
    const struct report             *r;
    struct err                       e;

    w->gets = 0;
    r = badge_verify(a, input, &options);
    json_print(a, json_in_arena(a, report_json(a, r)));
    if (getenv("OBI_FUZZ_SHOW") != NULL) /* for whoever writes a seed */
        printf("%.*s\n", SLICE_FMT(report_lines(a, r)));
    FUZZ_HOLDS(w->gets <= LIMIT_FETCH_DOCUMENTS);
    FUZZ_HOLDS((r->status == STATUS_VALID) == (report_must_be_valid(r, &e) == ERR_NONE));
    FUZZ_HOLDS(!r->valid || r->error_count == 0);
    FUZZ_HOLDS(r->valid || r->error_count > 0);
    /* What was asked about alone is nobody's badge; endorsements say nothing against one. */
    FUZZ_HOLDS(!r->valid || r->assertion == NULL || r->status == STATUS_VALID);
    if (r->status != STATUS_VALID)
        return;
    FUZZ_HOLDS(!r->is_signed || is_signed_by_the_seeds(a, r->assertion_text));
    FUZZ_HOLDS(r->recipient.value.n > 0 && r->picture.n > 0 && r->assertion_text.n > 0);
    if (slice_starts(r->subject, SL("https://thief.example/")))
        FUZZ_HOLDS(!slice_eq(r->issuer_host, SL("issuer.example")) ||
                   /* unless issuer.example says so itself */
                   slice_find(w->bodies[2], SL("allowedOrigins"), &(size_t){ 0 }) ||
                   slice_find(w->bodies[2], SL("obi:"), &(size_t){ 0 }) ||
                   slice_find(w->bodies[2], SL("openbadges#"), &(size_t){ 0 }));
    show_again(a, r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct world w;

    if (count > 64 * KIB)
        return 0;
    split(&w, fuzz_slice(bytes, count));
    verify_at(&w, SL("https://issuer.example/a"));
    verify_at(&w, SL("https://thief.example/a"));
    verify_at(&w, SL("https://issuer.example/go/a"));
    verify_at(&w, w.bodies[0]);
    return 0;
}

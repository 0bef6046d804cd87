/* A backed assertion in the first line, and what every domain answers in the others. */
#include "auth/browserid.h"
#include "fuzz.h"

enum { NOW_S = 1400000000, MINUTES_S = 5 * 60 };

static enum err_code
get(void *document, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    const struct slice *text = document;
    (void)a;

    if (text->n > max_bytes)
        return FAIL(e, FETCH_TOO_LARGE, "%zu bytes", text->n);
    *ret = (struct fetched){ .url = url,
                             .final_url = url,
                             .status = 200,
                             .content_type = SL("application/json"),
                             .body = *text };
    return ERR_NONE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     document = fuzz_slice(bytes, count), backed = SL("");
    struct fetcher                   fetcher = { get, &document };
    struct browserid_rules           rules = { .audience = SL("https://rp.example"),
                                               .now_ms = NOW_S * 1000LL,
                                               .fetcher = &fetcher };
    struct browserid_claim           claim;
    struct err                       e = { 0 };

    slice_next(&document, '\n', &backed);
    if (document.p == NULL)
        document = SL("");
    if (auth_browserid_verify(a, &rules, backed, &claim, &e) != ERR_NONE) {
        FUZZ_HOLDS(e.code == ERR_BROWSERID && e.cause[0] != '\0');
        return 0;
    }
    FUZZ_HOLDS(slice_has_char(claim.email, '@') && claim.email.n <= LIMIT_EMAIL_BYTES);
    FUZZ_HOLDS(claim.expires_ms >= rules.now_ms &&
               claim.expires_ms <= rules.now_ms + MINUTES_S * 1000LL);
    return 0;
}

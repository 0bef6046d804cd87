/* For browserid.test.mjs: a line of JSON in, a line of verdict out.
 *   { assertion, audience, now, fallback, trusted: [], web: { "host?principal": { status, type, body } } }
 * With `verifier`, the server at that address is asked over HTTP instead. */
#include <stdio.h>

#include "auth/browserid.h"
#include "json/json.h"
#include "net/net.h"

enum { LINE_BYTES = 256 * 1024, TRUSTED_MAX = 8 };

static enum err_code
get(void *web, struct arena *a, struct slice url, size_t max_bytes, struct fetched *ret,
    struct err *e)
{
    struct slice host, principal = url, part;
    json_object *page;

    for (int i = 0; i < 3; i++)
        slice_next(&principal, '/', &host);
    slice_next(&principal, '=', &part);
    page = json_get(web, arena_printf(a, "%.*s?%.*s", SLICE_FMT(host), SLICE_FMT(principal)).p);
    if (page == NULL)
        return FAIL(e, FETCH_DNS, "no such page");
    *ret = (struct fetched){ .url = url,
                             .final_url = url,
                             .status = json_object_get_int(json_get(page, "status")),
                             .content_type = json_get_text(page, "type"),
                             .body = slice_first(json_get_text(page, "body"), max_bytes) };
    return ERR_NONE;
}

static enum err_code
post(void *fetcher, struct arena *a, struct slice url, struct slice form, size_t max_bytes,
     struct fetched *ret, struct err *e)
{
    const struct net_call call = { .url = url, .form = form };

    return net_send(*(const struct fetcher *const *)fetcher, a, &call, max_bytes, ret, e);
}

static enum err_code
verdict(struct arena *a, struct net *net, const struct browserid_rules *rules, json_object *asked,
        struct browserid_claim *ret, struct err *e)
{
    const struct fetcher       *fetcher = net_fetcher(net, a, NET_SIGNED_IN);
    const struct browserid_post to = { post, &fetcher };
    struct slice                verifier = json_get_text(asked, "verifier");
    struct slice                backed = json_get_text(asked, "assertion");

    if (verifier.n > 0)
        return auth_browserid_ask(a, rules, &to, verifier, backed, ret, e);
    return auth_browserid_verify(a, rules, backed, ret, e);
}

static void
answer(struct arena *a, struct net *net, json_object *asked)
{
    struct fetcher         fetcher = { get, json_get(asked, "web") };
    struct slice           trusted[TRUSTED_MAX];
    json_object           *list = json_get(asked, "trusted");
    struct browserid_rules rules = { .audience = json_get_text(asked, "audience"),
                                     .fallback = json_get_text(asked, "fallback"),
                                     .trusted = { trusted, 0 },
                                     .now_ms = json_object_get_int64(json_get(asked, "now")),
                                     .fetcher = &fetcher };
    struct browserid_claim claim;
    struct err             e;

    for (size_t i = 0; list != NULL && i < json_object_array_length(list) && i < TRUSTED_MAX; i++)
        trusted[rules.trusted.count++] = json_text(json_object_array_get_idx(list, i));
    if (verdict(a, net, &rules, asked, &claim, &e) == ERR_NONE)
        printf("okay %.*s\n", SLICE_FMT(claim.email));
    else
        printf("failure %s\n", e.cause);
}

int
main(void)
{
    SCOPED(arena_drop) struct arena *a = arena_new(), *forever = arena_new();
    static char                      line[LINE_BYTES];
    struct slice                     here = SL("127.0.0.1/32");
    struct conf                     *conf = conf_defaults(forever);
    struct net                      *net;
    struct err                       e;

    conf->fetch_allow_net = (struct conf_list){ &here, 1 };
    if (net_new(conf, &net, &e) != ERR_NONE)
        return 1;
    while (fgets(line, sizeof line, stdin) != NULL) {
        json_object *asked = NULL;

        if (json_parse(slice_str(line), &asked, &e) != ERR_NONE)
            printf("failure no case: %s\n", e.cause);
        else
            answer(a, net, json_in_arena(a, asked));
        arena_empty(a);
    }
    net_free(net);
    return 0;
}

/* What a provider answers. Its metadata and keys are kept in memcached. */
#include "oidc_int.h"

#include "cache/cache.h"
#include "core/digest.h"
#include "json/json.h"

enum { ANSWER_BYTES = 64 * KIB, KEPT_S = 600, AWAY_S = 30, AGAIN_S = 60 };

static struct slice
key_of(const struct oidc_talk *t, const char *kind, struct slice what)
{
    struct sha256 hash = sha256_of(what);

    return arena_printf(
        t->r->arena, "oidc-%s:%s", kind,
        hex_encode(t->r->arena, (struct slice){ (const char *)hash.bytes, sizeof hash.bytes }).p);
}

/* A provider that hangs would hold a worker for each try: it is left alone for a while. */
static enum err_code
note_failure(const struct oidc_talk *t, struct err *e)
{
    struct slice why = arena_printf(t->r->arena, "%.*s: %s: %s", SLICE_FMT(t->p->name),
                                    err_name(e->code), e->detail);

    if (e->code == ERR_FETCH_TIMEOUT)
        cache_put(t->r->app->cache, key_of(t, "away", t->p->issuer), SL("1"), AWAY_S);
    return FAIL(e, OIDC_AWAY, "%s", why.p);
}

/* RFC 6749, 5.2: what the operator needs to know of a refusal is a word. */
static struct slice
refusal_of(const struct oidc_talk *t, struct slice body)
{
    json_object *doc = NULL;
    struct err   ignored;

    if (json_parse(body, &doc, &ignored) != ERR_NONE)
        return SL("");
    return slice_first(json_get_text(json_in_arena(t->r->arena, doc), "error"), 60);
}

enum err_code
oidc_talk_ask(struct oidc_talk *t, const struct net_call *call, struct slice *ret_body,
              struct err *e)
{
    struct fetched got;
    struct slice   said;

    if (cache_get(t->r->app->cache, t->r->arena, key_of(t, "away", t->p->issuer), &said) ==
        CACHE_HIT)
        return FAIL(e, OIDC_AWAY, "%.*s did not answer in time", SLICE_FMT(t->p->name));
    if (net_send(t->fetcher, t->r->arena, call, ANSWER_BYTES, &got, e) != ERR_NONE)
        return note_failure(t, e);
    if (got.status >= 500)
        return FAIL(e, OIDC_AWAY, "%.*s: status %d", SLICE_FMT(t->p->name), got.status);
    if (got.status != 200) {
        said = refusal_of(t, got.body);
        return FAIL(e, OIDC_ANSWER, "%.*s: status %d %.*s", SLICE_FMT(t->p->name), got.status,
                    SLICE_FMT(said));
    }
    *ret_body = got.body;
    return ERR_NONE;
}

/* A document as it was kept, or from the provider; *ret_is_new says to keep it when it has been found
 * good. */
static enum err_code
document(struct oidc_talk *t, struct slice url, bool again, struct slice *ret, bool *ret_is_new,
         struct err *e)
{
    struct net_call call = { .url = url };

    *ret_is_new =
        again || cache_get(t->r->app->cache, t->r->arena, key_of(t, "said", url), ret) != CACHE_HIT;
    return *ret_is_new ? oidc_talk_ask(t, &call, ret, e) : ERR_NONE;
}

static void
keep(const struct oidc_talk *t, struct slice url, struct slice text)
{
    cache_put(t->r->app->cache, key_of(t, "said", url), text, KEPT_S);
}

enum err_code
oidc_talk_begin(const struct req *r, const struct oidc_provider *p, struct oidc_talk *ret,
                struct err *e)
{
    struct slice issuer =
        slice_ends(p->issuer, SL("/")) ? slice_first(p->issuer, p->issuer.n - 1) : p->issuer;
    struct slice url =
        arena_printf(r->arena, "%.*s/.well-known/openid-configuration", SLICE_FMT(issuer));
    struct slice  text;
    bool          is_new;
    enum err_code rc;

    /* The operator has named it: what is open to people who are signed in is open to this. */
    *ret = (struct oidc_talk){ .r = r,
                               .p = p,
                               .fetcher = net_fetcher(r->app->net, r->arena, NET_SIGNED_IN) };
    if ((rc = document(ret, url, false, &text, &is_new, e)) != ERR_NONE ||
        (rc = oidc_metadata_read(r->arena, text, p->issuer, &ret->at, e)) != ERR_NONE)
        return rc;
    if (is_new)
        keep(ret, url, text);
    return ERR_NONE;
}

enum err_code
oidc_talk_keys(struct oidc_talk *t, bool again, struct jwks **ret, struct err *e)
{
    struct slice  text;
    bool          is_new;
    enum err_code rc;

    /* Whoever can make a token name any key must not make us ask for keys without end. */
    if (again && !cache_take(t->r->app->cache, key_of(t, "again", t->p->issuer), AGAIN_S))
        return FAIL(e, OIDC_KEY, "%.*s: a key that was not there a minute ago",
                    SLICE_FMT(t->p->name));
    if ((rc = document(t, t->at.jwks, again, &text, &is_new, e)) != ERR_NONE)
        return rc;
    if (jwks_parse(t->r->arena, text, ret, e) != ERR_NONE)
        return FAIL(e, OIDC_ANSWER, "%.*s: its keys are no JWK Set", SLICE_FMT(t->p->name));
    if (is_new)
        keep(t, t->at.jwks, text);
    return ERR_NONE;
}

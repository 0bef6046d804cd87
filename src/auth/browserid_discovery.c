/* Who vouches for a domain: /.well-known/browserid, with delegation, kept in memcached. */
#include "browserid_int.h"

#include "cache/cache.h"
#include "core/limits.h"
#include "core/sbuf.h"
#include "core/uri.h"

enum { DELEGATIONS_MAX = 5, KEYS_MAX = 16, KEPT_S = 300, KEPT_S_MAX = 6 * 3600 };

/* ---- one document ------------------------------------------------------------------------------ */

struct support {
    bool                  disabled;
    struct slice          authority; /* whom it delegates to; empty: nobody */
    struct browserid_key *keys;
    size_t                key_count;
};

static enum err_code
malformed(struct arena *a, struct slice domain, const char *why, struct err *e)
{
    return REFUSE(a, e, "bad support document for '%.*s': %s", SLICE_FMT(domain), why);
}

/* As the library does, which takes no query and no fragment. */
static bool
is_path(struct arena *a, struct slice path)
{
    struct uri u;

    return path.n > 0 && path.p[0] == '/' &&
           uri_parse(arena_printf(a, "http://example.com%.*s", SLICE_FMT(path)), &u) &&
           slice_eq(u.path, path);
}

static bool
is_for_signing(json_object *key)
{
    struct slice use = json_get_text(key, "use");

    return use.n == 0 || slice_eq(use, SL("sig"));
}

static bool
add_key(struct arena *a, json_object *doc, struct support *ret)
{
    return ret->key_count < KEYS_MAX && browserid_key_read(a, doc, &ret->keys[ret->key_count]) &&
           ++ret->key_count > 0;
}

static bool
read_keys(struct arena *a, json_object *doc, struct support *ret)
{
    json_object *one = json_get(doc, "public-key"), *keys = json_get(doc, "keys");

    ret->keys = ARENA_ARRAY(a, struct browserid_key, KEYS_MAX);
    if ((one != NULL && !add_key(a, one, ret)) || (keys != NULL && !json_is_array(keys)))
        return false;
    for (size_t i = 0; keys != NULL && i < json_object_array_length(keys); i++) {
        json_object *key = json_object_array_get_idx(keys, i);

        if (is_for_signing(key) && !add_key(a, key, ret))
            return false;
    }
    return ret->key_count > 0;
}

/* A member that is there says something, so it must make sense. */
static enum err_code
support_read(struct arena *a, struct slice domain, struct slice text, struct support *ret,
             struct err *e)
{
    json_object *doc = NULL, *member;

    *ret = (struct support){ .disabled = false };
    if (json_parse(text, &doc, e) != ERR_NONE)
        return malformed(a, domain, "declaration of support is malformed (invalid json)", e);
    json_in_arena(a, doc);
    if (!json_is_object(doc))
        return malformed(a, domain, "support document must contain a json object", e);
    if (json_object_object_get_ex(doc, "disabled", &member)) {
        if (!json_object_is_type(member, json_type_boolean))
            return malformed(a, domain, "disabled must be either true or false", e);
        if ((ret->disabled = json_object_get_boolean(member)))
            return ERR_NONE;
    }
    if (json_object_object_get_ex(doc, "authority", &member)) {
        ret->authority = json_text(member);
        return browserid_domain_ok(ret->authority)
                   ? ERR_NONE
                   : malformed(a, domain, "the authority is not a valid hostname", e);
    }
    if (!is_path(a, json_get_text(doc, "authentication")) ||
        !is_path(a, json_get_text(doc, "provisioning")))
        return malformed(a, domain, "it lacks the path of authentication or provisioning", e);
    return read_keys(a, doc, ret) ? ERR_NONE
                                  : malformed(a, domain, "mal-formed or missing public keys", e);
}

/* ---- fetching it --------------------------------------------------------------------------------- */

static enum err_code
no_primary(struct arena *a, struct slice domain, const char *why, struct err *e)
{
    return REFUSE(a, e, "%.*s is not a browserid primary - %s", SLICE_FMT(domain), why);
}

static enum err_code
check_answer(struct arena *a, struct slice domain, const struct fetched *got, struct err *e)
{
    if (!slice_eq(got->final_url, got->url) || (got->status >= 300 && got->status < 400))
        return no_primary(a, domain, "redirection not supported for support documents", e);
    if (got->status != 200)
        return no_primary(a, domain, "non-200 response code to /.well-known/browserid", e);
    if (!slice_starts(got->content_type, SL("application/json")))
        return no_primary(a, domain, "non \"application/json\" response to /.well-known/browserid",
                          e);
    return ERR_NONE;
}

static struct slice
cache_name(struct arena *a, struct slice domain, struct slice principal)
{
    const struct slice parts[] = { domain, SL("?"), principal };
    struct sha256      hash = sha256_of_parts(parts, COUNT_OF(parts));

    return arena_printf(
        a, "browserid:%.*s",
        SLICE_FMT(hex_encode(a, (struct slice){ (const char *)hash.bytes, SHA256_BYTES })));
}

/* Kept as long as its domain says, within bounds: an authority that replaces a stolen key waits no longer. */
static void
keep(const struct browserid_rules *rules, struct slice name, const struct fetched *got)
{
    int64_t ttl_s = got->fresh_s < 0 ? KEPT_S : got->fresh_s;

    if (ttl_s > 0)
        cache_put(rules->cache, name, got->body, ttl_s > KEPT_S_MAX ? KEPT_S_MAX : ttl_s);
}

static enum err_code
support_get(struct arena *a, const struct browserid_rules *rules, struct slice domain,
            struct slice principal, struct support *ret, struct err *e)
{
    struct slice   name = cache_name(a, domain, principal), text;
    struct fetched got;
    enum err_code  rc;

    if (cache_get(rules->cache, a, name, &text) == CACHE_HIT)
        return support_read(a, domain, text, ret, e);
    rc = rules->fetcher->get(rules->fetcher->self, a,
                             arena_printf(a, "https://%.*s/.well-known/browserid?domain=%.*s",
                                          SLICE_FMT(domain), SLICE_FMT(principal)),
                             LIMIT_JSON_BYTES, &got, e);
    if (rc != ERR_NONE)
        return no_primary(a, domain, err_sentence(rc), e);
    if ((rc = check_answer(a, domain, &got, e)) != ERR_NONE ||
        (rc = support_read(a, domain, got.body, ret, e)) != ERR_NONE)
        return rc;
    keep(rules, name, &got);
    return ERR_NONE;
}

/* ---- delegation ---------------------------------------------------------------------------------- */

static struct slice
chain_text(struct arena *a, const struct slice *chain, size_t count)
{
    struct sbuf text;

    sbuf_init(&text, a);
    for (size_t i = 0; i < count; i++)
        sbuf_printf(&text, "%s%.*s", i == 0 ? "" : " > ", SLICE_FMT(chain[i]));
    return sbuf_slice(&text);
}

/* The principal's domain is asked about through all hops, so that a bridge can answer for each by itself. */
enum err_code
browserid_lookup(struct arena *a, const struct browserid_rules *rules, struct slice domain,
                 struct slice principal, struct browserid_authority *ret, struct err *e)
{
    struct slice   chain[DELEGATIONS_MAX + 1] = { domain };
    struct support found;
    enum err_code  rc;

    for (size_t count = 1;; count++) {
        if ((rc = support_get(a, rules, chain[count - 1], principal, &found, e)) != ERR_NONE)
            return rc;
        if (found.authority.n == 0) {
            *ret = (struct browserid_authority){ chain[count - 1], found.disabled, found.keys,
                                                 found.key_count };
            return ERR_NONE;
        }
        for (size_t i = 0; i < count; i++)
            if (slice_eq(chain[i], found.authority))
                return REFUSE(a, e, "Circular reference in delegating authority: %.*s",
                              SLICE_FMT(chain_text(a, chain, count)));
        if (count > DELEGATIONS_MAX)
            return REFUSE(a, e, "Too many hops while delegating authority: %.*s",
                          SLICE_FMT(chain_text(a, chain, count)));
        chain[count] = found.authority;
    }
}

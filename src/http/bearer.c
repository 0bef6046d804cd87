/* Who a request comes from, by a token of Backpack Connect. */
#include "core/clock.h"
#include "core/digest.h"
#include "http_int.h"

enum { ENCODED_CHARS = 60 }; /* the base64 of a token */

/* As it is, or in base64, as the original's clients send it. */
static struct slice
token_of(const struct req *r)
{
    struct slice rest = req_header(r, "Authorization"), scheme, token;

    if (!slice_next(&rest, ' ', &scheme) || !slice_eq_nocase(scheme, SL("Bearer")))
        return SLICE_NONE;
    rest = slice_trim(rest);
    if (rest.n == ENCODED_CHARS && base64_decode(r->arena, rest, &token))
        return token;
    return rest;
}

static bool
has_scope(struct slice scopes, struct slice wanted)
{
    struct slice word;

    while (slice_next(&scopes, ' ', &word))
        if (slice_eq(word, wanted))
            return true;
    return false;
}

enum err_code
bearer_find(struct exchange *x, struct err *e)
{
    struct req   *r = &x->req;
    struct slice  token, origin;
    enum err_code rc;

    if (r->route->who != BEARER)
        return ERR_NONE;
    token = token_of(r);
    origin = req_header(r, "Origin");
    if (token.n == 0)
        return FAIL(e, TOKEN_MISSING, "no bearer token");
    rc = store_connect_find(r->db, token, &x->grant, &x->user, e);
    if (rc == ERR_NOT_FOUND)
        return FAIL(e, TOKEN_UNKNOWN, "a token of %zu bytes", token.n);
    if (rc != ERR_NONE)
        return rc;
    if (x->grant.access_expires_at_s <= clock_now_s())
        return FAIL(e, TOKEN_EXPIRED, "since %lld s",
                    (long long)(clock_now_s() - x->grant.access_expires_at_s));
    if (!has_scope(x->grant.scope, slice_str(r->route->scope)))
        return FAIL(e, TOKEN_SCOPE, "not %s", r->route->scope);
    if (origin.p != NULL && !slice_eq(origin, x->grant.origin))
        return FAIL(e, TOKEN_ORIGIN, "a page of another origin");
    r->user = &x->user;
    r->grant = &x->grant;
    return ERR_NONE;
}

/* What a provider says of itself: its addresses, and what it takes. */
#include "auth/oidc.h"

#include "core/uri.h"
#include "json/json.h"

/* An address of the provider's. One without TLS is taken only where the operator has named an issuer
 * without. */
static bool
read_endpoint(struct arena *a, json_object *doc, const char *name, struct slice issuer,
              struct slice *ret)
{
    struct slice url = json_get_text(doc, name);
    struct uri   u;

    if (!uri_is_web(url) || !uri_parse(url, &u) || u.fragment.p != NULL ||
        (slice_starts_nocase(issuer, SL("https:")) && !slice_eq_nocase(u.scheme, SL("https"))))
        return false;
    *ret = arena_copy(a, url);
    return true;
}

static bool
list_has(json_object *list, struct slice text)
{
    for (size_t i = 0; json_is_array(list) && i < json_object_array_length(list); i++)
        if (slice_eq(json_text(json_object_array_get_idx(list, i)), text))
            return true;
    return false;
}

enum err_code
oidc_metadata_read(struct arena *a, struct slice text, struct slice issuer,
                   struct oidc_endpoints *ret, struct err *e)
{
    SCOPED(json_drop) json_object *doc = NULL;
    struct oidc_endpoints          got = { .userinfo = SLICE_NONE };
    json_object                   *methods;

    if (json_parse(text, &doc, e) != ERR_NONE)
        return FAIL(e, OIDC_ANSWER, "metadata that is no JSON");
    if (!slice_eq(json_get_text(doc, "issuer"), issuer))
        return FAIL(e, OIDC_ANSWER, "metadata of another issuer");
    if (!read_endpoint(a, doc, "authorization_endpoint", issuer, &got.authorization) ||
        !read_endpoint(a, doc, "token_endpoint", issuer, &got.token) ||
        !read_endpoint(a, doc, "jwks_uri", issuer, &got.jwks) ||
        (json_get(doc, "userinfo_endpoint") != NULL &&
         !read_endpoint(a, doc, "userinfo_endpoint", issuer, &got.userinfo)))
        return FAIL(e, OIDC_ANSWER,
                    "metadata without an address that is needed, or with a bad one");
    methods = json_get(doc, "token_endpoint_auth_methods_supported");
    got.secret_in_form = !list_has(methods, SL("client_secret_basic")) &&
                         list_has(methods, SL("client_secret_post"));
    got.names_itself = json_get_bool(doc, "authorization_response_iss_parameter_supported");
    *ret = got;
    return ERR_NONE;
}

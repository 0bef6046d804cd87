/* Backpack Connect, for an issuer's server: in the statuses and texts of mozilla/openbadges-backpack 2.0.3. */
#include "api_int.h"
#include "core/digest.h"
#include "core/rand.h"
#include "store/connect.h"

/* A page may read what belongs to its own origin; that anything failed may be read by all. */
static void
put_origin(const struct req *r, struct resp *out, struct slice origin)
{
    resp_header(out, "Vary", SL("Origin"));
    resp_header(out, "Access-Control-Expose-Headers", SL("WWW-Authenticate"));
    if (req_header(r, "Origin").p != NULL)
        resp_header(out, "Access-Control-Allow-Origin", origin);
}

enum err_code
api_preflight(struct req *r, struct resp *out, struct err *e)
{
    (void)r;
    (void)e;
    resp_header(out, "Access-Control-Allow-Origin", SL("*"));
    resp_header(out, "Access-Control-Allow-Methods", SL("GET, POST"));
    resp_header(out, "Access-Control-Allow-Headers", SL("Content-Type, Authorization"));
    resp_header(out, "Access-Control-Expose-Headers", SL("WWW-Authenticate"));
    resp_header(out, "Access-Control-Max-Age", SL("86400"));
    return reply_bytes(out, 200, "text/plain; charset=utf-8", SL(""));
}

static const struct {
    enum err_code code;
    const char   *error; /* RFC 6750, 3.1; NULL: none is said */
    const char   *text;
} refusals[] = {
    { ERR_TOKEN_MISSING, NULL, "access token expected" },
    { ERR_TOKEN_UNKNOWN, "invalid_token", "Unknown access token" },
    { ERR_TOKEN_EXPIRED, "invalid_token", "The access token expired" },
    { ERR_TOKEN_SCOPE, "insufficient_scope", "Scope 'issue' is required" },
    { ERR_TOKEN_ORIGIN, NULL, "invalid origin" },
};

static struct slice
refusal_text(const struct req *r, struct resp *out, const struct err *e)
{
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        const char *error = refusals[i].error, *text = refusals[i].text;

        if (refusals[i].code != e->code)
            continue;
        resp_header(out, "WWW-Authenticate",
                    error == NULL ? SL("Bearer realm=\"openbadges\"")
                                  : arena_printf(r->arena,
                                                 "Bearer realm=\"openbadges\", error=\"%s\", "
                                                 "error_description=\"%s\"",
                                                 error, text));
        return error == NULL ? slice_str(text) : arena_printf(r->arena, "%s: %s", error, text);
    }
    return slice_str(e->cause[0] != '\0' ? e->cause : err_sentence(e->code));
}

static enum err_code
refuse(struct err *e, struct slice text)
{
    (void)FAIL(e, BAD_REQUEST, "%s", text.p);
    err_set_cause_text(e, text);
    return e->code;
}

/* A field that is there twice is none. */
static struct slice
only(const struct fields *from, const char *name)
{
    struct slice value = SLICE_NONE;

    for (size_t i = 0; i < from->count; i++) {
        if (!slice_eq(from->items[i].name, slice_str(name)))
            continue;
        if (value.p != NULL)
            return SLICE_NONE;
        value = from->items[i].value;
    }
    return value;
}

static struct slice
input_of(const struct req *r)
{
    struct slice badge = only(&r->form, "badge");

    return badge.p != NULL ? badge : only(&r->form, "assertion");
}

void
api_connect_fail(struct req *r, const struct err *e, struct resp *out)
{
    put_origin(r, out, r->grant != NULL ? r->grant->origin : SL("*"));
    if (r->unstored != NULL)
        (void)reply_json(out, err_status(e->code), issue_down(r, input_of(r), e));
    else
        (void)reply_bytes(out, err_status(e->code), "text/plain; charset=utf-8",
                          arena_copy(r->arena, refusal_text(r, out, e)));
}

static enum err_code
tokens_for(struct req *r, struct connect_tokens *ret, struct slice *ret_origin, struct err *e)
{
    struct slice  type = only(&r->form, "grant_type"), origin = req_header(r, "Origin");
    enum err_code rc;

    if (r->form.count == 0)
        return refuse(e, SL("body expected"));
    if (slice_eq(type, SL("refresh_token"))) {
        rc = store_connect_refresh(r->db, only(&r->form, "refresh_token"), origin, ret, ret_origin,
                                   e);
        return rc == ERR_NOT_FOUND ? refuse(e, SL("invalid refresh_token")) : rc;
    }
    if (slice_eq(type, SL("authorization_code"))) {
        rc = store_connect_use_code(r->db, only(&r->form, "code"), only(&r->form, "code_verifier"),
                                    origin, ret, ret_origin, e);
        return rc == ERR_NOT_FOUND ? refuse(e, SL("invalid code")) : rc;
    }
    return refuse(e, SL("invalid grant_type"));
}

enum err_code
api_token(struct req *r, struct resp *out, struct err *e)
{
    struct connect_tokens tokens;
    struct slice          origin;
    json_object          *doc;
    enum err_code         rc;

    if ((rc = tokens_for(r, &tokens, &origin, e)) != ERR_NONE)
        return rc;
    put_origin(r, out, origin);
    doc = json_object_new_object();
    json_put_number(doc, "expires", CONNECT_ACCESS_S);
    json_put_text(doc, "access_token", tokens.access);
    json_put_text(doc, "refresh_token", tokens.refresh);
    return reply_json(out, 200, doc);
}

enum err_code
api_identity(struct req *r, struct resp *out, struct err *e)
{
    struct slice salt = rand_token(r->arena);
    struct slice salted =
        arena_printf(r->arena, "%.*s%.*s", SLICE_FMT(r->user->email), SLICE_FMT(salt));
    json_object *doc = json_object_new_object();

    (void)e;
    put_origin(r, out, r->grant->origin);
    json_put_text(doc, "recipient",
                  arena_printf(r->arena, "sha256$%s", digest_hex(r->arena, "sha256", salted).p));
    json_put_text(doc, "salt", salt);
    json_put_text(doc, "type", SL("email"));
    return reply_json(out, 200, doc);
}

enum err_code
api_push(struct req *r, struct resp *out, struct err *e)
{
    const struct api_issue issue = { .user = r->user->id,
                                     .input = input_of(r),
                                     .origin = r->grant->origin };

    put_origin(r, out, r->grant->origin);
    return api_issue_answer(r, out, &issue, e);
}

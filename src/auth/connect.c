#include "auth/connect.h"

#include "core/digest.h"
#include "core/sbuf.h"
#include "core/uri.h"
#include "http/form.h"
#include "http/view.h"
#include "store/connect.h"

enum { CHALLENGE_CHARS = 43, ORIGIN_BYTES = 255 };

static const struct slice known_scopes[] = { SL("issue") };

static enum err_code
refuse(struct err *e, const char *field, struct slice text)
{
    (void)FAIL(e, FIELD_INVALID, "connect");
    err_set_field(e, slice_str(field));
    err_set_cause_text(e, text);
    return e->code;
}

static enum err_code
expect(struct err *e, const char *field, struct slice text)
{
    (void)FAIL(e, FIELD_MISSING, "connect");
    err_set_field(e, slice_str(field));
    err_set_cause_text(e, text);
    return e->code;
}

/* Whoever sends a field twice wants two readers to see two things. */
static enum err_code
take_field(struct arena *a, const struct fields *from, const char *name, struct slice *ret,
           struct err *e)
{
    *ret = SLICE_NONE;
    for (size_t i = 0; i < from->count; i++) {
        if (!slice_eq(from->items[i].name, slice_str(name)))
            continue;
        if (ret->p != NULL)
            return refuse(e, name, arena_printf(a, "invalid %s: sent twice", name));
        *ret = from->items[i].value;
    }
    return ERR_NONE;
}

static bool
is_plain_host(struct slice host)
{
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];

        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
              c == '.'))
            return false;
    }
    return host.n > 0;
}

static bool
is_port(struct slice port)
{
    unsigned long long number;

    return port.n == 0 || (port.p[0] != '0' && slice_u64(port, 65535, &number));
}

/* http is for whoever tries it on this very machine. */
static bool
is_protected(const struct uri *u)
{
    return slice_eq_nocase(u->scheme, SL("https")) ||
           (slice_eq_nocase(u->scheme, SL("http")) &&
            (slice_eq_nocase(u->host, SL("localhost")) || slice_eq(u->host, SL("127.0.0.1"))));
}

/* What stands in the page's policy and before a learner's eyes is a host by the letter, so that both mean the
 * one that the browser goes to. */
static enum err_code
check_callback(struct arena *a, struct connect_ask *ask, struct err *e)
{
    struct uri u = { 0 };

    if (!uri_parse(ask->callback, &u) || u.authority.p == NULL)
        return refuse(e, "callback", SL("invalid callback: invalid origin host"));
    if (!is_protected(&u))
        return refuse(e, "callback", SL("invalid callback: invalid origin protocol"));
    ask->origin = uri_origin(a, ask->callback);
    if (ask->origin.p == NULL || ask->origin.n > ORIGIN_BYTES || !is_plain_host(u.host) ||
        !is_port(u.port))
        return refuse(e, "callback", SL("invalid callback: invalid origin host"));
    return ERR_NONE;
}

static bool
is_known(struct slice scope)
{
    for (size_t i = 0; i < COUNT_OF(known_scopes); i++)
        if (slice_eq(scope, known_scopes[i]))
            return true;
    return false;
}

static bool
has_word(struct slice words, struct slice word)
{
    struct slice have;

    while (slice_next(&words, ' ', &have))
        if (slice_eq(have, word))
            return true;
    return false;
}

static void
add_word(struct sbuf *to, const char *between, struct slice word)
{
    if (to->n > 0)
        sbuf_add_str(to, between);
    sbuf_add(to, word);
}

static enum err_code
check_scope(struct arena *a, struct connect_ask *ask, struct err *e)
{
    char        *blanks = arena_str(a, ask->scope);
    struct slice rest = { blanks, ask->scope.n }, word;
    struct sbuf  good, bad;

    for (size_t i = 0; i < rest.n; i++)
        if (blanks[i] == ',')
            blanks[i] = ' ';
    sbuf_init(&good, a);
    sbuf_init(&bad, a);
    while (slice_next(&rest, ' ', &word)) {
        if (word.n == 0)
            continue;
        if (!is_known(word))
            add_word(&bad, ", ", word);
        else if (!has_word(sbuf_slice(&good), word))
            add_word(&good, " ", word);
    }
    if (bad.n > 0)
        return refuse(e, "scope",
                      arena_printf(a, "invalid scope: invalid permission(s): %.*s",
                                   SLICE_FMT(sbuf_slice(&bad))));
    ask->scope = sbuf_slice(&good);
    return ask->scope.n > 0 ? ERR_NONE : expect(e, "scope", SL("scope expected"));
}

/* RFC 7636, 4.3; `plain` is not offered. */
static enum err_code
check_challenge(struct arena *a, struct connect_ask *ask, struct slice method, struct err *e)
{
    if (ask->challenge.p == NULL && method.p == NULL)
        return ERR_NONE;
    if (ask->challenge.n != CHALLENGE_CHARS ||
        !base64url_decode(a, ask->challenge, &ask->challenge_hash))
        return refuse(e, "code_challenge", SL("invalid code_challenge"));
    return slice_eq(method, SL("S256"))
               ? ERR_NONE
               : refuse(e, "code_challenge_method", SL("invalid code_challenge_method"));
}

static void
add_pair(struct arena *a, struct sbuf *to, char before, const char *name, struct slice value)
{
    sbuf_add_char(to, before);
    sbuf_add_str(to, name);
    sbuf_add_char(to, '=');
    sbuf_add(to, uri_escape(a, value));
}

static enum err_code
write_path(struct arena *a, struct connect_ask *ask, struct err *e)
{
    struct sbuf path;

    sbuf_init(&path, a);
    sbuf_add_str(&path, "/access");
    add_pair(a, &path, '?', "callback", ask->callback);
    add_pair(a, &path, '&', "scope", ask->scope);
    if (ask->state.p != NULL)
        add_pair(a, &path, '&', "state", ask->state);
    if (ask->challenge.p != NULL) {
        add_pair(a, &path, '&', "code_challenge", ask->challenge);
        add_pair(a, &path, '&', "code_challenge_method", SL("S256"));
    }
    ask->path = sbuf_slice(&path);
    return ask->path.n <= LIMIT_NEXT_BYTES
               ? ERR_NONE
               : refuse(e, "callback", SL("invalid callback: too long together with state"));
}

enum err_code
auth_connect_read(const struct req *r, const struct fields *from, struct connect_ask *ret,
                  struct err *e)
{
    struct arena      *a = r->arena;
    struct connect_ask ask;
    struct slice       method;
    enum err_code      rc;

    if ((rc = take_field(a, from, "callback", &ask.callback, e)) != ERR_NONE ||
        (rc = take_field(a, from, "scope", &ask.scope, e)) != ERR_NONE ||
        (rc = take_field(a, from, "state", &ask.state, e)) != ERR_NONE ||
        (rc = take_field(a, from, "code_challenge", &ask.challenge, e)) != ERR_NONE ||
        (rc = take_field(a, from, "code_challenge_method", &method, e)) != ERR_NONE)
        return rc;
    if (ask.callback.n == 0)
        return expect(e, "callback", SL("callback expected"));
    if (ask.scope.n == 0)
        return expect(e, "scope", SL("scope expected"));
    if ((rc = check_callback(a, &ask, e)) != ERR_NONE || (rc = check_scope(a, &ask, e)) != ERR_NONE)
        return rc;
    if (ask.state.n > CONNECT_STATE_BYTES)
        return refuse(e, "state", SL("invalid state: too long"));
    if ((rc = check_challenge(a, &ask, method, e)) != ERR_NONE ||
        (rc = write_path(a, &ask, e)) != ERR_NONE)
        return rc;
    *ret = ask;
    return ERR_NONE;
}

/* What an answer says; a callback that brings one of these itself would say it in our name. */
static bool
is_ours(struct arena *a, struct slice pair)
{
    static const struct slice names[] = {
        SL("access_token"), SL("refresh_token"), SL("expires"), SL("api_root"),
        SL("code"),         SL("state"),         SL("error"),
    };
    struct slice raw, name;

    if (!slice_next(&pair, '=', &raw) || !percent_decode(a, raw, true, &name))
        return false;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_eq(name, names[i]))
            return true;
    return false;
}

struct pair {
    const char  *name;
    struct slice value; /* p NULL: left out */
};

/* Behind what the callback's query has, before its fragment. */
static struct slice
callback_with(struct arena *a, const struct connect_ask *ask, const struct pair *pairs,
              size_t count)
{
    struct slice rest = ask->callback, base, query, pair;
    struct sbuf  to;
    char         before = '?';

    (void)slice_next(&rest, '#', &query);
    (void)slice_next(&query, '?', &base);
    sbuf_init(&to, a);
    sbuf_add(&to, base);
    while (slice_next(&query, '&', &pair)) {
        if (pair.n == 0 || is_ours(a, pair))
            continue;
        sbuf_add_char(&to, before);
        sbuf_add(&to, pair);
        before = '&';
    }
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].value.p == NULL)
            continue;
        add_pair(a, &to, before, pairs[i].name, pairs[i].value);
        before = '&';
    }
    if (rest.p != NULL) {
        sbuf_add_char(&to, '#');
        sbuf_add(&to, rest);
    }
    return sbuf_slice(&to);
}

static enum err_code
accept_with_code(const struct req *r, const struct connect_ask *ask, struct slice *ret,
                 struct err *e)
{
    struct slice  code;
    enum err_code rc;

    if ((rc = store_connect_grant_code(r->db, r->user->id, ask->origin, ask->scope,
                                       ask->challenge_hash, &code, e)) != ERR_NONE)
        return rc;
    *ret = callback_with(r->arena, ask,
                         (const struct pair[]){ { "code", code },
                                                { "api_root", view_absolute(r, SL("/api")) },
                                                { "state", ask->state } },
                         3);
    return ERR_NONE;
}

enum err_code
auth_connect_accept(const struct req *r, const struct connect_ask *ask, struct slice *ret,
                    struct err *e)
{
    struct connect_tokens tokens;
    enum err_code         rc;

    if (ask->challenge.p != NULL)
        return accept_with_code(r, ask, ret, e);
    if ((rc = store_connect_grant(r->db, r->user->id, ask->origin, ask->scope, &tokens, e)) !=
        ERR_NONE)
        return rc;
    *ret = callback_with(
        r->arena, ask,
        (const struct pair[]){ { "access_token", tokens.access },
                               { "refresh_token", tokens.refresh },
                               { "expires", arena_printf(r->arena, "%d", CONNECT_ACCESS_S) },
                               { "api_root", view_absolute(r, SL("/api")) },
                               { "state", ask->state } },
        5);
    return ERR_NONE;
}

struct slice
auth_connect_denied(struct arena *a, const struct connect_ask *ask)
{
    return callback_with(
        a, ask, (const struct pair[]){ { "error", SL("access_denied") }, { "state", ask->state } },
        2);
}

/* Documents of a badge: each asked for once, all of them counted. */
#include "badge_int.h"
#include "core/digest.h"
#include "core/uri.h"

struct report_document *
document_find(const struct report *r, struct slice url)
{
    for (size_t i = 0; i < r->document_count; i++)
        if (slice_eq(r->documents[i].got.url, url))
            return &r->documents[i];
    return NULL;
}

/* Fragments are not sent, so two addresses that differ only there are one document. */
struct slice
without_fragment(struct slice url)
{
    size_t at;

    return slice_find(url, SL("#"), &at) ? slice_first(url, at) : url;
}

static void
ask(struct work *w, struct report_document *d, struct slice url, size_t max_bytes)
{
    struct err e = { 0 };

    if (w->o->fetch == NULL)
        d->code = FAIL(&e, FETCH_REFUSED, "no fetcher");
    else if (!uri_is_web(url))
        d->code = FAIL(&e, FETCH_URL, "no web address");
    else
        d->code = w->o->fetch->get(w->o->fetch->self, w->a, url, max_bytes, &d->got, &e);
    d->got.url = url;
    if (d->code == ERR_NONE) {
        w->held_bytes += d->got.body.n;
        d->sha256_hex = digest_hex(w->a, "sha256", d->got.body);
        if (d->got.final_url.n == 0)
            d->got.final_url = url;
        return;
    }
    d->got.at_s = w->now_s;
    d->why = failure_of(w, &e);
    d->cause = cause_text(w->a, &d->why);
}

struct report_document *
document_add(struct work *w, const char *role)
{
    struct report          *r = w->r;
    struct report_document *d;

    if (r->documents == NULL) /* what is stored seldom needs any */
        r->documents = ARENA_ARRAY(w->a, struct report_document, LIMIT_FETCH_DOCUMENTS);
    d = &r->documents[r->document_count++];
    d->role = role;
    return d;
}

const struct report_document *
fetch_once(struct work *w, const char *role, struct slice url, size_t max_bytes)
{
    struct report          *r = w->r;
    struct report_document *d;

    url = without_fragment(url);
    if ((d = document_find(r, url)) != NULL)
        return d;
    if (r->document_count == LIMIT_FETCH_DOCUMENTS || w->held_bytes >= LIMIT_FETCH_BYTES)
        return NULL;
    d = document_add(w, role);
    ask(w, d, url, max_bytes);
    return d;
}

static struct slice
budget_bytes(const struct work *w)
{
    return arena_printf(w->a, "%d MiB", LIMIT_FETCH_BYTES / MIB);
}

static struct slice
budget_documents(const struct work *w)
{
    return arena_printf(w->a, "%d", LIMIT_FETCH_DOCUMENTS);
}

struct cause
budget_cause(const struct work *w)
{
    return w->r->document_count == LIMIT_FETCH_DOCUMENTS ? CAUSE(DOCUMENTS, budget_documents(w))
                                                         : CAUSE(DOCUMENT_BYTES, budget_bytes(w));
}

void
budget_note(struct work *w, struct slice url, struct slice from, struct slice prop)
{
    bool many = w->r->document_count == LIMIT_FETCH_DOCUMENTS;

    note(w, many ? REPORT_FETCH_BUDGET : REPORT_FETCH_BYTES,
         ABOUT(.node = from, .prop = prop, .url = url,
               .expected = many ? budget_documents(w) : budget_bytes(w)));
}

bool
is_passing(int status)
{
    return status == 429 || (status >= 500 && status <= 599);
}

/* A document that many name is parsed once, or a small badge could make it stand in memory as often as it
 * likes. */
bool
parse_once(struct work *w, const struct report_document *d, json_object **ret, struct err *e)
{
    struct report_document *mine = document_find(w->r, d->got.url);

    if (mine->parsed == NULL) {
        if (json_parse(d->got.body, &mine->parsed, e) != ERR_NONE)
            return false;
        json_in_arena(w->a, mine->parsed);
        w->held_bytes += json_held_bytes(mine->parsed);
    }
    *ret = mine->parsed;
    return true;
}

static bool
is_revoked(const struct report_document *d)
{
    return d != NULL && d->code == ERR_NONE && d->got.status == 410 &&
           strcmp(d->role, "assertion") == 0;
}

static bool
refuse(struct work *w, const struct report_document *d, struct slice url, struct slice from,
       struct slice prop)
{
    if (d == NULL)
        budget_note(w, url, from, prop);
    else if (d->code == ERR_FETCH_URL)
        note(w, REPORT_FETCH_NO_ADDRESS, ABOUT(.node = from, .prop = prop, .url = url));
    else if (d->code != ERR_NONE)
        note(w, REPORT_FETCH_FAILED, ABOUT(.node = from, .prop = prop, .url = url, .why = d->why));
    else if (d->got.status < 200 || d->got.status > 299)
        note(w, is_passing(d->got.status) ? REPORT_FETCH_UNAVAILABLE : REPORT_FETCH_STATUS,
             ABOUT(.node = from, .prop = prop, .url = url, .status = d->got.status));
    else
        return false;
    return true;
}

const struct report_document *
fetch_answer(struct work *w, const char *role, struct slice url, struct slice from,
             struct slice prop)
{
    const struct report_document *d = fetch_once(w, role, url, LIMIT_JSON_BYTES);

    return refuse(w, d, url, from, prop) ? NULL : d;
}

/* What the issuer has revoked may still be served with the answer that says so (R41). */
static bool
read_revoked(struct work *w, const struct report_document *d, json_object **ret)
{
    struct err e = { 0 };

    note(w, REPORT_REVOKED_GONE, ABOUT(.node = d->got.url, .url = d->got.url, .status = 410));
    return parse_once(w, d, ret, &e) &&
           (json_get(*ret, "recipient") != NULL || json_get(*ret, "@context") != NULL);
}

bool
fetch_json(struct work *w, const char *role, struct slice url, struct slice from, struct slice prop,
           const struct report_document **ret_doc, json_object **ret)
{
    const struct report_document *d = fetch_once(w, role, url, LIMIT_JSON_BYTES);
    struct err                    e = { 0 };

    *ret_doc = d;
    if (is_revoked(d))
        return read_revoked(w, d, ret);
    if (refuse(w, d, url, from, prop))
        return false;
    if (!parse_once(w, d, ret, &e)) {
        note(w, REPORT_FETCH_NOT_JSON,
             ABOUT(.node = from, .prop = prop, .url = url, .status = d->got.status,
                   .why = err_cause(w->a, &e)));
        return false;
    }
    return true;
}

struct slice
authority_of(struct arena *a, struct slice url)
{
    struct uri u;

    if (!uri_is_http(url) || !uri_parse(url, &u) || u.host.n == 0 || u.userinfo.p != NULL)
        return SLICE_NONE;
    return uri_authority(a, url);
}

static struct slice
without_www(struct slice authority)
{
    return slice_starts(authority, SL("www.")) ? slice_from(authority, 4) : authority;
}

bool
same_site(struct arena *a, struct slice url, struct slice other)
{
    struct slice one = authority_of(a, url), two = authority_of(a, other);

    return one.n > 0 && two.n > 0 && slice_eq(without_www(one), without_www(two));
}

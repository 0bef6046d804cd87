/* The lines of oidc.provider. */
#include "auth/oidc.h"

#include "core/file.h"
#include "core/uri.h"

enum { NAME_BYTES = 32, ISSUER_BYTES = 255, CLIENT_BYTES = 255 };

static bool
is_name(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < 'a' || s.p[i] > 'z') && (s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-')
            return false;
    return s.n > 0 && s.n <= NAME_BYTES;
}

static bool
is_loopback(struct slice host)
{
    return slice_eq_nocase(host, SL("localhost")) || slice_eq(host, SL("127.0.0.1")) ||
           slice_eq(host, SL("[::1]"));
}

/* Whoever stands between us and an issuer without TLS signs in as anybody. */
static bool
is_issuer(struct slice s)
{
    struct uri u;

    return s.n <= ISSUER_BYTES && uri_is_web(s) && uri_parse(s, &u) && u.query.p == NULL &&
           u.fragment.p == NULL && (slice_eq_nocase(u.scheme, SL("https")) || is_loopback(u.host));
}

static struct slice
host_of(struct slice url)
{
    struct uri u;

    return uri_parse(url, &u) ? u.host : SL("");
}

static struct slice
next_word(struct slice *rest)
{
    struct slice word = SL("");

    *rest = slice_trim(*rest);
    (void)slice_next(rest, ' ', &word);
    return word;
}

/* What is wrong with the line, or NULL. `title=` takes all that follows. */
static const char *
parse(struct slice line, struct oidc_provider *ret)
{
    struct slice rest = line, word;

    *ret = (struct oidc_provider){ .name = next_word(&rest) };
    ret->issuer = next_word(&rest);
    ret->client_id = next_word(&rest);
    ret->title = host_of(ret->issuer);
    if (!is_name(ret->name))
        return "must begin with a name of at most 32 small letters, digits and hyphens";
    if (!is_issuer(ret->issuer))
        return "must have the issuer behind the name: an https address without a query, of at most "
               "255 bytes";
    if (ret->client_id.n == 0 || ret->client_id.n > CLIENT_BYTES)
        return "must have the client id behind the issuer";
    for (rest = slice_trim(rest); rest.n > 0; rest = slice_trim(rest)) {
        if (slice_starts(rest, SL("title="))) {
            ret->title = slice_trim(slice_from(rest, 6));
            return ret->title.n > 0 ? NULL : "has an empty title";
        }
        word = next_word(&rest);
        if (slice_starts(word, SL("secret=")))
            ret->secret_file = slice_from(word, 7);
        else if (slice_starts(word, SL("mail=")))
            ret->mail_domains = slice_from(word, 5);
        else
            return "has something behind the client id that is none of secret=, mail= and title=";
    }
    return NULL;
}

static const char *
fault_of(struct slice line)
{
    struct oidc_provider p;
    const char          *wrong = parse(line, &p);

    if (wrong == NULL && p.secret_file.n > 0 && !file_is_readable(p.secret_file))
        return "names a secret= file that cannot be read";
    return wrong;
}

void
oidc_check_conf(const struct conf *conf, struct conf_faults *faults)
{
    const struct conf_list *lines = &conf->oidc_providers;
    struct oidc_provider    p, other;

    for (size_t i = 0; i < lines->count; i++) {
        const char *wrong = fault_of(lines->items[i]);

        for (size_t k = 0; wrong == NULL && k < i; k++)
            if (parse(lines->items[i], &p) == NULL && parse(lines->items[k], &other) == NULL &&
                (slice_eq(p.name, other.name) || slice_eq(p.issuer, other.issuer)))
                wrong = "has the name or the issuer of another line";
        if (wrong != NULL)
            conf_fault_add(faults, "oidc.provider", lines->items[i], wrong);
    }
}

const struct oidc_provider *
oidc_providers(struct arena *a, const struct conf *conf, size_t *ret_count)
{
    const struct conf_list *lines = &conf->oidc_providers;
    struct oidc_provider   *all = ARENA_ARRAY(a, struct oidc_provider, lines->count + 1);

    *ret_count = 0;
    for (size_t i = 0; i < lines->count; i++)
        if (parse(lines->items[i], &all[*ret_count]) == NULL)
            (*ret_count)++;
    return all;
}

const struct oidc_provider *
oidc_provider_named(struct arena *a, const struct conf *conf, struct slice name)
{
    size_t                      count;
    const struct oidc_provider *all = oidc_providers(a, conf, &count);

    for (size_t i = 0; i < count; i++)
        if (slice_eq(all[i].name, name))
            return &all[i];
    return NULL;
}

bool
oidc_trusts_mail(const struct oidc_provider *p, struct slice email)
{
    struct slice rest = p->mail_domains, domain;
    size_t       at;

    if (!slice_find(email, SL("@"), &at))
        return false;
    while (slice_next(&rest, ',', &domain))
        if (slice_eq(domain, SL("*")) ||
            (domain.n > 0 && slice_eq_nocase(domain, slice_from(email, at + 1))))
            return true;
    return false;
}

/* Vouching for the addresses of named domains, with a key of our own. */
#include "browserid_int.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/uri.h"

enum { KEY_FILE_BYTES = 16 * 1024, KEY_BITS = 2048, HOUR_MS = 3600 * 1000, EARLY_MS = 60 * 1000 };

bool
auth_browserid_is_provider(const struct conf *conf)
{
    return conf->browserid_key.n > 0 && conf->browserid_domains.count > 0;
}

static bool
list_has(struct conf_list list, struct slice text)
{
    for (size_t i = 0; i < list.count; i++)
        if (slice_eq_nocase(list.items[i], text))
            return true;
    return false;
}

bool
auth_browserid_vouches_for(const struct conf *conf, struct slice email)
{
    size_t at;

    return auth_browserid_is_provider(conf) && slice_find(email, SL("@"), &at) &&
           list_has(conf->browserid_domains, slice_from(email, at + 1));
}

bool
auth_browserid_knows_site(const struct conf *conf, struct slice origin)
{
    for (size_t i = 0; i < conf->browserid_sites.count; i++)
        if (slice_eq(conf->browserid_sites.items[i], origin))
            return true;
    return false;
}

/* ---- the key --------------------------------------------------------------------------------------- */

static void
end_key(void *key)
{
    EVP_PKEY_free(key);
}

/* Read each time: it is seldom needed, and one that the operator replaced counts at once. */
static enum err_code
key_read(struct arena *a, const struct conf *conf, struct browserid_key *ret, struct err *e)
{
    struct slice  pem;
    enum err_code rc = file_read(a, conf->browserid_key, KEY_FILE_BYTES, &pem, e);
    EVP_PKEY     *key;
    BIO          *bio;

    if (rc != ERR_NONE)
        return rc;
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    key = PEM_read_bio_PrivateKey(bio, NULL, NULL, "");
    BIO_free(bio);
    if (key != NULL)
        arena_defer(a, end_key, key);
    if (key == NULL || !EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) != KEY_BITS)
        return FAIL(e, CONF, "browserid.key");
    *ret = (struct browserid_key){ BROWSERID_RS, 256, key };
    return ERR_NONE;
}

void
browserid_provider_check(const struct conf *conf, struct conf_faults *faults)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct browserid_key             key;
    struct err                       e;
    enum err_code                    rc = key_read(a, conf, &key, &e);

    if (rc != ERR_NONE)
        conf_fault_add(faults, "browserid.key", conf->browserid_key,
                       rc == ERR_CONF ? "is no private key of 2048 bits for RSA in PEM"
                                      : "is no file that can be read");
}

/* ---- what it says ---------------------------------------------------------------------------------- */

/* Both are the dialog: there is no page that certifies keys unseen, in a frame. */
enum err_code
auth_browserid_support(struct arena *a, const struct conf *conf, json_object **ret, struct err *e)
{
    struct browserid_key key;
    enum err_code        rc = key_read(a, conf, &key, e);
    json_object         *doc;

    if (rc != ERR_NONE)
        return rc;
    doc = json_object_new_object();
    json_put(doc, "public-key", browserid_key_json(a, &key));
    json_put_text(doc, "authentication", SL("/browserid/dialog"));
    json_put_text(doc, "provisioning", SL("/browserid/dialog"));
    *ret = doc;
    return ERR_NONE;
}

static struct slice
lower_domain(struct arena *a, struct slice email)
{
    size_t at;

    if (!slice_find(email, SL("@"), &at))
        return email;
    return arena_printf(a, "%.*s%.*s", (int)at, email.p,
                        SLICE_FMT(arena_lower(a, slice_from(email, at))));
}

static struct slice
issuer_of(const struct conf *conf)
{
    struct uri u;

    return uri_parse(conf->base_url, &u) ? u.authority : SL("");
}

static struct slice
payload(struct arena *a, const struct conf *conf, struct slice email,
        const struct browserid_key *key)
{
    json_object *doc = json_in_arena(a, json_object_new_object());
    int64_t      begins_ms = clock_now_ms() - EARLY_MS;

    json_put_text(doc, "iss", issuer_of(conf));
    json_put_number(doc, "iat", begins_ms);
    json_put_number(doc, "exp", begins_ms + HOUR_MS);
    json_put(doc, "public-key", browserid_key_json(a, key));
    json_put_text(json_put_object(doc, "principal"), "email", email);
    return json_print(a, doc);
}

static struct slice
sign(struct arena *a, EVP_PKEY *key, struct slice text)
{
    EVP_MD_CTX    *ctx = EVP_MD_CTX_new();
    size_t         n = (size_t)EVP_PKEY_get_size(key);
    unsigned char *bytes = arena_alloc(a, n);
    bool made = ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)text.p, text.n) == 1;

    EVP_MD_CTX_free(ctx);
    return made ? (struct slice){ (char *)bytes, n } : SLICE_NONE;
}

static enum err_code
invalid(struct err *e, const char *field)
{
    FAIL(e, FIELD_INVALID, "%s", field);
    err_set_field(e, slice_str(field));
    return e->code;
}

enum err_code
auth_browserid_certify(struct arena *a, const struct conf *conf, struct slice origin,
                       struct slice email, struct slice key_text, struct slice *ret, struct err *e)
{
    struct browserid_key key, ours;
    struct slice         domain, text, signature;
    json_object         *doc = NULL;
    enum err_code        rc;

    email = lower_domain(a, email);
    if (!auth_browserid_knows_site(conf, origin))
        return invalid(e, "origin");
    if (!auth_browserid_vouches_for(conf, email) || !browserid_email_domain(email, &domain))
        return invalid(e, "email");
    if (json_parse(key_text, &doc, e) != ERR_NONE ||
        !browserid_key_read(a, json_in_arena(a, doc), &key))
        return invalid(e, "key");
    if ((rc = key_read(a, conf, &ours, e)) != ERR_NONE)
        return rc;
    text = arena_printf(a, "%.*s.%.*s", SLICE_FMT(base64url_encode(a, SL("{\"alg\":\"RS256\"}"))),
                        SLICE_FMT(base64url_encode(a, payload(a, conf, email, &key))));
    signature = sign(a, ours.handle, text);
    if (signature.n == 0)
        return FAIL(e, INTERNAL, "signing failed");
    *ret = arena_printf(a, "%.*s.%.*s", SLICE_FMT(text), SLICE_FMT(base64url_encode(a, signature)));
    return ERR_NONE;
}

#include "mail_int.h"

#include <assert.h>
#include <string.h>

#include "core/uri.h"

enum { CONNECT_TIMEOUT_MS = 10000, TIMEOUT_MS = 45000 };

static size_t
give_bytes(char *to, size_t size, size_t count, void *self)
{
    struct slice *left = self;
    struct slice  next = slice_first(*left, size * count);

    if (next.n > 0)
        memcpy(to, next.p, next.n);
    *left = slice_from(*left, next.n);
    return next.n;
}

static bool
is_this_machine(struct slice url)
{
    struct uri u;

    return uri_parse(url, &u) &&
           (slice_eq_nocase(u.host, SL("localhost")) || slice_eq(u.host, SL("127.0.0.1")) ||
            slice_eq(u.host, SL("[::1]")));
}

/* Encryption that anybody could strip is no reason to refuse a certificate: an SMTP server without a password
 * is trusted as found, as other mail servers do. A password goes only to the server that is meant. */
static void
set_tls(CURL *c, struct arena *a, const struct conf *conf)
{
    bool smtps = slice_starts_nocase(conf->mail_url, SL("smtps:"));
    bool strict = smtps || (conf->mail_user.n > 0 && !is_this_machine(conf->mail_url));
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);

    curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(strict ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, strict ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, strict ? 2L : 0L);
    if (built->capath != NULL) {
        curl_easy_setopt(c, CURLOPT_CAPATH, built->capath);
        curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
    }
    if (conf->mail_cacert.n > 0)
        curl_easy_setopt(c, CURLOPT_CAINFO, arena_str(a, conf->mail_cacert));
}

CURL *
mail_smtp_open(struct arena *a, const struct conf *conf)
{
    CURL *c = curl_easy_init();

    assert(c != NULL);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(c, CURLOPT_URL, arena_str(a, conf->mail_url));
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_MAIL_FROM, arena_str(a, conf->mail_from));
    if (conf->mail_user.n > 0) {
        curl_easy_setopt(c, CURLOPT_USERNAME, arena_str(a, conf->mail_user));
        curl_easy_setopt(c, CURLOPT_PASSWORD, arena_str(a, conf->mail_password.hidden));
    }
    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, give_bytes);
    set_tls(c, a, conf);
    return c;
}

static int
ask_end(void *self, curl_off_t dl_total, curl_off_t dl_now, curl_off_t ul_total, curl_off_t ul_now)
{
    const struct mail *m = self;

    (void)dl_total, (void)dl_now, (void)ul_total, (void)ul_now;
    return m->end();
}

void
mail_end_when(struct mail *m, bool (*end)(void))
{
    if (m->curl == NULL)
        return; /* a file is written at once */
    m->end = end;
    curl_easy_setopt(m->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(m->curl, CURLOPT_XFERINFOFUNCTION, ask_end);
    curl_easy_setopt(m->curl, CURLOPT_XFERINFODATA, m);
}

/* The mailbox does not exist or may not be written to; other refusals may be the configuration's fault. */
static bool
is_final(CURLcode code, long status)
{
    return (code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY) &&
           (status == 550 || status == 551 || status == 553);
}

enum err_code
mail_smtp_send(struct mail *m, struct arena *a, struct slice to, struct slice bytes, struct err *e)
{
    struct curl_slist *list = curl_slist_append(NULL, arena_str(a, to));
    long               status = 0;
    CURLcode           code;

    assert(list != NULL);
    curl_easy_setopt(m->curl, CURLOPT_MAIL_RCPT, list);
    curl_easy_setopt(m->curl, CURLOPT_READDATA, &bytes);
    curl_easy_setopt(m->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)bytes.n);
    code = curl_easy_perform(m->curl);
    curl_easy_getinfo(m->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_setopt(m->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(list);
    if (code == CURLE_OK)
        return ERR_NONE;
    /* The server's own words may repeat the address: only its number is told. */
    if (is_final(code, status))
        FAIL(e, MAIL_REFUSED, "curl %d, status %ld", (int)code, status);
    else
        FAIL(e, MAIL_FAILED, "curl %d, status %ld", (int)code, status);
    err_set_cause_text(e, slice_str(curl_easy_strerror(code)));
    return e->code;
}

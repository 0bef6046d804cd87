#include "mail_int.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/rand.h"
#include "core/uri.h"

/* The folder of `file:/folder` and `file:///folder`; empty for other addresses. */
static struct slice
folder_of(struct slice url)
{
    struct uri u;

    if (!uri_parse(url, &u) || !slice_eq_nocase(u.scheme, SL("file")) || u.authority.n > 0 ||
        !slice_starts(u.path, SL("/")) || u.query.p != NULL || u.fragment.p != NULL)
        return SLICE_NONE;
    return u.path;
}

static bool
is_smtp(struct slice url)
{
    struct uri u;

    return uri_parse(url, &u) &&
           (slice_eq_nocase(u.scheme, SL("smtp")) || slice_eq_nocase(u.scheme, SL("smtps"))) &&
           u.host.n > 0 && u.userinfo.p == NULL && (u.path.n == 0 || slice_eq(u.path, SL("/"))) &&
           u.query.p == NULL && u.fragment.p == NULL;
}

/* Whether it can be written to is for the one who will write: that may be somebody else. */
static bool
is_folder(struct slice path)
{
    char       *copy = strndup(path.p, path.n);
    struct stat st;
    bool        yes = copy != NULL && stat(copy, &st) == 0 && S_ISDIR(st.st_mode);

    free(copy);
    return yes;
}

void
mail_check_conf(const struct conf *conf, struct conf_faults *faults)
{
    struct slice folder = folder_of(conf->mail_url);

    if (folder.n > 0 && !is_folder(folder))
        conf_fault_add(faults, "mail.url", conf->mail_url, "names no folder that there is");
    else if (folder.n == 0 && conf->mail_url.n > 0 && !is_smtp(conf->mail_url))
        conf_fault_add(faults, "mail.url", conf->mail_url,
                       "must be smtp://host:port, smtps://host:port or file:/folder");
    if (conf->mail_from.n > 0 && !mail_is_sendable(conf->mail_from))
        conf_fault_add(faults, "mail.from", conf->mail_from,
                       "must be a mail address and nothing else");
    if (conf->mail_cacert.n > 0 && !file_is_readable(conf->mail_cacert))
        conf_fault_add(faults, "mail.cacert", conf->mail_cacert, "is no file that can be read");
}

enum err_code
mail_new(const struct conf *conf, struct mail **ret, struct err *e)
{
    struct conf_faults faults = { .count = 0 };
    struct mail       *m;
    enum err_code      rc;
    CURLcode           started;

    mail_check_conf(conf, &faults);
    if ((rc = conf_faults_fail(&faults, e)) != ERR_NONE)
        return rc;
    started = curl_global_init(CURL_GLOBAL_DEFAULT);
    m = calloc(1, sizeof *m);
    assert(started == CURLE_OK && m != NULL);
    *m = (struct mail){ .conf = conf, .a = arena_new(), .folder = folder_of(conf->mail_url) };
    if (m->folder.n == 0)
        m->curl = mail_smtp_open(m->a, conf);
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets that a peer has closed */
    *ret = m;
    return ERR_NONE;
}

void
mail_free(struct mail *m)
{
    if (m == NULL)
        return;
    curl_easy_cleanup(m->curl);
    arena_free(m->a);
    free(m);
    curl_global_cleanup();
}

enum err_code
mail_send(struct mail *m, struct arena *a, const struct mail_letter *letter, struct err *e)
{
    struct slice from = m->conf->mail_from, bytes, id;
    size_t       at;

    if (!mail_is_sendable(letter->to)) {
        FAIL(e, MAIL_REFUSED, "an address of %zu bytes", letter->to.n);
        err_set_cause_text(e, SL("no mail can be sent to such an address"));
        return e->code;
    }
    at = slice_find(from, SL("@"), &at) ? at : 0;
    id = arena_printf(a, "%.*s%.*s", SLICE_FMT(rand_token(a)), SLICE_FMT(slice_from(from, at)));
    bytes = mail_format(a, m->conf->site_name, from, letter, id, clock_now_s());
    if (m->curl == NULL)
        return mail_to_folder(a, m->folder, bytes, e);
    return mail_smtp_send(m, a, letter->to, bytes, e);
}

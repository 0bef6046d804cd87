#include "net_int.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TIMEOUT_MS = 10000, DEADLINE_MS = 20000, CONNECT_TIMEOUT_MS = 4000 };

static enum err_code
check_cacert(struct slice path, struct err *e)
{
    char *copy = path.n == 0 ? NULL : strndup(path.p, path.n);
    bool  readable = copy == NULL || access(copy, R_OK) == 0;

    free(copy);
    return readable ? ERR_NONE : conf_fault(e, "fetch.cacert", path, "is no file that can be read");
}

static enum err_code
read_policy(const struct conf *conf, struct net_policy *ret, struct err *e)
{
    ret->count = 0;
    for (size_t i = 0; i < conf->fetch_allow_net.count; i++) {
        struct slice text = conf->fetch_allow_net.items[i];
        const char  *wrong = ret->count == NET_RULES_MAX
                                 ? "is one entry too many"
                                 : net_rule_parse(text, &ret->rules[ret->count]);

        if (wrong != NULL)
            return conf_fault(e, "fetch.allow_net", text, wrong);
        ret->count++;
    }
    return ERR_NONE;
}

enum err_code
net_check_conf(const struct conf *conf, struct err *e)
{
    struct net_policy policy;
    enum err_code     rc;

    if ((rc = read_policy(conf, &policy, e)) != ERR_NONE)
        return rc;
    for (size_t i = 0; i < conf->fetch_connect_to.count; i++) {
        struct slice text = conf->fetch_connect_to.items[i];
        const char  *wrong = net_connect_to_check(text);

        if (wrong != NULL)
            return conf_fault(e, "fetch.connect_to", text, wrong);
    }
    return check_cacert(conf->fetch_cacert, e);
}

/* Without memory a process ends (core/arena.h). */
static char *
copy_text(struct slice s)
{
    char *copy = strndup(s.n == 0 ? "" : s.p, s.n);

    assert(copy != NULL);
    return copy;
}

static void
read_settings(struct net *n, const struct conf *conf)
{
    n->timeout_ms = conf->fetch_timeout_ms;
    n->deadline_ms = conf->fetch_deadline_ms;
    n->connect_timeout_ms = conf->fetch_connect_timeout_ms;
    if (conf->fetch_cacert.n > 0)
        n->cacert = copy_text(conf->fetch_cacert);
    for (size_t i = 0; i < conf->fetch_connect_to.count; i++) {
        char              *item = copy_text(conf->fetch_connect_to.items[i]);
        struct curl_slist *longer = curl_slist_append(n->connect_to, item);

        assert(longer != NULL);
        n->connect_to = longer;
        free(item);
    }
}

static char *
user_agent(const struct conf *conf)
{
    char *text = NULL;
    int   n = conf == NULL || conf->base_url.n == 0
                  ? asprintf(&text, "OBI")
                  : asprintf(&text, "OBI (+%.*s)", SLICE_FMT(conf->base_url));

    assert(n > 0);
    return text;
}

enum err_code
net_new(const struct conf *conf, struct net **ret, struct err *e)
{
    struct net   *n;
    enum err_code rc;
    CURLcode      started = curl_global_init(CURL_GLOBAL_DEFAULT);

    assert(started == CURLE_OK);
    if (conf != NULL && (rc = net_check_conf(conf, e)) != ERR_NONE)
        return rc;
    n = calloc(1, sizeof *n);
    assert(n != NULL);
    *n = (struct net){ .timeout_ms = TIMEOUT_MS,
                       .deadline_ms = DEADLINE_MS,
                       .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                       .user_agent = user_agent(conf) };
    if (conf != NULL) {
        rc = read_policy(conf, &n->policy, e);
        assert(rc == ERR_NONE);
        read_settings(n, conf);
    }
    /* OpenSSL writes to sockets that a peer has closed, and curl was told to leave signals alone.
     */
    (void)signal(SIGPIPE, SIG_IGN);
    *ret = n;
    return ERR_NONE;
}

void
net_free(struct net *n)
{
    if (n == NULL)
        return;
    curl_slist_free_all(n->connect_to);
    free(n->user_agent);
    free(n->cacert);
    free(n);
    curl_global_cleanup();
}

int64_t
net_took_us(const struct net *n)
{
    return n->took_us;
}

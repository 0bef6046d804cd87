#include "net_int.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/file.h"

static void
read_policy(const struct conf *conf, struct net_policy *ret, struct conf_faults *faults)
{
    ret->count = 0;
    for (size_t i = 0; i < conf->fetch_allow_net.count; i++) {
        struct slice text = conf->fetch_allow_net.items[i];
        const char  *wrong = ret->count == NET_RULES_MAX
                                 ? "is one entry too many"
                                 : net_rule_parse(text, &ret->rules[ret->count]);

        if (wrong != NULL)
            conf_fault_add(faults, "fetch.allow_net", text, wrong);
        else
            ret->count++;
    }
}

void
net_check_conf(const struct conf *conf, struct conf_faults *faults)
{
    struct net_policy policy;

    read_policy(conf, &policy, faults);
    for (size_t i = 0; i < conf->fetch_connect_to.count; i++) {
        struct slice text = conf->fetch_connect_to.items[i];
        const char  *wrong = net_connect_to_check(text);

        if (wrong != NULL)
            conf_fault_add(faults, "fetch.connect_to", text, wrong);
    }
    if (conf->fetch_cacert.n > 0 && !file_is_readable(conf->fetch_cacert))
        conf_fault_add(faults, "fetch.cacert", conf->fetch_cacert, "is no file that can be read");
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
read_lists(struct net *n, const struct conf *conf)
{
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
    int   n = conf->base_url.n == 0 ? asprintf(&text, "OBI")
                                    : asprintf(&text, "OBI (+%.*s)", SLICE_FMT(conf->base_url));

    assert(n > 0);
    return text;
}

enum err_code
net_new(const struct conf *conf, struct net **ret, struct err *e)
{
    struct conf_faults faults = { .count = 0 };
    struct net        *n;
    enum err_code      rc;
    CURLcode           started = curl_global_init(CURL_GLOBAL_DEFAULT);

    assert(started == CURLE_OK);
    net_check_conf(conf, &faults);
    if ((rc = conf_faults_fail(&faults, e)) != ERR_NONE)
        return rc;
    n = calloc(1, sizeof *n);
    assert(n != NULL);
    *n = (struct net){ .timeout_ms = conf->fetch_timeout_ms,
                       .deadline_ms = conf->fetch_deadline_ms,
                       .connect_timeout_ms = conf->fetch_connect_timeout_ms,
                       .user_agent = user_agent(conf) };
    read_policy(conf, &n->policy, &faults);
    read_lists(n, conf);
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

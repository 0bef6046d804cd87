/* The settings of BrowserID. */
#include "browserid_int.h"

#include "core/uri.h"

/* scheme://host[:port], as browsers write the origin of a page. */
static bool
is_origin(struct slice text)
{
    SCOPED(arena_drop) struct arena *a = arena_new();
    struct slice                     origin = uri_origin(a, text);

    return slice_eq(origin, text) && browserid_domain_ok(uri_authority(a, text));
}

static bool
is_host(struct slice text)
{
    return browserid_domain_ok(text) && !slice_has_char(text, ':');
}

static void
check_each(struct conf_list list, const char *key, bool (*good)(struct slice), const char *wrong,
           struct conf_faults *faults)
{
    for (size_t i = 0; i < list.count; i++)
        if (!good(list.items[i]))
            conf_fault_add(faults, key, list.items[i], wrong);
}

void
auth_browserid_check_conf(const struct conf *conf, struct conf_faults *faults)
{
    static const char no_host[] = "is no host in lower case, maybe with a port";
    static const char no_origin[] =
        "is no address of a site without a path, in lower case, its usual port left out";

    if (conf->browserid_dialog.n > 0 && !is_origin(conf->browserid_dialog))
        conf_fault_add(faults, "browserid.dialog", conf->browserid_dialog, no_origin);
    if (conf->browserid_fallback.n > 0 && !browserid_domain_ok(conf->browserid_fallback))
        conf_fault_add(faults, "browserid.fallback", conf->browserid_fallback, no_host);
    check_each(conf->browserid_trusted, "browserid.trusted_issuer", browserid_domain_ok, no_host,
               faults);
    if (conf->browserid_verifier.n > 0 && !uri_is_web(conf->browserid_verifier))
        conf_fault_add(faults, "browserid.verifier", conf->browserid_verifier,
                       "is no address that can be asked");
    if (conf->browserid_key.n > 0)
        browserid_provider_check(conf, faults);
    check_each(conf->browserid_domains, "browserid.domain", is_host, "is no domain in lower case",
               faults);
    check_each(conf->browserid_sites, "browserid.site", is_origin, no_origin, faults);
}

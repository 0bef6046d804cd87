#include "cli_int.h"
#include "net/net.h"

int
cli_reach_conf(struct arena *a, struct cli_reach *reach, const struct conf **ret)
{
    struct conf       *own = conf_defaults(a);
    const struct conf *conf;
    struct conf_faults faults = { .count = 0 };
    struct err         e = { 0 };

    if (reach->file_count > 0) {
        if ((conf = cli_conf(a, reach->files, reach->file_count, "")) == NULL)
            return CLI_TROUBLE;
        *own = *conf;
    }
    if (reach->cacert.n > 0)
        own->fetch_cacert = reach->cacert;
    if (reach->mapped_count > 0)
        own->fetch_connect_to = (struct conf_list){ reach->mapped, reach->mapped_count };
    if (reach->opened_count > 0)
        own->fetch_allow_net = (struct conf_list){ reach->opened, reach->opened_count };
    net_check_conf(own, &faults);
    if (conf_faults_fail(&faults, &e) != ERR_NONE) {
        (void)cli_fail(&e);
        return CLI_USAGE;
    }
    *ret = own;
    return CLI_OK;
}

/* obi status */
#include <stdio.h>

#include "cli_int.h"
#include "core/log.h"
#include "http/serve.h"
#include "json/json.h"
#include "metrics/metrics.h"
#include "store/status.h"

static const char help[] =
    "usage: obi status [--json] --conf FILE\n"
    "\n"
    "Says how the databases and memcached are, as a worker sees them that starts now, how many\n"
    "workers of each pool of this machine are at work, and what waits: mails, documents to be "
    "purged\n"
    "from the cache, hosts whose badges are due for a check. For each database its role, or why "
    "it\n"
    "serves no reads: down, slow, stopped (does not replicate), behind (more than\n"
    "db.replica_lag_max), astray (follows another primary). --json says the same for programs.\n"
    "\n"
    "Ends with 0 while all is well, with 1 while something answers too little but people are "
    "served,\n"
    "with 2 while no primary takes writes.\n";

enum { STATUS_WELL = 0, STATUS_WORSE = 1, STATUS_NO_WRITES = 2 };

static int
verdict(const struct store_status *st)
{
    bool well = st->counted;

    for (size_t i = 0; i < st->server_count; i++)
        well = well && (st->servers[i].rotation == ROTATION_IN ||
                        st->servers[i].rotation == ROTATION_PRIMARY);
    for (size_t i = 0; i < st->cache_count; i++)
        well = well && st->caches[i].answers;
    return !st->writable ? STATUS_NO_WRITES : well ? STATUS_WELL : STATUS_WORSE;
}

/* ---- for people ---------------------------------------------------------------------------------- */

static void
say_server(struct arena *a, const struct store_server_status *s)
{
    struct slice lag = s->lag_ms < 0 ? SL("-")
                                     : arena_printf(a, "%lld.%lld s", (long long)s->lag_ms / 1000,
                                                    (long long)s->lag_ms % 1000 / 100);

    printf("%-32.*s %-8s %8.*s %7u  %-24.*s %.*s\n", SLICE_FMT(s->address),
           store_rotation_names[s->rotation], SLICE_FMT(lag), s->weight, SLICE_FMT(s->version),
           SLICE_FMT(s->position));
}

static void
say_waiting(const char *what, uint64_t count, int64_t oldest_s)
{
    printf("%-32s %llu", what, (unsigned long long)count);
    if (oldest_s > 0)
        printf(", the oldest for %lld s", (long long)oldest_s);
    putchar('\n');
}

static void
say_pools(struct arena *a)
{
    struct slice name;
    uint64_t     all, busy;

    for (enum route_pool pool = READ; (name = http_pool_name(pool)).n > 0; pool++) {
        metrics_workers(pool, &all, &busy);
        printf("%-32s %llu workers, %llu at work\n",
               arena_printf(a, "%.*s pool", SLICE_FMT(name)).p, (unsigned long long)all,
               (unsigned long long)busy);
    }
}

static void
say_people(struct arena *a, const struct store_status *st)
{
    printf("%-32s %-8s %8s %7s  %-24s %s\n", "database", "state", "lag", "weight", "version",
           "position");
    for (size_t i = 0; i < st->server_count; i++)
        say_server(a, &st->servers[i]);
    for (size_t i = 0; i < st->cache_count; i++)
        printf("%-32.*s %s\n", SLICE_FMT(st->caches[i].address),
               st->caches[i].answers ? "answers" : "down");
    if (metrics_are_shared())
        say_pools(a);
    printf("%-32s %s\n", "writes", st->writable ? "are taken" : "are refused");
    if (st->semisync.on)
        printf("%-32s %llu acknowledge, %llu writes wait\n", "semi-synchronous replicas",
               (unsigned long long)st->semisync.clients, (unsigned long long)st->semisync.waiting);
    else
        printf("%-32s off\n", "semi-synchronous replicas");
    if (!st->counted)
        return;
    say_waiting("mails in the outbox", st->outbox, st->outbox_oldest_s);
    say_waiting("purges not confirmed", st->purges, 0);
    say_waiting("hosts with badges to check", st->rechecks_due, st->recheck_oldest_s);
    printf("%-32s %.*s\n", "schema", SLICE_FMT(st->schema));
}

/* ---- for programs -------------------------------------------------------------------------------- */

static void
put_server(json_object *to, const struct store_server_status *s)
{
    json_put_text(to, "address", s->address);
    json_put_text(to, "state", slice_str(store_rotation_names[s->rotation]));
    json_put_number(to, "weight", s->weight);
    json_put_bool(to, "answers", s->answers);
    if (!s->answers)
        return;
    json_put_bool(to, "writable", s->writable);
    json_put_text(to, "version", s->version);
    json_put_text(to, "position", s->position);
    json_put_number(to, "term", (int64_t)s->term);
    if (s->lag_ms >= 0)
        json_put_number(to, "lagMs", s->lag_ms);
}

static void
put_pools(json_object *doc)
{
    json_object *list = json_put_array(doc, "pools");
    struct slice name;
    uint64_t     all, busy;

    for (enum route_pool pool = READ; (name = http_pool_name(pool)).n > 0; pool++) {
        json_object *part = json_add_object(list);

        metrics_workers(pool, &all, &busy);
        json_put_text(part, "name", name);
        json_put_number(part, "workers", (int64_t)all);
        json_put_number(part, "busy", (int64_t)busy);
    }
}

static json_object *
json_of(const struct store_status *st)
{
    json_object *doc = json_object_new_object(), *list, *part;

    json_put_bool(doc, "writable", st->writable);
    list = json_put_array(doc, "databases");
    for (size_t i = 0; i < st->server_count; i++)
        put_server(json_add_object(list), &st->servers[i]);
    part = json_put_object(doc, "semisync");
    json_put_bool(part, "on", st->semisync.on);
    json_put_number(part, "replicas", (int64_t)st->semisync.clients);
    json_put_number(part, "waiting", (int64_t)st->semisync.waiting);
    list = json_put_array(doc, "caches");
    for (size_t i = 0; i < st->cache_count; i++) {
        part = json_add_object(list);
        json_put_text(part, "address", st->caches[i].address);
        json_put_bool(part, "answers", st->caches[i].answers);
    }
    if (metrics_are_shared())
        put_pools(doc);
    if (!st->counted)
        return doc;
    part = json_put_object(doc, "outbox");
    json_put_number(part, "mails", (int64_t)st->outbox);
    json_put_number(part, "oldestS", st->outbox_oldest_s);
    json_put_number(doc, "purges", (int64_t)st->purges);
    part = json_put_object(doc, "recheck");
    json_put_number(part, "hostsDue", (int64_t)st->rechecks_due);
    json_put_number(part, "oldestS", st->recheck_oldest_s);
    json_put_text(doc, "schema", st->schema);
    return doc;
}

int
cli_status(int argc, char **argv)
{
    SCOPED(arena_drop) struct arena *a = arena_new(), *lease = arena_new();
    struct slice                     files[CLI_VALUES_MAX];
    size_t                           file_count = 0, operands = 0;
    bool                             json = false;
    const struct cli_option          options[] = { CLI_VALUES("conf", files, &file_count),
                                                   CLI_FLAG("json", &json) };
    const struct conf               *conf;
    struct store                    *store;
    struct store_status              st;
    int rc = cli_options(argc, argv, help, options, COUNT_OF(options), &operands);

    if (rc != CLI_OK)
        return CLI_EXIT(rc);
    if (operands > 0) {
        fputs(help, stderr);
        return CLI_USAGE;
    }
    if ((conf = cli_conf(a, files, file_count, "db")) == NULL)
        return CLI_USAGE;
    log_set_level_named(SL("error")); /* what it sees is said below */
    metrics_open(conf->metrics_file);
    store = store_new(conf);
    store_status(db_lease(store, lease, SLICE_NONE, false), &st);
    if (json)
        cli_print(a, json_of(&st));
    else
        say_people(a, &st);
    rc = verdict(&st);
    arena_empty(lease); /* the lease goes before what it was taken from */
    store_free(store);
    return rc;
}

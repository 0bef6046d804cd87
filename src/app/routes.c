#include "app_int.h"

/* 405, Allow, HEAD and OPTIONS come from this table; nginx sends a path to the pool its row names. */
const struct route routes[] = {
    { HTTP_GET, "/healthz", app_healthz, .pool = READ, .who = ANYONE, .csrf = SAFE, .reply = JSON },
};
const size_t route_count = COUNT_OF(routes);

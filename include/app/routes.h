/* The whole public surface: one row a path and method. */
#ifndef OBI_APP_ROUTES_H
#define OBI_APP_ROUTES_H

#include "http/http.h"

extern const struct route routes[];
extern const size_t       route_count;

#endif

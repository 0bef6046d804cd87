#ifndef OBI_APP_INT_H
#define OBI_APP_INT_H

#include "app/routes.h"

/* GET /healthz: 200 while any database answers, with what each part says; nothing about where they
 * are. */
enum err_code app_healthz(struct req *r, struct resp *out, struct err *e);
/* GET /metrics: figures of this machine's programs (metrics/metrics.h), and of what they stand on. */
enum err_code app_metrics(struct req *r, struct resp *out, struct err *e);

#endif

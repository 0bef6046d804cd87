#ifndef OBI_IMPORT_INT_H
#define OBI_IMPORT_INT_H

#include "badge/report.h"
#include "store/badge.h"

/* kept.c: what is stored of a report. */
/* Its JSON, without the graph: the documents are kept as fetched and shared, and the graph is made
 * of them again. */
struct slice report_kept(struct arena *a, const struct report *r);
/* The bodies that were fetched for it besides the assertion, class, issuer and picture that the
 * badge has of its own: `had`, or those of the report where that is NULL. */
struct slice *documents_kept(struct arena *a, const struct report *r, const struct badge_full *had,
                             size_t *ret_count);

#endif

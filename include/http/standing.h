/* How a stored badge stands today, in the words and days that everybody may see. */
#ifndef OBI_HTTP_STANDING_H
#define OBI_HTTP_STANDING_H

#include "http/http.h"
#include "json/json.h"
#include "store/badge.h"

/* The status: one that was valid when it was checked may have expired since. */
struct slice standing_status(const struct badge_row *row);
/* Since when; 0 while it is valid. */
int64_t standing_since_s(const struct badge_row *row);
/* `{"status", "checkedOn", "since", "reason"}`, for programs: days, no times, so that a check that
 * finds nothing new changes a document once a day at most. `since` is left out while it is valid,
 * `reason` unless it is that nobody hosts it any more. The caller's reference. */
json_object *standing_json(struct arena *a, const struct badge_row *row);
/* A document that says how a badge stands changes by itself when that expires: it is kept no longer. */
void standing_note_expiry(struct resp *out, const struct badge_row *row);

#endif

#include "http/standing.h"

#include "core/clock.h"

struct slice
standing_status(const struct badge_row *row)
{
    if (slice_eq(row->status, SL("valid")) && row->expires_s > 0 && row->expires_s <= clock_now_s())
        return SL("expired");
    return row->status;
}

int64_t
standing_since_s(const struct badge_row *row)
{
    struct slice status = standing_status(row);

    if (slice_eq(status, SL("valid")))
        return 0;
    return slice_eq(status, SL("expired")) && row->expires_s > 0 ? row->expires_s
                                                                 : row->status_at_s;
}

static struct slice
day(struct arena *a, int64_t unix_s)
{
    return slice_first(clock_iso8601(a, unix_s), 10);
}

json_object *
standing_json(struct arena *a, const struct badge_row *row)
{
    json_object *o = json_object_new_object();
    int64_t      since_s = standing_since_s(row);

    json_put_text(o, "status", standing_status(row));
    json_put_text(o, "checkedOn", day(a, row->checked_at_s));
    if (since_s != 0)
        json_put_text(o, "since", day(a, since_s));
    if (slice_eq(row->reason, SL(REASON_NOT_HOSTED)) && slice_eq(row->status, SL("invalid")))
        json_put_text(o, "reason", row->reason);
    return o;
}

void
standing_note_expiry(struct resp *out, const struct badge_row *row)
{
    if (row->expires_s > 0 && slice_eq(standing_status(row), SL("valid")) &&
        (out->fresh_until_s == 0 || row->expires_s < out->fresh_until_s))
        out->fresh_until_s = row->expires_s;
}

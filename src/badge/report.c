#include "badge/report.h"

#include "core/digest.h"

static const char *const outcome_names[] = {
    [OUTCOME_INVALID] = "invalid",         [OUTCOME_UNREACHABLE] = "unreachable",
    [OUTCOME_UNSUPPORTED] = "unsupported", [OUTCOME_REVOKED] = "revoked",
    [OUTCOME_EXPIRED] = "expired",         [OUTCOME_VALID] = "valid",
};
static const char *const level_names[] = {
    [REPORT_LEVEL_INFO] = "INFO", [REPORT_LEVEL_WARNING] = "WARNING", [REPORT_LEVEL_ERROR] = "ERROR"
};

const char *
report_outcome_name(enum report_outcome outcome)
{
    return outcome_names[outcome];
}

const char *
report_level_name(enum report_level level)
{
    return level_names[level];
}

struct slice
report_identity(struct arena *a, const struct report *r)
{
    const struct slice  parts[] = { SL("hosted:"), r->subject };
    const struct sha256 hash = sha256_of_parts(parts, COUNT_OF(parts));

    return arena_copy(a, (struct slice){ (const char *)hash.bytes, sizeof hash.bytes });
}

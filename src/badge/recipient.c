/* Whose badge it is: rules R26 and R27. */
#include "badge_int.h"
#include "core/digest.h"

static bool
is_hex(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
              ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f')))
            return false;
    return true;
}

/* The algorithm of `md5$` and 32 hex digits or `sha256$` and 64; NULL for anything else (D16). */
static const char *
hash_of(struct slice identity, struct slice *ret_hex)
{
    static const struct {
        const char *prefix, *name;
        size_t      digits;
    } known[] = { { "md5$", "md5", 32 }, { "sha256$", "sha256", 64 } };

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct slice prefix = slice_str(known[i].prefix);

        if (slice_starts(identity, prefix) && identity.n == prefix.n + known[i].digits &&
            is_hex(slice_from(identity, prefix.n))) {
            *ret_hex = slice_from(identity, prefix.n);
            return known[i].name;
        }
    }
    return NULL;
}

static bool
is_email(struct slice s)
{
    size_t at;

    return slice_find(s, SL("@"), &at) && at > 0 && at + 1 < s.n &&
           !slice_has_char(slice_from(s, at + 1), '@');
}

/* R26: what it says and what it is agree. False after saying so. */
static bool
check_identity(struct work *w, struct node *n, json_object *recipient)
{
    struct slice     identity = json_get_text(recipient, "identity"), hex;
    bool             hashed = json_get_bool(recipient, "hashed");
    bool             is_hash = hash_of(identity, &hex) != NULL;
    enum report_code code = hashed && !is_hash   ? REPORT_IDENTITY_NO_HASH
                            : !hashed && is_hash ? REPORT_IDENTITY_HASH
                                                 : REPORT_IDENTITY_NO_EMAIL;

    w->r->plain_identity = !is_hash && is_email(identity);
    if (hashed == is_hash && (hashed || !type_has(recipient, SL("email")) || is_email(identity)))
        return true;
    note(w, code, ABOUT(.node = n->id, .url = n->url, .prop = SL("recipient.identity")));
    return false;
}

static char
to_case(char c, bool upper)
{
    if (upper)
        return c >= 'a' && c <= 'z' ? (char)(c - 0x20) : c;
    return c >= 'A' && c <= 'Z' ? (char)(c + 0x20) : c;
}

/* The letter cases that people type their address in, and issuers hash. Only ASCII letters have case here:
 * folding more would make two people's addresses one. */
enum casing { AS_STORED, LOWER, UPPER, FIRST, EACH_WORD, UPPER_LOCAL, CASING_COUNT };

static struct slice
in_case(struct arena *a, struct slice email, enum casing casing)
{
    char *p = arena_str(a, email);
    bool  local = true, word = true;

    for (size_t i = 0; casing != AS_STORED && i < email.n; i++) {
        bool letter = (p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z';

        if (p[i] == '@')
            local = false;
        p[i] = to_case(p[i], casing == UPPER || (casing == FIRST && i == 0) ||
                                 (casing == EACH_WORD && word) || (casing == UPPER_LOCAL && local));
        word = !letter && !(p[i] >= '0' && p[i] <= '9');
    }
    return (struct slice){ p, email.n };
}

static bool
hash_matches(struct arena *a, const char *algorithm, struct slice hex, struct slice salt,
             struct slice email)
{
    for (int casing = 0; casing < CASING_COUNT; casing++) {
        struct slice said = in_case(a, email, (enum casing)casing);
        struct slice text =
            arena_printf(a, "%.*s%.*s", SLICE_FMT(said), (int)salt.n, salt.p == NULL ? "" : salt.p);

        if (slice_eq_nocase(digest_hex(a, algorithm, text), hex))
            return true;
    }
    return false;
}

int
recipient_match(struct arena *a, json_object *recipient, const struct slice *emails, size_t count)
{
    struct slice identity = json_get_text(recipient, "identity"), hex = SLICE_NONE;
    struct slice salt = json_get_text(recipient, "salt");
    const char  *algorithm = hash_of(identity, &hex);

    if (!json_is_object(recipient) || !type_has(recipient, SL("email")) ||
        json_get_bool(recipient, "hashed") != (algorithm != NULL) ||
        (json_get(recipient, "salt") != NULL && salt.p == NULL))
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (emails[i].n == 0 || emails[i].n > LIMIT_EMAIL_BYTES)
            continue;
        if (algorithm == NULL ? slice_eq_nocase(identity, emails[i])
                              : hash_matches(a, algorithm, hex, salt, emails[i]))
            return (int)i;
    }
    return -1;
}

void
check_recipient(struct work *w, struct node *n)
{
    json_object *recipient = json_get(n->doc, "recipient");
    int          found;

    if (!json_is_object(recipient) || !check_identity(w, n, recipient) || w->o->email_count == 0)
        return;
    if (!type_has(recipient, SL("email"))) {
        note(w, REPORT_RECIPIENT_TYPE,
             ABOUT(.node = n->id, .url = n->url, .prop = SL("recipient.type"),
                   .received = text_of(w->a, json_get(recipient, "type"), 48)));
        return;
    }
    found = recipient_match(w->a, recipient, w->o->emails, w->o->email_count);
    if (found < 0)
        note(w, REPORT_RECIPIENT_MISMATCH,
             ABOUT(.node = n->id, .url = n->url, .prop = SL("recipient.identity")));
    else
        w->r->email = w->o->emails[found];
}

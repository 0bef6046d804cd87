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

/* What an assertion says of its recipient. */
struct identity {
    struct arena *a;
    struct slice  text, hex, salt;
    const char   *algorithm; /* NULL: in clear */
};

static bool
hash_matches(const struct identity *id, struct slice value)
{
    const struct slice text = arena_printf(id->a, "%.*s%.*s", SLICE_FMT(value), (int)id->salt.n,
                                           id->salt.p == NULL ? "" : id->salt.p);

    return slice_eq_nocase(digest_hex(id->a, id->algorithm, text), id->hex);
}

static bool
is_exactly(const struct identity *id, struct slice value)
{
    return id->algorithm == NULL ? slice_eq(id->text, value) : hash_matches(id, value);
}

static bool
is_in_other_case(const struct identity *id, struct slice email)
{
    if (id->algorithm == NULL)
        return slice_eq_nocase(id->text, email);
    for (int casing = AS_STORED + 1; casing < CASING_COUNT; casing++)
        if (hash_matches(id, in_case(id->a, email, (enum casing)casing)))
            return true;
    return false;
}

int
recipient_match(struct arena *a, json_object *identity, const struct recipient *asked, size_t count,
                bool letter_cases, bool *ret_other_case)
{
    struct identity id = { .a = a,
                           .text = json_get_text(identity, "identity"),
                           .salt = json_get_text(identity, "salt") };

    id.algorithm = hash_of(id.text, &id.hex);
    if (!json_is_object(identity) || json_get_bool(identity, "hashed") != (id.algorithm != NULL) ||
        (json_get(identity, "salt") != NULL && id.salt.p == NULL))
        return -1;
    for (int pass = 0; pass <= letter_cases; pass++)
        for (size_t i = 0; i < count; i++) {
            struct slice value = asked[i].value;

            if (value.n == 0 || value.n > LIMIT_URL_BYTES || !type_has(identity, asked[i].type))
                continue;
            *ret_other_case = pass == 1;
            if (pass == 0 ? is_exactly(&id, value)
                          : slice_eq(asked[i].type, SL("email")) && is_in_other_case(&id, value))
                return (int)i;
        }
    return -1;
}

static enum err_code
add_recipient(const char *type, json_object *value, struct recipient *ret, size_t *count,
              struct err *e)
{
    if (json_text(value).p == NULL || *count == LIMIT_PROFILE_VALUES) {
        FAIL(e, FIELD_INVALID, "profile");
        err_set_field(e, slice_str(type));
        err_set_cause_text(e, *count == LIMIT_PROFILE_VALUES
                                  ? SL("The profile has too many values.")
                                  : SL("It is neither a text nor a list of texts."));
        return e->code;
    }
    ret[(*count)++] = (struct recipient){ slice_str(type), json_text(value) };
    return ERR_NONE;
}

enum err_code
recipients_of_profile(struct arena *a, json_object *profile, struct recipient **ret,
                      size_t *ret_count, struct err *e)
{
    struct recipient *all = ARENA_ARRAY(a, struct recipient, LIMIT_PROFILE_VALUES);
    enum err_code     rc;

    *ret_count = 0;
    *ret = all;
    if (!json_is_object(profile)) {
        FAIL(e, FIELD_INVALID, "profile is no object");
        err_set_field(e, SL("profile"));
        err_set_cause_text(e, SL("It is no JSON object."));
        return e->code;
    }
    json_object_object_foreach(profile, name, value)
    {
        size_t n = json_is_array(value) ? json_object_array_length(value) : 1;

        if (strcmp(name, "@context") == 0 || strcmp(name, "type") == 0 || value == NULL)
            continue;
        for (size_t i = 0; i < n; i++)
            if ((rc = add_recipient(
                     name, json_is_array(value) ? json_object_array_get_idx(value, i) : value, all,
                     ret_count, e)) != ERR_NONE)
                return rc;
    }
    return ERR_NONE;
}

/* R27: asked about by one of the names that Open Badges has, or by any other property. */
static bool
is_asked(const struct work *w, json_object *identity)
{
    for (size_t i = 0; i < w->o->recipient_count; i++)
        if (type_has(identity, w->o->recipients[i].type))
            return true;
    return false;
}

static void
note_type(struct work *w, struct node *n, enum report_code code, json_object *identity)
{
    note(w, code,
         ABOUT(.node = n->id, .url = n->url, .prop = SL("recipient.type"),
               .received = text_of(w->a, json_get(identity, "type"), 48)));
}

void
check_recipient(struct work *w, struct node *n)
{
    json_object             *recipient = json_get(n->doc, "recipient");
    static const char *const usual[] = { "id", "email", "url", "telephone" };
    bool                     is_usual = false;
    int                      found;

    if (!json_is_object(recipient) || !check_identity(w, n, recipient) ||
        w->o->recipient_count == 0)
        return;
    for (size_t i = 0; i < COUNT_OF(usual); i++)
        is_usual = is_usual || type_has(recipient, slice_str(usual[i]));
    if (!is_usual)
        note_type(w, n, REPORT_RECIPIENT_TYPE, recipient);
    if (!is_asked(w, recipient)) {
        note_type(w, n, REPORT_RECIPIENT_NOT_ASKED, recipient);
        return;
    }
    found = recipient_match(w->a, recipient, w->o->recipients, w->o->recipient_count,
                            w->o->letter_cases, &w->r->recipient_in_other_case);
    if (found < 0)
        note(w, REPORT_RECIPIENT_MISMATCH,
             ABOUT(.node = n->id, .url = n->url, .prop = SL("recipient.identity")));
    else
        w->r->recipient = w->o->recipients[found];
}

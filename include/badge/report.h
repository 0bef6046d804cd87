/* What a verification found: data, never an error. The same report is JSON for machines, lines for
 * a terminal and fields for a page. It lives in the arena handed to badge_verify. */
#ifndef OBI_BADGE_REPORT_H
#define OBI_BADGE_REPORT_H

#include <stdint.h>

#include "badge/bake.h"
#include "core/fetcher.h"
#include "json/json.h"

/* The sentences: badge/report.def. */
enum report_code {
#define M(id, level, status, err, name, key, sentence, advice) REPORT_##id,
#include "badge/report.def"
#undef M
    REPORT_CODE_COUNT
};
enum report_level { REPORT_LEVEL_INFO, REPORT_LEVEL_WARNING, REPORT_LEVEL_ERROR };

/* How a badge stands, as rows and pages name it. */
enum badge_status {
    STATUS_INVALID,
    STATUS_UNCHECKED, /* what it needs could not be reached or read; nothing else is wrong */
    STATUS_REVOKED,
    STATUS_EXPIRED,
    STATUS_VALID,
};

struct report_message {
    enum report_code  code;
    enum report_level level;
    const char       *name;     /* stable, of the check */
    const char       *key;      /* stable, of the sentence: `report.<key>` in a catalogue */
    struct slice      sentence; /* in English */
    const char       *advice;   /* in English: what can be done about it; may be empty */
    bool              aside;    /* about an endorsement, which the badge stands without */
    /* What it is about. Any may be SLICE_NONE. */
    struct slice node, prop, url, received, expected;
    const char  *node_type; /* of a node without an id, which stands inside a document: its class */
    struct slice node_in;   /* and that document */
    const char  *expected_type; /* the key of what is expected, where it is one of primitive.def */
    struct cause why;           /* what `received` says, where it is a sentence of ours */
    int          status;        /* HTTP; 0: none */
};

/* A document that was asked for. */
struct report_document {
    /* "assertion", "badge", "issuer", "key", "revocation-list", "endorsement", "image",
     * "assertion-image", "context", "schema"; "input": what was handed in is none of these. */
    const char    *role;
    struct fetched got;  /* .url always; the rest only when code is ERR_NONE */
    enum err_code  code; /* why nothing came back */
    struct cause   why;
    struct slice   cause;      /* the same in English */
    struct slice   sha256_hex; /* of the body */
    json_object   *parsed;     /* the body as JSON, once somebody has read it so */
};

/* Somebody a badge may have been issued to, as its recipient's `type` and `identity` name them. */
struct recipient {
    struct slice type, value; /* type: "email", "url", "telephone", "id" or a property's name */
};

struct report {
    bool                    valid;  /* the reference's: no error at all, and something was read */
    enum badge_status       status; /* the badge's own: errors of endorsements do not count */
    size_t                  error_count, warning_count;
    struct report_message  *messages;
    size_t                  message_count;
    struct report_document *documents; /* in the order they were asked for */
    size_t                  document_count;

    const char  *input_type;  /* "url", "json", "jws", "file"; NULL: not found out */
    struct slice input_value; /* the URL or signature that was verified */
    struct slice subject;     /* id of what was asked about; SLICE_NONE while nothing was read */
    const char  *version;     /* "0.5", "1.0", "1.1", "2.0" of that; NULL while nothing was read */
    bool         is_signed;   /* it was handed in as a JWS, and stands hosted nowhere */
    int64_t      checked_at_s;

    /* The graph, normalised to Open Badges 2.0 whatever was fetched; an array, never NULL. The
     * three are borrowed from it and may be NULL. */
    json_object *graph, *assertion, *badge,
        *issuer; /* assertion: NULL too when another class was asked about */
    /* The documents as fetched, the assertion perhaps as a compact JWS; SLICE_NONE when there is none of its own (0.5, embedded). */
    struct slice assertion_text, badge_text, issuer_text;
    struct slice badge_url, issuer_url; /* their ids; empty when embedded without one */
    struct slice
        issuer_host; /* host[:port] of the issuer's id (0.5: of its origin): who really speaks */

    int64_t          issued_on_s; /* 0: not said */
    int64_t          expires_s;   /* 0: never */
    struct recipient recipient;   /* the one asked about that matched; value SLICE_NONE: none */
    bool             recipient_in_other_case; /* and it did in another letter case only */
    bool             plain_identity;          /* the assertion has an address in clear */

    /* The picture the issuer vouches for: the assertion's own if it has one, else the class's.
     * Decodable. */
    struct slice          picture;
    enum badge_image_kind picture_kind;
};

/* The names people and rows use: "valid", "expired", "revoked", "invalid", "unchecked". */
const char *badge_status_name(enum badge_status status);
/* One of three words over all messages: "valid" when report.valid; "unchecked" when every ERROR is
 * a failure to reach or read a server; else "invalid". */
const char *report_outcome(const struct report *r);

/* `{"graph", "input", "report"}`: keys and names as the Open Badges reference validator's, and
 * besides those of ours that docs/verification.md lists. The caller's reference. */
json_object *report_json(struct arena *a, const struct report *r);
/* Lines for a terminal: the outcome, what the badge says, each message, each document. Control
 * characters of foreign text are replaced. */
struct slice report_lines(struct arena *a, const struct report *r);
/* The report as a failure, for what must answer with one: ERR_NONE when it is valid, else
 * ASSERTION_UNREACHABLE, ASSERTION_MALFORMED, RECIPIENT_MISMATCH, IMAGE_UNBAKED, … with url, field,
 * received and cause of the first message that decides. */
MUST_USE enum err_code report_must_be_valid(const struct report *r, struct err *e);
/* The first message that decides the status; NULL when valid. */
const struct report_message *report_deciding(const struct report *r);

/* 32 bytes: the same badge again has the same, another has not. Over the assertion's id, and for a
 * signed one, whose id means nothing elsewhere, its issuer's id. In the arena. */
struct slice report_identity(struct arena *a, const struct report *r);

#endif

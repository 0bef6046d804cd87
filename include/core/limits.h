/* Every bound on what comes from outside, in one place. Over a limit gets a clear 4xx. */
#ifndef OBI_CORE_LIMITS_H
#define OBI_CORE_LIMITS_H

#define KIB 1024
#define MIB (1024 * KIB)

enum {
    /* Pictures. */
    LIMIT_IMAGE_BYTES = 2 * MIB,           /* one PNG or SVG file, uploaded or fetched */
    LIMIT_IMAGE_PIXELS = 64 * 1000 * 1000, /* width times height of a PNG */
    LIMIT_IMAGE_SIDE_PIXELS = 128 * KIB,   /* of a PNG: a few rows of it are held in memory */
    LIMIT_PNG_CHUNKS = 16 * KIB,
    LIMIT_SVG_DEPTH = 64,
    LIMIT_SVG_NODES = 20000,
    LIMIT_SVG_ATTRIBUTES = 512, /* of one element, namespaces included */
    LIMIT_SVG_NAMESPACES = 256, /* declared by an element and those around it */
    /* Documents. */
    LIMIT_JSON_BYTES = 256 * KIB, /* an assertion, badge class, issuer profile, form in JSON */
    LIMIT_JSON_DEPTH = 32,
    LIMIT_JSON_NESTED = 4000,  /* objects and arrays in one document: each takes up to 1 KiB */
    LIMIT_JSON_VALUES = 32000, /* values of any kind in one document */
    LIMIT_CONTEXTS_BYTES = 512 * KIB, /* all that one badge is read by, besides those built in */
    LIMIT_JWS_BYTES = 256 * KIB,
    LIMIT_URL_BYTES = 2048,
    LIMIT_PACKED_BYTES = 8 * MIB, /* one text kept in a row, such as a report */
    LIMIT_REPORT_MESSAGES = 200,
    LIMIT_REPORT_BYTES = 512 * KIB, /* of all its messages; as JSON each may be written as six */
    LIMIT_PROFILE_VALUES = 32,      /* of a recipient's profile that a verification asks about */
    LIMIT_FETCH_DOCUMENTS = 40,     /* fetched for one verification */
    LIMIT_FETCH_BYTES =
        16 * MIB, /* that they take, parsed: with as many no further one is fetched */
    /* Requests. */
    LIMIT_BODY_BYTES = 9 * MIB, /* a form with several pictures; a worker holds it whole */
    LIMIT_FORM_FIELDS = 256,
    LIMIT_FORM_FILES = 50,      /* one form, or dropped on a page at once */
    LIMIT_PUSH_ASSERTIONS = 20, /* sent by an issuer's page at once */
    LIMIT_PUSH_BYTES = 64 * KIB,
    LIMIT_QUERY_ARGS = 64,
    LIMIT_COOKIES = 32,
    LIMIT_NEXT_BYTES = 1024,        /* the path to go to after signing in */
    LIMIT_HEADER_BYTES = 16 * KIB,  /* all FastCGI parameters of a request */
    LIMIT_PASSKEYS = 20,            /* of one user */
    LIMIT_IDENTITIES = 20,          /* accounts at providers, of one user */
    LIMIT_PASSKEY_NAME_BYTES = 100, /* and of its name */
    /* Text of learners, the longer ones in characters, as a form counts them. */
    LIMIT_EMAIL_BYTES = 254,
    LIMIT_EMAILS = 100, /* of one user */
    LIMIT_COLLECTION_NAME_CHARS = 200,
    LIMIT_COLLECTION_TEXT_CHARS = 4000,
    LIMIT_COLLECTIONS = 1000,          /* of one user */
    LIMIT_SITES = 200,                 /* connected, of one user */
    LIMIT_COLLECTION_BADGES = 1000,    /* in one collection */
    LIMIT_COLLECTION_BYTES = 12 * MIB, /* of the badges' documents that are shown of one */
    LIMIT_BADGES = 100000,             /* of one user */
    LIMIT_BADGE_DOCUMENTS = 64,        /* kept of one badge besides its own and its picture */
    /* What a worker keeps of what it has read. */
    LIMIT_KEPT_CLASSES = 64,
    LIMIT_KEPT_CLASS_BYTES = 64 * KIB, /* that one and its issuer take, parsed */
};

#endif

/* A verification under way, shared by the files of this module. */
#ifndef OBI_BADGE_INT_H
#define OBI_BADGE_INT_H

#include "badge/verify.h"
#include "core/limits.h"
#include "core/jws.h"

enum node_kind {
    ANY_KIND, /* whatever a document says it is */
    ASSERTION,
    BADGE_CLASS,
    PROFILE,
    IDENTITY,
    VERIFICATION,        /* of an assertion */
    ISSUER_VERIFICATION, /* of a profile */
    EVIDENCE,
    IMAGE,
    CRITERIA,
    ALIGNMENT,
    RELATED, /* only its id */
    KEY,
    ENDORSEMENT,
    CLAIM,
    REVOCATION_LIST,
    KIND_COUNT
};

/* An object of the graph: a document fetched, or one that stands inside another. */
struct node {
    enum node_kind     kind;
    const char        *version;
    struct slice       id;        /* empty: it has none */
    struct slice       url;       /* the document's; empty for an embedded one */
    struct slice       final_url; /* where redirects led */
    struct slice       text;      /* as fetched; SLICE_NONE for an embedded one */
    json_object       *raw;       /* as fetched */
    json_object       *doc;       /* in the names of Open Badges 2.0 */
    const struct node *in;        /* the one that it stands inside; NULL: a document of its own */
    struct node       *next, *next_endorsed;
};

enum { CONTEXTS_MAX = 32 };

struct work {
    struct arena                *a;
    const struct verify_options *o;
    int64_t                      now_s;
    struct report               *r;
    size_t                       terms_read;             /* of contexts, so that they stay few */
    size_t                       schema_steps;           /* of all schemas, so that they end */
    json_object                **builtins;               /* parsed ones */
    struct slice                 contexts[CONTEXTS_MAX]; /* by which the document at hand is read */
    size_t                       context_count;

    const struct node *at;    /* the one that is being checked */
    struct node       *nodes; /* fetched ones, the last first, so that each is read once */
    struct node *endorsed, **endorsed_end;   /* they have endorsements, which are looked at last */
    struct node *subject;                    /* what was asked about, whatever its class */
    struct node *assertion, *badge, *issuer; /* assertion: the subject, if it is one */
    bool         is_signed;                  /* it came as a JWS */
    struct jws   jws;
    bool offline;       /* stored documents are read again: contexts that nobody kept add nothing */
    bool is_spoken_for; /* the issuer's host, or its key, was seen to speak for the assertion */
    /* By what they make of the badge, without those of endorsements. */
    size_t             own_errors[STATUS_VALID + 1];
    size_t             said_bytes; /* in all messages so far */
    size_t             held_bytes; /* of fetched documents, as they came and parsed */
    const struct node *endorsing;  /* whose endorsements are looked at */
    bool               aside;      /* an endorsement is being looked at */
};

/* primitive.c: the forms of values. NODE is an object or its address. */
enum primitive {
    PRIMITIVE_NONE,
#define P(id, key, text) id,
#include "badge/primitive.def"
#undef P
};
bool primitive_is(enum primitive type, json_object *value);

/* What a message is about; what is not said stays empty. With `why`, that is what was received; with
 * `type`, that is what was expected. note() names a node without an id by what it is and stands in. */
struct about {
    struct slice   node, prop, url, received, expected;
    const char    *node_type;
    struct slice   node_in;
    struct cause   why;
    enum primitive type;
    int            status;
};
#define ABOUT(...) (&(struct about){ __VA_ARGS__ })
void note(struct work *w, enum report_code code, const struct about *about);

/* fetch.c: every document once, at most LIMIT_FETCH_DOCUMENTS of them, and none more when they take
 * LIMIT_FETCH_BYTES. NULL when that is used up: then `budget_note` says it, or `budget_cause`. */
const struct report_document *fetch_once(struct work *w, const char *role, struct slice url,
                                         size_t max_bytes);
/* One more in the report's list, zeroed but for its role; there are not yet LIMIT_FETCH_DOCUMENTS. */
struct report_document *document_add(struct work *w, const char *role);
void         budget_note(struct work *w, struct slice url, struct slice from, struct slice prop);
struct cause budget_cause(const struct work *w);
/* What answered at `url` with a status from 200 to 299, or NULL after saying why not. `from` and
 * `prop` say who asked. */
const struct report_document *fetch_answer(struct work *w, const char *role, struct slice url,
                                           struct slice from, struct slice prop);
/* One that was asked for, or is at hand; NULL when there is none. */
struct report_document *document_find(const struct report *r, struct slice url);
/* The same as JSON. `from` and `prop` say who asked. */
bool fetch_json(struct work *w, const char *role, struct slice url, struct slice from,
                struct slice prop, const struct report_document **ret_doc, json_object **ret);
/* The document's body as JSON; false, and what is wrong in *e, when it is none. */
bool parse_once(struct work *w, const struct report_document *d, json_object **ret, struct err *e);
/* An HTTP status that says something of the server now, and nothing of the document. */
bool         is_passing(int status);
struct slice without_fragment(struct slice url);
/* Authority of an http(s) address for comparing: lower case, without a port that is its scheme's
 * own. SLICE_NONE when it is no such address, or has userinfo. */
struct slice authority_of(struct arena *a, struct slice url);
/* The same, and `www.` in front counts for nothing. */
bool same_site(struct arena *a, struct slice url, struct slice other);

/* signed.c: the assertion in a compact JWS; false after saying why it cannot be read. And whether
 * the issuer's key signed it and its revocation list does not have it. */
bool signed_take(struct work *w, struct slice text, struct node *n);
void check_signature(struct work *w, struct node *n);

/* node.c */
struct node *node_fetch(struct work *w, enum node_kind kind, const char *role, struct slice url,
                        struct slice from, struct slice prop);
struct node *node_embedded(struct work *w, enum node_kind kind, const struct node *in,
                           json_object *doc);
/* From a document that is at hand; false after saying why not. */
bool node_read(struct work *w, struct node *n, json_object *raw);

/* context.c: an object in the names of Open Badges 2.0, by its @context and those it stands in.
 * Fetches contexts that are not built in. NULL after saying why not. */
json_object *context_compact(struct work *w, struct slice node, json_object *raw, bool v1_default);
/* One of Open Badges' own, by which a document of 1.x or 2.0 is in the names of its version. */
bool context_is_known(struct slice url);
/* The version that `@context` and `recipient` say. */
const char *version_of(json_object *raw);

/* upgrade.c: what 0.5 and 1.x wrote otherwise. */
json_object *upgrade_05(struct work *w, struct slice url, json_object *raw);
void         upgrade_1x(struct work *w, enum node_kind kind, json_object *doc);

/* props.c: its properties, then its class's rules, then what it leads to. */
void check_node(struct work *w, struct node *n);
/* The endorsements of all that was checked; messages about them are aside. */
void check_endorsements(struct work *w);
/* rules.c: the rules of one object's class; and those over the badge as a whole. */
void check_kind(struct work *w, struct node *n);
void check_badge(struct work *w);

const char *kind_name(enum node_kind kind);
/* What a document of it is listed as; NULL: it needs none of its own. */
const char *kind_role(enum node_kind kind);
/* What a document of its own says that it is, by its type, and in 1.0 by what it has. ANY_KIND:
 * nothing that Open Badges knows. */
enum node_kind kind_of(const char *version, json_object *doc);
/* Open Badges 3.0, which the rules of 2.0 do not read. */
bool is_version_3(json_object *raw);
bool type_has(json_object *doc, struct slice type);

/* image.c: of an assertion or a badge class. */
void check_image(struct work *w, struct node *n);

/* scope.c */
void check_scope(struct work *w, struct node *n);
/* R21: begins with one of `startsWith`, and stays there; true where that names none. */
bool starts_as_allowed(struct arena *a, struct slice url, json_object *starts_with);

/* recipient.c */
void check_recipient(struct work *w, struct node *n);

/* verify.c: begins a verification. */
void work_init(struct work *w, struct arena *a, const struct verify_options *options);

/* class_kept.c: a class and its issuer of two documents of their own, as a worker has read them before from the same
 * bytes, for w->badge and w->issuer; false: it has not, or no longer. And keeps what was read now, unless it is large. */
bool class_kept_take(struct work *w, const struct badge_docs *docs);
void class_kept_put(const struct work *w, const struct badge_docs *docs);

/* input.c: finds where the badge is hosted, or *ret_jws, a compact JWS; false after saying why
 * there is neither. */
bool input_take(struct work *w, struct slice input, struct slice *ret_url, struct slice *ret_jws);

/* note.c: any value as JSON, cut, for messages; a failure's sentence with its cause; what an issuer
 * says of a revocation, which may be nothing. */
struct slice      text_of(struct arena *a, json_object *value, size_t max);
struct cause      failure_of(struct work *w, const struct err *e);
struct cause      reason_given(struct slice reason);
enum badge_status report_code_status(enum report_code code);
enum err_code     report_code_err(enum report_code code);

#endif

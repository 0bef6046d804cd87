/* Badges, with the documents and pictures they share. */
#ifndef OBI_STORE_BADGE_H
#define OBI_STORE_BADGE_H

#include "store/store.h"

enum visibility { VISIBILITY_PRIVATE = 0, VISIBILITY_LINK = 1, VISIBILITY_PUBLIC = 2 };
enum picture_kind { PICTURE_PNG = 1, PICTURE_SVG = 2 };

/* The reason of a status: a document is not there (import/recheck.h). */
#define REASON_NOT_HOSTED "not-hosted"

/* What an import hands over. Documents and pictures are stored once, by hash, however many badges
 * use them. */
struct badge_new {
    struct slice identity;   /* 32 bytes: the same badge again has the same (badge/report.h) */
    struct slice version;    /* "0.5", "1.0", "1.1", "2.0" */
    struct slice hosted_url; /* empty for a signed badge */
    struct slice assertion;  /* as fetched, or the compact JWS */
    struct slice class_url, class_text; /* empty in 0.5, where all is in the assertion */
    struct slice issuer_url, issuer_text;
    struct slice contexts; /* by which assertion, class and issuer are read; empty: built-in ones */
    struct slice class_name, issuer_name, issuer_host; /* for lists */
    struct slice
        picture; /* the one the issuer vouches for; the assertion is baked in on the way out */
    enum picture_kind picture_kind;
    struct slice      email;          /* the user's address that matched */
    bool              plain_identity; /* the assertion has the address in clear */
    int64_t           issued_on_s;    /* 0: not said */
    int64_t           expires_s;      /* 0: never */
    struct slice      status;         /* "valid", "expired", "revoked", "invalid", "unchecked" */
    struct slice      report;         /* as JSON, without its graph */
    int64_t           checked_at_s;
    /* What else was fetched: bodies, to be found again by their hash. */
    const struct slice *documents;
    size_t              document_count;
};

/* A line of a list. */
struct badge_row {
    uint64_t          id;
    struct slice      class_name, issuer_name, issuer_host, status, version;
    struct slice      picture_hash; /* 64 hex digits: /images/badge/<hash>.png */
    enum picture_kind picture_kind;
    enum visibility   visibility; /* of the badge's own page */
    struct slice      path;       /* of its own page; empty while it never had one */
    bool              plain_identity;
    int64_t           issued_on_s, expires_s, checked_at_s, created_at_s;
    struct slice      reason;      /* what the status is for; empty while it is as it came */
    int64_t           status_at_s; /* since when it has the status */
};

/* All of it. */
struct badge_full {
    struct badge_row row;
    uint64_t         user;
    struct slice hosted_url, assertion, class_url, class_text, issuer_url, issuer_text, contexts;
    struct slice email;
    struct slice report; /* of the last check that changed something, else of the import */
};

/* What is baked into what: the answer of /images/badge/<hash>. */
struct badge_picture {
    enum picture_kind kind;
    struct slice      source;    /* the picture's bytes */
    struct slice      assertion; /* to be baked in */
    struct slice      hosted_url;
};

/* Errors  BADGE_EXISTS: *ret_id is the one that is there. CONFLICT over LIMIT_BADGES. */
MUST_USE enum err_code store_badge_add(struct db *db, uint64_t user, const struct badge_new *badge,
                                       uint64_t *ret_id, struct err *e);
/* The user's badge of that identity; 0 when there is none. */
MUST_USE enum err_code store_badge_same(struct db *db, uint64_t user, struct slice identity,
                                        uint64_t *ret_id, struct err *e);
/* Newest first, at most `limit`, from those older than `before` (0: from the newest). */
MUST_USE enum err_code store_badge_list(struct db *db, uint64_t user, uint64_t before, size_t limit,
                                        struct badge_row **ret, size_t *ret_count, struct err *e);
MUST_USE enum err_code store_badge_count(struct db *db, uint64_t user, uint64_t *ret,
                                         struct err *e);
MUST_USE enum err_code store_badge_get(struct db *db, uint64_t user, uint64_t id,
                                       struct badge_full *ret, struct err *e);
/* Also takes it out of every collection. */
MUST_USE enum err_code store_badge_remove(struct db *db, uint64_t user, uint64_t id, struct err *e);
/* Sets who may see the badge's own page. It gets an unguessable path the first time it leaves
 * PRIVATE; *ret_path is that path. */
MUST_USE enum err_code store_badge_set_visibility(struct db *db, uint64_t user, uint64_t id,
                                                  enum visibility visibility,
                                                  struct slice *ret_path, struct err *e);
/* A badge whose own page is not private. Looked up on the primary, as a collection is. */
MUST_USE enum err_code store_badge_by_path(struct db *db, struct slice path, struct badge_full *ret,
                                           struct err *e);
/* Whether its picture, before the assertion is baked in, is the one of that SHA-256. */
bool badge_has_picture(struct arena *a, const struct badge_full *badge, struct slice sha256_hex);
/* The report of the import, also when a later check found something else. Errors  NOT_FOUND: none was
 * kept. */
MUST_USE enum err_code store_badge_first_report(struct db *db, uint64_t user, uint64_t id,
                                                struct slice *ret, struct err *e);
/* The picture, by its hash in hex. `user` 0: only while the badge, or a collection it is in, is not
 * private; else only that user's own. Whether it may be seen is asked on the primary. */
MUST_USE enum err_code store_badge_picture(struct db *db, uint64_t user, struct slice hash_hex,
                                           struct badge_picture *ret, struct err *e);

#endif

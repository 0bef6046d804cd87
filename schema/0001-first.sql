-- The first schema. Rows of a person are clustered under that person; ids are random, below 2^53, and carry
-- the time they were made at; nothing needs an order that servers would have to share, or a foreign key.
-- Identities (addresses, paths, hashes) are bytes: no collation ever calls two of them equal.
-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE user (
    id           BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    version      BIGINT UNSIGNED NOT NULL,          -- raised by every write to what is theirs
    findable     BOOLEAN NOT NULL,                  -- convert/email may name them
    created_at_s BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE user_email (
    email_key VARBINARY(254) NOT NULL PRIMARY KEY,  -- ASCII letters in lower case
    user_id   BIGINT UNSIGNED NOT NULL,
    number    SMALLINT UNSIGNED NOT NULL,           -- 0: the primary one; badges name theirs by it
    email     VARBINARY(254) NOT NULL,              -- as typed
    UNIQUE KEY by_user (user_id, number)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE session (
    token_hash   BINARY(32) NOT NULL PRIMARY KEY,
    user_id      BIGINT UNSIGNED NOT NULL,
    id           BIGINT UNSIGNED NOT NULL,
    user_agent   VARBINARY(255) NOT NULL,
    created_at_s BIGINT NOT NULL,
    used_at_s    BIGINT NOT NULL,
    expires_at_s BIGINT NOT NULL,
    UNIQUE KEY by_user (user_id, id),
    KEY by_expiry (expires_at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE signin (
    email_key    VARBINARY(254) NOT NULL PRIMARY KEY, -- so that a new link makes the old invalid
    token_hash   BINARY(32) NOT NULL,
    email        VARBINARY(254) NOT NULL,
    expires_at_s BIGINT NOT NULL,
    UNIQUE KEY by_token (token_hash),
    KEY by_expiry (expires_at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE rate (
    bucket_hash BINARY(32) NOT NULL PRIMARY KEY,
    taken       BIGINT NOT NULL,
    ends_at_s   BIGINT NOT NULL,
    KEY by_end (ends_at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE outbox (
    id           BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    claim        BIGINT UNSIGNED NOT NULL,          -- who is sending it, until due_at_s; 0: nobody
    attempts     INT UNSIGNED NOT NULL,
    due_at_s     BIGINT NOT NULL,
    created_at_s BIGINT NOT NULL,
    send_to      VARBINARY(254) NOT NULL,
    subject      VARCHAR(1000) NOT NULL,
    body         MEDIUMTEXT NOT NULL,
    KEY by_due (due_at_s),
    KEY by_claim (claim)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What many badges share is kept once, found by its hash and counted: the last badge takes it along.
-- The count stands apart from the bytes, or the binary log would carry a picture for every badge.
CREATE TABLE shared (
    hash BINARY(32) NOT NULL PRIMARY KEY,
    id   BIGINT UNSIGNED NOT NULL,
    uses BIGINT UNSIGNED NOT NULL,
    UNIQUE KEY by_id (id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE picture (
    id    BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    bytes MEDIUMBLOB NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE class (
    id          BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    class_name  VARCHAR(1000) NOT NULL,
    issuer_name VARCHAR(1000) NOT NULL,
    issuer_host VARBINARY(255) NOT NULL,
    class_url   VARBINARY(2048) NOT NULL,
    issuer_url  VARBINARY(2048) NOT NULL,
    class_text  MEDIUMBLOB NOT NULL,
    issuer_text MEDIUMBLOB NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A badge's creation time stands in its id. Small on purpose: there are many.
CREATE TABLE badge (
    user_id        BIGINT UNSIGNED NOT NULL,
    id             BIGINT UNSIGNED NOT NULL,
    identity       BINARY(8) NOT NULL,              -- the beginning of the identity: equal for the same badge again
    picture_hash   BINARY(32) NOT NULL,             -- public name of the baked picture
    picture_id     BIGINT UNSIGNED NOT NULL,
    class_id       BIGINT UNSIGNED NOT NULL,
    email_number   SMALLINT UNSIGNED NOT NULL,      -- of the address it was issued to
    picture_kind   TINYINT UNSIGNED NOT NULL,       -- 1 PNG, 2 SVG
    visibility     TINYINT UNSIGNED NOT NULL,       -- 0 private, 1 by link, 2 public
    plain_identity BOOLEAN NOT NULL,
    version        ENUM('0.5', '1.0', '1.1', '2.0') CHARACTER SET ascii NOT NULL,
    status         ENUM('valid', 'expired', 'revoked', 'invalid', 'unchecked') CHARACTER SET ascii NOT NULL,
    issued_on_s    BIGINT NULL,                     -- NULL: not said
    expires_s      BIGINT NULL,                     -- NULL: never
    checked_at_s   BIGINT NOT NULL,
    hosted_url     VARBINARY(2048) NOT NULL,
    assertion      MEDIUMBLOB NOT NULL,             -- packed
    PRIMARY KEY (user_id, id),
    UNIQUE KEY by_identity (user_id, identity),
    KEY by_picture (picture_hash(5))
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE badge_report (
    user_id  BIGINT UNSIGNED NOT NULL,
    badge_id BIGINT UNSIGNED NOT NULL,
    report   MEDIUMBLOB NOT NULL,                   -- packed
    PRIMARY KEY (user_id, badge_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The address of a badge's own page, kept from the first time it left private.
CREATE TABLE badge_path (
    user_id  BIGINT UNSIGNED NOT NULL,
    badge_id BIGINT UNSIGNED NOT NULL,
    path     VARBINARY(64) NOT NULL,
    PRIMARY KEY (user_id, badge_id),
    UNIQUE KEY by_path (path)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE collection (
    user_id      BIGINT UNSIGNED NOT NULL,
    id           BIGINT UNSIGNED NOT NULL,
    visibility   TINYINT UNSIGNED NOT NULL,
    path         VARBINARY(64) NOT NULL,
    name         VARCHAR(200) NOT NULL,
    description  VARCHAR(4000) NOT NULL,
    created_at_s BIGINT NOT NULL,
    PRIMARY KEY (user_id, id),
    UNIQUE KEY by_path (path),
    KEY by_visibility (user_id, visibility)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE collection_badge (
    user_id       BIGINT UNSIGNED NOT NULL,
    collection_id BIGINT UNSIGNED NOT NULL,
    badge_id      BIGINT UNSIGNED NOT NULL,
    place         INT NOT NULL,                     -- ascending is the owner's order; gaps mean nothing
    PRIMARY KEY (user_id, collection_id, badge_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Addresses whose cached documents a committed write made old, until the cache has confirmed their removal.
CREATE TABLE cache_purge (
    id           BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    paths        MEDIUMBLOB NOT NULL,               -- one a line
    created_at_s BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

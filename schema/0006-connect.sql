-- Backpack Connect: the sites that a learner lets push badges into the backpack. One row a site: it holds the
-- hashes of the one code, the one access token and the one refresh token that work for it.
CREATE TABLE connect_grant (
    user_id             BIGINT UNSIGNED NOT NULL,
    id                  BIGINT UNSIGNED NOT NULL,
    origin              VARBINARY(255) NOT NULL,  -- scheme://host[:port] of who asked
    scope               VARBINARY(64) NOT NULL,   -- blanks between them
    created_at_s        BIGINT NOT NULL,
    used_at_s           BIGINT NULL,              -- when its token was last seen, to the hour; NULL: never
    code_hash           BINARY(32) NULL,          -- stays when it is used up, so that a second use is noticed
    code_challenge      BINARY(32) NULL,
    code_expires_at_s   BIGINT NULL,              -- NULL: there is none, or it is used up
    access_hash         BINARY(32) NULL,          -- NULL: the code was not used yet
    access_expires_at_s BIGINT NULL,
    refresh_family_hash BINARY(32) NULL,          -- of what all refresh tokens of the grant begin with
    refresh_hash        BINARY(32) NULL,          -- of the one that works
    PRIMARY KEY (user_id, id),
    UNIQUE KEY by_origin (user_id, origin),
    UNIQUE KEY by_code (code_hash),
    UNIQUE KEY by_access (access_hash),
    UNIQUE KEY by_refresh (refresh_family_hash),
    KEY by_code_expiry (code_expires_at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

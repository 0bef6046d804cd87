-- Passkeys: found by the hash of their credential id. The public key has libfido2's form for its algorithm.
CREATE TABLE passkey (
    credential_hash BINARY(32) NOT NULL PRIMARY KEY,
    user_id         BIGINT UNSIGNED NOT NULL,
    id              BIGINT UNSIGNED NOT NULL,      -- names it to its owner
    credential      VARBINARY(1023) NOT NULL,
    algorithm       SMALLINT NOT NULL,             -- COSE: -7 ES256, -8 EdDSA, -257 RS256
    public_key      VARBINARY(600) NOT NULL,
    count           INT UNSIGNED NOT NULL,         -- of signatures, as the authenticator last said
    name            VARCHAR(100) NOT NULL,
    created_at_s    BIGINT NOT NULL,
    used_at_s       BIGINT NULL,
    UNIQUE KEY by_user (user_id, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What a browser's authenticator is asked to sign: one at a time for a browser, used once.
CREATE TABLE passkey_challenge (
    browser_hash BINARY(32) NOT NULL PRIMARY KEY,
    challenge    BINARY(32) NOT NULL,
    expires_at_s BIGINT NOT NULL,
    KEY by_expiry (expires_at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Assertions that have signed somebody in, until they expire: each does so once. once_hash covers what is signed.
CREATE TABLE browserid_used (
    once_hash    BINARY(32) NOT NULL PRIMARY KEY,
    expires_at_s BIGINT NOT NULL,
    KEY by_expiry (expires_at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

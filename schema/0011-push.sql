-- What an issuer's page has pushed and its learner has not decided on yet: an hour long, and found by whoever has
-- the token.
CREATE TABLE push (
    token_hash   BINARY(32) NOT NULL PRIMARY KEY,
    assertions   MEDIUMBLOB NOT NULL,        -- a JSON array of texts
    sender       VARBINARY(2048) NOT NULL,   -- the page's origin; empty: not known
    return_to    VARBINARY(2048) NOT NULL,   -- an address of that origin; empty: none
    window_key   VARBINARY(64) NOT NULL,     -- of the window that took it, which alone answers the page; empty: none
    expires_at_s BIGINT NOT NULL,
    KEY by_expiry (expires_at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

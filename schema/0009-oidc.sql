-- Accounts at OpenID Providers that sign a person in: a provider's issuer with its own name for them.
CREATE TABLE oidc_identity (
    issuer       VARBINARY(255) NOT NULL,
    subject      VARBINARY(255) NOT NULL,
    user_id      BIGINT UNSIGNED NOT NULL,
    id           BIGINT UNSIGNED NOT NULL,
    email        VARBINARY(254) NOT NULL,           -- as the provider said it then, for its owner to know it by; or empty
    created_at_s BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE KEY by_user (user_id, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A sign-in that has been begun and not ended, in one browser.
CREATE TABLE oidc_state (
    state_hash   BINARY(32) NOT NULL PRIMARY KEY,
    browser_hash BINARY(32) NOT NULL,
    provider     VARBINARY(32) NOT NULL,
    user_id      BIGINT UNSIGNED NOT NULL,          -- who adds an account at the provider; 0: somebody signs in
    next         VARBINARY(1024) NOT NULL,
    expires_at_s BIGINT NOT NULL,
    KEY by_expiry (expires_at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- An identity whose address is confirmed first: it becomes that of whoever signs in by a mail to that address in
-- the browser that it was shown to.
CREATE TABLE oidc_pending (
    browser_hash BINARY(32) NOT NULL PRIMARY KEY,
    email_key    VARBINARY(254) NOT NULL,
    issuer       VARBINARY(255) NOT NULL,
    subject      VARBINARY(255) NOT NULL,
    email        VARBINARY(254) NOT NULL,
    expires_at_s BIGINT NOT NULL,
    KEY by_expiry (expires_at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

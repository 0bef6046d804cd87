-- Somebody has any number of addresses. A number stays with its address, since badges name theirs by it; which one
-- is the primary is said of the person.
ALTER TABLE user ADD COLUMN primary_number SMALLINT UNSIGNED NOT NULL DEFAULT 0;

-- Addresses that were given up but that badges were issued to: what these are checked against. They match nothing
-- new, sign nobody in, and may be somebody else's by now.
CREATE TABLE former_email (
    user_id   BIGINT UNSIGNED NOT NULL,
    number    SMALLINT UNSIGNED NOT NULL,
    email_key VARBINARY(254) NOT NULL,
    email     VARBINARY(254) NOT NULL,
    PRIMARY KEY (user_id, number)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Ids of accounts that were merged into another: the display API leads from one to the other.
CREATE TABLE user_alias (
    id      BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    user_id BIGINT UNSIGNED NOT NULL,
    KEY by_user (user_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A mail that proves an address, to sign in or to add it to an account. Whoever asks for one of these makes none of
-- another account invalid.
ALTER TABLE signin
    ADD COLUMN user_id BIGINT UNSIGNED NOT NULL DEFAULT 0, -- the account that asked; 0: to sign in
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (email_key, user_id),
    ADD KEY by_user (user_id);

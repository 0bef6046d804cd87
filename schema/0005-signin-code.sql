-- Besides the link, a mail carries six digits for the browser that asked: code_hash covers both, tries counts what
-- was typed. next is the path to go to afterwards. A link that the release before made has no code.
ALTER TABLE signin
    ADD COLUMN browser_hash BINARY(32) NULL,
    ADD COLUMN code_hash    BINARY(32) NULL,
    ADD COLUMN tries        TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN next         VARBINARY(1024) NOT NULL DEFAULT '';

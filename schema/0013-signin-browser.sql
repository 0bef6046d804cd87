-- A mail that proves an address stands beside those that other browsers asked for: whoever asks for mails to somebody's
-- address makes neither their link nor their digits invalid. A mail of a release without digits is no browser's.
UPDATE signin SET browser_hash = '' WHERE browser_hash IS NULL;
ALTER TABLE signin
    MODIFY browser_hash BINARY(32) NOT NULL,
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (email_key, user_id, browser_hash);

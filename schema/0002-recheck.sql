-- Badges are verified again in the background. A badge that was stored by the release before, or a moment ago,
-- has check_host 0 until a checker queues it; so neither imports nor that release know of the queues.
ALTER TABLE badge
    ADD COLUMN check_host    BIGINT UNSIGNED NOT NULL DEFAULT 0, -- the queue it stands in: check_host.id
    ADD COLUMN check_at_s    INT UNSIGNED NOT NULL DEFAULT 0,    -- due for its next check
    ADD COLUMN status_reason VARBINARY(40) NOT NULL DEFAULT '',  -- what the status is for; empty while valid
    ADD COLUMN status_at_s   BIGINT NULL,                        -- since when it has the status; NULL: since it came
    ADD KEY by_check (check_host, check_at_s);

-- One queue for each host that a check asks first, and one row for each other that checks fetch from. Its id is
-- the beginning of the SHA-256 of host[:port]: nothing here says where anybody's badges come from.
-- 1 stands for all hosts together.
CREATE TABLE check_host (
    id         BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    claim      BIGINT UNSIGNED NOT NULL,          -- who checks its badges, until due_at_ms; 0: nobody
    due_at_ms  BIGINT NOT NULL,                   -- when its next badge is due
    next_at_ms BIGINT NOT NULL,                   -- not asked before
    failures   INT UNSIGNED NOT NULL,             -- in a row
    KEY by_due (due_at_ms),
    KEY by_claim (claim)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A row each time status or reason changed. What it was when it came is not repeated here: valid.
CREATE TABLE badge_history (
    user_id  BIGINT UNSIGNED NOT NULL,
    badge_id BIGINT UNSIGNED NOT NULL,
    at_s     BIGINT NOT NULL,
    status   ENUM('valid', 'expired', 'revoked', 'invalid', 'unchecked') CHARACTER SET ascii NOT NULL,
    reason   VARBINARY(40) NOT NULL,
    PRIMARY KEY (user_id, badge_id, at_s)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The report of the last check that changed something; that of the import stays in badge_report.
CREATE TABLE badge_check (
    user_id  BIGINT UNSIGNED NOT NULL,
    badge_id BIGINT UNSIGNED NOT NULL,
    report   MEDIUMBLOB NOT NULL,                   -- packed
    PRIMARY KEY (user_id, badge_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What else was fetched for a report, byte for byte, found by the hash that the report names. The bytes are
-- shared and counted as those of classes are.
CREATE TABLE document (
    id    BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    bytes MEDIUMBLOB NOT NULL                       -- packed
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE badge_document (
    user_id     BIGINT UNSIGNED NOT NULL,
    badge_id    BIGINT UNSIGNED NOT NULL,
    sha256      BINARY(32) NOT NULL,
    document_id BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (user_id, badge_id, sha256)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

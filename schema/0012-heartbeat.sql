-- One row: when the primary last said that it is alive, by its own clock, and how often a primary was promoted. A
-- replica's copy says how old its rows are, and which primary they come from.
CREATE TABLE heartbeat (
    id    TINYINT UNSIGNED NOT NULL PRIMARY KEY, -- 1
    at_us BIGINT NOT NULL,                       -- microseconds since 1970-01-01 UTC
    term  BIGINT UNSIGNED NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO heartbeat (id, at_us, term) VALUES (1, 0, 1);

-- A badge's row stays under 300 bytes: a queue's number has four bytes, and so has a time that is never long ago.
-- Two hosts in one queue would only wait for one another. The queues are made anew from the badges; a checker of
-- the release before stops at the first number that does not fit, and everything else of it goes on.
ALTER TABLE badge
    DROP KEY by_check,
    DROP COLUMN check_host,
    ADD COLUMN check_host INT UNSIGNED NOT NULL DEFAULT 0, -- the queue it stands in: check_host.id
    MODIFY checked_at_s   INT UNSIGNED NOT NULL,
    ADD KEY by_check (check_host, check_at_s);

DELETE FROM check_host;
ALTER TABLE check_host MODIFY id INT UNSIGNED NOT NULL;

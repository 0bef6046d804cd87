-- The linked contexts that a badge's documents are read by when nobody can fetch them any more. They stand with what
-- the badges of a class share, so that showing one asks no more than before.
ALTER TABLE class
    ADD COLUMN contexts MEDIUMBLOB NOT NULL DEFAULT ''; -- packed: a line with the address, a line with the JSON, for each

-- The database and its users, on the primary: `obi` reads and writes rows, `obi_owner` changes the schema. Workers on
-- other machines: the same with their addresses instead of localhost.
CREATE DATABASE obi CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER obi@localhost IDENTIFIED BY 'CHANGE-ME';
GRANT SELECT, INSERT, UPDATE, DELETE ON obi.* TO obi@localhost;
CREATE USER obi_owner@localhost IDENTIFIED BY 'CHANGE-ME-TOO';
GRANT ALL ON obi.* TO obi_owner@localhost;
GRANT SLAVE MONITOR ON *.* TO obi@localhost, obi_owner@localhost;

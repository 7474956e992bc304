-- Each of these steps is one statement that may be repeated: on these servers a change of the schema cannot be
-- taken back, and whoever died between doing it and noting it down leaves it to be done again. What the tables hold is
-- described in the steps for SQLite; here texts that are looked up have a length, and foreign keys stand apart.
CREATE TABLE IF NOT EXISTS settings (
    name  VARCHAR(64) NOT NULL PRIMARY KEY,
    value LONGTEXT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

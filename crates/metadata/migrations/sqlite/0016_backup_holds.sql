-- Holds: backup sets that somebody wants kept. A set that is recorded again keeps its hold, so no foreign key leads to it.
CREATE TABLE backup_holds (
    backup_set_id INTEGER NOT NULL PRIMARY KEY,
    reason        TEXT NOT NULL,
    owner         TEXT NOT NULL,
    until_at      INTEGER,
    since_at      INTEGER NOT NULL
) STRICT;

-- No name in this schema is a reserved word of MySQL or OceanBase: the statements are the same everywhere.
--
-- What holds the rest: single settings, and the counters that give out identities. Identities are counted here
-- rather than by the database, so that a secret can be sealed to its row before the row exists, and so that
-- numbers of events become visible in their order.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

INSERT INTO counters (name, value) VALUES
    ('audit_lines', 0), ('backup_sets', 0), ('clusters', 0), ('events', 0), ('storages', 0), ('tasks', 0), ('users', 0);

-- Where backups lie, and what lies there. A storage without a name was typed in for one task. `secret` is sealed.

CREATE TABLE storages (
    id            INTEGER PRIMARY KEY,
    name          TEXT UNIQUE,
    kind          TEXT NOT NULL,
    path          TEXT NOT NULL,
    endpoint      TEXT,
    access_key_id TEXT,
    app_id        TEXT,
    secret        TEXT,
    created_at    INTEGER NOT NULL
) STRICT;

-- Without references to clusters and tasks: a backup outlives what it was taken of, and who took it.
CREATE TABLE backup_sets (
    id           INTEGER PRIMARY KEY,
    task_id      INTEGER NOT NULL,
    cluster_id   INTEGER NOT NULL,
    cluster_name TEXT NOT NULL,
    tenant_id    INTEGER NOT NULL,
    tenant_name  TEXT NOT NULL,
    method       TEXT NOT NULL,
    mode         TEXT NOT NULL,
    storage_id   INTEGER NOT NULL REFERENCES storages (id),
    path         TEXT NOT NULL,
    scn          INTEGER NOT NULL,
    byte_count   INTEGER NOT NULL,
    row_count    INTEGER NOT NULL,
    table_count  INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    finished_at  INTEGER NOT NULL,
    status       TEXT NOT NULL,
    UNIQUE (task_id, tenant_id)
) STRICT;

CREATE INDEX backup_sets_of_cluster ON backup_sets (cluster_id, finished_at);
CREATE INDEX backup_sets_in_storage ON backup_sets (storage_id);

CREATE TABLE restores (
    task_id       INTEGER PRIMARY KEY,
    backup_set_id INTEGER NOT NULL,
    cluster_id    INTEGER NOT NULL,
    tenant_id     INTEGER NOT NULL,
    targets       TEXT NOT NULL,
    byte_count    INTEGER NOT NULL,
    row_count     INTEGER NOT NULL,
    table_count   INTEGER NOT NULL,
    started_at    INTEGER NOT NULL,
    finished_at   INTEGER NOT NULL
) STRICT;

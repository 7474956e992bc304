-- What the backups of a cluster took of each storage, now and then. `log_bytes` is NULL where the version does not tell,
-- `capacity_bytes` and `used_bytes` where the file system is not known.
CREATE TABLE storage_uses (
    cluster_id     INTEGER NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    storage_id     INTEGER NOT NULL REFERENCES storages (id) ON DELETE CASCADE,
    taken_at       INTEGER NOT NULL,
    data_bytes     INTEGER NOT NULL,
    log_bytes      INTEGER,
    capacity_bytes INTEGER,
    used_bytes     INTEGER,
    PRIMARY KEY (cluster_id, storage_id, taken_at)
) STRICT;

CREATE INDEX storage_uses_storage ON storage_uses (storage_id);
CREATE INDEX storage_uses_taken ON storage_uses (cluster_id, taken_at);

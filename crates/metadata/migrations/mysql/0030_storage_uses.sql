CREATE TABLE IF NOT EXISTS storage_uses (
    cluster_id     BIGINT NOT NULL,
    storage_id     BIGINT NOT NULL,
    taken_at       BIGINT NOT NULL,
    data_bytes     BIGINT NOT NULL,
    log_bytes      BIGINT,
    capacity_bytes BIGINT,
    used_bytes     BIGINT,
    PRIMARY KEY (cluster_id, storage_id, taken_at),
    KEY storage_uses_storage (storage_id),
    KEY storage_uses_taken (cluster_id, taken_at),
    CONSTRAINT storage_uses_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id) ON DELETE CASCADE,
    CONSTRAINT storage_uses_storage FOREIGN KEY (storage_id) REFERENCES storages (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

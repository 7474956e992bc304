CREATE TABLE IF NOT EXISTS strategies (
    id         BIGINT NOT NULL PRIMARY KEY,
    cluster_id BIGINT NOT NULL,
    tenant_id  BIGINT NOT NULL,
    owner_id   BIGINT NOT NULL,
    storage_id BIGINT NOT NULL,
    settings   LONGTEXT NOT NULL,
    paused     BIGINT NOT NULL,
    since_at   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE KEY strategies_scope (cluster_id, tenant_id),
    KEY strategies_storage (storage_id),
    CONSTRAINT strategies_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id) ON DELETE CASCADE,
    CONSTRAINT strategies_storage FOREIGN KEY (storage_id) REFERENCES storages (id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

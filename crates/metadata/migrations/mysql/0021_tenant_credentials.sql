CREATE TABLE IF NOT EXISTS tenant_credentials (
    id         BIGINT NOT NULL PRIMARY KEY,
    cluster_id BIGINT NOT NULL,
    tenant_id  BIGINT NOT NULL,
    user_name  LONGTEXT NOT NULL,
    password   LONGTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE KEY tenant_credentials_of (cluster_id, tenant_id),
    CONSTRAINT tenant_credentials_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

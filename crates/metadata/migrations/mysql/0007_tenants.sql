CREATE TABLE IF NOT EXISTS tenants (
    cluster_id BIGINT NOT NULL,
    tenant_id  BIGINT NOT NULL,
    name       LONGTEXT NOT NULL,
    facts      LONGTEXT NOT NULL,
    PRIMARY KEY (cluster_id, tenant_id),
    CONSTRAINT tenants_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

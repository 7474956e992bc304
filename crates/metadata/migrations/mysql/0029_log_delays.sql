CREATE TABLE IF NOT EXISTS log_delays (
    cluster_id BIGINT NOT NULL,
    tenant_id  BIGINT NOT NULL,
    taken_at   BIGINT NOT NULL,
    delay_us   BIGINT NOT NULL,
    PRIMARY KEY (cluster_id, tenant_id, taken_at),
    KEY log_delays_taken (cluster_id, taken_at),
    CONSTRAINT log_delays_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

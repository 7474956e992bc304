CREATE TABLE IF NOT EXISTS log_gaps (
    cluster_id  BIGINT NOT NULL,
    tenant_id   BIGINT NOT NULL,
    round_no    BIGINT NOT NULL,
    logs_until  BIGINT,
    logs_from   BIGINT,
    comment     LONGTEXT NOT NULL,
    found_at    BIGINT NOT NULL,
    stop_task   BIGINT,
    start_task  BIGINT,
    backup_task BIGINT,
    closed      BIGINT NOT NULL,
    PRIMARY KEY (cluster_id, tenant_id, round_no),
    CONSTRAINT log_gaps_cluster FOREIGN KEY (cluster_id) REFERENCES clusters (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

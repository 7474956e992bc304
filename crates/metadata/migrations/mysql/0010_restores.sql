CREATE TABLE IF NOT EXISTS restores (
    task_id       BIGINT NOT NULL PRIMARY KEY,
    backup_set_id BIGINT NOT NULL,
    cluster_id    BIGINT NOT NULL,
    tenant_id     BIGINT NOT NULL,
    targets       LONGTEXT NOT NULL,
    byte_count    BIGINT NOT NULL,
    row_count     BIGINT NOT NULL,
    table_count   BIGINT NOT NULL,
    started_at    BIGINT NOT NULL,
    finished_at   BIGINT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

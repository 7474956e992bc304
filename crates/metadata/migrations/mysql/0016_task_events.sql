CREATE TABLE IF NOT EXISTS task_events (
    seq         BIGINT NOT NULL PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    task_id     BIGINT NOT NULL,
    kind        VARCHAR(64) NOT NULL,
    row_no      BIGINT
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

CREATE TABLE IF NOT EXISTS task_log (
    task_id    BIGINT NOT NULL,
    row_no     BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    written_at BIGINT NOT NULL,
    note       LONGTEXT NOT NULL,
    PRIMARY KEY (task_id, row_no, seq),
    CONSTRAINT task_log_row FOREIGN KEY (task_id, row_no) REFERENCES task_rows (task_id, row_no) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

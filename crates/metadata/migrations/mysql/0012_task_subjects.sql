CREATE TABLE IF NOT EXISTS task_subjects (
    task_id BIGINT NOT NULL,
    name    VARCHAR(64) NOT NULL,
    value   VARCHAR(512) NOT NULL,
    PRIMARY KEY (task_id, name),
    KEY task_subjects_by_value (name, value, task_id),
    CONSTRAINT task_subjects_task FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

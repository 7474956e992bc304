CREATE TABLE IF NOT EXISTS task_lanes (
    task_id  BIGINT NOT NULL,
    place    BIGINT NOT NULL,
    lane_key VARCHAR(512) NOT NULL,
    state    LONGTEXT NOT NULL,
    PRIMARY KEY (task_id, place),
    UNIQUE KEY task_lanes_key (task_id, lane_key),
    CONSTRAINT task_lanes_task FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

CREATE TABLE IF NOT EXISTS strategy_runs (
    strategy_id BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    planned     VARCHAR(64) NOT NULL,
    decided_at  BIGINT NOT NULL,
    kind        VARCHAR(64),
    task_id     BIGINT,
    miss        LONGTEXT,
    note        LONGTEXT,
    PRIMARY KEY (strategy_id, due_at),
    CONSTRAINT strategy_runs_strategy FOREIGN KEY (strategy_id) REFERENCES strategies (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

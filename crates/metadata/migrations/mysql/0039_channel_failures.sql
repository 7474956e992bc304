CREATE TABLE IF NOT EXISTS channel_failures (
    channel_id BIGINT NOT NULL PRIMARY KEY,
    since_at   BIGINT NOT NULL,
    failed_at  BIGINT NOT NULL,
    problem    LONGTEXT NOT NULL,
    CONSTRAINT channel_failures_of_channel FOREIGN KEY (channel_id) REFERENCES channels (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

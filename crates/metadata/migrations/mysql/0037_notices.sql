CREATE TABLE IF NOT EXISTS notices (
    id          BIGINT NOT NULL PRIMARY KEY,
    channel_id  BIGINT NOT NULL,
    alarm_id    BIGINT,
    event       VARCHAR(64) NOT NULL,
    body        LONGTEXT NOT NULL,
    status      VARCHAR(64) NOT NULL,
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    tries       BIGINT NOT NULL,
    lease_until BIGINT,
    answer      BIGINT,
    problem     LONGTEXT,
    finished_at BIGINT,
    KEY notices_due (status, due_at),
    KEY notices_channel (channel_id, alarm_id),
    CONSTRAINT notices_channel_id FOREIGN KEY (channel_id) REFERENCES channels (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

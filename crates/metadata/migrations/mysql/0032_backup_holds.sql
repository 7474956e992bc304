CREATE TABLE IF NOT EXISTS backup_holds (
    backup_set_id BIGINT NOT NULL PRIMARY KEY,
    reason        LONGTEXT NOT NULL,
    owner         LONGTEXT NOT NULL,
    until_at      BIGINT,
    since_at      BIGINT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

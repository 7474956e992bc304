CREATE TABLE IF NOT EXISTS disabled_users (
    user_id     BIGINT NOT NULL PRIMARY KEY,
    disabled_at BIGINT NOT NULL,
    CONSTRAINT disabled_users_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

CREATE TABLE IF NOT EXISTS sessions (
    token_hash    VARCHAR(255) NOT NULL PRIMARY KEY,
    user_id       BIGINT NOT NULL,
    password_hash LONGTEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    used_at       BIGINT NOT NULL,
    KEY sessions_user (user_id),
    KEY sessions_used (used_at),
    CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

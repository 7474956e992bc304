CREATE TABLE IF NOT EXISTS tokens (
    id         BIGINT NOT NULL PRIMARY KEY,
    user_id    BIGINT NOT NULL,
    name       VARCHAR(255) NOT NULL,
    token_hash VARCHAR(255) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at    BIGINT,
    UNIQUE KEY tokens_hash (token_hash),
    UNIQUE KEY tokens_name (user_id, name),
    CONSTRAINT tokens_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

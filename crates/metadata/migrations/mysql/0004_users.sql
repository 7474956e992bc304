CREATE TABLE IF NOT EXISTS users (
    id                   BIGINT NOT NULL PRIMARY KEY,
    name                 VARCHAR(255) NOT NULL,
    role                 VARCHAR(64) NOT NULL,
    password_hash        LONGTEXT NOT NULL,
    must_change_password BIGINT NOT NULL,
    created_at           BIGINT NOT NULL,
    UNIQUE KEY users_name (name)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

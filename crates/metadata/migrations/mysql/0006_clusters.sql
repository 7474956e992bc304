CREATE TABLE IF NOT EXISTS clusters (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       VARCHAR(255) NOT NULL,
    addresses  LONGTEXT NOT NULL,
    user_name  LONGTEXT NOT NULL,
    password   LONGTEXT NOT NULL,
    facts      LONGTEXT NOT NULL,
    status     VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL,
    probed_at  BIGINT NOT NULL,
    UNIQUE KEY clusters_name (name)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

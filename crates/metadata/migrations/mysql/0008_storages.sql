CREATE TABLE IF NOT EXISTS storages (
    id            BIGINT NOT NULL PRIMARY KEY,
    name          VARCHAR(255),
    kind          VARCHAR(64) NOT NULL,
    path          LONGTEXT NOT NULL,
    endpoint      LONGTEXT,
    access_key_id LONGTEXT,
    app_id        LONGTEXT,
    secret        LONGTEXT,
    created_at    BIGINT NOT NULL,
    UNIQUE KEY storages_name (name)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

CREATE TABLE IF NOT EXISTS channels (
    id           BIGINT NOT NULL PRIMARY KEY,
    name         VARCHAR(255) NOT NULL,
    endpoint     LONGTEXT NOT NULL,
    header_names LONGTEXT NOT NULL,
    is_signed    BIGINT NOT NULL,
    rule_json    LONGTEXT NOT NULL,
    language     VARCHAR(64) NOT NULL,
    enabled      BIGINT NOT NULL,
    secrets      LONGTEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    UNIQUE KEY channels_name (name)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

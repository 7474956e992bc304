CREATE TABLE IF NOT EXISTS audit_lines (
    id         BIGINT NOT NULL PRIMARY KEY,
    written_at BIGINT NOT NULL,
    user_name  LONGTEXT NOT NULL,
    address    LONGTEXT NOT NULL,
    action     LONGTEXT NOT NULL,
    target     LONGTEXT NOT NULL,
    outcome    LONGTEXT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

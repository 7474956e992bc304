CREATE TABLE IF NOT EXISTS left_out (
    backup_set_id BIGINT NOT NULL PRIMARY KEY,
    objects       LONGTEXT NOT NULL,
    CONSTRAINT left_out_of_set FOREIGN KEY (backup_set_id) REFERENCES backup_sets (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

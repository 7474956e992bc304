CREATE TABLE IF NOT EXISTS token_parents (
    token_id  BIGINT NOT NULL PRIMARY KEY,
    parent_id BIGINT NOT NULL,
    KEY token_parents_parent (parent_id),
    CONSTRAINT token_parents_token FOREIGN KEY (token_id) REFERENCES tokens (id) ON DELETE CASCADE,
    CONSTRAINT token_parents_made_by FOREIGN KEY (parent_id) REFERENCES tokens (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

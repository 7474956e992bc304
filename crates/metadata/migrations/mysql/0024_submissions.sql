CREATE TABLE IF NOT EXISTS submissions (
    user_id      BIGINT NOT NULL,
    action       VARCHAR(64) NOT NULL,
    sender_key   VARCHAR(255) NOT NULL,
    order_digest VARCHAR(64) NOT NULL,
    task_id      BIGINT NOT NULL,
    submitted_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, action, sender_key),
    KEY submissions_by_age (submitted_at)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

CREATE TABLE IF NOT EXISTS channel_receivers (
    channel_id BIGINT NOT NULL PRIMARY KEY,
    receiver   LONGTEXT NOT NULL,
    CONSTRAINT channel_receivers_of_channel FOREIGN KEY (channel_id) REFERENCES channels (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin

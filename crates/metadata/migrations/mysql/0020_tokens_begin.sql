INSERT IGNORE INTO counters (name, value) VALUES ('tokens', 0)

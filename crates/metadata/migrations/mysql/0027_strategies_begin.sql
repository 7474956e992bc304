INSERT IGNORE INTO counters (name, value) VALUES ('strategies', 0)

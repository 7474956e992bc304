INSERT IGNORE INTO counters (name, value) VALUES ('channels', 0), ('notices', 0)

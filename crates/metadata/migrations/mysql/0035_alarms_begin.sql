INSERT IGNORE INTO counters (name, value) VALUES ('alarms', 0)

INSERT IGNORE INTO counters (name, value) VALUES ('tenant_credentials', 0)

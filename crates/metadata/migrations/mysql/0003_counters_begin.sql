-- `turns` gives out no numbers: whoever writes locks its row first, so that one writes at a time.
INSERT IGNORE INTO counters (name, value) VALUES
    ('audit_lines', 0), ('backup_sets', 0), ('clusters', 0), ('events', 0), ('storages', 0), ('tasks', 0), ('turns', 0),
    ('users', 0)

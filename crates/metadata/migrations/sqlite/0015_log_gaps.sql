-- Gaps in archived logs: log backup was interrupted, and the tasks that were created to bring it back. `tenant_id` is 1 for a whole
-- cluster of 3.x. Logs are whole until `logs_until`, and again from `logs_from` on.
CREATE TABLE log_gaps (
    cluster_id  INTEGER NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    tenant_id   INTEGER NOT NULL,
    round_no    INTEGER NOT NULL,
    logs_until  INTEGER,
    logs_from   INTEGER,
    comment     TEXT NOT NULL,
    found_at    INTEGER NOT NULL,
    stop_task   INTEGER,
    start_task  INTEGER,
    backup_task INTEGER,
    closed      INTEGER NOT NULL,
    PRIMARY KEY (cluster_id, tenant_id, round_no)
) STRICT;

-- Since when all notices for a channel fail, and why. A delivered notice deletes the row.
CREATE TABLE channel_failures (
    channel_id INTEGER PRIMARY KEY REFERENCES channels (id) ON DELETE CASCADE,
    since_at   INTEGER NOT NULL,
    failed_at  INTEGER NOT NULL,
    problem    TEXT NOT NULL
) STRICT;

CREATE INDEX alarms_key ON alarms (alarm_key);

-- No notice waits for a disabled channel any more.
UPDATE notices SET status = 'SKIPPED', finished_at = due_at
WHERE status = 'WAITING' AND channel_id IN (SELECT id FROM channels WHERE enabled = 0);

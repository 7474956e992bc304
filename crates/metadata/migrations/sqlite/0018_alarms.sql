-- Alarms: the problems that were seen, and what people did about them. `open_key` identifies the problem until it has
-- recovered: an alarm is raised once, whichever server sees it. Without a reference to `clusters`: the history of a
-- removed cluster stays. Times of silence and acknowledgement are absent together with the names beside them.
CREATE TABLE alarms (
    id                  INTEGER PRIMARY KEY,
    alarm_key           TEXT NOT NULL,
    open_key            TEXT UNIQUE,
    kind                TEXT NOT NULL,
    level               INTEGER NOT NULL,
    subject             TEXT NOT NULL,
    cluster_id          INTEGER,
    tenant_id           INTEGER,
    tenant_name         TEXT,
    task_id             INTEGER,
    since_at            INTEGER,
    details             TEXT NOT NULL,
    reason              TEXT,
    raised_at           INTEGER NOT NULL,
    changed_at          INTEGER NOT NULL,
    seen_at             INTEGER NOT NULL,
    recovered_at        INTEGER,
    acknowledged_at     INTEGER,
    acknowledged_by     TEXT,
    acknowledge_comment TEXT,
    silenced_at         INTEGER,
    silenced_until      INTEGER,
    silenced_by         TEXT,
    silence_reason      TEXT
) STRICT;

CREATE INDEX alarms_recovered ON alarms (recovered_at);
CREATE INDEX alarms_silenced ON alarms (silenced_until);

INSERT INTO counters (name, value) VALUES ('alarms', 0);

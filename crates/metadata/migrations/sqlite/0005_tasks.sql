-- Durable tasks: what `engine::task` describes, plus what claims and fences need.
-- `occupied_key` is `exclusive_key` while the task is unfinished, else nothing: at most one unfinished task has a key.

CREATE TABLE tasks (
    id            INTEGER PRIMARY KEY,
    kind          TEXT NOT NULL,
    version       INTEGER NOT NULL,
    status        TEXT NOT NULL,
    operation     TEXT NOT NULL,
    creator       TEXT NOT NULL,
    name          TEXT NOT NULL,
    exclusive_key TEXT,
    occupied_key  TEXT UNIQUE,
    state         TEXT NOT NULL,
    note          TEXT,
    cancels       TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    fence         INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    started_at    INTEGER,
    finished_at   INTEGER,
    due_at        INTEGER NOT NULL,
    lease_owner   TEXT,
    lease_until   INTEGER
) STRICT;

CREATE INDEX tasks_due ON tasks (status, due_at);

CREATE TABLE task_subjects (
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (task_id, name)
) STRICT;

CREATE INDEX task_subjects_by_value ON task_subjects (name, value, task_id);

CREATE TABLE task_lanes (
    task_id  INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    place    INTEGER NOT NULL,
    lane_key TEXT NOT NULL,
    state    TEXT NOT NULL,
    PRIMARY KEY (task_id, place),
    UNIQUE (task_id, lane_key)
) STRICT;

CREATE TABLE task_rows (
    task_id     INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    row_no      INTEGER NOT NULL,
    step        TEXT NOT NULL,
    lane        TEXT NOT NULL,
    skippable   INTEGER NOT NULL,
    timeout_us  INTEGER NOT NULL,
    status      TEXT NOT NULL,
    skipped     INTEGER NOT NULL,
    undo_state  TEXT NOT NULL,
    runs        INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    progress    TEXT,
    note        TEXT,
    started_at  INTEGER,
    finished_at INTEGER,
    since       INTEGER,
    due_at      INTEGER,
    log_lines   INTEGER NOT NULL,
    PRIMARY KEY (task_id, row_no)
) STRICT;

CREATE TABLE task_log (
    task_id    INTEGER NOT NULL,
    row_no     INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    note       TEXT NOT NULL,
    PRIMARY KEY (task_id, row_no, seq),
    FOREIGN KEY (task_id, row_no) REFERENCES task_rows (task_id, row_no) ON DELETE CASCADE
) STRICT;

CREATE TABLE task_events (
    seq         INTEGER PRIMARY KEY,
    happened_at INTEGER NOT NULL,
    task_id     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    row_no      INTEGER
) STRICT;

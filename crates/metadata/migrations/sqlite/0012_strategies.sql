-- Backup strategies, and what became of each of their due times. `tenant_id` is 0 for a strategy of the whole cluster.
-- Without a reference to `users`: a strategy whose owner is gone stays, and its runs are recorded as missed.
CREATE TABLE strategies (
    id         INTEGER PRIMARY KEY,
    cluster_id INTEGER NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    tenant_id  INTEGER NOT NULL,
    owner_id   INTEGER NOT NULL,
    storage_id INTEGER NOT NULL REFERENCES storages (id),
    settings   TEXT NOT NULL,
    paused     INTEGER NOT NULL,
    since_at   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (cluster_id, tenant_id)
) STRICT;

CREATE INDEX strategies_storage ON strategies (storage_id);

-- A row has a task and the kind of its backup, or why there is none. How the task stands is read from the task.
CREATE TABLE strategy_runs (
    strategy_id INTEGER NOT NULL REFERENCES strategies (id) ON DELETE CASCADE,
    due_at      INTEGER NOT NULL,
    planned     TEXT NOT NULL,
    decided_at  INTEGER NOT NULL,
    kind        TEXT,
    task_id     INTEGER,
    miss        TEXT,
    note        TEXT,
    PRIMARY KEY (strategy_id, due_at)
) STRICT;

INSERT INTO counters (name, value) VALUES ('strategies', 0);

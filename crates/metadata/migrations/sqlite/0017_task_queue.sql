-- Tasks that wait for their turn: other tasks have their exclusive key, or leave no room. Such a task has no `occupied_key`, and begins
-- before `start_before` or not at all. Its row goes when it is claimed, or when the task ends.

CREATE TABLE task_queue (
    task_id      INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    start_before INTEGER NOT NULL
) STRICT;

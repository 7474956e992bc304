-- Which order made which task, by a key of the sender's own, so that a repeated order makes no second task.
CREATE TABLE submissions (
    user_id      INTEGER NOT NULL,
    action       TEXT NOT NULL,
    sender_key   TEXT NOT NULL,
    order_digest TEXT NOT NULL,
    task_id      INTEGER NOT NULL,
    submitted_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, action, sender_key)
) STRICT;

CREATE INDEX submissions_by_age ON submissions (submitted_at);

-- Accounts that may not log on for now. A table of its own, since a column can't be added in a step that may be
-- repeated on every server.
CREATE TABLE disabled_users (
    user_id     INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    disabled_at INTEGER NOT NULL
) STRICT;

-- What programs log on with in a user's name. Of each only a hash is kept.
CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    used_at    INTEGER,
    UNIQUE (user_id, name)
) STRICT;

INSERT INTO counters (name, value) VALUES ('tokens', 0);

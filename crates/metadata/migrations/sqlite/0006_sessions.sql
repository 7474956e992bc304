-- Who is logged on in a browser. Of the token only a hash is kept, so that reading this table lets nobody in.
-- `password_hash` is the account's when the session began: with another password the session is over.

CREATE TABLE sessions (
    token_hash    TEXT PRIMARY KEY,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    used_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_used ON sessions (used_at);

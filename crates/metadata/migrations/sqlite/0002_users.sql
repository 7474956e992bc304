-- Who may do what, and who did what. Moments are microseconds since 1970, UTC, here and everywhere.

CREATE TABLE users (
    id                   INTEGER PRIMARY KEY,
    name                 TEXT NOT NULL UNIQUE,
    role                 TEXT NOT NULL,
    password_hash        TEXT NOT NULL,
    must_change_password INTEGER NOT NULL,
    created_at           INTEGER NOT NULL
) STRICT;

-- Without a reference to `users`: what somebody did stays known when the account is gone.
CREATE TABLE audit_lines (
    id         INTEGER PRIMARY KEY,
    written_at INTEGER NOT NULL,
    user_name  TEXT NOT NULL,
    address    TEXT NOT NULL,
    action     TEXT NOT NULL,
    target     TEXT NOT NULL,
    outcome    TEXT NOT NULL
) STRICT;

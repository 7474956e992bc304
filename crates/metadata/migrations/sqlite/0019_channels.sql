-- Channels, and the notices for them. The URL, the values of headers and the secret of the signature of a channel are
-- sealed together in `secrets`.
CREATE TABLE channels (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    endpoint     TEXT NOT NULL,
    header_names TEXT NOT NULL,
    is_signed    INTEGER NOT NULL,
    rule_json    TEXT NOT NULL,
    language     TEXT NOT NULL,
    enabled      INTEGER NOT NULL,
    secrets      TEXT NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

-- The outbox: a row is written with the change of its alarm, and is sent by the server that holds its lease.
CREATE TABLE notices (
    id          INTEGER PRIMARY KEY,
    channel_id  INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    alarm_id    INTEGER,
    event       TEXT NOT NULL,
    body        TEXT NOT NULL,
    status      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    lease_until INTEGER,
    answer      INTEGER,
    problem     TEXT,
    finished_at INTEGER
) STRICT;

CREATE INDEX notices_due ON notices (status, due_at);
CREATE INDEX notices_channel ON notices (channel_id, alarm_id);
CREATE INDEX notices_alarm ON notices (alarm_id);
CREATE INDEX notices_finished ON notices (finished_at);

INSERT INTO counters (name, value) VALUES ('channels', 0), ('notices', 0);

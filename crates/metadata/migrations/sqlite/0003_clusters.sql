-- Clusters that were taken over, with what the last probe read. `password` is sealed.

CREATE TABLE clusters (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    addresses  TEXT NOT NULL,
    user_name  TEXT NOT NULL,
    password   TEXT NOT NULL,
    facts      TEXT NOT NULL,
    status     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    probed_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE tenants (
    cluster_id INTEGER NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    tenant_id  INTEGER NOT NULL,
    name       TEXT NOT NULL,
    facts      TEXT NOT NULL,
    PRIMARY KEY (cluster_id, tenant_id)
) STRICT;

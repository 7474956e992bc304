-- Who logs on to a tenant of a cluster of OceanBase 4.x, to read its data. `password` is sealed. Without a reference to
-- `tenants`: those are written anew by each probe.
CREATE TABLE tenant_credentials (
    id         INTEGER PRIMARY KEY,
    cluster_id INTEGER NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    tenant_id  INTEGER NOT NULL,
    user_name  TEXT NOT NULL,
    password   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (cluster_id, tenant_id)
) STRICT;

INSERT INTO counters (name, value) VALUES ('tenant_credentials', 0);

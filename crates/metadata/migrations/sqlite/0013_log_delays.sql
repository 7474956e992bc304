-- How far log backup was behind, by the database's clock, now and then. `tenant_id` is 1 for a whole cluster of 3.x.
CREATE TABLE log_delays (
    cluster_id INTEGER NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    tenant_id  INTEGER NOT NULL,
    taken_at   INTEGER NOT NULL,
    delay_us   INTEGER NOT NULL,
    PRIMARY KEY (cluster_id, tenant_id, taken_at)
) STRICT;

CREATE INDEX log_delays_taken ON log_delays (cluster_id, taken_at);

-- Which token made another one, that ends with it. A row goes with either.
CREATE TABLE token_parents (
    token_id  INTEGER PRIMARY KEY REFERENCES tokens (id) ON DELETE CASCADE,
    parent_id INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX token_parents_parent ON token_parents (parent_id);

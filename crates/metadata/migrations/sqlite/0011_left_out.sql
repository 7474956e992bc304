-- What the server held and a backup set does not, as JSON. A set that lacks nothing has no row.
CREATE TABLE left_out (
    backup_set_id INTEGER PRIMARY KEY REFERENCES backup_sets (id) ON DELETE CASCADE,
    objects       TEXT NOT NULL
) STRICT;

-- What is shown of the receivers of channels that are no webhooks. A channel without a row is a webhook, as all were
-- before: its `header_names` and `is_signed` are in `channels`. The secrets of every kind are sealed in `channels`.
CREATE TABLE channel_receivers (
    channel_id INTEGER PRIMARY KEY REFERENCES channels (id) ON DELETE CASCADE,
    receiver   TEXT NOT NULL
) STRICT;

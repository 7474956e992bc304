UPDATE notices SET status = 'SKIPPED', finished_at = due_at
WHERE status = 'WAITING' AND channel_id IN (SELECT id FROM channels WHERE enabled = 0)

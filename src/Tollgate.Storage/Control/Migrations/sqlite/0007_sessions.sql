-- The last request that each session let in, written with its last use.
ALTER TABLE sessions ADD COLUMN last_accepted_at INTEGER NULL;
ALTER TABLE sessions ADD COLUMN last_accepted_ip TEXT NULL;
ALTER TABLE sessions ADD COLUMN last_accepted_request_id TEXT NULL;
ALTER TABLE sessions ADD COLUMN last_accepted_route TEXT NULL;

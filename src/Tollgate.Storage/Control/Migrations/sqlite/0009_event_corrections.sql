-- What is said about events after they were accepted. Events themselves are in the log.

-- Events that a key sent in a stretch of time, by time of receipt: out of every query and sum while released_at is null.
CREATE TABLE event_quarantines (
  id             TEXT NOT NULL PRIMARY KEY,
  tenant_id      TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  environment_id TEXT NOT NULL REFERENCES environments (id) DEFERRABLE INITIALLY DEFERRED,
  api_key_id     TEXT NOT NULL REFERENCES api_keys (id) DEFERRABLE INITIALLY DEFERRED,
  start_time     INTEGER NOT NULL,
  end_time       INTEGER NOT NULL CHECK (end_time > start_time),
  up_to_sequence INTEGER NOT NULL,
  reason         TEXT NOT NULL,
  events         INTEGER NOT NULL,
  created_at     INTEGER NOT NULL,
  created_by     TEXT NOT NULL,
  released_at    INTEGER NULL,
  released_by    TEXT NULL
) STRICT;

CREATE INDEX event_quarantines_newest ON event_quarantines (environment_id, created_at);

-- Events whose content is removed for good. The customer is named only until that is done.
CREATE TABLE event_removals (
  id                   TEXT NOT NULL PRIMARY KEY,
  tenant_id            TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  environment_id       TEXT NOT NULL REFERENCES environments (id) DEFERRABLE INITIALLY DEFERRED,
  kind                 TEXT NOT NULL CHECK (kind IN ('retention', 'erasure')),
  external_customer_id TEXT NULL,
  customer_digest      TEXT NULL,
  before_time          INTEGER NULL,
  up_to_sequence       INTEGER NOT NULL,
  keep_sums            INTEGER NOT NULL,
  reason               TEXT NULL,
  events               INTEGER NOT NULL,
  created_at           INTEGER NOT NULL,
  created_by           TEXT NULL,
  completed_at         INTEGER NULL,
  CHECK ((kind = 'retention') = (before_time IS NOT NULL)),
  CHECK ((kind = 'erasure') = (customer_digest IS NOT NULL)),
  CHECK (external_customer_id IS NULL OR (kind = 'erasure' AND completed_at IS NULL))
) STRICT;

CREATE INDEX event_removals_newest ON event_removals (environment_id, created_at);

-- Days after which events are removed; null: never.
ALTER TABLE environments ADD COLUMN event_retention_days INTEGER NULL CHECK (event_retention_days > 0);

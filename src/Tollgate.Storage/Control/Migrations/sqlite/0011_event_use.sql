-- What became of the events that were sent, by the hour; kept as long as the use of keys.
CREATE TABLE event_use (
  environment_id TEXT NOT NULL REFERENCES environments (id) DEFERRABLE INITIALLY DEFERRED,
  -- Hours since 1970-01-01 in UTC.
  hour           INTEGER NOT NULL,
  -- Empty for sessions.
  api_key_id     TEXT NOT NULL,
  tenant_id      TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  accepted       INTEGER NOT NULL CHECK (accepted >= 0),
  duplicate      INTEGER NOT NULL CHECK (duplicate >= 0),
  refused        INTEGER NOT NULL CHECK (refused >= 0),
  PRIMARY KEY (environment_id, hour, api_key_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_use_hour ON event_use (hour);

-- How people get in: links that set a password, second factors, and the devices they have logged in from.

-- One link a person at a time: a newer one takes the place of the older.
CREATE TABLE password_links (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
  -- SHA-256 of the token; the token itself is stored nowhere.
  digest     BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  purpose    TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT;

CREATE TABLE second_factors (
  account_id   TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
  -- Sealed with a key that is not in this database.
  secret       BLOB NOT NULL,
  -- Null: enrolled, and asked for only once a code has proved that the person's device has it.
  confirmed_at INTEGER NULL,
  -- The time step of the last code that was accepted; no code of this step or an earlier one is accepted again.
  last_step    INTEGER NOT NULL,
  -- Wrong codes since the last right one.
  failures     INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
  account_id TEXT NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
  -- SHA-256 of the code, 120 random bits. A code that was used is gone.
  digest     BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (account_id, digest)
) STRICT;

CREATE TABLE known_devices (
  account_id   TEXT NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
  -- SHA-256 of the cookie that a login leaves on the device. It opens nothing; it keeps strangers' failures from counting there.
  digest       BLOB NOT NULL CHECK (length(digest) = 32),
  last_seen_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, digest)
) STRICT;

-- The life of an API key: where it came from, whether it rests, what it was replaced by, how it ended.
ALTER TABLE api_keys ADD COLUMN kind TEXT NOT NULL DEFAULT 'standard' CHECK (kind IN ('standard', 'honeytoken'));
ALTER TABLE api_keys ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE api_keys ADD COLUMN disabled_at INTEGER NULL;
ALTER TABLE api_keys ADD COLUMN disabled_by TEXT NULL;
ALTER TABLE api_keys ADD COLUMN rotated_from TEXT NULL REFERENCES api_keys (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE api_keys ADD COLUMN rotated_to TEXT NULL REFERENCES api_keys (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE api_keys ADD COLUMN deleted_reason TEXT NULL CHECK (deleted_reason IN ('revoked', 'rotated', 'account_deleted', 'leaked'));
ALTER TABLE api_keys ADD COLUMN leaked_at INTEGER NULL;
ALTER TABLE api_keys ADD COLUMN leaked_where TEXT NULL;
-- SHA-256 of the first and of the last eight random characters, to recognise a piece of a key; some 190 bits stay unknown.
ALTER TABLE api_keys ADD COLUMN head_digest BLOB NULL CHECK (length(head_digest) = 32);
ALTER TABLE api_keys ADD COLUMN tail_digest BLOB NULL CHECK (length(tail_digest) = 32);

CREATE INDEX api_keys_head ON api_keys (tenant_id, head_digest);
CREATE INDEX api_keys_tail ON api_keys (tenant_id, tail_digest);
-- A key is replaced once; two replacements at the same moment are one too many.
CREATE UNIQUE INDEX api_keys_rotated_from ON api_keys (rotated_from) WHERE rotated_from IS NOT NULL;

-- Nobody turns a trap into a key, and the moment of a revocation is as it was.
CREATE TRIGGER api_keys_kind_is_fixed BEFORE UPDATE OF kind, imported, rotated_from ON api_keys
BEGIN SELECT RAISE (ABORT, 'the kind and origin of an API key are fixed'); END;
CREATE TRIGGER api_keys_revocation_is_fixed BEFORE UPDATE OF deleted_at, deleted_by, deleted_reason ON api_keys WHEN OLD.deleted_at IS NOT NULL
BEGIN SELECT RAISE (ABORT, 'the revocation of an API key is fixed'); END;

-- When and from where each key was last used, whatever came of it, and the last request that it let in. Written every few seconds.
CREATE TABLE api_key_use (
  api_key_id               TEXT NOT NULL PRIMARY KEY REFERENCES api_keys (id) DEFERRABLE INITIALLY DEFERRED,
  last_used_at             INTEGER NOT NULL,
  last_used_ip             TEXT NOT NULL,
  last_accepted_at         INTEGER NULL,
  last_accepted_ip         TEXT NULL,
  last_accepted_request_id TEXT NULL,
  last_accepted_route      TEXT NULL
) STRICT, WITHOUT ROWID;

-- Tries with a key that no longer works. At most a limited number of addresses a key; the address '' stands for all others.
CREATE TABLE api_key_attempts (
  api_key_id TEXT NOT NULL REFERENCES api_keys (id) DEFERRABLE INITIALLY DEFERRED,
  address    TEXT NOT NULL,
  attempts   INTEGER NOT NULL,
  first_at   INTEGER NOT NULL,
  last_at    INTEGER NOT NULL,
  PRIMARY KEY (api_key_id, address)
) STRICT, WITHOUT ROWID;

-- Calls by account, key ('' for sessions), day (days since 1970 in UTC) and route. permission is '' where the route asks for none.
CREATE TABLE access_use (
  account_id    TEXT NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
  api_key_id    TEXT NOT NULL,
  day           INTEGER NOT NULL,
  route         TEXT NOT NULL,
  tenant_id     TEXT NOT NULL,
  permission    TEXT NOT NULL,
  administrator INTEGER NOT NULL,
  accepted      INTEGER NOT NULL,
  denied        INTEGER NOT NULL,
  last_at       INTEGER NOT NULL,
  PRIMARY KEY (account_id, api_key_id, day, route)
) STRICT, WITHOUT ROWID;

CREATE INDEX access_use_day ON access_use (day);

CREATE TABLE tenant_settings (
  tenant_id             TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  max_key_lifetime_days INTEGER NULL CHECK (max_key_lifetime_days > 0),
  leaked_key_policy     TEXT NOT NULL CHECK (leaked_key_policy IN ('notify', 'revoke')),
  updated_at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

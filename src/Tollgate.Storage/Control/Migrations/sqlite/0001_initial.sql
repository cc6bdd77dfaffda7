-- Times are microseconds since 1970-01-01T00:00:00Z.
-- Ids carry their kind as a prefix; see docs/glossary.md.
-- References are checked at the commit, so that rows may be written in any order.

CREATE TABLE tenants (
  id              TEXT NOT NULL PRIMARY KEY,
  name            TEXT NOT NULL,
  status          TEXT NOT NULL,
  billing_details TEXT NULL,
  metadata        TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE environments (
  id         TEXT NOT NULL PRIMARY KEY,
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  name       TEXT NOT NULL,
  type       TEXT NOT NULL CHECK (type IN ('development', 'production')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE accounts (
  id                   TEXT NOT NULL PRIMARY KEY,
  tenant_id            TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  type                 TEXT NOT NULL CHECK (type IN ('user', 'service_account')),
  email                TEXT NULL,
  name                 TEXT NULL,
  status               TEXT NOT NULL CHECK (status IN ('published', 'archived', 'deleted')),
  password_hash        TEXT NULL,
  must_change_password INTEGER NOT NULL,
  metadata             TEXT NOT NULL,
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER NOT NULL,
  created_by           TEXT NULL,
  -- A person has a login name, a service account never has anything to log in with.
  CHECK ((type = 'user') = (email IS NOT NULL)),
  CHECK (type = 'user' OR password_hash IS NULL)
) STRICT;

-- A deleted person's name may be used again; the id never is.
CREATE UNIQUE INDEX accounts_email ON accounts (email) WHERE status <> 'deleted';
CREATE INDEX accounts_tenant ON accounts (tenant_id, type, created_at);

CREATE TABLE account_roles (
  account_id TEXT NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
  role_id    TEXT NOT NULL,
  PRIMARY KEY (account_id, role_id)
) STRICT;

CREATE TABLE roles (
  tenant_id     TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  id            TEXT NOT NULL,
  name          TEXT NOT NULL,
  description   TEXT NOT NULL,
  permissions   TEXT NOT NULL,
  assignable_to TEXT NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE TABLE api_keys (
  id             TEXT NOT NULL PRIMARY KEY,
  tenant_id      TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  environment_id TEXT NOT NULL REFERENCES environments (id) DEFERRABLE INITIALLY DEFERRED,
  account_id     TEXT NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
  name           TEXT NOT NULL,
  display_id     TEXT NOT NULL,
  -- SHA-256 of the whole token; the token itself is stored nowhere.
  digest         BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  -- The snapshot: what the account held at creation, by name. It is never updated.
  roles          TEXT NOT NULL,
  permissions    TEXT NOT NULL,
  expires_at     INTEGER NULL,
  status         TEXT NOT NULL CHECK (status IN ('published', 'deleted')),
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  created_by     TEXT NOT NULL,
  deleted_at     INTEGER NULL,
  deleted_by     TEXT NULL
) STRICT;

CREATE INDEX api_keys_tenant ON api_keys (tenant_id, created_at);
CREATE INDEX api_keys_account ON api_keys (account_id);

-- A snapshot never grows and a revoked key never comes back, whoever writes.
CREATE TRIGGER api_keys_snapshot_is_fixed BEFORE UPDATE OF roles, permissions, digest, account_id, tenant_id, environment_id ON api_keys
BEGIN SELECT RAISE (ABORT, 'the snapshot of an API key is fixed'); END;
CREATE TRIGGER api_keys_stay_revoked BEFORE UPDATE OF status ON api_keys WHEN OLD.status = 'deleted' AND NEW.status <> 'deleted'
BEGIN SELECT RAISE (ABORT, 'a revoked API key stays revoked'); END;

CREATE TABLE sessions (
  id           TEXT NOT NULL PRIMARY KEY,
  account_id   TEXT NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
  -- SHA-256 of the cookie's value.
  digest       BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  address      TEXT NOT NULL,
  user_agent   TEXT NULL,
  created_at   INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_account ON sessions (account_id);

CREATE TABLE audit_records (
  tenant_id     TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  number        INTEGER NOT NULL,
  id            TEXT NOT NULL UNIQUE,
  at            INTEGER NOT NULL,
  actor_type    TEXT NOT NULL,
  actor_id      TEXT NULL,
  api_key_id    TEXT NULL,
  action        TEXT NOT NULL,
  target_type   TEXT NOT NULL,
  target_id     TEXT NOT NULL,
  before        TEXT NULL,
  after         TEXT NULL,
  request_id    TEXT NOT NULL,
  address       TEXT NOT NULL,
  previous_hash BLOB NOT NULL,
  hash          BLOB NOT NULL,
  PRIMARY KEY (tenant_id, number)
) STRICT;

CREATE TRIGGER audit_records_are_not_changed BEFORE UPDATE ON audit_records
BEGIN SELECT RAISE (ABORT, 'audit records are not changed'); END;
CREATE TRIGGER audit_records_are_not_deleted BEFORE DELETE ON audit_records
BEGIN SELECT RAISE (ABORT, 'audit records are not deleted'); END;

CREATE TABLE customers (
  id                  TEXT NOT NULL PRIMARY KEY,
  tenant_id           TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  environment_id      TEXT NOT NULL REFERENCES environments (id) DEFERRABLE INITIALLY DEFERRED,
  external_id         TEXT NOT NULL,
  name                TEXT NOT NULL,
  email               TEXT NULL,
  contact             TEXT NULL,
  address_line1       TEXT NULL,
  address_line2       TEXT NULL,
  address_city        TEXT NULL,
  address_state       TEXT NULL,
  address_postal_code TEXT NULL,
  address_country     TEXT NULL,
  timezone            TEXT NULL,
  metadata            TEXT NOT NULL,
  status              TEXT NOT NULL CHECK (status IN ('published', 'archived', 'deleted')),
  created_at          INTEGER NOT NULL,
  updated_at          INTEGER NOT NULL,
  created_by          TEXT NOT NULL,
  updated_by          TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX customers_external_id ON customers (environment_id, external_id) WHERE status <> 'deleted';
CREATE INDEX customers_newest ON customers (environment_id, created_at);

-- One row that the readiness probe writes to, so that a database that can't be written to is noticed.
CREATE TABLE readiness (
  id        INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  proved_at INTEGER NOT NULL
) STRICT;
INSERT INTO readiness VALUES (1, 0);

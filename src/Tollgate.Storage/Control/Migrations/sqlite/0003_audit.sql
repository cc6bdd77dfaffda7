-- What was decided and how much it matters. Both are null or the default in older records, whose hashes don't cover them.
ALTER TABLE audit_records ADD COLUMN severity TEXT NOT NULL DEFAULT 'info' CHECK (severity IN ('info', 'notice', 'alert'));
ALTER TABLE audit_records ADD COLUMN decision TEXT NULL;

CREATE INDEX audit_records_at ON audit_records (tenant_id, at);
CREATE INDEX audit_records_actor ON audit_records (tenant_id, actor_id, number);
CREATE INDEX audit_records_action ON audit_records (tenant_id, action, number);
CREATE INDEX audit_records_target ON audit_records (tenant_id, target_id, number);
CREATE INDEX audit_records_request ON audit_records (tenant_id, request_id);

-- The newest record of each tenant, kept apart from the records, so that a log whose end was cut off is noticed at once.
CREATE TABLE audit_heads (
  tenant_id TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  number    INTEGER NOT NULL,
  hash      BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

INSERT INTO audit_heads
SELECT tenant_id, number, hash FROM audit_records AS record
WHERE number = (SELECT max(number) FROM audit_records WHERE tenant_id = record.tenant_id);

-- In the transaction of each record, whoever writes it.
CREATE TRIGGER audit_records_move_the_head AFTER INSERT ON audit_records
BEGIN
  INSERT INTO audit_heads VALUES (NEW.tenant_id, NEW.number, NEW.hash)
  ON CONFLICT (tenant_id) DO UPDATE SET number = excluded.number, hash = excluded.hash;
END;
CREATE TRIGGER audit_heads_only_advance BEFORE UPDATE ON audit_heads
WHEN NEW.tenant_id <> OLD.tenant_id OR NEW.number <= OLD.number
BEGIN SELECT RAISE (ABORT, 'the head of an audit log only advances'); END;
CREATE TRIGGER audit_heads_are_not_deleted BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE (ABORT, 'the head of an audit log is not deleted'); END;

CREATE TABLE audit_checkpoints (
  tenant_id TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  number    INTEGER NOT NULL,
  hash      BLOB NOT NULL CHECK (length(hash) = 32),
  at        INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, number)
) STRICT;

CREATE TRIGGER audit_checkpoints_are_not_changed BEFORE UPDATE ON audit_checkpoints
BEGIN SELECT RAISE (ABORT, 'audit checkpoints are not changed'); END;
CREATE TRIGGER audit_checkpoints_are_not_deleted BEFORE DELETE ON audit_checkpoints
BEGIN SELECT RAISE (ABORT, 'audit checkpoints are not deleted'); END;

-- The first answers of requests with an Idempotency-Key, for 24 hours.
CREATE TABLE idempotent_answers (
  -- SHA-256 over the credential, the environment and the client's key.
  scope      BLOB NOT NULL PRIMARY KEY CHECK (length(scope) = 32),
  tenant_id  TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  -- SHA-256 that tells whether a repeated request is the same; keyed with the credential, so that nobody can try out bodies on it.
  request    BLOB NOT NULL CHECK (length(request) = 32),
  -- AES-256-GCM under a key that only the client's credential yields: an answer may hold a new key or password.
  answer     BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX idempotent_answers_age ON idempotent_answers (created_at);

CREATE TABLE meters (
  id             TEXT NOT NULL PRIMARY KEY,
  tenant_id      TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  environment_id TEXT NOT NULL REFERENCES environments (id) DEFERRABLE INITIALLY DEFERRED,
  name           TEXT NOT NULL,
  event_name     TEXT NOT NULL,
  -- JSON, as on the wire.
  aggregation    TEXT NOT NULL,
  filters        TEXT NOT NULL,
  reset_usage    TEXT NOT NULL CHECK (reset_usage IN ('BILLING_PERIOD', 'NEVER')),
  status         TEXT NOT NULL CHECK (status IN ('published', 'archived')),
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  created_by     TEXT NOT NULL,
  updated_by     TEXT NOT NULL
) STRICT;

-- Two meters in use with one name could not be told apart on an invoice; an archived one's name may be used again.
CREATE UNIQUE INDEX meters_name ON meters (environment_id, name) WHERE status = 'published';
CREATE INDEX meters_event_name ON meters (environment_id, event_name);

CREATE TABLE prices (
  id             TEXT NOT NULL PRIMARY KEY,
  tenant_id      TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  environment_id TEXT NOT NULL REFERENCES environments (id) DEFERRABLE INITIALLY DEFERRED,
  meter_id       TEXT NOT NULL REFERENCES meters (id) DEFERRABLE INITIALLY DEFERRED,
  currency       TEXT NOT NULL,
  -- JSON: billing model, amount, tiers, packages.
  terms          TEXT NOT NULL,
  billing_period TEXT NOT NULL,
  display_name   TEXT NULL,
  description    TEXT NULL,
  metadata       TEXT NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('published', 'deleted')),
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  created_by     TEXT NOT NULL,
  updated_by     TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX prices_meter ON prices (meter_id, currency) WHERE status = 'published';
CREATE INDEX prices_newest ON prices (environment_id, created_at);

CREATE TABLE invoices (
  id                   TEXT NOT NULL PRIMARY KEY,
  tenant_id            TEXT NOT NULL REFERENCES tenants (id) DEFERRABLE INITIALLY DEFERRED,
  environment_id       TEXT NOT NULL REFERENCES environments (id) DEFERRABLE INITIALLY DEFERRED,
  number               INTEGER NOT NULL CHECK (number > 0),
  customer_id          TEXT NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
  external_customer_id TEXT NOT NULL,
  currency             TEXT NOT NULL,
  period_start         INTEGER NOT NULL,
  period_end           INTEGER NOT NULL,
  -- JSON, as on the wire: meters, quantities, prices and amounts of that moment.
  lines                TEXT NOT NULL,
  total                TEXT NOT NULL,
  description          TEXT NULL,
  metadata             TEXT NOT NULL,
  status               TEXT NOT NULL CHECK (status IN ('FINALIZED', 'VOIDED')),
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER NOT NULL,
  voided_at            INTEGER NULL,
  created_by           TEXT NOT NULL,
  updated_by           TEXT NOT NULL,
  UNIQUE (environment_id, number),
  CHECK (period_start < period_end),
  CHECK ((status = 'VOIDED') = (voided_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX invoices_standing ON invoices (environment_id, customer_id, currency, period_start) WHERE status = 'FINALIZED';

-- An invoice that was made never moves, whoever writes: it can be withdrawn, once, and nothing else.
CREATE TRIGGER invoices_are_fixed BEFORE UPDATE OF id, tenant_id, environment_id, number, customer_id, external_customer_id, currency,
  period_start, period_end, lines, total, description, metadata, created_at, created_by ON invoices
BEGIN SELECT RAISE (ABORT, 'an invoice is fixed'); END;
CREATE TRIGGER invoices_stay_voided BEFORE UPDATE OF status ON invoices WHEN OLD.status = 'VOIDED'
BEGIN SELECT RAISE (ABORT, 'a voided invoice stays voided'); END;
CREATE TRIGGER invoices_are_not_deleted BEFORE DELETE ON invoices
BEGIN SELECT RAISE (ABORT, 'invoices are not deleted'); END;

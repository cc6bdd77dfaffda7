-- What a key is limited to beyond its permissions: JSON of one object, or null for nothing.
ALTER TABLE api_keys ADD COLUMN constraints TEXT NULL CHECK (constraints IS NULL OR json_type (constraints) = 'object');

-- They are part of what the key was made as, and never change, whoever writes.
CREATE TRIGGER api_keys_constraints_are_fixed BEFORE UPDATE OF constraints ON api_keys
BEGIN SELECT RAISE (ABORT, 'the constraints of an API key are fixed'); END;
